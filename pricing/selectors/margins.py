"""The contribution margin of a product by month: what was sold, less what its cost lines come to.

Standard costs: rates × what was sold or in force. A month is weighed by days where a rate changes within it;
every row is booked in cents, so totals are sums of rows.
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from core.months import month_add, month_end, month_range
from pricing.engine.costs import Item, Row, Statement, allocate, amounts, cost, statement
from pricing.models import CostLine, CostShare
from products.models import Channel, Measure, Product, ProductMonth, SalesMonth
from products.selectors.access import product_seen, visible_channel_ids
from products.selectors.lines import line_tree
from products.selectors.units import addable

from .costs import RIGHT, Rates, ends_on, product_rates

Basis, Base, Key = CostLine.Basis, CostLine.Base, CostLine.Key
ZERO = Decimal(0)


@dataclass(frozen=True)
class MonthMargin:
    """One month; ``statement`` is ``None`` where nothing is known of its sales. ``unknown``: cost lines that
    hold but cannot be told, as what they count by is not known."""

    month: datetime.date
    statement: Statement | None
    unknown: Sequence[CostLine] = ()


@dataclass
class _Sold:
    """A product's month, all together or in some channels."""

    units: Decimal | None = None
    contracts: Decimal | None = None
    net: Decimal | None = None
    gross: Decimal | None = None


def product_margins(
    user: Any,
    product: Product,
    first: datetime.date,
    last: datetime.date,
    rates: Sequence[Rates] | None = None,
) -> list[MonthMargin] | None:
    """Every month from the first to the last; ``rates``: as :func:`product_rates` gave them. ``None`` for who
    sees no costs or only some channels: what they would see is not the product's margin."""
    if not user.has_perm(RIGHT) or not product_seen(user, product) or visible_channel_ids(user) is not None:
        return None
    rates = product_rates(user, product) if rates is None else rates
    sold = _sold(product, first, last)
    by_channel = any(each.cost_line.channel_id is not None for each in rates)
    below = _channels_below(sold) if by_channel else {}
    weights = _weights(product, [each.cost_line for each in rates if each.cost_line.is_split], first, last)
    return [
        _month(product, month, rates, sold.get(month), below, weights) for month in month_range(first, last)
    ]


def _sold(
    product: Product, first: datetime.date, last: datetime.date
) -> dict[datetime.date, dict[int, _Sold]]:
    """By month and channel. Units are of the leading flow, contracts of the first level, money of the leading
    measure; the gross amount is the net one where none is given."""
    tree = line_tree()
    lead = tree.lead_measure(product.line_id)
    level = next((m for m in tree.measures(product.line_id) if m.kind == Measure.Kind.LEVEL), None)
    wanted = {lead.pk} | ({level.pk} if level else set())
    found: dict[datetime.date, dict[int, _Sold]] = defaultdict(lambda: defaultdict(_Sold))
    for row in SalesMonth.objects.filter(product=product.pk, measure__in=wanted, month__range=(first, last)):
        month = found[row.month][row.channel_id]
        if row.measure_id == lead.pk:
            month.net = row.revenue
            month.gross = row.revenue if row.gross_revenue is None else row.gross_revenue
            if lead.kind == Measure.Kind.FLOW:
                month.units = row.volume
        if level is not None and row.measure_id == level.pk:
            month.contracts = row.volume if row.average_volume is None else row.average_volume
    return found


def _channels_below(sold: Mapping[Any, Mapping[int, Any]]) -> dict[int, set[int]]:
    """The channels that something was sold in, by each channel they are in or below."""
    below: dict[int, set[int]] = defaultdict(set)
    if not sold:
        return below
    parents = dict(Channel.objects.values_list("pk", "parent_id"))
    for channel in {pk for channels in sold.values() for pk in channels}:
        above: int | None = channel
        while above is not None:
            below[above].add(channel)
            above = parents.get(above)
    return below


def _together(rows: Iterable[_Sold]) -> _Sold:
    whole = _Sold()
    for row in rows:
        for name in ("units", "contracts", "net", "gross"):
            value = getattr(row, name)
            if value is not None:
                setattr(whole, name, (getattr(whole, name) or ZERO) + value)
    return whole


