"""From one margin to another: what prices, costs, volume and mix did; worked case: docs/cost-reports.md.

New and lost products come first and whole. Of the others: price and cost at the volume sold now; volume is
the change of the units that can be added at the average margin before, mix is the rest. Units that are
unlike are never added: volume and mix are of each unit by itself. Amounts are booked in cents and the terms
add up to the difference exactly.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from .costs import ZERO, booked

TERMS = ("new", "lost", "price", "cost", "volume", "mix", "other")


@dataclass(frozen=True)
class Side:
    """A product in one period: ``units`` sold (``None``: not known), net sales, costs."""

    units: Decimal | None
    net: Decimal
    cost: Decimal

    @property
    def margin(self) -> Decimal:
        return self.net - self.cost

    @property
    def is_sold(self) -> bool:
        return bool(self.net or self.units)


@dataclass(frozen=True)
class Compared:
    key: Hashable
    unit: str
    before: Side
    after: Side


@dataclass(frozen=True)
class Part:
    """What one product does to the margin: ``term`` new, lost or other as a whole, else price, cost and what
    is of its volume (``moved``: with the mix)."""

    key: Hashable
    term: str
    change: Decimal
    price: Decimal = ZERO
    cost: Decimal = ZERO
    moved: Decimal = ZERO


@dataclass(frozen=True)
class Bridge:
    before: Decimal
    after: Decimal
    new: Decimal
    lost: Decimal
    price: Decimal
    cost: Decimal
    volume: Decimal
    mix: Decimal
    other: Decimal
    parts: Sequence[Part]


def bridge(rows: Iterable[Compared]) -> Bridge:
    """``other``: of products whose units are not known in both periods, and of what is on no product."""
    rows = list(rows)
    parts = [_part(row) for row in rows]
    groups: dict[str, list[Compared]] = defaultdict(list)
    for row, part in zip(rows, parts, strict=True):
        if part.term == "both":
            groups[row.unit.lower()].append(row)
    volume = sum((_volume(group) for group in groups.values()), ZERO)
    moved = sum((part.moved for part in parts), ZERO)
    whole = {
        term: sum((part.change for part in parts if part.term == term), ZERO)
        for term in ("new", "lost", "other")
    }
    return Bridge(
        before=sum((row.before.margin for row in rows), ZERO),
        after=sum((row.after.margin for row in rows), ZERO),
        price=sum((part.price for part in parts), ZERO),
        cost=sum((part.cost for part in parts), ZERO),
        volume=volume,
        mix=moved - volume,
        parts=parts,
        **whole,
    )


def _part(row: Compared) -> Part:
    before, after = row.before, row.after
    change = after.margin - before.margin
    if before.is_sold != after.is_sold:
        return Part(row.key, "new" if after.is_sold else "lost", change)
    if not before.units or not after.units or before.units < 0 or after.units < 0:
        return Part(row.key, "other", change)
    price = booked(after.net - before.net * after.units / before.units)
    cost = -booked(after.cost - before.cost * after.units / before.units)
    return Part(row.key, "both", change, price, cost, change - price - cost)


def _volume(group: Sequence[Compared]) -> Decimal:
    sold = sum((row.before.units or ZERO for row in group), ZERO)
    more = sum((row.after.units or ZERO for row in group), ZERO) - sold
    return booked(more * sum((row.before.margin for row in group), ZERO) / sold)
