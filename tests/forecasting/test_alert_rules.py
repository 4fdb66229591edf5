"""When something is worth an alert: at, under and over each threshold."""

from __future__ import annotations

import dataclasses
import datetime
from decimal import Decimal

import pytest

from core.months import month_add
from forecasting.alerts.rules import (
    StageSeen,
    YearExpected,
    forecast_moved,
    off_budget,
    outside_band,
    stage_before,
    stage_proposed,
    too_little_history,
    year_expected,
)
from forecasting.alerts.thresholds import Thresholds
from forecasting.selectors.alert_facts import BudgetYear, Hit, Moved

MONTH = datetime.date(2026, 10, 1)
LIMITS = Thresholds(Decimal(0), 0.0, 2, 0.10, 0.05, 10)


def hit(actual: float, month: datetime.date = MONTH) -> Hit:
    """Expected 100, within 90 to 110 (80 %) and 80 to 120 (95 %)."""
    return Hit(month, actual, 100, 90, 110, 80, 120)


def hits(*actuals: float) -> dict[datetime.date, Hit]:
    """The newest last."""
    months = [month_add(MONTH, step + 1 - len(actuals)) for step in range(len(actuals))]
    return {month: hit(actual, month) for month, actual in zip(months, actuals, strict=True)}


@pytest.mark.parametrize(
    ("actuals", "found"),
    [
        ((120,), None),  # at the edge of the 95 % band
        ((120.1,), (95, 1)),
        ((79.9,), (95, 1)),
        ((110.1,), None),  # outside 80 % once
        ((111, 112), (80, 2)),
        ((89, 112), None),  # on either side
        ((110, 112), None),  # the first at the edge
        ((111, 100, 112), None),
        ((85, 85, 79), (95, 2)),
        ((), None),
    ],
)
def test_outside_the_band(actuals, found):
    finding = outside_band(hits(*actuals), MONTH, 2.0, LIMITS)
    assert (finding and (finding.evidence["level"], finding.evidence["months"])) == found


def test_a_gap_breaks_the_months_running():
    there = hits(111, 111, 111)
    del there[month_add(MONTH, -1)]
    assert outside_band(there, MONTH, 2.0, LIMITS) is None


def test_the_band_is_worth_what_was_missed_in_all_the_months_running():
    finding = outside_band(hits(111, 112), MONTH, 2.0, LIMITS)
    assert finding is not None
    assert finding.stake == pytest.approx((11 + 12) * 2)
    assert outside_band(hits(111, 112), MONTH, None, LIMITS).stake is None


def test_a_line_can_ask_for_more_than_the_band():
    wide = dataclasses.replace(LIMITS, band_margin=0.1, band_months=3)
    assert outside_band(hits(129.9), MONTH, 2.0, wide) is None
    assert outside_band(hits(130.1), MONTH, 2.0, wide)
    assert outside_band(hits(121, 121), MONTH, 2.0, wide) is None
    assert outside_band(hits(121, 121, 121), MONTH, 2.0, wide)


def moved(now: float, before: float, **layers: float) -> Moved:
    """By statistics, where it is not said by which layers."""
    methods = ("theta_ets", "theta_ets")
    by = {"statistics": 0.0, "driven": 0.0, "overridden": 0.0, "agreed": 0.0} | layers
    if not layers:
        by["statistics"] = now - before
    return Moved(MONTH, month_add(MONTH, -1), now, before, *methods, now, before, by)


@pytest.mark.parametrize(
    ("now", "before", "side"),
    [(110, 100, None), (110.1, 100, "up"), (90, 100, None), (89.9, 100, "down"), (5, 0, "up"), (0, 0, None)],
)
def test_a_forecast_moved(now, before, side):
    finding = forecast_moved(moved(now, before), 3.0, LIMITS, is_level=False)
    assert (finding and finding.fingerprint) == (side and f"2026-10-01:{side}")
    if finding:
        assert finding.stake == pytest.approx(abs(now - before) * 3)


@pytest.mark.parametrize(
    ("now", "layers", "found"),
    [
        (130, {"statistics": 10, "overridden": 20}, "overridden"),
        (130, {"statistics": 20, "driven": 10}, "statistics"),
        # Up in all, although an override took off more than any other layer added.
        (130, {"statistics": 70, "driven": 40, "overridden": -80}, "statistics"),
        (60, {"statistics": 30, "driven": -20, "agreed": -50}, "agreed"),
    ],
)
def test_the_layer_that_made_most_of_a_move(now, layers, found):
    finding = forecast_moved(moved(now, 100, **layers), 1.0, LIMITS, is_level=False)
    assert finding is not None
    assert finding.evidence["layer"] == found