def _month(
    product: Product,
    month: datetime.date,
    rates: Sequence[Rates],
    channels: Mapping[int, _Sold] | None,
    below: Mapping[int, set[int]],
    weights: Mapping[Any, Mapping[datetime.date, Mapping[int, Decimal]]],
) -> MonthMargin:
    if channels is None and product.ended is not None and product.ended < month:
        whole = _Sold(ZERO, ZERO, ZERO, ZERO)  # nothing is sold any more: what goes on is its tail
    elif channels is None:
        return MonthMargin(month, None)
    else:
        whole = _together(channels.values())
    if whole.net is None or whole.gross is None:
        return MonthMargin(month, None)
    there = {
        each.cost_line.channel_id: _together(
            (channels or {})[pk] for pk in below.get(each.cost_line.channel_id, ()) if pk in (channels or {})
        )
        for each in rates
        if each.cost_line.channel_id is not None
    }
    sums: dict[int, Decimal | None] = {}
    for begin, share in _pieces(month, rates):
        for pk, amount in _piece(product, begin, rates, whole, there).items():
            before = sums.get(pk, ZERO)
            sums[pk] = None if amount is None or before is None else before + amount * share
    rows, unknown = [], []
    for each in rates:
        line = each.cost_line
        amount = _paid_once(each, month) if line.basis == Basis.ONCE else sums.get(line.pk, ZERO)
        if amount and line.is_split:
            amount = _part(product, amount, weights.get(_place(line), {}).get(month, {}))
        if amount is None:
            unknown.append(line)
        elif amount:
            rows.append(Row(line.kind.code, line.kind.level, amount))
    return MonthMargin(month, statement(whole.gross, [whole.gross - whole.net], rows), unknown)


def unit_costs(
    user: Any, product: Product, rates: Sequence[Rates], day: datetime.date, units: Decimal
) -> tuple[Decimal, Decimal] | None:
    """What a unit costs on a day when so many are sold in a month, and which share of its price goes to costs
    as well: of the lines that count by what is sold, in all channels. ``None`` where there are none, one of
    them cannot be told, or the person sees no costs or only some channels."""
    if not user.has_perm(RIGHT) or visible_channel_ids(user) is not None:
        return None
    moving = [
        each
        for each in rates
        if each.cost_line.basis in (Basis.UNIT, Basis.SHARE)
        and each.cost_line.channel_id is None
        and not each.cost_line.is_split
    ]
    if not moving or units <= 0:
        return None
    free, paid = (_piece(product, day, moving, _Sold(units, None, net, net), {}) for net in (ZERO, units))
    known = [amount for amount in (*free.values(), *paid.values()) if amount is not None]
    if not free or len(known) < len(free) + len(paid):
        return None
    fixed = sum((amount or ZERO for amount in free.values()), ZERO)
    whole = sum((amount or ZERO for amount in paid.values()), ZERO)
    return fixed / units, (whole - fixed) / units


def _pieces(month: datetime.date, rates: Sequence[Rates]) -> list[tuple[datetime.date, Decimal]]:
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
    whole: _Sold,
    there: Mapping[int, _Sold],
) -> dict[int, Decimal | None]:
    """What every line but those paid once comes to if the day's rates held all month; of one channel by what
    was sold there, so a share of what was bought cannot be told."""
    items = []
    for each in rates:
        line, rate, end = each.cost_line, each.on(day), ends_on(each.cost_line, product)
        if line.basis == Basis.ONCE or rate is None or (end is not None and day >= end and not line.is_split):
            continue
        sold = whole if line.channel_id is None else there[line.channel_id]
        drivers = {
            Basis.UNIT.value: sold.units,
            Basis.CONTRACT_MONTH.value: sold.contracts,
            Basis.MONTH.value: Decimal(1),
            Base.GROSS.value: sold.gross,
            Base.NET.value: sold.net,
        }
        driver = line.base or line.basis
        bought = driver not in drivers and line.channel_id is None
        quantity = drivers.get(driver)
        if quantity is None and driver in drivers and line.channel_id is not None:
            quantity = ZERO  # nothing was sold there
        items.append(Item(line.pk, line.kind.code, rate, quantity, line.base if bought else ""))
    return {int(str(pk)): amount for pk, amount in amounts(items, {}).items()}


