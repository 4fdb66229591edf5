"""The contribution margin of products by month: what was sold, less what their cost lines come to.

Standard costs: rates × what was sold or in force. A month is weighed by days where a rate changes within it;
every row is booked in cents, so totals are sums of rows. Of one product or many by the same few queries.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol

from core.months import month_add, month_end, month_range
from pricing.engine.costs import PARTS, Item, Rate, Row, Statement, amounts, booked, cost, statement
from pricing.models import CostLine
from products.models import Measure, Product
from products.selectors.access import product_seen, visible_channel_ids
from products.selectors.lines import line_tree

from .cost_splits import Splits
from .costs import RIGHT, Rates, has_ended, product_rates
from .sold import Months, Sold, channels_below, sold_by_month, together

Basis = CostLine.Basis
ZERO = Decimal(0)
LASTING = (Basis.MONTH, Basis.ONCE)
"""What costs the same whatever is sold."""


@dataclass(frozen=True)
class MonthMargin:
    """One month; ``statement`` is ``None`` where there are neither sales nor costs, and without ``has_sales``
    of costs alone. ``costs``: what each line was booked with, in cents. ``unknown``: cost lines that hold but
    cannot be told, as what they count by is not known. ``sold``: units, or contracts in force."""

    month: datetime.date
    statement: Statement | None
    unknown: Sequence[CostLine] = ()
    costs: Sequence[tuple[CostLine, Decimal]] = ()
    sold: Decimal | None = None
    has_sales: bool = False


class SplitParts(Protocol):
    """A product's part of what is split."""

    def part(
        self, line: CostLine, product_id: int, month: datetime.date, amount: Decimal
    ) -> Decimal | None: ...


def product_margins(
    user: Any,
    product: Product,
    first: datetime.date,
    last: datetime.date,
    rates: Sequence[Rates] | None = None,
) -> list[MonthMargin] | None:
    """Every month from the first to the last; ``rates``: as :func:`product_rates` gave them. ``None`` for who
    sees no costs or only some channels: what they would see is not the product's margin."""
    found = margins_read(user, product, first, last, rates)
    return None if found is None else found.of(product)


def margins_read(
    user: Any,
    product: Product,
    first: datetime.date,
    last: datetime.date,
    rates: Sequence[Rates] | None = None,
) -> Margins | None:
    """What :func:`product_margins` are worked out from."""
    if not user.has_perm(RIGHT) or not product_seen(user, product) or visible_channel_ids(user) is not None:
        return None
    return Margins({product: product_rates(user, product) if rates is None else rates}, first, last)


class Margins:
    """The margins of many products: ``rates`` by product, all that each bears."""

    def __init__(
        self,
        rates: Mapping[Product, Sequence[Rates]],
        first: datetime.date,
        last: datetime.date,
        splits: Splits | None = None,
    ) -> None:
        self.rates, self._first, self._last = rates, first, last
        self.tree = line_tree()  # once: outside of a page it is read at each call
        self._sold = sold_by_month(self.tree, rates, first, last)
        lines = {each.cost_line.pk: each.cost_line for own in rates.values() for each in own}
        by_channel = any(line.channel_id is not None for line in lines.values())
        self.below = channels_below(self._sold.values()) if by_channel else {}
        self.splits = splits or Splits(list(lines.values()), first, last)

    def under(self, rates: Mapping[Product, Sequence[Rates]]) -> Margins:
        """Of the same sales under other rates of the same cost lines."""
        found = copy(self)
        found.rates = rates
        return found

    def of(self, product: Product) -> list[MonthMargin]:
        """Every month from the first to the last."""
        sold, rates = self.sold(product), self.rates[product]
        return [
            month_margin(product, month, rates, sold.get(month), self.below, self.splits)
            for month in month_range(self._first, self._last)
        ]

    def sold(self, product: Product) -> Months:
        return self._sold.get(product.pk, {})


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
        for pk in {each.cost_line.channel_id for each in rates} - {None}
    }
    parts = _parts(product, month, rates, splits)
    sums: dict[int, Decimal | None] = {}
    for begin, share in pieces(month, rates):
        for pk, amount in _piece(product, begin, rates, whole, there, parts).items():
            before = sums.get(pk, ZERO)
            sums[pk] = None if amount is None or before is None else before + amount * share
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
    return _margin(month, whole, costs, unknown if whole.is_known else ())


def _margin(
    month: datetime.date,
    whole: Sold,
    costs: Sequence[tuple[CostLine, Decimal]],
    unknown: Sequence[CostLine],
) -> MonthMargin:
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


def unit_costs(
    user: Any, product: Product, rates: Sequence[Rates], day: datetime.date, units: Decimal
) -> tuple[Decimal, Decimal] | None:
    """What a unit costs on a day when so many are sold in a month, and which share of its price goes to costs
    as well: of the lines that count by what is sold, in all channels. ``None`` where there are none, one of
    them cannot be told, or the person sees no costs or only some channels."""
    if not user.has_perm(RIGHT) or visible_channel_ids(user) is not None:
        return None
    return moving_costs(product, rates, day, units)


def moving_costs(
    product: Product, rates: Sequence[Rates], day: datetime.date, units: Decimal
) -> tuple[Decimal, Decimal] | None:
    """As :func:`unit_costs`; for the night: nobody's rights are asked."""
    moving = [
        each
        for each in rates
        if each.cost_line.basis in (Basis.UNIT, Basis.SHARE)
        and each.cost_line.channel_id is None
        and each.cost_line.measure_id is None
        and not each.cost_line.is_split
    ]
    if not moving or units <= 0:
        return None
    free, paid = (_piece(product, day, moving, Sold(units, None, net, net), {}, {}) for net in (ZERO, units))
    known = [amount for amount in (*free.values(), *paid.values()) if amount is not None]
    if not free or len(known) < len(free) + len(paid):
        return None
    fixed = sum((amount or ZERO for amount in free.values()), ZERO)
    whole = sum((amount or ZERO for amount in paid.values()), ZERO)
    return fixed / units, (whole - fixed) / units


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


def _piece(
    product: Product,
    day: datetime.date,
    rates: Sequence[Rates],
    whole: Sold,
    there: Mapping[int, Sold],
    parts: Mapping[int, Decimal | None],
) -> dict[int, Decimal | None]:
    """What every line but those paid once comes to if the day's rates held all month; of one channel by what
    was sold there, so a share of what was bought cannot be told. ``parts``: of lines that are split."""
    items = []
    drivers: dict[int | None, Mapping[str, Decimal | None]] = {None: _drivers(whole)}
    drivers |= {pk: _drivers(sold) for pk, sold in there.items() if pk is not None}
    for each in rates:
        line, rate = each.cost_line, each.on(day)
        if line.pk in parts and line.basis == Basis.MONTH:
            items.append(Item(line.pk, line.kind.code, Rate({ZERO: Decimal(1)}), parts[line.pk]))
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
        items.append(Item(line.pk, line.kind.code, rate, quantity, line.base if bought else ""))
    return {int(str(pk)): amount for pk, amount in amounts(items, {}).items()}


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


def margins_total(months: Iterable[MonthMargin]) -> Statement | None:
    """The months that are known, added: sums of booked cents."""
    known = [each.statement for each in months if each.statement is not None]
    if not known:
        return None
    gross = sum((each.gross for each in known), ZERO)
    net = sum((each.net for each in known), ZERO)
    return statement(gross, [gross - net], [row for each in known for row in each.rows])
