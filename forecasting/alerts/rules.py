"""When something is worth an alert: rules on plain values, without the database.

Each returns a :class:`Finding` or ``None``. Rates compare with *more than*: a forecast that moved exactly
by the threshold does not alert. ``stake`` is money: the deviation in volume times ``price``, the revenue per
unit of the last 12 months; ``None`` where nobody knows the price.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.months import month_add
from forecasting.selectors.alert_facts import YEAR_MONTHS, BudgetYear, Hit, Moved

from .thresholds import Thresholds

# A product with a shorter history than this asks for a like-item.
FEW_MONTHS = 6


@dataclass(frozen=True)
class Finding:
    """A state worth an alert: ``fingerprint`` names it, ``evidence`` are its numbers (JSON)."""

    fingerprint: str
    evidence: Mapping[str, Any]
    stake: float | None


def outside_band(
    hits: Mapping[datetime.date, Hit], month: datetime.date, price: float | None, limits: Thresholds
) -> Finding | None:
    """The actual of ``month`` outside its 95 % band, or outside the 80 % band on the same side for some
    months running, that one the last."""
    hit = hits.get(month)
    if hit is None:
        return None
    far, near = _side(hit, 95, limits.band_margin), _side(hit, 80, limits.band_margin)
    if not near:
        return None
    running = 0
    while running < limits.band_months:
        earlier = hits.get(month_add(month, -running))
        if earlier is None or _side(earlier, 80, limits.band_margin) != near:
            break
        running += 1
    if not far and running < limits.band_months:
        return None
    months = running if running >= limits.band_months else 1
    off = sum(
        hits[month_add(month, -step)].actual - hits[month_add(month, -step)].final for step in range(months)
    )
    return Finding(
        fingerprint=f"{month}:{near}",
        evidence={
            "month": str(month),
            "side": near,
            "actual": _round(hit.actual),
            "mean": _round(hit.final),
            "lo": _round(hit.lo95 if far else hit.lo80),
            "hi": _round(hit.hi95 if far else hit.hi80),
            "level": 95 if far else 80,
            "months": months,
        },
        stake=None if price is None else abs(off) * price,
    )


def _side(hit: Hit, level: int, margin: float) -> str:
    lo, hi = (hit.lo95, hit.hi95) if level == 95 else (hit.lo80, hit.hi80)
    slack = margin * abs(hit.final)
    if hit.actual > hi + slack:
        return "above"
    return "below" if hit.actual < lo - slack else ""


def forecast_moved(
    moved: Moved, price: float | None, limits: Thresholds, *, is_level: bool
) -> Finding | None:
    """The next 12 months against the same months in the last vintage. A level's months are never added: its
    evidence is their average, its price a month's."""
    change = moved.change
    if moved.before <= 0:
        rate, is_far = None, change > 0
    else:
        rate = change / moved.before
        is_far = abs(rate) > limits.move_rate
    if not is_far:
        return None
    share = YEAR_MONTHS if is_level else 1
    return Finding(
        fingerprint=f"{moved.as_of}:{'up' if change > 0 else 'down'}",
        evidence={
            "rate": None if rate is None else _round(rate),
            "now": _round(moved.now / share),
            "before": _round(moved.before / share),
            "before_as_of": str(moved.before_as_of),
            "is_level": is_level,
            "layer": moved.layer,
        },
        stake=None if price is None else abs(change) * price,
    )


@dataclass(frozen=True)
class YearExpected:
    """A financial year as expected beside its budget, in revenue or else in volume."""

    expected: float
    budget: float
    in_revenue: bool


def year_expected(year: BudgetYear, price: float | None) -> YearExpected | None:
    """Closed months as they were and the rest as forecast, beside the plan: in revenue where the plan and the
    closed months have it, otherwise in volume; ``None`` where neither is whole."""
    if year.ahead_volume is None or year.ahead_sum is None:
        return None
    has_revenue = year.budget_revenue is not None and year.sold_revenue is not None
    if has_revenue and (price is not None or year.ahead_months == 0):
        ahead = year.ahead_sum * (price or 0.0)
        return YearExpected((year.sold_revenue or 0.0) + ahead, year.budget_revenue or 0.0, True)
    if year.budget_volume is not None and year.sold_volume is not None:
        return YearExpected(year.sold_volume + year.ahead_volume, year.budget_volume, False)
    return None


def off_budget(found: YearExpected, year: int, price: float | None, limits: Thresholds) -> Finding | None:
    """The expected full year off the budget."""
    if found.budget <= 0:
        return None
    change = found.expected - found.budget
    rate = change / found.budget
    if abs(rate) <= limits.budget_rate:
        return None
    stake = abs(change) if found.in_revenue else None if price is None else abs(change) * price
    return Finding(
        fingerprint=f"{year}:{'above' if change > 0 else 'below'}",
        evidence={
            "year": year,
            "rate": _round(rate),
            "expected": _round(found.expected),
            "budget": _round(found.budget),
            "in_revenue": found.in_revenue,
        },
        stake=stake,
    )


@dataclass(frozen=True)
class StageSeen:
    """A night's estimate: its stage (empty: too little to say), what it rests on, and its causal path."""

    stage: str
    start: datetime.date | None
    chance: float
    evidence_code: str
    evidence_params: Mapping[str, Any]
    path: list[list[str]]
    as_of: datetime.date


def stage_before(now: StageSeen, before: StageSeen | None) -> str:
    """The stage a month ago: of the last vintage, or, where there is none, of the causal path."""
    if before is not None:
        return before.stage
    last_month = month_add(now.as_of, -1)
    shown = [(datetime.date.fromisoformat((row[2:] or row)[0]), row[1]) for row in now.path]
    earlier = [stage for month, stage in shown if month <= last_month]
    return earlier[-1] if earlier else ""


def stage_proposed(
    now: StageSeen, before: StageSeen | None, by_hand: tuple[int, str] | None, stake: float | None
) -> Finding | None:
    """The estimate differs from the stage set by hand, or from the one of a month ago.

    ``by_hand`` is (key, stage) of the setting in force.
    """
    if not now.stage:
        return None
    earlier = stage_before(now, before)
    shown = by_hand[1] if by_hand else earlier
    if shown == now.stage or (not shown and before is None):
        return None
    fingerprint = f"hand{by_hand[0]}:{now.stage}" if by_hand else f"{now.as_of}:{earlier}:{now.stage}"
    return Finding(
        fingerprint=fingerprint,
        evidence={
            "from": shown,
            "to": now.stage,
            "by_hand": by_hand is not None,
            "chance": _round(now.chance),
            "start": str(now.start) if now.start else None,
            "code": now.evidence_code,
            "params": dict(now.evidence_params),
        },
        stake=stake,
    )


def too_little_history(reason: str, periods: int, launched: bool, stake: float | None) -> Finding | None:
    """A new product whose few months tell neither trend nor season."""
    if reason != "few_periods" or not launched or not 0 < periods < FEW_MONTHS:
        return None
    return Finding("few_months", {"periods": periods}, stake)


def _round(value: float) -> float:
    """Six digits: as many as people look at, and the same tomorrow."""
    return float(f"{value:.6g}")
