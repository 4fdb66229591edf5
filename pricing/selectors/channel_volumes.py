"""What each channel sold of a product with those below it, for the what-if: over all channels, so only for
who is not limited to some (``elasticities_allowed``)."""

from __future__ import annotations

import datetime
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db import connection

from core.months import month_add
from products.models import Channel, Measure, Product
from products.selectors.channels import channel_chains

# So many channels can be chosen from, the largest.
MOST = 12
# The channels that sold it, by measure, with all above them.
_SOLD = """
    WITH RECURSIVE of_measure AS (
        SELECT channel_id, measure_id, jsonb_object_agg(month, volume::float8) AS months,
            jsonb_object_agg(month, revenue::float8) FILTER (WHERE revenue IS NOT NULL) AS brought
        FROM products_salesmonth
        WHERE product_id = %s AND measure_id = ANY(%s) AND volume IS NOT NULL GROUP BY 1, 2
    ), sold AS (
        SELECT channel_id, jsonb_object_agg(measure_id, months) AS months,
            jsonb_object_agg(measure_id, brought) FILTER (WHERE brought IS NOT NULL) AS brought
        FROM of_measure GROUP BY 1
    ), known(id) AS (
        SELECT channel_id FROM sold
        UNION SELECT c.parent_id FROM products_channel c JOIN known k ON c.id = k.id
            WHERE c.parent_id IS NOT NULL
    ) SELECT c.*, sold.months, sold.brought FROM products_channel c JOIN known USING (id)
        LEFT JOIN sold ON sold.channel_id = c.id ORDER BY c.id
"""
_SOLD_OF_MANY = """
    SELECT product_id, channel_id, jsonb_object_agg(month, volume::float8),
        jsonb_object_agg(month, revenue::float8) FILTER (WHERE revenue IS NOT NULL)
    FROM products_salesmonth JOIN unnest(%s::bigint[], %s::bigint[]) AS asked(product, measure)
        ON product_id = product AND measure_id = measure
    WHERE volume IS NOT NULL GROUP BY 1, 2
"""
ByMonth = Mapping[datetime.date, float]


@dataclass(frozen=True)
class ChannelVolumes:
    """``own`` volumes by channel and month, and what they ``brought`` in; ``above`` each channel with all
    that it is part of."""

    channels: Mapping[int, Channel]
    own: Mapping[int, ByMonth]
    brought: Mapping[int, ByMonth]
    above: Mapping[int, frozenset[int]]

    def months(self, channel: int) -> dict[datetime.date, float]:
        """Of a channel with those below it."""
        found: dict[datetime.date, float] = {}
        for pk in self.inside({channel}):
            for month, volume in self.own[pk].items():
                found[month] = found.get(month, 0.0) + volume
        return found

    def share(self, channels: Collection[int]) -> float:
        """Of these and those below them, none twice, in the last 12 months with data; none: everywhere."""
        return self.part(self.inside(channels)) if channels else 1.0

    def paying(self, channel: int | None, listed: Collection[int]) -> list[int]:
        """Those that pay by the list of a channel (``None``: everybody's), where these have one: to each the
        nearest counts."""
        found = []
        for pk in self.own:
            near = [one for one in listed if one in self.above[pk]]
            if max(near, key=lambda one: len(self.above[one]), default=None) == channel:
                found.append(pk)
        return found

    def part(self, sellers: Collection[int]) -> float:
        """Of these alone, in the last 12 months with data; 1 where nothing is known of any."""
        if self.total <= 0:
            return 1.0
        return min(max(self._year(self.own[pk] for pk in sellers) / self.total, 0.0), 1.0)

    @cached_property
    def total(self) -> float:
        """In the last 12 months with data."""
        return self._year(self.own.values())

    def level(self, sellers: Collection[int]) -> float | None:
        """What a unit brought in there by what one did everywhere, in the last 12 months with data; ``None``
        where that is not known."""
        there, everywhere = (
            (self._year(self.brought.get(pk, {}) for pk in of), self._year(self._paid(pk) for pk in of))
            for of in (sellers, self.own)
        )
        known = min(*there, *everywhere) > 0
        return (there[0] / there[1]) / (everywhere[0] / everywhere[1]) if known else None

    @property
    def largest(self) -> list[tuple[Channel, float]]:
        """Those to choose from, with their shares."""
        shares = {pk: self.share([pk]) for pk in self.channels}
        found = sorted((pk for pk in shares if shares[pk] > 0), key=lambda pk: (-shares[pk], pk))
        return [(self.channels[pk], shares[pk]) for pk in found[:MOST]]

    def inside(self, channels: Collection[int]) -> list[int]:
        """Those that sold it among these and what is below them; none: everywhere."""
        return [pk for pk in self.own if not channels or self.above[pk].intersection(channels)]

    def _paid(self, channel: int) -> ByMonth:
        """The volumes of which it is known what they brought in."""
        brought = self.brought.get(channel, {})
        return {month: volume for month, volume in self.own[channel].items() if month in brought}

    def _year(self, amounts: Iterable[ByMonth]) -> float:
        return sum(amount for rows in amounts for month, amount in rows.items() if month > self._before)

    @cached_property
    def _before(self) -> datetime.date:
        """The month before the last 12 with data."""
        months = [month for rows in self.own.values() for month in rows]
        return month_add(max(months), -12) if months else datetime.date.min


def channel_volumes(product: Product, measures: Sequence[Measure]) -> list[ChannelVolumes]:
    """In each of the measures. One query."""
    rows: list[Any] = list(Channel.objects.raw(_SOLD, [product.pk, [one.pk for one in measures]]))
    chains = channel_chains({row.pk: row.parent_id for row in rows})
    said = [(row.pk, *(json.loads(each or "{}") for each in (row.months, row.brought))) for row in rows]
    found = []
    for measure in measures:
        key = str(measure.pk)
        own = {pk: _dated(months[key]) for pk, months, _brought in said if key in months}
        brought = {pk: _dated(months[key]) for pk, _months, months in said if key in months}
        known = {pk for channel in own for pk in chains[channel]}
        channels = {row.pk: row for row in rows if row.pk in known}
        found.append(ChannelVolumes(channels, own, brought, {pk: frozenset(chains[pk]) for pk in channels}))
    return found


def channel_volumes_of(measures: Mapping[int, Measure]) -> dict[int, ChannelVolumes]:
    """The same of many products, each in its measure: three queries."""
    if not measures:
        return {}
    channels = Channel.objects.in_bulk()
    above = {pk: frozenset(chain) for pk, chain in channel_chains().items()}
    own: dict[int, dict[int, ByMonth]] = {product: {} for product in measures}
    brought: dict[int, dict[int, ByMonth]] = {product: {} for product in measures}
    with connection.cursor() as cursor:
        cursor.execute(_SOLD_OF_MANY, [list(measures), [measure.pk for measure in measures.values()]])
        for product, channel, volumes, revenues in cursor.fetchall():
            own[product][channel] = _by_month(volumes)
            if revenues:
                brought[product][channel] = _by_month(revenues)
    return {product: ChannelVolumes(channels, own[product], brought[product], above) for product in measures}


def _by_month(said: str) -> dict[datetime.date, float]:
    return _dated(json.loads(said))


def _dated(months: Mapping[str, float]) -> dict[datetime.date, float]:
    return {datetime.date.fromisoformat(day): value for day, value in months.items()}
