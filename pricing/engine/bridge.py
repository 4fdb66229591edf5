"""From one margin to another: what prices, costs, volume and mix did; worked case: docs/cost-reports.md.

New and lost products come first and whole. Of the others, at the volume sold now: what exchange rates did to
the costs of before, then price, then the rest of cost; volume is the change of the units that can be added at
the average margin before, mix is the rest. Units that are unlike are never added: volume and mix are of each
unit by itself. Amounts are booked in cents and the terms add up to the difference exactly.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from .costs import ZERO, booked

TERMS = ("new", "lost", "currency", "price", "cost", "volume", "mix", "other")


@dataclass(frozen=True)
class Side:
    """A product in one period: ``units`` sold (``None``: not known), net sales, costs; of these by currency
    other than ours what they were in that, and in ours. So many of the units, ``unpriced``, were sold without
    an amount: they cost, and say nothing of the price. ``months``: those of which units are known."""

    units: Decimal | None
    net: Decimal
    cost: Decimal
    foreign: Mapping[str, tuple[Decimal, Decimal]] = field(default_factory=dict)
    unpriced: Decimal = ZERO
    months: int = 0

    @property
    def priced(self) -> Decimal:
        return (self.units or ZERO) - self.unpriced

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
    """What one product does to the margin: ``term`` new, lost or other as a whole (of the latter but the
    currency), else currency, price, cost and what is of its volume (``moved``: with the mix)."""

    key: Hashable
    term: str
    change: Decimal
    price: Decimal = ZERO
    cost: Decimal = ZERO
    moved: Decimal = ZERO
    currency: Decimal = ZERO


@dataclass(frozen=True)
class Bridge:
    before: Decimal
    after: Decimal
    new: Decimal
    lost: Decimal
    currency: Decimal
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
        term: sum((part.change - part.currency for part in parts if part.term == term), ZERO)
        for term in ("new", "lost", "other")
    }
    return Bridge(
        before=sum((row.before.margin for row in rows), ZERO),
        after=sum((row.after.margin for row in rows), ZERO),
        currency=sum((part.currency for part in parts), ZERO),
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
    if row.key is not None and before.is_sold != after.is_sold:
        return Part(row.key, "new" if after.is_sold else "lost", change)
    counted = (before.units, after.units, before.priced, after.priced)
    if not before.units or not after.units or any(not units or units < 0 for units in counted):
        return Part(row.key, "other", change, currency=_currency(before, after, Decimal(1)))
    currency = _currency(before, after, after.units / before.units)
    price = booked(after.net - before.net * after.priced / before.priced)
    cost = -booked(after.cost - before.cost * after.units / before.units) - currency
    return Part(row.key, "both", change, price, cost, change - price - cost - currency, currency)


def _currency(before: Side, after: Side, grown: Decimal) -> Decimal:
    """What the costs of before, at so many times the volume, would have come to less at the exchange rates of
    now; of a currency that only one side knows nothing can be said."""
    found = ZERO
    for code, (amount, ours) in before.foreign.items():
        now, in_ours = after.foreign.get(code, (ZERO, ZERO))
        if amount and now:
            found += ours * grown - amount * grown * in_ours / now
    return booked(found)


def _volume(group: Sequence[Compared]) -> Decimal:
    sold = sum((row.before.units or ZERO for row in group), ZERO)
    more = sum((row.after.units or ZERO for row in group), ZERO) - sold
    return booked(more * sum((row.before.margin for row in group), ZERO) / sold)
