"""How widely products lay month by month, as one figure of what a series is sold over, for the engine."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from core.lookups import many
from pricing.engine.what_if_distribution import LEAST_MONTHS
from pricing.models import DistributionMonth

Rates = Mapping[int, Mapping[datetime.date, float]]
"""Distribution by channel and month, of each channel in one kind."""
# Said of a channel in most months, the first of those that are said as often.
KINDS = ("weighted_rate", "numeric_rate", "points")


@dataclass(frozen=True)
class Distribution:
    """``values`` by period: what would be sold in it where every point of distribution always sold the same,
    on average 1. ``known`` is the share of what was sold for which the distribution is known."""

    values: tuple[float, ...] = ()
    known: float = 0.0


UNKNOWN = Distribution()


def distribution_rates(product_ids: Collection[int]) -> dict[int, Rates]:
    """By product; channels with fewer than three months are left out. One query."""
    said: dict[tuple[int, int], dict[str, dict[datetime.date, float]]] = defaultdict(
        lambda: {kind: {} for kind in KINDS}
    )
    rows = DistributionMonth.objects.filter(product__any=many(product_ids)).order_by("channel", "month")
    for product, channel, month, *values in rows.values_list("product", "channel", "month", *KINDS):
        for kind, value in zip(KINDS, values, strict=True):
            if value:
                said[product, channel][kind][month] = float(value)
    found: dict[int, dict[int, Mapping[datetime.date, float]]] = defaultdict(dict)
    for (product, channel), kinds in said.items():
        months = max(kinds.values(), key=len)
        if len(months) >= LEAST_MONTHS:
            found[product][channel] = months
    return dict(found)


def distribution_of(
    rates: Rates,
    by_channel: Mapping[int, Mapping[datetime.date, float]],
    chains: Mapping[int, Sequence[int]],
    starts: Sequence[datetime.date],
    months: Sequence[datetime.date],
) -> Distribution:
    """Shares of different shops cannot be added, so each channel counts by what a point sold in it: its
    volume over the periods by the sum of its distribution. What is sold where nobody says how widely it lies
    is taken to lie as widely all along; a channel counts from its first sale. ``months``: of each period the
    one its middle lies in, whose distribution is the period's."""
    sold: dict[int | None, list[float]] = defaultdict(lambda: [0.0] * len(starts))
    for channel, rows in by_channel.items():
        own = sold[next((pk for pk in chains[channel] if pk in rates), None)]
        for place, start in enumerate(starts):
            own[place] += rows.get(start, 0.0)
    whole = sum(map(sum, sold.values()))
    if whole <= 0 or set(sold) <= {None}:
        return UNKNOWN
    total, known = [0.0] * len(starts), 0.0
    for nearest in sorted(sold, key=lambda pk: pk or 0):
        volumes = sold[nearest]
        held = [1.0] * len(starts)
        if nearest is not None:
            first = next((place for place, volume in enumerate(volumes) if volume > 0), len(starts))
            held = [0.0] * first + _held(rates[nearest], months[first:])
            known += sum(v for v, month in zip(volumes, months, strict=True) if month in rates[nearest])
        if sum(held) > 0:
            point = sum(volumes) / sum(held)
            total = [value + point * lies for value, lies in zip(total, held, strict=True)]
    usual = whole / len(starts)
    return Distribution(tuple(round(value / usual, 6) for value in total), round(known / whole, 4))


def _held(months: Mapping[datetime.date, float], asked: Sequence[datetime.date]) -> list[float]:
    """The last known one where a month is missing, before the first known one that."""
    said = sorted(months)
    held, place = [], 0
    for month in asked:
        while place + 1 < len(said) and said[place + 1] <= month:
            place += 1
        held.append(months[said[place]])
    return held
