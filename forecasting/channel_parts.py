"""A channel's part of a product's forecast, and how wide its band is.

A part errs with the whole and in its share of it. Both errors are taken for independent, so their half widths
add as squares: a part is never surer than the whole. How far off shares are is told by the year before:
split by it, the last year's months would have missed by so much.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping, Sequence
from math import fsum, hypot, sqrt
from typing import TypeVar

from core.months import month_add
from core.numbers import Z80

from .totals import summed_half

YEAR = 12
# Months' own shares are taken where they would have split the last year better by this much.
BETTER = 0.9
# And so much of the whole year's, so that a channel that sells at all has a part of every month.
ALWAYS = 0.01
# How far off a small channel's part usually is, as a share of it; what is seen of a channel is drawn towards
# that, which counts as so many months. Twice as far where there is no year before to tell it by.
USUAL_SPLIT_ERROR, _USUAL_MONTHS, _UNTRIED = 0.15, 3, 2.0
# The correlation of how far off the shares of two months are.
SPLIT_CORRELATION = 0.5
# From the mean size of normal errors to their standard deviation.
_DEVIATIONS = 1.2533
Months = Mapping[datetime.date, float]
Channel = TypeVar("Channel")
Shares = dict[int, dict[Channel, float]]


def parts_of(sold: Mapping[Channel, float]) -> dict[Channel, float]:
    """Shares by channel that add up to 1; one that took back more than it sold has none."""
    size = {channel: volume for channel, volume in sold.items() if volume > 0}
    total = fsum(size.values())
    return {channel: volume / total for channel, volume in size.items()}


def parts_by_month(sold: Mapping[Channel, Months], as_of: datetime.date) -> Shares[Channel]:
    """By calendar month the shares of the channels that sold in the year up to ``as_of``; empty without any.

    Those of the whole year; where channels have seasons of their own, those of the same month of that year.
    They have, if the shares of the months of the year before would have split that year clearly better than
    those of that whole year.
    """
    last = _year(as_of, 0)
    usual = _parts_of_year(sold, last)
    selling = {channel: sold[channel] for channel in usual}
    if not _tried(selling, as_of)[1]:
        return dict.fromkeys(range(1, YEAR + 1), usual) if usual else {}
    return {month.month: _shrunk(_parts_in(selling, month), usual) for month in last}


def split_errors(sold: Mapping[Channel, Months], as_of: datetime.date) -> dict[Channel, float]:
    """How far off the part of each channel that sold in the year up to ``as_of`` is, given the whole: the
    standard deviation of a month of ordinary size, as a share of it (:func:`split_sizes`).

    That of its last year, split by the year before, drawn towards what is usual for a channel of its share.
    """
    last = _year(as_of, 0)
    usual = _parts_of_year(sold, last)
    selling = {channel: sold[channel] for channel in usual}
    shares, _own = _tried(selling, as_of)
    wholes = {month: _whole(selling, month) for month in last}
    found = {}
    for channel, share in usual.items():
        ordinary = USUAL_SPLIT_ERROR * (1 - share)
        expected = {m: shares[m.month].get(channel, 0.0) * max(wholes[m], 0.0) for m in last if shares}
        roots = _roots(list(expected.values()))
        if not any(roots):
            found[channel] = _UNTRIED * ordinary
            continue
        off = fsum(abs(sold[channel].get(month, 0.0) - part) for month, part in expected.items())
        own = _DEVIATIONS * off / fsum(roots)
        found[channel] = (YEAR * own + _USUAL_MONTHS * ordinary) / (YEAR + _USUAL_MONTHS)
    return found


def split_sizes(means: Sequence[float], error: float) -> list[float]:
    """By month of a channel's part its standard deviation, given the whole: ``error`` of a month of ordinary
    size, of others by the root of their size; further years ahead as of a walk."""
    return [
        error * root * sqrt(1 + step // YEAR)
        for step, root in enumerate(_roots(means, ordinary=means[:YEAR]))
    ]


def _roots(values: Sequence[float], *, ordinary: Sequence[float] | None = None) -> list[float]:
    """The geometric mean of each with the ordinary one, the mean of all; zero below zero."""
    sizes, usual = (
        [max(value, 0.0) for value in of] for of in (values, values if ordinary is None else ordinary)
    )
    mean = fsum(usual) / len(usual) if usual else 0.0
    return [sqrt(size * mean) for size in sizes]


def _tried(selling: Mapping[Channel, Months], as_of: datetime.date) -> tuple[Shares[Channel], bool]:
    """The shares of the year before by calendar month that would have split the last year best, and whether
    they are those of its months; empty where nothing was sold then."""
    last, before = (_year(as_of, back) for back in (0, 1))
    earlier = _parts_of_year(selling, before)
    if not earlier:
        return {}, False
    plain = dict.fromkeys(range(1, YEAR + 1), earlier)
    by_month = {month.month: _parts_in(selling, month) for month in before}
    if not all(by_month.values()):
        return plain, False
    wholes = {month: _whole(selling, month) for month in last}
    off, off_by_month = (
        fsum(
            abs(own.get(month, 0.0) - shares[month.month].get(channel, 0.0) * wholes[month])
            for month in last
            for channel, own in selling.items()
        )
        for shares in (plain, by_month)
    )
    return (by_month, True) if off_by_month < BETTER * off else (plain, False)


def _parts_of_year(sold: Mapping[Channel, Months], months: Sequence[datetime.date]) -> dict[Channel, float]:
    return parts_of({channel: fsum(map(_at(own), months)) for channel, own in sold.items()})


def _year(as_of: datetime.date, back: int) -> list[datetime.date]:
    return [month_add(as_of, -step - YEAR * back) for step in range(YEAR)]


def _at(own: Months) -> Callable[[datetime.date], float]:
    return lambda month: own.get(month, 0.0)


def _whole(sold: Mapping[Channel, Months], month: datetime.date) -> float:
    return fsum(own.get(month, 0.0) for own in sold.values())


def _parts_in(sold: Mapping[Channel, Months], month: datetime.date) -> dict[Channel, float]:
    return parts_of({channel: own.get(month, 0.0) for channel, own in sold.items()})


def _shrunk(own: Mapping[Channel, float], usual: Mapping[Channel, float]) -> dict[Channel, float]:
    """The month's shares, towards the year's; the year's where nothing was sold in it."""
    weight = 1 - ALWAYS if own else 0.0
    return {
        channel: weight * own.get(channel, 0.0) + (1 - weight) * share for channel, share in usual.items()
    }


def part_band(
    mean: float, whole: tuple[float, float, float], *, share: float, split: float
) -> tuple[float, float]:
    """The band about a part of ``whole`` (mean, low, high): its share of the whole's, and the half width
    ``split`` for the share itself; never below zero where the part is not."""
    middle, low, high = whole
    weight = mean / middle if middle > 0 and mean > 0 else share
    below, above = (hypot(half * weight, split) for half in (middle - low, high - middle))
    return max(mean - below, min(mean, 0.0)), mean + above


def year_band(
    means: Sequence[float], whole: tuple[float, float, float], *, share: float, sizes: Sequence[float]
) -> tuple[float, float]:
    """The 80 % band of the sum of a part's months, with their :func:`split_sizes`; ``whole`` is the sum's."""
    half = summed_half(fsum(sizes), fsum(size * size for size in sizes), correlation=SPLIT_CORRELATION)
    return part_band(fsum(means), whole, share=share, split=Z80 * half)
