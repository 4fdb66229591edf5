"""Standard beside actual costs of what was sold, of many products: what the price of what was bought did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db.models import Exists, OuterRef, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from core.sql import rows_of
from pricing.models import CostMonth
from products.models import Measure, Product
from products.selectors.access import visible_channel_ids

from .cost_report import booked_visible, suppliers_named, with_line, within
from .margin_report import on_average, products_asked, sales_booked
from .planned_variance import Compared, PlannedVolumes, planned_compared
from .report_names import NOTHING, Name, Names, product_name
from .report_query import NONE, SOURCES, ReportQuery, Span

ZERO = Decimal(0)
ACTUAL = SOURCES["actual"]


@dataclass(frozen=True)
class VarianceRow:
    """Of ``name``: what was sold should have cost, and what it did. ``sold``: of a product, where the person
    sees all its sales and it has some; amounts a unit are missing without. Of a level that is contracts ×
    months: a unit is a contract in force for a month, and ``units`` are in force on average of ``months``.
    ``volume``: what another volume than planned did to the standard, with the mix; missing where none was
    planned or nothing moves."""

    name: Name
    standard: Decimal
    actual: Decimal
    sold: Decimal | None = None
    volume: Decimal | None = None
    months: Decimal | None = None

    @property
    def units(self) -> Decimal | None:
        return on_average(self.sold, self.months)

    @property
    def planned(self) -> Decimal:
        """What the volume planned should have cost; where none is known, what was sold."""
        return self.standard - (self.volume or ZERO)

    @property
    def variance(self) -> Decimal:
        """Over nothing: dearer than agreed."""
        return self.actual - self.standard

    @property
    def rate(self) -> Decimal | None:
        """The variance, as a share of the standard."""
        return self.variance / self.standard if self.standard else None

    @property
    def standard_unit(self) -> Decimal | None:
        return self.standard / self.sold if self.sold and self.sold > 0 else None

    @property
    def actual_unit(self) -> Decimal | None:
        return self.actual / self.sold if self.sold and self.sold > 0 else None


@dataclass(frozen=True)
class VarianceReport:
    """``rows``: the largest variance first, months one after the other. ``unbooked``: standard costs of kinds
    of which nothing actual is booked yet, in no row. ``plan``: what the volume did, where the address asks
    for the budget and it plans any."""

    rows: list[VarianceRow]
    total: VarianceRow | None = None
    unbooked: Decimal = ZERO
    plan: PlannedVolumes | None = None


_KEYS = {
    "product": "product_id",
    "kind": "kind_id",
    "line": "of_line",
    "supplier": "supplier_id",
    "month": "month",
}
# A kind of a product has actual costs where any of its lines, suppliers or months has.
_PAIRS = """
    SELECT booked.*, count(actual) OVER (PARTITION BY product_id, kind_id) > 0 AS paired
    FROM ({booked}) booked
"""
# An actual cost without a supplier is of the only one that the standard of the product's kind has.
_PAIRS_OF_SUPPLIERS = """
    SELECT {others} standard, actual, paired,
           coalesce(supplier_id, CASE WHEN fewest = most THEN nullif(most, 0) END) AS supplier_id
    FROM (
        SELECT booked.*, count(actual) OVER pair > 0 AS paired,
               min(coalesce(supplier_id, 0)) FILTER (WHERE standard IS NOT NULL) OVER pair AS fewest,
               max(coalesce(supplier_id, 0)) FILTER (WHERE standard IS NOT NULL) OVER pair AS most
        FROM ({booked}) booked WINDOW pair AS (PARTITION BY product_id, kind_id)
    ) suppliers
"""
_SUMS = """
    SELECT {key}, sum(standard) FILTER (WHERE paired), sum(actual),
           coalesce(sum(standard) FILTER (WHERE NOT paired), 0)
    FROM ({pairs}) pairs WHERE {only} GROUP BY {key}
