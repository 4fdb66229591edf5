"""The cost report: booked cents added up, with subtotals; every total is the sum of its rows.

Only for who may see costs, within their lines and channels: who sees only some channels gets what is booked
there, who sees only some lines nothing that is on no product.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property
from typing import Any, overload

from django.db.models import F, FilteredRelation, Max, Min, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from core.months import month_add, month_end, month_range
from pricing.models import CostLeftOut, CostMonth
from pricing.selectors.cost_months import cost_months
from pricing.selectors.costs import RIGHT, cost_lines_visible
from pricing.selectors.costs_left_out import lacking
from pricing.selectors.reconciliation import Reconciliation, reconciled
from products.models import Product, Supplier
from products.selectors.access import visible_channel_ids, visible_line_ids
from products.selectors.closed_names import Called

from .report_names import NOTHING, Name, Names
from .report_query import NONE, ReportQuery, Span

Amount = Decimal | None
ZERO = Decimal(0)
_FIELDS = {"line": "of_line", "cost_centre": "cost_centre", "month": "month"}


@dataclass(frozen=True)
class ReportRow:
    """``names``: one a dimension. ``depth``: 0 a row, 1 the sum of one of the first dimension, 2 of a product
    line, 3 of everything; ``span``: which rows before it a sum is of. ``key``: what a row is of, by id."""

    names: tuple[Name, ...]
    amounts: tuple[Amount, ...]
    depth: int = 0
    span: tuple[int, int] = (0, 0)
    key: tuple[Any, ...] = ()


class CostReport:
    """A report under one person's sight, as booked now or at a moment."""

    def __init__(self, user: Any, query: ReportQuery, as_of: datetime.datetime | None = None) -> None:
        self.query, self._user, self._as_of = query, user, as_of
        self._cells = [_cell(query, code) for code in query.columns]
        self._spans = list(dict.fromkeys(span for cell in self._cells for part in cell for span in part))

    @property
    def bookings(self) -> QuerySet[CostMonth]:
        """What the report adds up; ``of_line``: the line of the product as the report has it."""
        rows = self.unfiltered.filter(within(self.query))
        return with_line(rows, self.query.called) if "line" in self.query.by else rows

    @property
    def unfiltered(self) -> QuerySet[CostMonth]:
        """The same without its filters: what can be chosen."""
        return booked_visible(self._user, self._as_of).filter(self._asked)

    @property
    def _asked(self) -> Q:
        sources = {source for span in self._spans for source in span.sources}
        months = {month for span in self._spans for month in month_range(span.first, span.last)}
        return Q(month__in=months, source__in=sources)

    @cached_property
    def rows(self) -> ReportRows:
        """Rows in order, each sum after the rows it is of, the whole at the end; none: nothing is booked."""
        found = list(self._read())
        if not found:
            return ReportRows(None, [], self._columns)
        names = Names(self.query, found)
        found.sort(key=lambda row: names.order(row[0]))
        return ReportRows(names, _with_sums(found, names, self.query), self._columns)

    @property
    def total(self) -> ReportRow | None:
        return self.rows[-1] if self.rows else None

    @cached_property
    def booked_at(self) -> datetime.datetime | None:
        """When the newest of what it adds up was booked."""
        found: datetime.datetime | None = self.bookings.aggregate(newest=Max("recorded_at"))["newest"]
        return found

    def cost_lines(self) -> dict[tuple[Any, ...], int]:
        """By what a row is of the id of the cost line that its standard costs come from, where that is one
        that the person may see. One query."""
        rows = self.bookings.filter(cost_line__in=cost_lines_visible(self._user).order_by().values("pk"))
        ends = rows.order_by().values_list(*self._fields).annotate(Min("cost_line"), Max("cost_line"))
        return {tuple(key): one for *key, one, other in ends if one == other}

    def size(self) -> int:
        """How many rows there are at most, without adding up."""
        return self.bookings.order_by().values_list(*self._fields).distinct().count()

    @property
    def _fields(self) -> list[str]:
        return [_FIELDS.get(name, f"{name}_id") for name in self.query.by]

    def _read(self) -> Iterator[tuple[tuple[Any, ...], list[Amount]]]:
        """By month the amounts of a year before stand at the month that they are set beside."""
        if "month" not in self.query.by or not any(span.back for span in self._spans):
            yield from self._booked()
            return
        place, found = self.query.by.index("month"), dict[tuple[Any, ...], list[Amount]]()
        for key, sums in self._booked():
            for at, (span, amount) in enumerate(zip(self._spans, sums, strict=True)):
                if amount is not None:
                    beside = (*key[:place], month_add(key[place], span.back), *key[place + 1 :])
                    found.setdefault(beside, [None] * len(self._spans))[at] = amount
        yield from found.items()

    def _booked(self) -> Iterator[tuple[tuple[Any, ...], list[Amount]]]:
        fields = self._fields
        sums = {
            f"sum{place}": Sum(
                "amount", filter=Q(source__in=span.sources, month__range=(span.first, span.last))
            )
            for place, span in enumerate(self._spans)
        }
        for row in self.bookings.order_by().values_list(*fields).annotate(**sums):
            found = list(row[len(fields) :])
            if any(amount is not None for amount in found):
                yield row[: len(fields)], found

    def _columns(self, sums: Sequence[Amount]) -> tuple[Amount, ...]:
        known = dict(zip(self._spans, sums, strict=True))
        found = []
        for code, cell in zip(self.query.columns, self._cells, strict=True):
            parts = [_sum(known[span] for span in part) for part in cell]
            found.append(_said(code, parts))
        return tuple(found)

    @cached_property
    def reconciliation(self) -> Reconciliation:
        """Of what is compared, in the longest of the periods that the columns are of; where the report is of
        some products alone, of what is booked on them. One query."""
        [span] = self.query.spans(self.query.longest, self.query.of)
        rows = booked_visible(self._user, self._as_of).filter(
            month__range=(span.first, span.last), source__in=span.sources
        )
        only = self.query.only
        if only is not None:
            rows = rows.filter(product__in=only)
        is_now = self._as_of is None and only is None
        with_ledger = self.query.of == "actual" and is_now and not sight(self._user)
        has_budget = any("budget" in span.sources for span in self._spans)
        return reconciled(
            rows,
            span.first,
            span.last,
            shown=within(self.query),
            with_ledger=with_ledger,
            has_budget=has_budget,
            of_some=only is not None,
            lacks=self._lacks(),
            called=self.query.called,
        )

    def _lacks(self) -> QuerySet[CostLeftOut] | None:
        """The lines that its standard costs lack now. What cannot be split is not lacking but on no product,
        where the report has that."""
        standard = [span for span in self._spans if CostMonth.Source.STANDARD in span.sources]
        if not standard or self._as_of is not None or not self._user.has_perm(RIGHT):
            return None
        rows, months = (
            within(self.query) & sight(self._user),
            {month for span in standard for month in month_range(span.first, span.last)},
        )
        has_none = visible_line_ids(self._user) is None and self.query.only is None
        if has_none and not _names_products(self.query):
            rows &= Q(cost_line__key="")
        return lacking(rows, months)


