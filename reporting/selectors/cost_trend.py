"""What a unit cost, month by month, of many products.

Where all of them have one unit: costs / units of the month. Where they do not, units are never added: an
index, 100 × what was sold cost / what it would have cost at each product's average of the months shown.
Worked case: docs/cost-reports.md.
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet, Sum

from core.lookups import many
from core.months import month_row
from pricing.models import CostMonth
from products.models import Product
from products.selectors.access import visible_channel_ids
from products.selectors.units import unit_of

from .cost_report import booked_visible, within
from .margin_report import products_asked, sales_booked
from .report_names import NOTHING, Name, Names
from .report_query import ReportQuery, Span

ZERO = Decimal(0)
MOST = 36
"""Months shown: the last ones."""
Months = dict[datetime.date, Decimal]
Cells = tuple[Decimal | None, ...]


@dataclass(frozen=True)
class TrendRow:
    """``cells``: by month what a unit cost, or the index; missing where nothing was sold or cost."""

    name: Name
    cells: Cells

    @property
    def change(self) -> Decimal | None:
        """From the first month to the last, as a rate."""
        if not self.cells or not self.cells[0] or self.cells[-1] is None:
            return None
        return self.cells[-1] / self.cells[0] - 1


@dataclass(frozen=True)
class CostTrend:
    """``unit``: what costs are by; none: of unlike units, so ``whole`` is an index, and ``rows`` are as well
    but for those of one product. ``limited``: the person sees only some channels, so not all that is sold."""

    months: tuple[datetime.date, ...] = ()
    rows: tuple[TrendRow, ...] = ()
    whole: TrendRow | None = None
    unit: str = ""
    by_product: bool = False
    limited: bool = False

    @property
    def is_index(self) -> bool:
        """Of the rows."""
        return not self.unit and not self.by_product

    @property
    def total(self) -> TrendRow | None:
        """The last row of a table, where it says what the others do."""
        return self.whole if self.unit or not self.by_product else None


def cost_trend(user: Any, query: ReportQuery) -> CostTrend:
    """By kind, product or line, of products that sold something in the months; costs on no product are left
    out."""
    if visible_channel_ids(user) is not None:
        return CostTrend(limited=True)
    [span] = query.spans(query.period, query.of)
    months = month_row(span.first, span.last)[-MOST:]
    products = products_asked(user, query)
    span = replace(span, first=months[0], last=months[-1])
    units = _units(query, products, span)
    booked = booked_visible(user).filter(
        within(query), month__range=(span.first, span.last), source__in=span.sources, product__any=many(units)
    )
    trend = _Trend(query, products, units, booked.order_by())
    there = {month for own in trend.whole.values() for month in own}
    months = tuple(month for month in months if there and min(there) <= month <= max(there))
    return trend.shown(months) if months else CostTrend()


def _units(query: ReportQuery, products: Mapping[int, Product], span: Span) -> dict[int, Months]:
    """By product and month what was sold."""
    asked = replace(query, by=("product and month",))
    found: dict[int, Months] = defaultdict(dict)
    [sold] = sales_booked(asked, products, span)
    for key, own in sold.items():
        if own.units and own.units > 0:
            pk, month = key.split()
            found[int(pk)][datetime.date.fromisoformat(month)] = own.units
    return found


class _Trend:
    """Costs by product and month, and what they are set against."""

    def __init__(
        self,
        query: ReportQuery,
        products: Mapping[int, Product],
        units: dict[int, Months],
        booked: QuerySet[CostMonth],
    ) -> None:
        self.query, self.products, self.units, self.booked = query, products, units, booked
        self.whole: dict[int, Months] = defaultdict(dict)
        for pk, month, amount in booked.values_list("product_id", "month").annotate(Sum("amount")):
            self.whole[pk][month] = amount
        tree = query.called.tree
        found = {
            unit.lower(): unit
            for pk in self.whole
            for unit in [unit_of(tree, products[pk], tree.lead_measure(products[pk].line_id))]
        }
        self.unit = next(iter(found.values())) if len(found) == 1 else ""

    def shown(self, months: tuple[datetime.date, ...]) -> CostTrend:
        by = self.query.by[0]
        groups: dict[Any, Mapping[int, Months]] = {None: self.whole}
        if by == "product":
            groups |= {pk: {pk: own} for pk, own in self.whole.items()}
        elif by == "line":
            groups |= self._lines()
        cells = {
            key: self._cells(own, months, index=not self.unit and (key is None or by != "product"))
            for key, own in groups.items()
        }
        if by == "kind":
            cells |= self._kinds(months)
        names = Names(self.query, [((key,), None) for key in cells if key is not None])
        keys = sorted((key for key in cells if key is not None), key=lambda key: names.order((key,)))
        return CostTrend(
            months,
            tuple(TrendRow(names.one(by, key), cells[key]) for key in keys),
            TrendRow(NOTHING, cells[None]),
            self.unit,
            by == "product",
        )

    def _lines(self) -> dict[int, dict[int, Months]]:
        found: dict[int, dict[int, Months]] = defaultdict(dict)
        for pk, own in self.whole.items():
            found[self.products[pk].line_id][pk] = own
        return found

    def _cells(self, of: Mapping[int, Months], months: tuple[datetime.date, ...], *, index: bool) -> Cells:
        costs: Months = defaultdict(Decimal)
        for own in of.values():
            for month, amount in own.items():
                costs[month] += amount
        sums = {pk: sum(own.values(), ZERO) for pk, own in of.items()}
        return _each(costs, self._usual(sums) if index else self._sold(of), months)

    def _kinds(self, months: tuple[datetime.date, ...]) -> dict[int, Cells]:
        costs: dict[int, Months] = defaultdict(dict)
        for kind, month, amount in self.booked.values_list("kind_id", "month").annotate(Sum("amount")):
            costs[kind][month] = amount
        if self.unit:
            sold = self._sold(self.whole)
            return {kind: _each(own, sold, months) for kind, own in costs.items()}
        sums: dict[int, dict[int, Decimal]] = defaultdict(dict)
        for kind, pk, amount in self.booked.values_list("kind_id", "product_id").annotate(Sum("amount")):
            sums[kind][pk] = amount
        return {kind: _each(own, self._usual(sums[kind]), months) for kind, own in costs.items()}

    def _sold(self, of: Iterable[int]) -> Months:
        """By month the units of these products."""
        found: Months = defaultdict(Decimal)
        for pk in of:
            for month, units in self.units[pk].items():
                found[month] += units
        return found

    def _usual(self, costs: Mapping[int, Decimal]) -> Months:
        """By month a hundredth of what was sold would have cost, at each product's average of all months."""
        found: Months = defaultdict(Decimal)
        for pk, amount in costs.items():
            each = amount / sum(self.units[pk].values()) / 100
            for month, units in self.units[pk].items():
                found[month] += units * each
        return found


def _each(costs: Months, against: Months, months: tuple[datetime.date, ...]) -> Cells:
    return tuple(
        costs[month] / against[month] if month in costs and against.get(month) else None for month in months
    )
