"""One month of a product's margin: what was sold, less what each of its cost lines comes to.

Rates × what was sold or in force; a month is weighed by days where a rate changes within it. Every row is in
cents, so totals are sums of rows.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Protocol

from core.months import month_add, month_end
from core.organisation import organisation_get
from pricing.engine.costs import PARTS, Item, Rate, Row, Statement, Tier, amounts, booked, cost, statement
from pricing.models import CostLine
from products.models import Measure, Product

from .costs import Rates, has_ended
from .sold import Sold, together

Basis = CostLine.Basis
ZERO = Decimal(0)
LASTING = (Basis.MONTH, Basis.ONCE)
"""What costs the same whatever is sold."""


@dataclass(frozen=True)
class MonthMargin:
    """One month; ``statement`` is ``None`` where there are neither sales nor costs, and without ``has_sales``
    of costs alone. ``costs``: what each line was booked with, in cents. ``unknown``: cost lines that hold but
    cannot be told, as what they count by is not known. ``sold``: units, or contracts in force. ``abroad``: by
    the id of a cost line in another currency what it came to in that, not rounded."""

    month: datetime.date
    statement: Statement | None
    unknown: Sequence[CostLine] = ()
    costs: Sequence[tuple[CostLine, Decimal]] = ()
    sold: Decimal | None = None
    has_sales: bool = False
    abroad: Mapping[int, Decimal] = field(default_factory=dict)


class SplitParts(Protocol):
    """A product's part of what is split."""

    def part(
        self, line: CostLine, product_id: int, month: datetime.date, amount: Decimal
    ) -> Decimal | None: ...


def month_margin(
    product: Product,
    month: datetime.date,
    rates: Sequence[Rates],
    channels: Mapping[int, Sold] | None,
    below: Mapping[int, set[int]],
    splits: SplitParts,
) -> MonthMargin:
    """One month of a product, by channel; ``below`` are the channels in each, or below it. Costs stand also
    where nothing was sold: what goes on by the month, is paid once or counts what is there all the same."""
    channels = channels or {}
    if not channels and not any(each.cost_line.basis in LASTING for each in rates):
        return MonthMargin(month, None)
    measures = (each.cost_line.measure_id for each in rates)
    whole = together(channels.values()).or_nothing(pk for pk in measures if pk is not None)
    there = {
        pk: together(channels[own] for own in below.get(pk, ()) if own in channels)
        for pk in {each.cost_line.channel_id for each in rates}
        if pk is not None
    }
    parts = _parts(product, month, rates, splits)
    ours = organisation_get().currency
    foreign = {each.cost_line.pk for each in rates if each.cost_line.currency != ours}
    sums: dict[int, Decimal | None] = {}
    abroad: dict[int, Decimal] = {}
    for begin, share in pieces(month, rates):
        items = _stretch_items(product, begin, rates, whole, there, parts)
        for pk, amount in _told(items).items():
            before = sums.get(pk, ZERO)
            sums[pk] = None if amount is None or before is None else before + amount * share
            if amount and pk in foreign and pk not in parts:
                abroad[pk] = abroad.get(pk, ZERO) + amount * share / items[pk].rate.exchange(
                    items[pk].quantity
                )
    costs, unknown = [], []
    for each in rates:
        line = each.cost_line
        if line.pk in parts:
            amount = parts[line.pk]
        else:
            amount = _paid_once(each, month) if line.basis == Basis.ONCE else sums.get(line.pk, ZERO)
        if amount is None:
            unknown.append(line)
        elif amount:
            costs.append((line, booked(amount)))
    found = month_of(month, whole, costs, unknown if whole.is_known else ())
    return replace(found, abroad=abroad) if abroad else found


def month_of(
    month: datetime.date,
    whole: Sold,
    costs: Sequence[tuple[CostLine, Decimal]],
    unknown: Sequence[CostLine],
) -> MonthMargin:
    """Of what was sold, ``costs`` in cents, and the lines that cannot be told."""
    has_sales = whole.net is not None and whole.gross is not None
    if not has_sales and not costs:
        return MonthMargin(month, None, unknown)
    net, gross = (whole.net or ZERO, whole.gross or ZERO) if has_sales else (ZERO, ZERO)
    rows = [Row(line.kind.code, line.kind.level, amount) for line, amount in costs]
    sold = (whole.contracts if whole.units is None else whole.units) if whole.is_known else None
    return MonthMargin(month, statement(gross, [gross - net], rows), unknown, costs, sold, has_sales)


