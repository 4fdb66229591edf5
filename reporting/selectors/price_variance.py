"""Standard beside actual costs of what was sold, of many products: what the price of what was bought did."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from pricing.models import CostMonth
from products.models import Product
from products.selectors.access import visible_channel_ids

from .cost_report import booked_visible, with_line, within
from .margin_report import products_asked, sales_booked
from .report_names import NOTHING, Name, Names, product_name
from .report_query import SOURCES, ReportQuery, Span

ZERO = Decimal(0)
ACTUAL = SOURCES["actual"]


@dataclass(frozen=True)
class VarianceRow:
    """Of ``name``: what was sold should have cost, and what it did. ``units``: of a product, where the person
    sees all its sales and it has some; amounts a unit are missing without."""

    name: Name
    standard: Decimal
    actual: Decimal
    units: Decimal | None = None

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
        return self.standard / self.units if self.units and self.units > 0 else None

    @property
    def actual_unit(self) -> Decimal | None:
        return self.actual / self.units if self.units and self.units > 0 else None


@dataclass(frozen=True)
class VarianceReport:
    """``rows``: the largest variance first. ``unbooked``: standard costs of kinds of which nothing actual is
    booked yet, in no row."""

    rows: list[VarianceRow]
    total: VarianceRow | None = None
    unbooked: Decimal = ZERO


_KEYS = {"product": "product_id", "kind": "kind_id", "line": "of_line", "supplier": "supplier_id"}
# Of a product's kind all suppliers, or each: an actual cost without one is of the only one of the standard.
_PAIRS = "SELECT {key} AS key, standard, actual, actual IS NOT NULL AS paired FROM ({booked}) booked"
_PAIRS_OF_SUPPLIERS = """
    SELECT coalesce(key, CASE WHEN fewest = most THEN nullif(most, 0) END) AS key, standard, actual, paired
    FROM (
        SELECT supplier_id AS key, standard, actual, count(actual) OVER pair > 0 AS paired,
               min(coalesce(supplier_id, 0)) FILTER (WHERE standard IS NOT NULL) OVER pair AS fewest,
               max(coalesce(supplier_id, 0)) FILTER (WHERE standard IS NOT NULL) OVER pair AS most
        FROM ({booked}) booked WINDOW pair AS (PARTITION BY product_id, kind_id)
    ) suppliers
"""
_SUMS = """
    SELECT key, coalesce(sum(standard) FILTER (WHERE paired), 0), sum(actual),
           coalesce(sum(standard) FILTER (WHERE NOT paired), 0)
    FROM ({pairs}) pairs GROUP BY key
"""


def price_variance(user: Any, query: ReportQuery) -> VarianceReport:
    """By product, kind, supplier or line: standard × what was sold beside what is booked, of the months in
    which a product has actual costs and of the kinds that it has some of, as on the product's own page. An
    actual cost without a supplier counts as of the only one that its standard has."""
    [span] = query.spans(query.period, "actual")
    by, sums, unbooked = query.by[0], {}, ZERO
    for key, standard, actual, left_out in _sums(user, query, span):
        unbooked += left_out
        if actual is not None:
            sums[key] = standard, actual
    if not sums:
        return VarianceReport([], unbooked=unbooked)
    products = products_asked(user, query) if by == "product" else {}
    known = {pk: product_name(row) for pk, row in products.items()}
    names = Names(query, [((key,), None) for key in sums if key not in known])
    units = _units(user, query, products, span) if by == "product" else {}
    rows = [
        VarianceRow(known.get(key) or names.one(by, key), standard, actual, units.get(key))
        for key, (standard, actual) in sums.items()
    ]
    rows.sort(key=lambda row: (-abs(row.variance), row.name.label.lower()))
    whole = (sum((getattr(row, name) for row in rows), ZERO) for name in ("standard", "actual"))
    return VarianceReport(rows, VarianceRow(NOTHING, *whole), unbooked)


def _sums(user: Any, query: ReportQuery, span: Span) -> list[tuple[Any, Decimal, Decimal | None, Decimal]]:
    """By what the rows are of: standard and actual of the kinds of a product that have actual costs (no
    actual: there are none), and the standard of its other kinds. One query."""
    by = query.by[0]
    try:
        booked, params = _booked(user, query, span).query.sql_with_params()
    except EmptyResultSet:  # nothing that the person sees, or that the filters leave
        return []
    pairs = (_PAIRS_OF_SUPPLIERS if by == "supplier" else _PAIRS).format(key=_KEYS[by], booked=booked)
    with connection.cursor() as cursor:
        cursor.execute(_SUMS.format(pairs=pairs), params)
        return cursor.fetchall()  # type: ignore[no-any-return]


def _booked(user: Any, query: ReportQuery, span: Span) -> QuerySet[Any]:
    """Standard and actual by product and kind (and line or supplier, where rows are of such), of the months
    in which the product has any actual cost."""
    months = booked_visible(user).filter(month__range=(span.first, span.last))
    actual = months.filter(source__in=ACTUAL).order_by()
    own = actual.annotate(of=Coalesce("product_id", 0))  # what is on no product has months of its own
    there = Exists(own.filter(of=Coalesce(OuterRef("product_id"), 0), month=OuterRef("month")))
    rows: QuerySet[CostMonth] = months.filter(within(query), source__in=ACTUAL | SOURCES["standard"])
    fields = ["product_id", "kind_id"]
    if query.by[0] == "line":
        rows = with_line(rows, query.called)
    if query.by[0] in ("line", "supplier"):
        fields.append(_KEYS[query.by[0]])
    sums = {name: Sum("amount", filter=Q(source__in=SOURCES[name])) for name in ("standard", "actual")}
    return rows.filter(there).order_by().values(*fields).annotate(**sums)


def _units(
    user: Any, query: ReportQuery, products: Mapping[int, Product], span: Span
) -> Mapping[int, Decimal | None]:
    """What each product sold in the months compared; nothing for who sees some channels only."""
    if visible_channel_ids(user) is not None:
        return {}
    [sold] = sales_booked(query, products, span, only_with_actual=True)
    return {pk: units for pk, (_gross, _net, units, *_begun) in sold.items()}