def margin_costs(user: Any, query: ReportQuery) -> CostReport:
    """The costs of a margin: when they were booked, and whether all of it is there."""
    filters = {name: value for name, value in query.filters.items() if name != "level"}
    return CostReport(user, replace(query, columns=(f"{query.period}-{query.of}",), filters=filters))


def _cell(query: ReportQuery, code: str) -> tuple[tuple[Span, ...], ...]:
    period, measure = code.split("-")
    if measure in ("difference", "index"):
        return query.pair(period)
    return (query.spans(period, measure),)


def _said(code: str, parts: Sequence[Amount]) -> Amount:
    if len(parts) == 1:
        return parts[0]
    one, other = parts
    if code.endswith("index"):
        return one * 100 / other if one is not None and other else None
    return None if one is None and other is None else (one or ZERO) - (other or ZERO)


def _sum(amounts: Iterator[Amount]) -> Amount:
    known = [amount for amount in amounts if amount is not None]
    return sum(known, ZERO) if known else None


@dataclass(frozen=True, slots=True)
class _Sums:
    """A row before it is read: what it is of, and the sums its columns are made from."""

    key: tuple[Any, ...]
    sums: Sequence[Amount]
    depth: int = 0
    span: tuple[int, int] = (0, 0)


class ReportRows(Sequence[ReportRow]):
    """Rows as they are read; a page of many thousands makes its own fifty only."""

    def __init__(self, names: Names | None, rows: list[_Sums], columns: Any) -> None:
        self._names, self._rows, self._columns = names, rows, columns

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, place: int) -> ReportRow: ...
    @overload
    def __getitem__(self, place: slice) -> list[ReportRow]: ...
    def __getitem__(self, place: int | slice) -> ReportRow | list[ReportRow]:
        if isinstance(place, slice):
            return [self._made(row) for row in self._rows[place]]
        return self._made(self._rows[place])

    def but_total(self) -> ReportRows:
        return ReportRows(self._names, self._rows[:-1], self._columns)

    def _made(self, row: _Sums) -> ReportRow:
        return ReportRow(self._called(row), self._columns(row.sums), row.depth, row.span, row.key)

    def _called(self, row: _Sums) -> tuple[Name, ...]:
        assert self._names is not None  # without names there are no rows
        if not row.depth:
            return self._names.of(row.key)
        rest = (NOTHING,) * (len(row.key) - 1)
        if row.depth == 3:
            return (NOTHING, *rest)
        if row.depth == 2:
            return (self._names.one("line", self._names.line_of(row.key[0])), *rest)
        return (self._names.of(row.key)[0], *rest)


