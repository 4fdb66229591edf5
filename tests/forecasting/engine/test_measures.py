"""The figures of docs/algorithms/forecast.md, read from the page: it cannot drift from the code."""

import re
from pathlib import Path

import numpy as np
import pytest

from forecasting.engine.measures import (
    bias,
    interval_score,
    mase,
    naive_scale,
    pinball,
    rmsse,
    value_added,
    wape,
)

PAGE = (Path(__file__).parents[3] / "docs/algorithms/forecast.md").read_text(encoding="utf-8")


def row(label: str) -> np.ndarray:
    found = re.search(rf"^\| {re.escape(label)} \|(.+)\|$", PAGE, re.M)
    assert found, label
    return np.array([float(x) for x in found[1].replace("|", " ").split()])


def figure(label: str) -> float:
    found = re.search(rf"^\| {re.escape(label)} \| (−?[\d.]+) \|$", PAGE, re.M)
    assert found, label
    return float(found[1].replace("−", "-"))


@pytest.fixture
def actual() -> np.ndarray:
    return row("actual")


@pytest.mark.parametrize("step", ["naive", "statistical", "final"])
def test_wape_and_bias(actual: np.ndarray, step: str) -> None:
    assert wape(actual, row(step)) == pytest.approx(figure(f"WAPE {step}"), abs=5e-4)
    assert bias(actual, row(step)) == pytest.approx(figure(f"bias {step}"), abs=5e-4)


def test_value_added(actual: np.ndarray) -> None:
    for before, after in (("naive", "statistical"), ("statistical", "final")):
        added = value_added(actual, row(before), row(after))
        assert added is not None
        assert added[0] == pytest.approx(figure(f"value added by {after}"), abs=5e-4)
        assert added[1] == pytest.approx(figure(f"value added by {after}, share"), abs=5e-4)


def test_mase(actual: np.ndarray) -> None:
    insample = row("in-sample")
    assert naive_scale(insample, season_length=1) == figure("scale")
    assert mase(actual, row("statistical"), insample, season_length=1) == pytest.approx(
        figure("MASE statistical"), abs=5e-5
    )


def test_rmsse(actual: np.ndarray) -> None:
    found = rmsse(actual, row("statistical"), row("in-sample"))
    assert found == pytest.approx(figure("RMSSE statistical"), abs=5e-5)


def test_undefined_is_none_never_zero_or_infinite() -> None:
    nothing, something = np.zeros(3), np.ones(3)
    assert wape(nothing, something) is None
    assert bias(nothing, something) is None
    assert value_added(nothing, something, something) is None
    assert mase(something, nothing, np.ones(5), season_length=1) is None
    assert mase(something, nothing, np.ones(1), season_length=1) is None
    assert rmsse(something, nothing, np.ones(5)) is None
    assert rmsse(something, nothing, np.ones(1)) is None


def test_pinball_and_interval_score() -> None:
    for tau, quantile in ((0.1, 80), (0.5, 95), (0.9, 115)):
        assert pinball(100, quantile, tau=tau) == pytest.approx(figure(f"pinball {tau}"))
    assert interval_score(120, 80, 115, coverage=0.8) == pytest.approx(figure("interval score"))