"""


def price_variance(user: Any, query: ReportQuery) -> VarianceReport:
    """By product, kind, supplier, line or month: standard × what was sold beside what is booked, of the
    months in which a product has actual costs and of the kinds that it has some of, as on the product's own
    page. An actual cost without a supplier counts as of the only one that its standard has."""
    [span] = query.spans(query.period, "actual")
    by = query.by[0]
    can_plan = by not in ("supplier", "month") and "supplier" not in query.filters
    planned = query.against == "budget" and can_plan and visible_channel_ids(user) is None
    products = products_asked(user, query) if by == "product" or planned else {}
    found = (
        _compared(user, query, products, span) if planned else Compared(_sums(user, query, span), {}, None)
    )
    sums, unbooked = {}, ZERO
    for key, standard, actual, left_out in found.sums:
        unbooked += left_out
        if standard is not None or actual is not None:
            sums[key] = standard or ZERO, actual or ZERO
    if not sums:
        return VarianceReport([], unbooked=unbooked)
    known = {pk: product_name(row) for pk, row in products.items()} if by == "product" else {}
    names = Names(query, [((key,), None) for key in sums if key not in known])
    sold: Mapping[int, tuple[Decimal | None, int]] = {}
    if by == "product":
        sold = found.sold if planned else _sold(user, query, products, span)
    plan = found.plan
    changes = plan.changes if plan else {}
    levels = _of_level(query, products)
    rows = [
        VarianceRow(
            known.get(key) or names.one(by, key),
            *(standard, actual, units, changes.get(key)),
            Decimal(months) or None if key in levels else None,
        )
        for key, (standard, actual) in sums.items()
        for units, months in [sold.get(key, (None, 0))]
    ]
    if by == "month":
        rows.sort(key=lambda row: row.name.code)
    else:
        rows.sort(key=lambda row: (-abs(row.variance), row.name.label.lower()))
    standard, actual = (sum((getattr(row, name) for row in rows), ZERO) for name in ("standard", "actual"))
    total = VarianceRow(NOTHING, standard, actual, volume=plan.volume + plan.mix if plan else None)
    return VarianceReport(rows, total, unbooked, plan)


def _compared(user: Any, query: ReportQuery, products: Mapping[int, Product], span: Span) -> Compared:
    """Beside what the budget plans to sell. One query."""
    key = _KEYS[query.by[0]]
    months, rows = _rows(user, query, span, ACTUAL | SOURCES["standard"])
    booked = rows.order_by().values(*dict.fromkeys(["product_id", "kind_id", "month", "amount", key]))
    there = months.order_by().values("product_id", "month").distinct()
    return planned_compared(user, query, products, span, booked, there, key)


def _sums(
    user: Any, query: ReportQuery, span: Span
) -> list[tuple[Any, Decimal | None, Decimal | None, Decimal]]:
    """By what the rows are of: standard and actual of the kinds of a product that have actual costs (neither:
    there are none), and the standard of its other kinds. One query, of a supplier two."""
    supplier, key = query.filters.get("supplier"), _KEYS[query.by[0]]
    of_suppliers = supplier is not None or query.suppliers is not None or query.by[0] == "supplier"
    fields = list(dict.fromkeys(["product_id", "kind_id", key, *(["supplier_id"] if of_suppliers else [])]))
    filters = {name: value for name, value in query.filters.items() if name != "supplier"}
    asked = replace(query, filters=filters, suppliers=None)
    try:
        booked, params = _booked(user, asked, span, fields).query.sql_with_params()
    except EmptyResultSet:  # nothing that the person sees, or that the filters leave
        return []
    only = "true"
    if supplier == NONE:
        only = "supplier_id IS NULL"
    elif supplier is not None:
        only, params = "supplier_id = ANY(%s::bigint[])", (*params, suppliers_named(query, supplier))
    if query.suppliers is not None:
        only += " AND coalesce(supplier_id = ANY(%s::bigint[]), true)"
        params = (*params, list(query.suppliers))
    others = "".join(f"{name}, " for name in fields if name != "supplier_id")
    pairs = (_PAIRS_OF_SUPPLIERS if of_suppliers else _PAIRS).format(others=others, booked=booked)
    return rows_of(_SUMS.format(key=key, pairs=pairs, only=only), params)


def _booked(user: Any, query: ReportQuery, span: Span, fields: Sequence[str]) -> QuerySet[Any]:
    """Standard and actual by product and kind, and by what else is asked."""
    sums = {name: Sum("amount", filter=Q(source__in=SOURCES[name])) for name in ("standard", "actual")}
    own, rows = _rows(user, query, span, ACTUAL | SOURCES["standard"])
    there = own.order_by().annotate(of=Coalesce("product_id", 0))
    there = there.filter(of=Coalesce(OuterRef("product_id"), 0), month=OuterRef("month"))
    # What is on no product has months of its own.
    return rows.filter(Exists(there)).order_by().values(*fields).annotate(**sums)


def _rows(
    user: Any, query: ReportQuery, span: Span, sources: frozenset[str]
) -> tuple[QuerySet[CostMonth], QuerySet[CostMonth]]:
    """The actual costs of all that the person sees, whose months count; and what is booked of these
    sources."""
    months = booked_visible(user).filter(month__range=(span.first, span.last))
    rows: QuerySet[CostMonth] = months.filter(within(query), source__in=sources)
    if query.by[0] == "line":
        rows = with_line(rows, query.called)
    return months.filter(source__in=ACTUAL), rows


def _of_level(query: ReportQuery, products: Mapping[int, Product]) -> set[int]:
    """The products that are counted by what is in force."""
    tree = query.called.tree
    return {pk for pk, row in products.items() if tree.lead_measure(row.line_id).kind == Measure.Kind.LEVEL}


def _sold(
    user: Any, query: ReportQuery, products: Mapping[int, Product], span: Span
) -> Mapping[int, tuple[Decimal | None, int]]:
    """What each product sold in the months compared, and in how many of these; nothing for who sees some
    channels only."""
    if visible_channel_ids(user) is not None:
        return {}
    [sold] = sales_booked(query, products, span, only_with_actual=True)
    return {pk: (own.units, own.months) for pk, own in sold.items()}
