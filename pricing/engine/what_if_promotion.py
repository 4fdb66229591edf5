"""What a promotion would do to volume, revenue and margin, month by month. Plain Python, as a page answers
with it.

    volume_m = base_m · (1 + c · s_m · U) + D · B · a_m        B = Σ base_m · c · s_m

with s_m the share of month m in which it runs, c the share of the volume its channels sell, U the uplift, D
what is sold less in the weeks after as a share of B (negative), a_m the part of those weeks in month m. Units
in the promotion bring ``price`` times the normal one. The margin loses the budget, and what sister products
sell less at what this product leaves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp
from statistics import NormalDist

from .pooling import Belief
from .what_if import Less, Month, Outcome, Range, left_of, outcome, points

_NORMAL = NormalDist()
_Z80 = (_NORMAL.inv_cdf(0.1), _NORMAL.inv_cdf(0.9))


@dataclass(frozen=True)
class Offer:
    """By month ``running`` and ``after``; ``channels`` is c. ``price`` is 1 where ours stays."""

    running: Sequence[float]
    after: Sequence[float]
    channels: float
    price: float
    budget: float


@dataclass(frozen=True)
class PromotionOutcome:
    """``baseline`` is B. ``uplift``, and ``after`` and ``sisters`` in units, None where nothing is known."""

    outcome: Outcome
    baseline: float
    uplift: Range
    after: Range | None
    sisters: Range | None


def promotion_what_if(
    months: Sequence[Month],
    offer: Offer,
    uplift: Belief,
    after: Belief | None,
    sisters: Belief | None,
    *,
    correlation: float,
) -> PromotionOutcome:
    """``uplift`` is of ln(1 + U); the others are shares of what the promotion's days normally sell."""
    draws = points(4)
    parts = [offer.channels * share for share in offer.running]
    baseline = sum(month.mean * part for month, part in zip(months, parts, strict=True))
    dips = [
        baseline * share / month.mean if month.mean > 0 else 0.0
        for month, share in zip(months, offer.after, strict=True)
    ]
    factors, prices, less = [], [], []
    normal = sum(
        month.mean * part * left_of(month, month.price) for month, part in zip(months, parts, strict=True)
    )
    for share, _z, w, v in draws:
        times = exp(uplift.mean + uplift.sd * _NORMAL.inv_cdf(share))
        lost = after.mean + after.sd * w if after else 0.0
        row, paid = [], []
        for month, part, dip in zip(months, parts, dips, strict=True):
            # Never less than nothing, and a price for it.
            sold, rest = part * times, max(1 - part + lost * dip, 1e-9)
            row.append(sold + rest)
            paid.append(month.price * (sold * offer.price + rest) / (sold + rest))
        factors.append(row)
        prices.append(paid)
        beside = sisters.mean + sisters.sd * v if sisters else 0.0
        less.append(offer.budget - beside * normal)
    kept = 1 - (after.mean if after else 0.0)
    return PromotionOutcome(
        outcome(
            months,
            factors,
            prices,
            draws,
            correlation,
            break_even=kept / offer.price - 1,
            margin_break_even=_break_even(
                months, parts, offer, normal * (kept - (sisters.mean if sisters else 0.0))
            ),
            changes=baseline > 0,
            less=Less(less, _when(months, parts)),
        ),
        baseline,
        _uplift(uplift),
        _units(after, baseline),
        _units(sisters, baseline),
    )


def _when(months: Sequence[Month], parts: Sequence[float]) -> list[float]:
    """In which months the budget is spent and sister products sell less: as the promotion's days normally
    sell; where they sell nothing, all at once."""
    normal = [month.mean * part for month, part in zip(months, parts, strict=True)]
    if sum(normal) > 0:
        return [value / sum(normal) for value in normal]
    return [float(n == 0) for n in range(len(months))]


def _break_even(months: Sequence[Month], parts: Sequence[float], offer: Offer, needed: float) -> float | None:
    """By which share its days must sell more than normally before the margin is what it was."""
    left = sum(
        month.mean * part * left_of(month, month.price * offer.price)
        for month, part in zip(months, parts, strict=True)
    )
    return (needed + offer.budget) / left - 1 if left > 0 else None


def _uplift(belief: Belief) -> Range:
    low, high = (exp(belief.mean + side * belief.sd) - 1 for side in _Z80)
    return Range(exp(belief.mean + belief.sd**2 / 2) - 1, low, high)


def _units(belief: Belief | None, baseline: float) -> Range | None:
    if belief is None:
        return None
    low, high = (baseline * (belief.mean + side * belief.sd) for side in _Z80)
    return Range(baseline * belief.mean, low, high)
