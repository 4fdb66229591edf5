"""Standard beside actual costs of what was sold, of many products: what the price of what was bought did."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

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


class _Booked(NamedTuple):
    product: int | None
    line: int | None
    kind: int
    supplier: int | None
    standard: Decimal | None
    actual: Decimal | None


def price_variance(user: Any, query: ReportQuery) -> VarianceReport:
    """By product, kind, supplier or line: standard × what was sold beside what is booked, of the months in
    which a product has actual costs and of the kinds that it has some of, as on the product's own page. An
    actual cost without a supplier counts as of the only one that its standard has."""
    [span] = query.spans(query.period, "actual")
    compared, unbooked = _comparable(list(_booked(user, query, span)))
    if not compared:
        return VarianceReport([], unbooked=unbooked)
    by = query.by[0]
    sums: dict[Any, list[Decimal]] = defaultdict(lambda: [ZERO, ZERO])
    for row in compared:
        found = sums[getattr(row, by)]
        found[0] += row.standard or ZERO
        found[1] += row.actual or ZERO
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


def _booked(user: Any, query: ReportQuery, span: Span) -> Iterator[_Booked]:
    """By product, kind and supplier, of the months in which the product has any actual cost."""
    months = booked_visible(user).filter(month__range=(span.first, span.last))
    actual = months.filter(source__in=ACTUAL).order_by()
    own = actual.annotate(of=Coalesce("product_id", 0))  # what is on no product has months of its own
    there = Exists(own.filter(of=Coalesce(OuterRef("product_id"), 0), month=OuterRef("month")))
    rows: QuerySet[CostMonth] = months.filter(within(query), source__in=ACTUAL | SOURCES["standard"])
    rows = with_line(rows.filter(there), query.called)
    fields = ("product_id", "of_line", "kind_id", "supplier_id")
    sums = {name: Sum("amount", filter=Q(source__in=SOURCES[name])) for name in ("standard", "actual")}
    for row in rows.order_by().values_list(*fields).annotate(**sums):
        yield _Booked(*row)


def _comparable(rows: list[_Booked]) -> tuple[list[_Booked], Decimal]:
    """Those of a product's kinds that have actual costs, and the standard of the others."""
    actual = {(row.product, row.kind) for row in rows if row.actual is not None}
    suppliers: dict[Any, set[int | None]] = defaultdict(set)
    for row in rows:
        if row.standard is not None:
            suppliers[row.product, row.kind].add(row.supplier)
    found, unbooked = [], ZERO
    for row in rows:
        pair = row.product, row.kind
        if pair not in actual:
            unbooked += row.standard or ZERO
            continue
        if row.supplier is None and len(suppliers[pair]) == 1:
            row = row._replace(supplier=next(iter(suppliers[pair])))
        found.append(row)
    return found, unbooked


def _units(
    user: Any, query: ReportQuery, products: Mapping[int, Product], span: Span
) -> Mapping[int, Decimal | None]:
    """What each product sold in the months compared; nothing for who sees some channels only."""
    if visible_channel_ids(user) is not None:
        return {}
    [sold] = sales_booked(query, products, span, only_with_actual=True)
    return {pk: units for pk, (_gross, _net, units, *_begun) in sold.items()}
