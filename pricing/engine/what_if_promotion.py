"""What a promotion would do to volume, revenue and margin, month by month. Plain Python, as a page answers
with it.

    volume_m = base_m + U · G_m + D · A_m       revenue_m = p_m · (volume_m − (1 − price) · (1 + U) · G_m)
    G_m = r · G_{m−1} + inflow_m · c · s_m     A_m = r · A_{m−1} + B · a_m       B = Σ inflow_m · c · s_m

with s_m the share of month m in which it runs, c the share of the volume its channels sell, U the uplift, D
what is sold less in the weeks after as a share of B (negative), a_m the part of those weeks in month m. Units
in the promotion bring ``price`` times the normal one. The margin loses the budget, and what sister products
sell less at what this product leaves.

Of a state (contracts in force) it moves what comes in, of which a share r is still there a month later: who
comes in during it pays ``price`` times the normal one in all months looked at, nobody else does. Of what is
sold r is 0 and the inflow is the base.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp
from statistics import NormalDist

from .pooling import Belief
from .what_if import Less, Month, Outcome, Range, left_of, outcome, points
from .what_if_level import Coming, carried

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
    coming: Coming | None = None,
) -> PromotionOutcome:
    """``uplift`` is of ln(1 + U); the others are shares of what the promotion's days normally sell.
    ``coming``: what comes into the state that ``months`` are of; of a flow that is what is sold, and nobody
    stays."""
    draws = points(4)
    inflows, stays = (coming.volumes, coming.stays) if coming else ([month.mean for month in months], 0.0)
    units = [inflow * offer.channels * share for inflow, share in zip(inflows, offer.running, strict=True)]
    baseline = sum(units)
    there, missed = carried(units, stays), carried([baseline * share for share in offer.after], stays)
    left = [left_of(month, month.price) for month in months]
    normal = _worth(there, left)
    factors, prices, less = [], [], []
    for share, _z, w, v in draws:
        times = exp(uplift.mean + uplift.sd * _NORMAL.inv_cdf(share))
        lost = after.mean + after.sd * w if after else 0.0
        row, paid = [], []
        for month, came, gone in zip(months, there, missed, strict=True):
            # Never less than nothing, and a price for it.
            volume = max(month.mean + (times - 1) * came + lost * gone, times * came, 1e-9)
            row.append(volume / month.mean if month.mean > 0 else 1.0)
            paid.append(month.price * (1 - (1 - offer.price) * times * came / volume))
        factors.append(row)
        prices.append(paid)
        beside = sisters.mean + sisters.sd * v if sisters else 0.0
        less.append(offer.budget - beside * normal)
    dip = after.mean if after else 0.0
    paid_there, paid_missed = (_worth(part, [month.price for month in months]) for part in (there, missed))
    kept = 1 - dip * paid_missed / paid_there if paid_there > 0 else 1.0
    needed = normal * (1 - (sisters.mean if sisters else 0.0)) - dip * _worth(missed, left)
    return PromotionOutcome(
        outcome(
            months,
            factors,
            prices,
            draws,
            correlation,
            break_even=kept / offer.price - 1,
            margin_break_even=_break_even(months, there, offer, needed),
            changes=baseline > 0 and (uplift.mean, uplift.sd, offer.price) != (0, 0, 1),
            less=Less(less, _when(units)),
        ),
        baseline,
        _uplift(uplift),
        _units(after, baseline),
        _units(sisters, baseline),
    )


def _worth(units: Sequence[float], each: Sequence[float]) -> float:
    return sum(unit * value for unit, value in zip(units, each, strict=True))


def _when(normal: Sequence[float]) -> list[float]:
    """In which months the budget is spent and sister products sell less: as the promotion's days normally
    sell; where they sell nothing, all at once."""
    if sum(normal) > 0:
        return [value / sum(normal) for value in normal]
    return [float(n == 0) for n in range(len(normal))]


def _break_even(months: Sequence[Month], units: Sequence[float], offer: Offer, needed: float) -> float | None:
    """By which share its days must sell more than normally before the margin is what it was."""
    left = _worth(units, [left_of(month, month.price * offer.price) for month in months])
    return (needed + offer.budget) / left - 1 if left > 0 else None


def _uplift(belief: Belief) -> Range:
    low, high = (exp(belief.mean + side * belief.sd) - 1 for side in _Z80)
    return Range(exp(belief.mean + belief.sd**2 / 2) - 1, low, high)


def _units(belief: Belief | None, baseline: float) -> Range | None:
    if belief is None:
        return None
    low, high = (baseline * (belief.mean + side * belief.sd) for side in _Z80)
    return Range(baseline * belief.mean, low, high)
