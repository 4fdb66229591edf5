"""What brings the margin ahead of a product line, or of everything, under its floor: products that lack
something to theirs, and what weighs more on sales than in the year before."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Q, Sum

from core.lookups import many
from core.months import month_add
from pricing.engine.margin_ahead import share_moves
from pricing.models import CostKind, CostLine, CostMonth
from products.models import Product, SalesMonth
from products.selectors.lines import line_tree

from .costs import cost_kinds
from .margin_totals import MarginsAhead, MarginTotal, ProductMonth, TotalMonth
from .margins_ahead import MONTHS

Source, Base = CostMonth.Source, CostLine.Base
Costs = Mapping[tuple[datetime.date, int, bool], Decimal]
"""By month, kind and whether they are a share of sales."""


@dataclass(frozen=True)
class YearBefore:
    """Net sales by month and standard costs before the margin, of the year up to the last whole month;
    ``then``: costs of the first month under the floor."""

    net: Mapping[datetime.date, float]
    costs: Costs
    then: Costs

    @property
    def margins(self) -> dict[datetime.date, float | None]:
        """By month with sales; missing where others have costs and this has none booked."""
        costs: dict[datetime.date, Decimal] = defaultdict(Decimal)
        for (month, _kind, _of_sales), amount in self.costs.items():
            costs[month] += amount
        return {
            month: net - float(costs[month]) if month in costs or not self.costs else None
            for month, net in self.net.items()
        }


@dataclass(frozen=True)
class Lacking:
    """What a product's margin of a month lacks to its ``floor``; no product: costs that are on none."""

    product: Product | None
    rate: float | None
    floor: float | None
    lacks: float


@dataclass(frozen=True)
class TotalFall:
    """The first month under the floor. ``products``: those that lack something in it, the most first.
    ``moves``: which kinds of cost, or (none) our prices, take points of net sales off against the year
    before."""

    month: TotalMonth
    products: Sequence[Lacking]
    moves: Sequence[tuple[CostKind | None, Decimal]]


def year_before(ahead: MarginsAhead, total: MarginTotal) -> YearBefore:
    """Of the products of a total. Two queries."""
    tree, year = line_tree(), (month_add(ahead.last, 1 - MONTHS), ahead.last)
    rows = SalesMonth.objects.filter(product__any=many(ahead.product_ids(total.line)), month__range=year)
    net: dict[datetime.date, float] = defaultdict(float)
    by = ("product__line", "measure", "month")
    for own, measure, month, amount in rows.order_by().values_list(*by).annotate(Sum("revenue")):
        if amount is not None and measure == tree.lead_measure(own).pk:
            net[month] += float(amount)
    under = total.first_under
    costs = _by_kind(
        ahead.booked(total.line).filter(
            Q(source=Source.STANDARD, month__range=year)
            | Q(source=Source.FORECAST, month=under.month if under else None)
        )
    )
    then = {key: costs.pop(key) for key in list(costs) if key[0] > ahead.last}
    return YearBefore(net, costs, then)


def total_fall(ahead: MarginsAhead, total: MarginTotal, before: YearBefore) -> TotalFall | None:
    """``None`` where it stays at its floor or above, or has none."""
    then = total.first_under
    if then is None:
        return None
    months = ahead.of_month(total.line, then.month)
    lacking = [_lacking(product, row, ahead.floor(product)) for product, row in months]
    under = sorted((row for row in lacking if row.lacks > 0), key=lambda row: -row.lacks)
    at_old = sum(row.net / row.forecast.price for _product, row in months if row.forecast)
    return TotalFall(then, under, _moves(before, then.net, at_old))


def _lacking(product: Product | None, row: ProductMonth, floor: float | None) -> Lacking:
    margin = row.net - row.costs
    rate = margin / row.net if row.net > 0 else None
    return Lacking(product, rate, floor, (floor or 0.0) * row.net - margin)


def _moves(before: YearBefore, net: float, at_old: float) -> list[tuple[CostKind | None, Decimal]]:
    """The largest first; ``at_old``: net sales at the prices of the year before."""
    net_before = Decimal(sum(before.net.values()))
    if net_before <= 0:
        return []
    was, now = _added(before.costs), _added(before.then)
    by_price, by_cost = share_moves(
        was,
        net_before,
        now,
        Decimal(net),
        price=Decimal(net / at_old),
        with_price={key for key in was.keys() | now.keys() if key[1]},
    )
    points: dict[int | None, Decimal] = defaultdict(Decimal, {None: by_price})
    for (kind, _of_sales), moved in by_cost.items():
        points[kind] += moved
    kinds = {row.pk: row for row in cost_kinds()}
    moves = [(kinds[pk] if pk else None, moved) for pk, moved in points.items() if moved < 0]
    return sorted(moves, key=lambda move: move[1])


def _by_kind(booked: Any) -> dict[tuple[datetime.date, int, bool], Decimal]:
    found: dict[tuple[datetime.date, int, bool], Decimal] = defaultdict(Decimal)
    fields = ("month", "kind", "cost_line__base")
    for month, kind, base, amount in booked.values_list(*fields).annotate(Sum("amount")):
        found[month, kind, base in (Base.GROSS, Base.NET)] += amount
    return found


def _added(costs: Costs) -> dict[tuple[int, bool], Decimal]:
    """Over months."""
    found: dict[tuple[int, bool], Decimal] = defaultdict(Decimal)
    for (_month, kind, of_sales), amount in costs.items():
        found[kind, of_sales] += amount
    return found
