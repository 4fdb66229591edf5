"""How volume answers more distribution, and what that does month by month. Plain Python, as a page answers
with it.

    volume_m = base_m + G_m · ((y / x)^β − 1)       G_m = r · G_{m−1} + inflow_m · c · s_m

with c the share of the volume the channel sells, s_m the share of month m from the day on, x and y its
weighted distribution. At β = 1 every point of distribution sells what one sells now, its rate of sale; less
where new shops sell less. β is expected to be 1, give or take 0.3, and moves from there by what the months
with distribution say: the slope of ln(volume) on ln(distribution), whose errors follow one another. What it
costs is paid once, in the first month it holds. Of a state (contracts in force) it moves what comes in, of
which a share r is still there a month later; of what is sold r is 0 and the inflow is the base.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import log
from statistics import NormalDist, fmean

from .pooling import Belief
from .what_if import Less, Month, Outcome, left_of, outcome, points
from .what_if_level import Coming, carried

_NORMAL = NormalDist()
# What is expected of β; months in a row say half of what months apart would.
EXPECTED, EXPECTED_SD = 1.0, 0.3
_FOLLOWING = 2.0
LEAST_MONTHS = 3


def distribution_answer(months: Sequence[tuple[float, float]]) -> Belief | None:
    """β of months of distribution and volume; ``None`` where fewer than three have both."""
    rows = [(log(rate), log(volume)) for rate, volume in months if rate > 0 and volume > 0]
    if len(rows) < LEAST_MONTHS:
        return None
    x, y = fmean(row[0] for row in rows), fmean(row[1] for row in rows)
    squares = sum((row[0] - x) ** 2 for row in rows)
    precision, mean = 1 / EXPECTED_SD**2, EXPECTED
    if squares > 1e-9:
        slope = sum((row[0] - x) * (row[1] - y) for row in rows) / squares
        left = sum((row[1] - y - slope * (row[0] - x)) ** 2 for row in rows) / (len(rows) - 2)
        said = squares / (_FOLLOWING * max(left, 1e-4))
        mean = (EXPECTED * precision + slope * said) / (precision + said)
        precision += said
    return Belief(mean, precision**-0.5, len(rows), len(rows), len(rows))


def distribution_what_if(
    months: Sequence[Month],
    belief: Belief,
    times: float,
    channel: float,
    *,
    correlation: float,
    cost: float = 0.0,
    coming: Coming | None = None,
) -> Outcome:
    """``times`` as much distribution in a channel with that share of the volume, for a ``cost`` beside it.
    Revenue is what it was as long as volume is, as no price changes; the break-even of the margin is by which
    share the channel's volume must grow from the day on. ``coming``: what comes into the state that
    ``months`` are of; then it is by which share more must come in there."""
    draws = points(3)
    inflows, stays = (coming.volumes, coming.stays) if coming else ([month.mean for month in months], 0.0)
    moved = [inflow * channel * month.share for inflow, month in zip(inflows, months, strict=True)]
    there = carried(moved, stays)
    factors = []
    for share, *_others in draws:
        more = times ** max(belief.mean + belief.sd * _NORMAL.inv_cdf(share), 0.0) - 1
        factors.append(
            [
                max(1 + more * own / month.mean, 0.0) if month.mean > 0 else 1.0
                for month, own in zip(months, there, strict=True)
            ]
        )
    prices = [[month.price for month in months]] * len(draws)
    changes = abs(times - 1) > 1e-9 and any(month.share > 0 for month in months)
    first = next((n for n, month in enumerate(months) if month.share > 0), 0)
    left = sum(own * left_of(month, month.price) for own, month in zip(there, months, strict=True))
    return outcome(
        months,
        factors,
        prices,
        draws,
        correlation,
        margin_break_even=cost / left if left > 0 else None,
        changes=changes,
        less=Less([cost] * len(draws), [float(n == first) for n in range(len(months))]),
    )
