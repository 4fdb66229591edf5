"""One month of a product's margin: what was sold, less what each of its cost lines comes to.

Rates × what was sold or in force; a month is weighed by days where a rate changes within it. Every row is in
cents, so totals are sums of rows.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Protocol

from core.months import month_add, month_end
from pricing.engine.costs import PARTS, Item, Rate, Row, Statement, Tier, amounts, booked, cost, statement
from pricing.models import CostLine
from products.models import Measure, Product

from .costs import Rates, has_ended
from .sold import Sold, together

Basis = CostLine.Basis
ZERO = Decimal(0)
LASTING = MONTH, ONCE = Basis.MONTH.value, Basis.ONCE.value
"""What costs the same whatever is sold."""
AS_IT_IS = Rate({ZERO: Tier(Decimal(1))})


@dataclass(frozen=True)
class MonthMargin:
    """One month; ``sales``: gross and net in cents, ``None`` where there are none. ``costs``: what each line
    was booked with, in cents. ``unknown``: cost lines that hold but cannot be told, as what they count by is
    not known. ``sold``: units, or contracts in force. ``abroad``: by the id of a cost line what it came to in
    another currency than ours, not rounded."""

    month: datetime.date
    sales: tuple[Decimal, Decimal] | None = None
    unknown: Sequence[CostLine] = ()
    costs: Sequence[tuple[CostLine, Decimal]] = ()
    sold: Decimal | None = None
    abroad: Mapping[int, Decimal] = field(default_factory=dict)

    @property
    def has_sales(self) -> bool:
        return self.sales is not None

    @cached_property
    def statement(self) -> Statement | None:
        """``None`` where there are neither sales nor costs."""
        return margins_total([self])


def margins_total(months: Iterable[MonthMargin]) -> Statement | None:
    """The months in which there are sales or costs, added: sums of booked cents; ``None`` without any."""
    known = [each for each in months if each.sales is not None or each.costs]
    if not known:
        return None
    sales = [each.sales for each in known if each.sales is not None]
    gross, net = (sum((each[place] for each in sales), ZERO) for place in (0, 1))
    costs = (each for month in known for each in month.costs)
    return statement(gross, [gross - net], rows_of(costs))


def rows_of(costs: Iterable[tuple[CostLine, Decimal]]) -> list[Row]:
    """The lines' costs, added by line."""
    return [Row(line.kind.code, line.kind.level, amount) for line, amount in costs_added(costs)]


def costs_added(costs: Iterable[tuple[CostLine, Decimal]]) -> list[tuple[CostLine, Decimal]]:
    """What each line came to."""
    lines: dict[int, CostLine] = {}
    sums: dict[int, Decimal] = {}
    for line, amount in costs:
        pk = line.id
        lines[pk] = line
        sums[pk] = sums.get(pk, ZERO) + amount
    return [(lines[pk], amount) for pk, amount in sums.items()]


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
        return MonthMargin(month)
    measures = (each.cost_line.measure_id for each in rates)
    whole = together(channels.values()).or_nothing(pk for pk in measures if pk is not None)
    there = {
        pk: together(channels[own] for own in below.get(pk, ()) if own in channels)
        for pk in {each.cost_line.channel_id for each in rates}
        if pk is not None
    }
    parts = _parts(product, month, rates, splits)
    foreign = {each.cost_line.pk for each in rates if each.is_foreign}
    sums: dict[int, Decimal | None] = {}
    abroad: dict[int, Decimal] = {}
    for begin, share in pieces(month, rates):
        items = _stretch_items(product, begin, rates, whole, there, parts)
        for pk, amount in amounts(items.values(), {}).items():
            before = sums.get(pk, ZERO)
            sums[pk] = None if amount is None or before is None else before + amount * share
            if amount and pk in foreign and pk not in parts:
                abroad[pk] = abroad.get(pk, ZERO) + amount * share / items[pk].rate.exchange(
                    items[pk].quantity
                )
    costs, unknown = [], []
    for each in rates:
        line, pk = each.cost_line, each.pk
        if pk in parts:
            spent = parts[pk]
        elif line.basis == ONCE:
            spent, own = lasting_amount(each, month)
            if pk in foreign:
                abroad[pk] = own
        else:
            spent = sums.get(pk, ZERO)
        if spent is None:
            unknown.append(line)
        elif spent:
            costs.append((line, booked(spent)))
    return month_of(month, whole, costs, unknown if whole.is_known else (), abroad)


