"""The commands behind the tables of docs/algorithms say what they should of data whose truth is known."""

from __future__ import annotations

import csv
import datetime
import sys
from pathlib import Path

import numpy as np
import pytest

from forecasting import evaluate_decisions
from forecasting.evaluate_holidays import simulated_line

FIRST, WEEKS = datetime.date(2023, 1, 2), 130


def decided_file(path: Path, elasticity: float) -> None:
    """100 a week at a price of 1, which is 10 % lower in the last ten weeks."""
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(["sku", "week_start", "units", "price"])
        for step in range(WEEKS):
            price = 0.9 if step >= WEEKS - 10 else 1.0
            week = FIRST + datetime.timedelta(weeks=step)
            out.writerow(["A", week, 100 * price**elasticity, price])


@pytest.mark.parametrize(("truth", "nearer"), [(-2.62, 100), (0.0, 0)])
def test_a_known_price_is_worth_what_buyers_answer(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    truth: float,
    nearer: int,
) -> None:
    path = tmp_path / "sales.csv"
    decided_file(path, truth)
    options = ["--key", "sku", "--period", "week_start", "--value", "units", "--origins", "2"]
    monkeypatch.setattr(sys, "argv", ["evaluate", str(path), *options])
    assert evaluate_decisions.main() == 0
    whole, single = capsys.readouterr().out.splitlines()
    months, without, with_it, share = whole.split(" | ")
    assert months == "2 months"
    assert share == f"{nearer} % nearer"
    assert (float(with_it) < 0.05) == (truth != 0) == (float(without) > 0.1)
    assert single.startswith("A | ")


def test_an_easter_that_lines_meet_enters_and_none_does_not() -> None:
    rng = np.random.default_rng(1)
    strong = simulated_line(rng, 209, 0.4)
    assert strong.enters
    assert strong.weight == pytest.approx(0.4, abs=0.1)
    assert not simulated_line(rng, 209, 0.0).enters