def _with_sums(
    found: Sequence[tuple[tuple[Any, ...], Sequence[Amount]]], names: Names, query: ReportQuery
) -> list[_Sums]:
    """The rows, and after them the sum of each of the first dimension (1), each product line (2), all (3)."""
    by_line, several = query.by[0] == "product", len(query.by) > 1
    rows: list[_Sums] = []
    begun = {1: 0, 2: 0, 3: 0}
    sums: dict[int, Sequence[Amount]] = {}
    for place, (key, own) in enumerate(found):
        rows.append(_Sums(key, own))
        sums[1] = _added(sums.get(1), own)
        after = found[place + 1][0] if place + 1 < len(found) else None
        if after is not None and key[0] == after[0]:
            continue
        if several:
            rows.append(_Sums(key, sums[1], 1, (begun[1], len(rows))))
        sums[2] = _added(sums.get(2), sums.pop(1))
        if after is None or not by_line or names.line_of(key[0]) != names.line_of(after[0]):
            if by_line and key[0] is not None:  # what is on no product is of no line: one sum says it
                rows.append(_Sums(key, sums[2], 2, (begun[2], len(rows))))
            sums[3] = _added(sums.get(3), sums.pop(2))
            begun[2] = len(rows)
        begun[1] = len(rows)
    rows.append(_Sums(key, sums[3], 3, (0, len(rows))))
    return rows


def _added(total: Sequence[Amount] | None, more: Sequence[Amount]) -> Sequence[Amount]:
    if total is None:
        return more
    return [
        one if other is None else other if one is None else one + other
        for one, other in zip(total, more, strict=True)
    ]


def booked_visible(user: Any, as_of: datetime.datetime | None = None) -> QuerySet[CostMonth]:
    """What is booked, within the person's sight."""
    rows = cost_months(as_of)
    if not user.has_perm(RIGHT):
        return rows.none()
    return rows.filter(sight(user))


def sight(user: Any) -> Q:
    lines, channels = visible_line_ids(user), visible_channel_ids(user)
    found = Q() if lines is None else Q(product__line__in=lines)
    return found if channels is None else found & Q(channel__in=channels)


def with_line(rows: QuerySet[CostMonth], called: Called) -> QuerySet[CostMonth]:
    if called.closing is None:
        return rows.annotate(of_line=F("product__line"))
    kept = FilteredRelation("product__closed_as", condition=Q(product__closed_as__closing=called.closing))
    return rows.annotate(kept=kept, of_line=Coalesce(F("kept__line_id"), F("product__line_id")))


def products_named(query: ReportQuery, rows: QuerySet[Product]) -> QuerySet[Any]:
    """Those that the report's filters name: by line, code, family and words, as it calls them."""
    said, found = query.filters, query.called.products(rows)
    if NONE in (said.get("product"), said.get("line")):
        return found.none()
    if "product" in said:
        found = found.filter(called_code__iexact=said["product"])
    if "line" in said:
        found = found.filter(called_line__in=query.called.lines_below(said["line"]))
    if "family" in said:
        families = query.called.families(month_end(query.month))
        own = {pk for pk, family in families.items() if family[0].lower() == said["family"].lower()}
        named = Q(pk__in=own)
        found = found.filter(~Q(pk__in=families) if said["family"] == NONE else named)
    for word in query.text.split():
        found = found.filter(Q(called_name__icontains=word) | Q(called_code__icontains=word))
    return found


def within(query: ReportQuery) -> Q:
    """The filters of a report."""
    found = Q() if query.only is None else Q(product__in=query.only)
    if query.suppliers is not None:
        found &= Q(supplier__in=query.suppliers) | Q(supplier=None)
    for name, value in query.filters.items():
        if name not in ("line", "product", "family"):
            found &= _within(query, name, value)
    if _names_products(query):
        found &= _of_products(query)
    return found


def _names_products(query: ReportQuery) -> bool:
    return bool(query.text.split() or {"line", "product", "family"} & query.filters.keys())


def _within(query: ReportQuery, name: str, value: str) -> Q:
    if value == NONE:
        return Q(cost_centre="") if name == "cost_centre" else Q(**{name: None})
    if name == "channel":
        return Q(channel__in=query.called.channels_below(value))
    if name == "level":
        return Q(kind__level=value)
    if name == "cost_centre":
        return Q(cost_centre__iexact=value)
    if name == "supplier" and query.called.closing is not None:
        return Q(supplier__in=suppliers_named(query, value))
    return Q(**{f"{name}__code__iexact": value})


def suppliers_named(query: ReportQuery, code: str) -> list[int]:
    """Those with this code, as the report calls them."""
    names = query.called.names("supplier", Supplier.objects.all(), ["all"])
    return [pk for pk, (own, _name) in names.items() if own.lower() == code.lower()]


def _of_products(query: ReportQuery) -> Q:
    said = query.filters
    named = Q(product__in=products_named(query, Product.objects.all()).values("pk"))
    if NONE in (said.get("product"), said.get("line")):
        return Q(product=None)
    return named | Q(product=None) if said.get("family") == NONE else named
