"""What another price from a date on would do to volume and revenue, month by month.

Plain Python on purpose: a page answers while a slider moves, and a web process loads no numeric library.

    volume_m = base_m · ((1 − s_m) + s_m · (p / p_m)^e)        revenue_m = volume_m at the price of its days
    margin_m = revenue_m · (1 − share of the price that costs take) − volume_m · cost of a unit

with s_m the share of month m from the date on and p_m the price that would hold without it. What is not known
of the base (its band) and of e (evenly spread quantiles of what was estimated) are taken together, in the
same draws for every question: a comparison never depends on chance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from math import exp, inf, log, sqrt
from statistics import NormalDist

DRAWS = 512
# Of evenly spread points, by dimensions (Kronecker's sequence with the plastic number of so many).
_STEPS = {3: 1.2207440846057596, 4: 1.1673039782614187}
# As in scenario.py: beyond a fifth outside the prices seen, e is less sure by this for the way beyond.
BEYOND, WIDER = 0.2, 1.5
_Z80 = NormalDist().inv_cdf(0.9)


@dataclass(frozen=True)
class Month:
    """The volume expected without the change, with its 80 % range; ``price`` then (per unit, in money), and
    the ``share`` of the month the new price holds. ``cost`` of a unit and ``taken``, the share of its price
    that goes to costs too; ``None``: not known. ``part``: the share of the volume whose price changes, and
    ``paid`` what a unit of it brings without the change; ``None``: as all."""

    mean: float
    lo80: float
    hi80: float
    price: float
    share: float
    cost: float | None = None
    taken: float = 0.0
    part: float = 1.0
    paid: float | None = None

    @property
    def before(self) -> float:
        return self.price if self.paid is None else self.paid

    @property
    def moved(self) -> float:
        """The share of the month's volume that is asked the new price."""
        return self.part * self.share


@dataclass(frozen=True)
class Range:
    mean: float
    lo80: float
    hi80: float


@dataclass(frozen=True)
class Outcome:
    """``now``: the sum without the change. ``better``: how probably revenue is more than now; None where
    nothing changes. ``break_even``: by which share volume may change from the date on before revenue does.
    ``margin``: the same of what costs leave, where they are known of every month. ``state``: of the price of
    a state, in place of ``break_even``."""

    volume: Range
    revenue: Range
    volume_now: float
    revenue_now: float
    median_volume: float
    volumes: tuple[Range, ...]
    revenues: tuple[Range, ...]
    better: float | None
    break_even: float
    margin: Margin | None = None
    state: StateEven | None = None


@dataclass(frozen=True)
class StateEven:
    """By which share what comes into a state, or what leaves it a month, may change from the date on before
    revenue (or margin) does; ``None``: by no share it stays."""

    coming: float | None
    leaving: float | None


@dataclass(frozen=True)
class Less:
    """Money by draw, and which share of it falls in each month."""

    draws: Sequence[float]
    months: Sequence[float]


@dataclass(frozen=True)
class Margin:
    """``break_even`` is ``None`` where the new price leaves nothing: no volume makes up for it. ``months``
    add up to the mean of ``total``."""

    total: Range
    now: float
    better: float | None
    break_even: float | None
    months: tuple[Range, ...]
    state: StateEven | None = None


def what_if(
    months: Sequence[Month],
    quantiles: Sequence[float],
    price: float | Sequence[float],
    *,
    correlation: float,
    over: float = 0.0,
) -> Outcome:
    """``price`` in the money of ``Month.price``, one or of each month; ``correlation`` of two months' errors;
    ``over`` the logarithm of how far the price lies beyond what may be told (:func:`beyond`)."""
    draws = drawn(quantiles)
    prices = [price] * len(months) if isinstance(price, (int, float)) else price
    ratios = [log(new / month.before) for new, month in zip(prices, months, strict=True)]
    held = [month.moved > 0 and abs(ratio) > 1e-9 for month, ratio in zip(months, ratios, strict=True)]
    factors = [  # draw, month: volume with the change / volume without
        [
            1 + month.moved * answered(e, ratio, over * w) if changes else 1.0
            for month, ratio, changes in zip(months, ratios, held, strict=True)
        ]
        for e, _z, w in draws
    ]
    # Price of the units sold, on average over the month: both prices, by what each sells.
    mean_prices = [
        [
            (month.price - month.moved * month.before + (factor - 1 + month.moved) * new) / factor
            for month, factor, new in zip(months, row, prices, strict=True)
        ]
        for row in factors
    ]
    first = next((n for n, changes in enumerate(held) if changes), None)
    if first is None:
        return outcome(months, factors, mean_prices, draws, correlation)
    left = [left_of(months[first], paid) for paid in (months[first].before, prices[first])]
    return outcome(
        months,
        factors,
        mean_prices,
        draws,
        correlation,
        break_even=months[first].before / prices[first] - 1,
        margin_break_even=left[0] / left[1] - 1 if left[1] > 0 else None,
        changes=True,
    )


def drawn(quantiles: Sequence[float]) -> list[tuple[float, float, float]]:
    """Of each draw e, and how the base and what lies beyond the prices seen turn out, as normal numbers."""
    return [(_quantile(quantiles, u), z, w) for u, z, w in points(3)]


def answered(e: float, ratio: float, beyond: float) -> float:
    """By which share volume changes at a price whose logarithm is higher by ``ratio``."""
    return exp(_clip(e * ratio + WIDER * beyond)) - 1


