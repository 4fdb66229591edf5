"""A channel's part of a product's forecast, and how wide its band is."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from math import fsum
from typing import TypeVar

from core.months import month_add

YEAR = 12
# Months' own shares are taken where they would have split the last year better by this much.
BETTER = 0.9
# And so much of the whole year's, so that a channel that sells at all has a part of every month.
ALWAYS = 0.01
Months = Mapping[datetime.date, float]
Channel = TypeVar("Channel")


def parts_of(sold: Mapping[Channel, float]) -> dict[Channel, float]:
    """Shares by channel that add up to 1; one that took back more than it sold has none."""
    size = {channel: volume for channel, volume in sold.items() if volume > 0}
    total = fsum(size.values())
    return {channel: volume / total for channel, volume in size.items()}


def parts_by_month(sold: Mapping[Channel, Months], as_of: datetime.date) -> dict[int, dict[Channel, float]]:
    """By calendar month the shares of the channels that sold in the year up to ``as_of``; empty without any.

    Those of the whole year; where channels have seasons of their own, those of the same month of that year.
    They have, if the shares of the months of the year before would have split that year clearly better than
    those of that whole year.
    """
    last, before = (_year(as_of, back) for back in (0, 1))
    usual = parts_of({channel: fsum(map(_at(own), last)) for channel, own in sold.items()})
    selling = {channel: sold[channel] for channel in usual}
    plain = dict.fromkeys(range(1, YEAR + 1), usual)
    earlier = parts_of({channel: fsum(map(_at(own), before)) for channel, own in selling.items()})
    by_month = {month.month: _parts_in(selling, month) for month in before}
    if not earlier or not all(by_month.values()):
        return plain if usual else {}
    off, off_by_month = (
        fsum(
            abs(own.get(month, 0.0) - shares[month.month].get(channel, 0.0) * _whole(selling, month))
            for month in last
            for channel, own in selling.items()
        )
        for shares in (dict.fromkeys(range(1, YEAR + 1), earlier), by_month)
    )
    if off_by_month >= BETTER * off:
        return plain
    return {month.month: _shrunk(_parts_in(selling, month), usual) for month in last}


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


def unsteadiness(own: Months, whole: Months) -> float:
    """How much larger a channel's changes against the year before were than those of all channels together,
    each as a share of its own size; at least 1."""
    part, all_of_it = _year_on_year(own), _year_on_year(whole)
    return max(part / all_of_it, 1.0) if part is not None and all_of_it else 1.0


def part_band(
    mean: float, whole: tuple[float, float, float], *, share: float, wider: float
) -> tuple[float, float]:
    """The band about a part of ``whole`` (mean, low, high): its share of the whole's, ``wider`` times as
    wide; never below zero where the part is not."""
    middle, low, high = whole
    weight = wider * (mean / middle if middle > 0 and mean > 0 else share)
    return max(mean - (middle - low) * weight, min(mean, 0.0)), mean + (high - middle) * weight


def _year_on_year(months: Months) -> float | None:
    """Mean size of the changes against the same month a year before, as a share of the mean month."""
    pairs = [(v, months[month_add(m, -YEAR)]) for m, v in months.items() if month_add(m, -YEAR) in months]
    level = sum(abs(new) for new, _old in pairs)
    return sum(abs(new - old) for new, old in pairs) / level if level else None
