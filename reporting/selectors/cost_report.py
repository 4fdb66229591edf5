"""The cost report: booked cents added up, with subtotals; every total is the sum of its rows.

Only for who may see costs, within their lines and channels: who sees only some channels gets what is booked
there, who sees only some lines nothing that is on no product.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.db.models import Max, Q, QuerySet, Sum

from pricing.models import CostMonth
from pricing.selectors.cost_months import cost_months
from pricing.selectors.costs import RIGHT
from products.models import Channel
from products.selectors.access import visible_channel_ids, visible_line_ids
from products.selectors.lines import line_tree

from .report_names import NOTHING, Name, Names
from .report_query import ReportQuery, Span

Amount = Decimal | None
ZERO = Decimal(0)
_FIELDS = {"line": "product__line", "cost_centre": "cost_centre", "month": "month"}


@dataclass(frozen=True)
class ReportRow:
    """``names``: one a dimension. ``depth``: 0 a row, 1 the sum of one of the first dimension, 2 of a product
    line, 3 of everything; ``span``: which rows before it a sum is of."""

    names: tuple[Name, ...]
    amounts: tuple[Amount, ...]
    depth: int = 0
    span: tuple[int, int] = (0, 0)


@dataclass(frozen=True)
class Reconciliation:
    """Everything that is booked of the period, without filters: what is on products and what is not."""

    on_products: Decimal
    on_none: Decimal
    shown: Decimal

    @property
    def whole(self) -> Decimal:
        return self.on_products + self.on_none


class CostReport:
    """A report under one person's sight, as booked now or at a moment."""

    def __init__(self, user: Any, query: ReportQuery, as_of: datetime.datetime | None = None) -> None:
        self.query, self._user, self._as_of = query, user, as_of
        self._cells = [_cell(query, code) for code in query.columns]
        self._spans = list(dict.fromkeys(span for cell in self._cells for part in cell for span in part))

    @property
    def bookings(self) -> QuerySet[CostMonth]:
        """What the report adds up."""
        return booked_visible(self._user, self._as_of).filter(within(self.query)).filter(self._asked)

    @property
    def _asked(self) -> Q:
        sources = {source for span in self._spans for source in span.sources}
        first, last = min(span.first for span in self._spans), max(span.last for span in self._spans)
        return Q(month__range=(first, last), source__in=sources)

    @cached_property
    def rows(self) -> list[ReportRow]:
        """Rows in order, each sum after the rows it is of, the whole at the end; none: nothing is booked."""
        found = list(self._read())
        if not found:
            return []
        names = Names(self.query, found)
        found.sort(key=lambda row: names.order(row[0]))
        rows: list[ReportRow] = []
        groups = _Groups(names, self.query)
        for place, (key, sums) in enumerate(found):
            rows.append(ReportRow(names.of(key), self._columns(sums)))
            groups.add(key, sums)
            after = found[place + 1][0] if place + 1 < len(found) else None
            for depth, label, begin, total in groups.ended(key, after, len(rows)):
                rows.append(ReportRow(label, self._columns(total), depth, (begin, len(rows))))
        return rows

    @property
    def total(self) -> ReportRow | None:
        return self.rows[-1] if self.rows else None

    @cached_property
    def booked_at(self) -> datetime.datetime | None:
        """When the newest of what it adds up was booked."""
        found: datetime.datetime | None = self.bookings.aggregate(newest=Max("recorded_at"))["newest"]
        return found

    def size(self) -> int:
        """How many rows there are at most, without adding up."""
        return self.bookings.order_by().values_list(*self._fields).distinct().count()

    @property
    def _fields(self) -> list[str]:
        return [_FIELDS.get(name, f"{name}_id") for name in self.query.by]

    def _read(self) -> Iterator[tuple[tuple[Any, ...], list[Amount]]]:
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
        """Of what is compared, in the longest of the periods that the columns are of. One query."""
        periods = [code.split("-")[0] for code in self.query.columns]
        period = max(periods, key=("month", "ytd", "year").index)
        [span] = self.query.spans(period, self.query.of)
        rows = booked_visible(self._user, self._as_of).filter(
            month__range=(span.first, span.last), source__in=span.sources
        )
        found = rows.aggregate(
            on=Sum("amount", filter=Q(product__isnull=False)),
            none=Sum("amount", filter=Q(product=None)),
            shown=Sum("amount", filter=within(self.query)),
        )
        return Reconciliation(*(found[name] or ZERO for name in ("on", "none", "shown")))


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


class _Groups:
    """The sums under way, innermost first."""

    def __init__(self, names: Names, query: ReportQuery) -> None:
        self._names, self._query = names, query
        self._open: dict[int, tuple[int, list[Amount]]] = {}
        self._count = 0

    def add(self, key: tuple[Any, ...], sums: Sequence[Amount]) -> None:
        for depth in (1, 2, 3):
            begin, total = self._open.get(depth, (None, [None] * len(sums)))
            added = [_sum(iter(pair)) for pair in zip(total, sums, strict=True)]
            self._open[depth] = (self._count if begin is None else begin, added)
        self._count += 1

    def ended(
        self, key: tuple[Any, ...], after: tuple[Any, ...] | None, rows: int
    ) -> Iterator[tuple[int, tuple[Name, ...], int, list[Amount]]]:
        """The groups that end with this row: depth, names, the place of their first row, sums."""
        added = 0
        for depth in (1, 2, 3):
            if after is not None and self._same(depth, key, after):
                continue
            begin, total = self._open.pop(depth)
            if self._wanted(depth, key):
                yield depth, self._label(depth, key), begin, total
                added += 1
        self._count = rows + added

    def _wanted(self, depth: int, key: tuple[Any, ...]) -> bool:
        """What is on no product is of no line: one sum says it."""
        if depth == 1:
            return len(self._query.by) > 1
        return depth == 3 or (self._query.by[0] == "product" and key[0] is not None)

    def _same(self, depth: int, key: tuple[Any, ...], after: tuple[Any, ...]) -> bool:
        if depth == 1:
            return bool(key[0] == after[0])
        if depth == 2 and self._query.by[0] == "product":
            return self._names.line_of(key[0]) == self._names.line_of(after[0])
        return depth == 3

    def _label(self, depth: int, key: tuple[Any, ...]) -> tuple[Name, ...]:
        rest = (NOTHING,) * (len(self._query.by) - 1)
        if depth == 1:
            return (self._names.one(self._query.by[0], key[0]), *rest)
        if depth == 2:
            return (self._names.one("line", self._names.line_of(key[0])), *rest)
        return (NOTHING, *rest)


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


def within(query: ReportQuery) -> Q:
    """The filters of a report."""
    found = Q()
    for name, value in query.filters.items():
        if name == "line":
            tree = line_tree()
            below = {
                pk
                for line in tree.lines.values()
                if line.code.upper() == value.upper()
                for pk in tree.descendants(line.pk)
            }
            found &= Q(product__line__in=below)
        elif name == "channel":
            found &= Q(channel__in=channels_below(value))
        elif name == "level":
            found &= Q(kind__level=value)
        elif name == "cost_centre":
            found &= Q(cost_centre__iexact=value)
        else:
            found &= Q(**{f"{name}__code__iexact": value})
    for word in query.text.split():
        found &= Q(product__name__icontains=word) | Q(product__code__icontains=word)
    return found


def channels_below(code: str) -> set[int]:
    rows = list(Channel.objects.values_list("pk", "parent_id", "code"))
    found = {pk for pk, _parent, own in rows if own.upper() == code.upper()}
    while more := {pk for pk, parent, _own in rows if parent in found} - found:
        found |= more
    return found