def month_of(
    month: datetime.date,
    whole: Sold,
    costs: Sequence[tuple[CostLine, Decimal]],
    unknown: Sequence[CostLine],
    abroad: Mapping[int, Decimal] | None = None,
) -> MonthMargin:
    """Of what was sold, ``costs`` in cents, and the lines that cannot be told."""
    sales = None
    if whole.net is not None and whole.gross is not None:
        gross = booked(whole.gross)
        sales = gross, gross - booked(whole.gross - whole.net)
    if sales is None and not costs:
        return MonthMargin(month, unknown=unknown)
    sold = (whole.contracts if whole.units is None else whole.units) if whole.is_known else None
    return MonthMargin(month, sales, unknown, costs, sold, abroad or {})


def _parts(
    product: Product, month: datetime.date, rates: Iterable[Rates], splits: SplitParts
) -> dict[int, Decimal | None]:
    """The product's part of the lines that are split; ``None`` where nothing says how to split."""
    found: dict[int, Decimal | None] = {}
    for each in rates:
        line = each.cost_line
        if line.key:
            amount, _own = lasting_amount(each, month)
            found[line.pk] = splits.part(line, product.pk, month, amount) if amount else ZERO
    return found


def lasting_amount(rates: Rates, month: datetime.date) -> tuple[Decimal, Decimal]:
    """What a line of an amount a month or once comes to in the month, over all its products: in our currency
    and in its own, each payment at its own exchange rate; not rounded."""
    if month not in rates.lasting:
        rates.lasting[month] = _lasting_amount(rates, month)
    return rates.lasting[month]


def _lasting_amount(rates: Rates, month: datetime.date) -> tuple[Decimal, Decimal]:
    if rates.cost_line.basis == ONCE:
        until = month_add(month, 1)
        held = [(day, Decimal(1)) for day in rates.changes() if month <= day < until]
    else:
        held = pieces(month, [rates])
    ours, own = ZERO, ZERO
    for day, share in held:
        rate = rates.on(day)
        amount = cost(rate, Decimal(1)) if rate else None
        if rate and amount:
            ours += share * amount
            own += share * amount / rate.exchange(Decimal(1))
    return ours, own


def pieces(month: datetime.date, rates: Sequence[Rates]) -> list[tuple[datetime.date, Decimal]]:
    """The first day of each stretch of the month without a change of rates, and its share of the days."""
    until = month_add(month, 1)
    cuts = {month, *(day for each in rates for day in each.changes() if month < day < until)}
    if len(cuts) == 1:
        return [(month, Decimal(1))]
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
    return amounts(_stretch_items(product, day, rates, whole, there, parts).values(), {})


def _stretch_items(
    product: Product,
    day: datetime.date,
    rates: Sequence[Rates],
    whole: Sold,
    there: Mapping[int, Sold],
    parts: Mapping[int, Decimal | None],
) -> dict[int, Item[int]]:
    """By the id of each cost line how much of what it counts, at the rate of the day."""
    items: dict[int, Item[int]] = {}
    drivers: dict[int | None, Mapping[str, Decimal | None]] = {None: _drivers(whole)}
    drivers |= {pk: _drivers(sold) for pk, sold in there.items() if pk is not None}
    for each in rates:
        line, pk, basis = each.cost_line, each.pk, each.cost_line.basis
        if pk in parts and basis == MONTH:
            items[pk] = Item(pk, each.kind_code, AS_IT_IS, parts[pk])
            continue
        rate = each.on(day)
        if rate is None or basis == ONCE:
            continue
        if product.ended is not None and has_ended(line, product, day):
            continue
        driver, channel = line.base or basis, line.channel_id
        bought = driver in PARTS and channel is None
        quantity = drivers[channel].get(driver)
        measure = line.measure if line.measure_id else None
        if measure is not None:
            none = ZERO if measure.kind == Measure.Kind.FLOW else None  # no row of a flow: none of it
            quantity = (whole if channel is None else there[channel]).counted.get(measure.pk, none)
        if quantity is None and driver not in PARTS and channel is not None:
            quantity = ZERO  # nothing was sold there
        items[pk] = Item(pk, each.kind_code, rate, quantity, line.base if bought else "")
    return items


def _drivers(sold: Sold) -> dict[str, Decimal | None]:
    return {
        "unit": sold.units,
        "contract": sold.contracts,
        "month": Decimal(1),
        "gross": sold.gross,
        "net": sold.net,
    }