def outcome(
    months: Sequence[Month],
    factors: Sequence[Sequence[float]],
    prices: Sequence[Sequence[float]],
    draws: Sequence[Sequence[float]],
    correlation: float,
    *,
    break_even: float = 0.0,
    margin_break_even: float | None = 0.0,
    changes: bool = False,
    less: Less | None = None,
) -> Outcome:
    """Sums of the months. By draw and month: ``factors``, the volume with the change by that without it, and
    ``prices``, what a unit brings then; ``less`` is what the margin loses beside it."""
    volumes = _together(months, factors, draws, correlation)
    paid = [[f * p for f, p in zip(*pair, strict=True)] for pair in zip(factors, prices, strict=True)]
    revenues = _together(months, paid, draws, correlation)
    revenue_now = sum(month.mean * month.price for month in months)
    ups = [_sum(months, row) > revenue_now for row in paid]
    return Outcome(
        volume=volumes.total,
        revenue=revenues.total,
        volume_now=sum(month.mean for month in months),
        revenue_now=revenue_now,
        median_volume=_share_of([_sum(months, row) for row in factors], 0.5),
        volumes=volumes.months,
        revenues=revenues.months,
        better=sum(ups) / len(ups) if changes else None,
        break_even=break_even,
        margin=_margin(months, factors, prices, draws, correlation, margin_break_even, changes, less),
    )


def _sum(months: Sequence[Month], row: Sequence[float]) -> float:
    return sum(month.mean * value for month, value in zip(months, row, strict=True))


def left_of(month: Month, price: float) -> float:
    """What costs leave of a unit sold at a price."""
    return price * (1 - month.taken) - (month.cost or 0.0)


def _margin(
    months: Sequence[Month],
    factors: Sequence[Sequence[float]],
    prices: Sequence[Sequence[float]],
    draws: Sequence[Sequence[float]],
    correlation: float,
    break_even: float | None,
    changes: bool,
    less: Less | None,
) -> Margin | None:
    if any(month.cost is None for month in months):
        return None
    rows = [
        [factor * left_of(month, paid) for month, factor, paid in zip(months, row, own, strict=True)]
        for row, own in zip(factors, prices, strict=True)
    ]
    less = less or Less([0.0] * len(rows), [0.0] * len(months))
    now = sum(month.mean * left_of(month, month.price) for month in months)
    ups = [_sum(months, row) - lost > now for row, lost in zip(rows, less.draws, strict=True)]
    sums = _together(months, rows, draws, correlation, least=-inf, less=less)
    return Margin(sums.total, now, sum(ups) / len(ups) if changes else None, break_even, sums.months)


def beyond(price: float, lowest: float, highest: float) -> float:
    """How far, in logarithms and with its sign, a price lies more than a fifth outside those seen; else 0."""
    low, high = (1 - BEYOND) * lowest, (1 + BEYOND) * highest
    return log(price / min(max(price, low), high))


@dataclass(frozen=True)
class _Sums:
    total: Range
    months: tuple[Range, ...]


def _together(
    months: Sequence[Month],
    factors: Sequence[Sequence[float]],
    draws: Sequence[Sequence[float]],
    correlation: float,
    least: float = 0.0,
    less: Less | None = None,
) -> _Sums:
    """Base and answer: the mean is that of the base times the mean answer, the range that of the draws."""
    totals: list[float] = []
    by_month: list[list[float]] = [[] for _ in months]
    less = less or Less([0.0] * len(draws), [0.0] * len(months))
    for row, (_e, z, *_w), lost in zip(factors, draws, less.draws, strict=True):
        plain = squares = mean = 0.0
        for n, (month, factor) in enumerate(zip(months, row, strict=True)):
            width = (month.hi80 - month.mean if z > 0 else month.mean - month.lo80) / _Z80 * factor
            mean += month.mean * factor
            plain += width
            squares += width * width
            by_month[n].append(max(month.mean * factor + z * width - lost * less.months[n], least))
        spread = sqrt(max((1 - correlation) * squares + correlation * plain * plain, 0.0))
        totals.append(max(mean + z * spread - lost, least))
    lost = sum(less.draws) / len(less.draws)
    plain_means = [
        month.mean * sum(row[n] for row in factors) / len(factors) for n, month in enumerate(months)
    ]
    means = [mean - lost * share for mean, share in zip(plain_means, less.months, strict=True)]
    return _Sums(
        _range(sum(plain_means) - lost, totals),
        tuple(_range(mean, values) for mean, values in zip(means, by_month, strict=True)),
    )


def _range(mean: float, values: list[float]) -> Range:
    return Range(mean, _share_of(values, 0.1), _share_of(values, 0.9))


def _share_of(values: list[float], share: float) -> float:
    """The value below which a share of them lies."""
    found = sorted(values)
    place = share * (len(found) - 1)
    low = int(place)
    high = min(low + 1, len(found) - 1)
    return found[low] + (place - low) * (found[high] - found[low])


def _quantile(quantiles: Sequence[float], share: float) -> float:
    """Between quantiles at the middles of equal shares."""
    place = min(max(share * len(quantiles) - 0.5, 0.0), len(quantiles) - 1.0)
    low = int(place)
    high = min(low + 1, len(quantiles) - 1)
    return quantiles[low] + (place - low) * (quantiles[high] - quantiles[low])


def _clip(value: float) -> float:
    return min(max(value, -20.0), 20.0)


@cache
def points(dimensions: int) -> tuple[tuple[float, ...], ...]:
    """A share, evenly spread, and so many normal numbers less one, a draw."""
    of = NormalDist()
    steps = [_STEPS[dimensions] ** -power for power in range(1, dimensions + 1)]
    found = []
    for n in range(DRAWS):
        share, *others = ((0.5 + (n + 1) * step) % 1 for step in steps)
        found.append((share, *map(of.inv_cdf, others)))
    return tuple(found)
