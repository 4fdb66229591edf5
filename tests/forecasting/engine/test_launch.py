"""The figures of docs/algorithms/launch.md, read from the page, and the laws of a launch."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecasting.engine import launch
from forecasting.engine.models.level import level
from forecasting.engine.series import first_sale

PAGE = (Path(__file__).parents[3] / "docs/algorithms/launch.md").read_text(encoding="utf-8")
volumes = st.lists(st.one_of(st.none(), st.integers(0, 50).map(float)), min_size=1, max_size=30)


def row(label: str) -> list[float]:
    found = re.search(rf"^\| {re.escape(label)} \|(.+)\|$", PAGE, re.M)
    assert found, label
    return [float(x) for x in found[1].replace("|", " ").split()]


def test_like_items():
    (weight_a, *a), (weight_b, *b) = row("A"), row("B")
    curve = launch.like_item([a, b], [weight_a, weight_b], scale=0.8, horizon=6)
    assert curve == pytest.approx(row("at once"))
    phased = launch.like_item([a, b], [weight_a, weight_b], scale=0.8, phase_in=3, horizon=6)
    assert phased == pytest.approx(row("phase-in over 3 months"))


def test_weights_count_in_proportion_and_an_ended_reference_holds_its_last_three_months():
    a, b = [10.0, 20.0, 30.0], [40.0, None, 20.0, 8.0]
    assert launch.like_item([a, b], [3, 1], horizon=5) == pytest.approx(
        launch.like_item([a, b], [75, 25], horizon=5)
    )
    curve = launch.like_item([a, b], [1, 1], horizon=5)
    assert curve == pytest.approx([25, 20, 25, (20 + 8) / 2, (20 + (40 + 20 + 8) / 3) / 2])


def test_nothing_to_borrow_is_no_curve():
    assert launch.like_item([], [], horizon=6) == []
    assert launch.like_item([[], [5.0]], [1, 0], horizon=6) == []


def test_bass():
    assert launch.bass(0.03, 0.38, 10_000, horizon=6) == pytest.approx(row("sales 1 to 6"), abs=5e-3)
    peak = launch.bass_peak(0.03, 0.38)
    assert peak == pytest.approx(row("peak at")[0], abs=5e-5)
    assert launch.adopted(peak, 0.03, 0.38) == pytest.approx(row("share at the peak")[0], abs=5e-5)
    assert launch.bass_peak(0.3, 0.1) == 0


@pytest.mark.parametrize(("p", "q", "months"), [(0.03, 0.38, 24), (0.01, 0.25, 18), (0.1, 0.2, 12)])
def test_bass_is_found_again(p, q, months):
    fit = launch.bass_fit(launch.bass(p, q, 10_000, horizon=months))
    assert fit is not None
    assert (fit.p, fit.q, fit.market) == pytest.approx((p, q, 10_000), rel=1e-3)


def test_bass_of_several_is_the_weighted_mean_and_too_little_is_none():
    first, second = launch.bass(0.02, 0.3, 5_000, horizon=20), launch.bass(0.04, 0.5, 9_000, horizon=20)
    mixed = launch.bass_mixed([first, second, [1.0] * 5], [3, 1, 6])
    assert mixed is not None
    assert (mixed.p, mixed.q, mixed.market) == pytest.approx((0.025, 0.35, 6_000), rel=1e-3)
    assert launch.bass_fit([1.0] * 5) is None
    assert launch.bass_fit([0.0] * 9) is None


def test_own_months_take_over():
    months, plan = int(row("own months")[0]), row("plan")[0]
    own = launch.own_level([90.0, 110.0])
    assert own == level(np.array([90.0, 110.0]), horizon=1)[0]
    assert launch.own_level([70.0, 110.0]) == row("own level")[0]
    curves = [launch.planned([value], before=0, horizon=3) for value in (row("own level")[0], plan)]
    assert launch.blend(*curves, months).mean == pytest.approx([row("forecast")[0]] * 3)
    assert launch.blend(*curves, 0) == curves[1]
    assert launch.blend(*curves, 6) == launch.blend(*curves, 40) == curves[0]


def test_phase_out():
    assert [launch.phase_out(step, 4) for step in range(5)] == row("over 4 months")
    assert [launch.phase_out(step, 0) for step in range(5)] == row("over no month")
    assert launch.phase_out(-1, 4) == launch.phase_out(-1, 0) == 1
    for step in range(6):
        assert launch.phase_out(step, 4) + launch.ramp(step, 4) == pytest.approx(1)


def test_nothing_is_sold_before_the_launch():
    plan = launch.planned([14.4, 19.2], before=2, horizon=5)
    assert plan.mean == (0, 0, 14.4, 19.2, 19.2)
    assert plan.hi95[:2] == (0, 0)
    assert launch.planned([14.4, 19.2, 30.0], before=-2, horizon=1).mean == (30.0,)


@given(volumes)
def test_first_months_are_those_of_the_engine(values):
    place, months = launch.first_months(values)
    found = first_sale(np.array([np.nan if v is None else v for v in values]))
    assert place == (len(values) if found is None else found)
    assert months == values[place:]


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=24), st.integers(-6, 12))
def test_bands_are_nested_and_never_below_zero(curve, before):
    plan = launch.planned(curve, before=before, horizon=18)
    for mean, median, lo80, hi80, lo95, hi95 in zip(*plan.rows, strict=True):
        assert 0 <= lo95 <= lo80 <= mean == median <= hi80 <= hi95


@given(st.lists(st.floats(0.5, 1e4), min_size=2, max_size=24), st.sampled_from([1e-3, 1e3]))
def test_scale(months, times):
    curve = launch.like_item([months], [1], horizon=18)
    larger = launch.like_item([[m * times for m in months]], [1], horizon=18)
    assert larger == pytest.approx([value * times for value in curve])


def test_a_web_process_may_import_it():
    """It loads no numeric library."""
    code = "import sys, forecasting.engine.launch; print('numpy' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "False"