def test_the_months_of_a_level_are_never_added():
    finding = forecast_moved(moved(2400, 1200), 1.0, LIMITS, is_level=True)
    assert finding is not None
    assert (finding.evidence["now"], finding.evidence["before"]) == (200, 100)


def test_the_full_year_is_closed_months_and_forecast_in_revenue():
    # Latest estimate of formulas.md: 820 closed and 430 to come make 1,250.
    year = BudgetYear(500, 1202, 400, 820, 215, 215, 2)
    assert year_expected(year, 2.0) == YearExpected(1250, 1202, True)
    assert year_expected(dataclasses.replace(year, ahead_volume=None), 2.0) is None
    # Without revenue in the plan, or a price, in volume; with neither whole, not at all.
    assert year_expected(dataclasses.replace(year, budget_revenue=None), 2.0) == YearExpected(615, 500, False)
    assert year_expected(year, None) == YearExpected(615, 500, False)
    assert year_expected(dataclasses.replace(year, sold_revenue=None, sold_volume=None), 2.0) is None


def test_revenue_of_a_level_is_that_of_every_month_ahead():
    # 100 policies at 2 a month: ten months brought 2,000, the two to come bring 400, and 100 are left.
    year = BudgetYear(100, 2400, 0.0, 2000, 100, 200, 2)
    assert year_expected(year, 2.0) == YearExpected(2400, 2400, True)
    assert year_expected(dataclasses.replace(year, budget_revenue=None), 2.0) == YearExpected(100, 100, False)


@pytest.mark.parametrize(("expected", "side"), [(105, None), (105.1, "above"), (95, None), (94.9, "below")])
def test_off_budget(expected, side):
    finding = off_budget(YearExpected(expected, 100, False), 2026, 10.0, LIMITS)
    assert (finding and finding.fingerprint) == (side and f"2026:{side}")
    if finding:
        assert finding.stake == pytest.approx(abs(expected - 100) * 10)


def test_a_year_without_a_budget_is_not_off_it():
    assert off_budget(YearExpected(100, 0, True), 2026, 1.0, LIMITS) is None


def stage(name: str, path: list[list[str]] | None = None, as_of: datetime.date = MONTH) -> StageSeen:
    return StageSeen(name, as_of, 0.7, "level_steady", {}, path or [], as_of)


def test_a_stage_that_differs_from_last_months():
    finding = stage_proposed(stage("maturity"), stage("growth"), None, 5000)
    assert finding is not None
    assert (finding.evidence["from"], finding.evidence["to"], finding.stake) == ("growth", "maturity", 5000)
    assert stage_proposed(stage("maturity"), stage("maturity"), None, 5000) is None
    assert stage_proposed(stage(""), stage("growth"), None, 5000) is None


def test_a_first_stage_counts_only_when_last_month_had_none():
    assert stage_proposed(stage("growth"), stage(""), None, 1) is not None
    assert stage_proposed(stage("growth"), None, None, 1) is None


def test_without_a_vintage_the_causal_path_says_what_was_before():
    path = [["2024-01-01", "growth"], ["2026-10-01", "maturity"]]
    assert stage_before(stage("maturity", path), None) == "growth"
    assert stage_proposed(stage("maturity", path), None, None, 1).evidence["from"] == "growth"
    older = [["2024-01-01", "growth"], ["2026-09-01", "maturity"]]
    assert stage_proposed(stage("maturity", older), None, None, 1) is None


def test_a_stage_set_by_hand_is_never_overruled_but_asked_about():
    finding = stage_proposed(stage("maturity"), stage("maturity"), (7, "growth"), 1)
    assert finding is not None
    assert finding.evidence["by_hand"]
    assert finding.fingerprint == "hand7:maturity"
    assert stage_proposed(stage("maturity"), stage("growth"), (7, "maturity"), 1) is None


@pytest.mark.parametrize(
    ("reason", "periods", "is_new", "found"),
    [
        ("few_periods", 2, True, True),
        ("few_periods", 2, False, False),
        ("few_periods", 0, True, False),
        ("under_a_year", 7, True, False),
    ],
)
def test_too_little_history(reason, periods, is_new, found):
    assert bool(too_little_history(reason, periods, is_new, 1000)) is found