def _parts(
    product: Product, month: datetime.date, rates: Iterable[Rates], splits: SplitParts
) -> dict[int, Decimal | None]:
    """The product's part of the lines that are split; ``None`` where nothing says how to split."""
    found: dict[int, Decimal | None] = {}
    for each in rates:
        if each.cost_line.is_split:
            amount = split_amount(each, month)
            part = splits.part(each.cost_line, product.pk, month, amount) if amount else ZERO
            found[each.cost_line.pk] = part
    return found


def split_amount(rates: Rates, month: datetime.date) -> Decimal:
    """What a line that is split comes to in the month, over all its products."""
    if rates.cost_line.basis == Basis.ONCE:
        return _paid_once(rates, month)
    found = ((rates.on(begin), share) for begin, share in pieces(month, [rates]))
    return sum((share * (cost(rate, Decimal(1)) or ZERO) for rate, share in found if rate), ZERO)


def pieces(month: datetime.date, rates: Sequence[Rates]) -> list[tuple[datetime.date, Decimal]]:
    """The first day of each stretch of the month without a change of rates, and its share of the days."""
    until = month_add(month, 1)
    cuts = {month, *(day for each in rates for day in each.changes() if month < day < until)}
    days = sorted(cuts)
    total = month_end(month).day
    return [
        (begin, Decimal((end - begin).days) / total)
        for begin, end in zip(days, [*days[1:], until], strict=True)
    ]


def stretch_costs(
    product: Product,
    day: datetime.date,
    rates: Sequence[Rates],
    whole: Sold,
    there: Mapping[int, Sold],
    parts: Mapping[int, Decimal | None],
) -> dict[int, Decimal | None]:
    """What every line but those paid once comes to if the day's rates held all month; of one channel by what
    was sold there, so a share of what was bought cannot be told. ``parts``: of lines that are split."""
    return _told(_stretch_items(product, day, rates, whole, there, parts))


def _told(items: Mapping[int, Item]) -> dict[int, Decimal | None]:
    return {int(str(pk)): amount for pk, amount in amounts(items.values(), {}).items()}


def _stretch_items(
    product: Product,
    day: datetime.date,
    rates: Sequence[Rates],
    whole: Sold,
    there: Mapping[int, Sold],
    parts: Mapping[int, Decimal | None],
) -> dict[int, Item]:
    """By the id of each cost line how much of what it counts, at the rate of the day."""
    items: dict[int, Item] = {}
    drivers: dict[int | None, Mapping[str, Decimal | None]] = {None: _drivers(whole)}
    drivers |= {pk: _drivers(sold) for pk, sold in there.items() if pk is not None}
    for each in rates:
        line, rate = each.cost_line, each.on(day)
        if line.pk in parts and line.basis == Basis.MONTH:
            items[line.pk] = Item(line.pk, line.kind.code, Rate({ZERO: Tier(Decimal(1))}), parts[line.pk])
            continue
        if rate is None or line.basis == Basis.ONCE or has_ended(line, product, day):
            continue
        driver, channel = line.base or line.basis, line.channel_id
        bought = driver in PARTS and channel is None
        quantity = drivers[channel].get(driver)
        if line.measure is not None:
            none = ZERO if line.measure.kind == Measure.Kind.FLOW else None  # no row of a flow: none of it
            quantity = (whole if channel is None else there[channel]).counted.get(line.measure.pk, none)
        if quantity is None and driver not in PARTS and channel is not None:
            quantity = ZERO  # nothing was sold there
        items[line.pk] = Item(line.pk, line.kind.code, rate, quantity, line.base if bought else "")
    return items


def _drivers(sold: Sold) -> dict[str, Decimal | None]:
    return {
        "unit": sold.units,
        "contract": sold.contracts,
        "month": Decimal(1),
        "gross": sold.gross,
        "net": sold.net,
    }


def _paid_once(rates: Rates, month: datetime.date) -> Decimal:
    until = month_add(month, 1)
    days = [day for day in rates.changes() if month <= day < until]
    found = (rates.on(day) for day in days)
    return sum((cost(rate, Decimal(1)) or ZERO for rate in found if rate), ZERO)
