"""What each channel sold of a product with those below it, for the what-if: over all channels, so only for
who is not limited to some (``elasticities_allowed``)."""

from __future__ import annotations

import datetime
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.months import month_add
from products.models import Channel, Measure, Product
from products.selectors.channels import channel_chains

# So many channels can be chosen from, the largest.
MOST = 12
# The channels that sold it, with all above them.
_SOLD = """
    WITH RECURSIVE sold AS (
        SELECT channel_id, jsonb_object_agg(month, volume::float8) AS months,
            jsonb_object_agg(month, revenue::float8) FILTER (WHERE revenue IS NOT NULL) AS brought
        FROM products_salesmonth
        WHERE product_id = %s AND measure_id = %s AND volume IS NOT NULL GROUP BY 1
    ), known(id) AS (
        SELECT channel_id FROM sold
        UNION SELECT c.parent_id FROM products_channel c JOIN known k ON c.id = k.id
            WHERE c.parent_id IS NOT NULL
    ) SELECT c.*, sold.months, sold.brought FROM products_channel c JOIN known USING (id)
        LEFT JOIN sold ON sold.channel_id = c.id ORDER BY c.id
"""


@dataclass(frozen=True)
class ChannelVolumes:
    """``own`` volumes by channel and month, and what they ``brought`` in; ``above`` each channel with all
    that it is part of."""

    channels: Mapping[int, Channel]
    own: Mapping[int, Mapping[datetime.date, float]]
    brought: Mapping[int, Mapping[datetime.date, float]]
    above: Mapping[int, frozenset[int]]

    def months(self, channel: int) -> dict[datetime.date, float]:
        """Of a channel with those below it."""
        found: dict[datetime.date, float] = {}
        for rows in self._inside({channel}):
            for month, volume in rows.items():
                found[month] = found.get(month, 0.0) + volume
        return found

    def share(self, channels: Collection[int]) -> float:
        """Of these and those below them, none twice, in the last 12 months with data; none: everywhere."""
        whole = self._year(list(self.own.values()))
        if not channels or whole <= 0:
            return 1.0
        return min(max(self._year(self._inside(set(channels))) / whole, 0.0), 1.0)

    def level(self, channel: int) -> float:
        """What a unit brought in there by what one did everywhere, in the last 12 months with data; 1 where
        that is not known."""
        inside = [pk for pk in self.own if channel in self.above[pk]]
        there, everywhere = (
            (
                self._year([self.brought.get(pk, {}) for pk in of]),
                self._year([self._paid(pk) for pk in of]),
            )
            for of in (inside, list(self.own))
        )
        known = min(*there, *everywhere) > 0
        return (there[0] / there[1]) / (everywhere[0] / everywhere[1]) if known else 1.0

    @property
    def largest(self) -> list[tuple[Channel, float]]:
        """Those to choose from, with their shares."""
        shares = {pk: self.share([pk]) for pk in self.channels}
        found = sorted((pk for pk in shares if shares[pk] > 0), key=lambda pk: (-shares[pk], pk))
        return [(self.channels[pk], shares[pk]) for pk in found[:MOST]]

    def _inside(self, channels: set[int]) -> list[Mapping[datetime.date, float]]:
        return [rows for pk, rows in self.own.items() if self.above[pk] & channels]

    def _paid(self, channel: int) -> dict[datetime.date, float]:
        """The volumes of which it is known what they brought in."""
        brought = self.brought.get(channel, {})
        return {month: volume for month, volume in self.own[channel].items() if month in brought}

    def _year(self, volumes: Sequence[Mapping[datetime.date, float]]) -> float:
        last = max((month for rows in self.own.values() for month in rows), default=datetime.date.min)
        after = month_add(last, -12) if self.own else last
        return sum(volume for rows in volumes for month, volume in rows.items() if month > after)


def channel_volumes(product: Product, measure: Measure) -> ChannelVolumes:
    """One query."""
    rows: list[Any] = list(Channel.objects.raw(_SOLD, [product.pk, measure.pk]))
    channels = {row.pk: row for row in rows}
    own, brought = (
        {
            row.pk: {datetime.date.fromisoformat(day): value for day, value in json.loads(said).items()}
            for row in rows
            if (said := getattr(row, name))
        }
        for name in ("months", "brought")
    )
    chains = channel_chains({pk: row.parent_id for pk, row in channels.items()})
    return ChannelVolumes(channels, own, brought, {pk: frozenset(chain) for pk, chain in chains.items()})