def _paid_once(rates: Rates, month: datetime.date) -> Decimal:
    until = month_add(month, 1)
    days = [day for day in rates.changes() if month <= day < until]
    found = (rates.on(day) for day in days)
    return sum((cost(rate, Decimal(1)) or ZERO for rate in found if rate), ZERO)


def _place(line: CostLine) -> tuple[str, int | None, int | None]:
    """What a split is of: its key and the products; fixed shares are each line's own."""
    return line.key, line.line_id, line.pk if line.key == Key.FIXED else None


def _part(product: Product, amount: Decimal, weights: Mapping[int, Decimal]) -> Decimal | None:
    """The product's part; ``None`` where nothing says how to split."""
    parts = allocate(amount, weights)
    return parts.get(product.pk, ZERO) if parts else None


def _weights(
    product: Product, lines: Sequence[CostLine], first: datetime.date, last: datetime.date
) -> dict[Any, dict[datetime.date, dict[int, Decimal]]]:
    """By what split lines are split, product by product and month by month, in the order of product ids so
    that the same cent goes to the same product each time. Volume only where the products' units can be
    added."""
    found: dict[Any, dict[datetime.date, dict[int, Decimal]]] = {}
    fixed = {line.pk: line for line in lines if line.key == Key.FIXED}
    shares: dict[int, dict[int, Decimal]] = defaultdict(dict)
    if fixed:
        for share in CostShare.objects.filter(cost_line__in=fixed).order_by("product"):
            shares[share.cost_line_id][share.product_id] = share.weight
    for pk, line in fixed.items():
        found[_place(line)] = dict.fromkeys(month_range(first, last), shares[pk])
    others = {_place(line): line for line in lines if line.pk not in fixed}
    if others:
        sold = _Weighed(others.values(), first, last)
        found |= {place: sold.by(line, product) for place, line in others.items()}
    return found


class _Weighed:
    """The products that split lines are of, and their months; two queries for all lines."""

    def __init__(self, lines: Iterable[CostLine], first: datetime.date, last: datetime.date) -> None:
        self._tree = tree = line_tree()
        scope = Product.objects.order_by("pk")
        if all(line.line_id is not None for line in lines):
            within = {pk for line in lines if line.line_id for pk in tree.descendants(line.line_id)}
            scope = scope.filter(line__in=within)
        self._products = list(scope)
        self._leads = {row.pk: tree.lead_measure(row.line_id) for row in self._products}
        rows = ProductMonth.objects.filter(
            product__in=self._leads, measure__in=set(self._leads.values()), month__range=(first, last)
        )
        self._rows = [
            row for row in rows.order_by("product_id") if row.measure_id == self._leads[row.product_id].pk
        ]

    def by(self, line: CostLine, product: Product) -> dict[datetime.date, dict[int, Decimal]]:
        below = self._tree.descendants(line.line_id) if line.line_id else None
        products = [row for row in self._products if below is None or row.line_id in below]
        factors: Mapping[int, Decimal] = {row.pk: Decimal(1) for row in products}
        if line.key == Key.VOLUME:
            lead = self._leads[product.pk]
            units = addable(self._tree, products, lead, line.line_id or product.line_id)
            if not units.ok or len({self._leads[row.pk] for row in products}) > 1:
                return {}
            factors = units.factors
        months: dict[datetime.date, dict[int, Decimal]] = defaultdict(dict)
        for row in self._rows:
            if row.product_id not in factors:
                continue
            value = row.revenue if line.key == Key.REVENUE else _volume(row, self._leads[row.product_id])
            if value is not None and value > 0:
                months[row.month][row.product_id] = value * factors[row.product_id]
        return months


def _volume(row: ProductMonth, measure: Measure) -> Decimal | None:
    is_level = measure.kind == Measure.Kind.LEVEL and row.average_volume is not None
    return row.average_volume if is_level else row.volume


def margins_total(months: Iterable[MonthMargin]) -> Statement | None:
    """The months that are known, added: sums of booked cents."""
    known = [each.statement for each in months if each.statement is not None]
    if not known:
        return None
    gross = sum((each.gross for each in known), ZERO)
    net = sum((each.net for each in known), ZERO)
    return statement(gross, [gross - net], [row for each in known for row in each.rows])
