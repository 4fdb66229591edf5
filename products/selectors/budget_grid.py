"""The rows of one budget as a grid: what it is about down, the months of its year across, with totals.

Money adds; what is made by product and what is made for lines as a whole are two grids, as they may say the
same twice. Volumes have a total only in one measure and one unit, over months only where that is a flow.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, F, Q, QuerySet, Sum

from core.months import month_add, month_range
from core.organisation import organisation_get
from core.search import folded, with_words
from products.models import BudgetRow, BudgetVersion, Channel, Measure, Product, ProductLine

from .access import channels_visible, products_visible, visible_channel_ids, visible_line_ids
from .budget import budget_rows
from .lines import LineTree
from .product_filter import channels_below
from .units import OWN_UNITS, unit_of

FIGURES = ("revenue", "volume")
KINDS = ("product", "line")
ALL_TOGETHER = "-"
"""In place of a channel's code: the rows made for all channels together."""


@dataclass(frozen=True)
class BudgetQuery:
    """What of a budget is asked for, as in the address; empty: everything."""

    kind: str = "product"
    show: str = "revenue"
    q: str = ""
    line: str = ""
    channel: str = ""
    measure: str = ""

    @classmethod
    def read(cls, asked: Mapping[str, Any], kind: str = "product") -> BudgetQuery:
        """From an address; what it does not know falls back. ``kind`` holds where the address says none."""
        said = {name: str(asked.get(name, "")).strip()[:120] for name in ("q", "line", "channel", "measure")}
        wanted, show = asked.get("kind", kind), asked.get("show", "")
        return cls(wanted if wanted in KINDS else kind, show if show in FIGURES else FIGURES[0], **said)

    @property
    def address(self) -> str:
        """As a query string."""
        return urlencode({name: value for name, value in vars(self).items() if value})

    @property
    def is_filtered(self) -> bool:
        return bool(self.q or self.line or self.channel or self.measure)


def budget_months_of(year: int) -> list[datetime.date]:
    """The twelve months of a financial year."""
    first = organisation_get().financial_year_first_month
    start = datetime.date(year - (1 if first > 1 else 0), first, 1)
    return list(month_range(start, month_add(start, 11)))


def _lines_below(tree: LineTree, code: str) -> set[int]:
    found = [pk for pk, line in tree.lines.items() if line.code.casefold() == code.casefold()]
    return tree.descendants(found[0]) if found else set()


def budget_filtered(
    user: Any, version: BudgetVersion, query: BudgetQuery, tree: LineTree
) -> QuerySet[BudgetRow]:
    """The rows of a version that are asked for, of those the person may see."""
    rows = budget_rows(user, version).filter(**{f"{query.kind}__isnull": False})
    if query.line:
        path = "product__line" if query.kind == "product" else "line"
        rows = rows.filter(**{f"{path}__in": _lines_below(tree, query.line)})
    if query.channel == ALL_TOGETHER:
        rows = rows.filter(channel=None)
    elif query.channel:
        rows = rows.filter(channel__in=channels_below(query.channel))
    if query.measure:
        rows = rows.filter(measure__code__iexact=query.measure)
    return with_words(rows, folded(f"{query.kind}__code", f"{query.kind}__name"), query.q).order_by()


def kind_usual(rows: QuerySet[BudgetRow]) -> str:
    """By product, unless the budget is only for lines as a whole."""
    kinds = rows.order_by().aggregate(products=Count("product"), lines=Count("line"))
    return "line" if kinds["lines"] and not kinds["products"] else "product"


@dataclass
class GridRow:
    """One product, or line as a whole, in one channel and measure: what is planned by month."""

    subject: Product | ProductLine
    channel: Channel | None
    measure: Measure
    unit: str
    months: list[Decimal | None]
    adds: bool

    @property
    def total(self) -> Decimal | None:
        return _sum(self.months) if self.adds else None


def _sum(values: Sequence[Decimal | None]) -> Decimal | None:
    known = [value for value in values if value is not None]
    return sum(known, Decimal(0)) if known else None


def _keys(kind: str) -> tuple[str, str, str]:
    return (kind, "channel", "measure")


def grid_keys(rows: QuerySet[BudgetRow], kind: str) -> QuerySet[BudgetRow, Any]:
    """What stands in the first column, to be cut into pages: (subject, channel, measure) as ids, by name."""
    names = (f"{kind}__name", f"{kind}__code", "channel__name", "measure__code")
    order = [F(name).asc(nulls_first=True) for name in names]
    return rows.values_list(*_keys(kind), *names).distinct().order_by(*order)


def grid_rows(
    rows: QuerySet[BudgetRow],
    keys: Sequence[Any],
    query: BudgetQuery,
    months: Sequence[datetime.date],
    tree: LineTree,
) -> list[GridRow]:
    """The rows of one page of ``grid_keys``, in its order; one query."""
    wanted = [tuple(key[:3]) for key in keys]
    place = {month: index for index, month in enumerate(months)}
    found: dict[Any, GridRow] = {}
    for row in rows.filter(**{f"{query.kind}__in": {key[0] for key in wanted}}):
        subject: Any = row.product if query.kind == "product" else row.line
        key = (subject.pk, row.channel_id, row.measure_id)
        if key not in found:
            adds = query.show == "revenue" or row.measure.kind == Measure.Kind.FLOW
            unit = subject_unit(tree, subject, row.measure)
            found[key] = GridRow(subject, row.channel, row.measure, unit, [None] * len(months), adds)
        if row.month in place:
            found[key].months[place[row.month]] = getattr(row, query.show)
    return [found[key] for key in wanted if key in found]


def subject_unit(tree: LineTree, subject: Product | ProductLine, measure: Measure) -> str:
    """The unit that a product's, or line's, volume in this measure is in."""
    if isinstance(subject, Product):
        return unit_of(tree, subject, measure)
    if measure.code != OWN_UNITS:
        return str(measure.unit)
    said = tree.inherited(subject.pk, "reporting_unit").value or tree.inherited(subject.pk, "unit").value
    return str(said or measure.unit)


@dataclass(frozen=True)
class Totals:
    """By month and together; nothing (``None``) where the rows do not add. ``unit`` is empty for money."""

    months: list[Decimal | None]
    total: Decimal | None
    unit: str = ""


def grid_totals(
    rows: QuerySet[BudgetRow], query: BudgetQuery, months: Sequence[datetime.date], tree: LineTree
) -> Totals:
    """Of all rows asked for, over all pages."""
    unit, flows = "", True
    if query.show == "volume":
        one = volume_unit(rows, query.kind, tree)
        if one is None:
            return Totals([None] * len(months), None)
        unit, flows = one
    sums = dict(rows.values_list("month").annotate(Sum(query.show)))
    values = [sums.get(month) for month in months]
    return Totals(values, _sum(values) if flows else None, unit)


def volume_unit(rows: QuerySet[BudgetRow], kind: str, tree: LineTree) -> tuple[str, bool] | None:
    """The one unit that all volumes of these rows are in, and whether they add over months; else ``None``."""
    line, unit = ("product__line", "product__unit") if kind == "product" else ("line", None)
    names = ("measure", line, *([unit] if unit else []))
    found = list(rows.filter(volume__isnull=False).values_list(*names).distinct())
    measures = Measure.objects.in_bulk({row[0] for row in found})
    if len(measures) != 1:
        return None
    measure = next(iter(measures.values()))
    subjects = (Product(line_id=row[1], unit=row[2]) if unit else tree.lines[row[1]] for row in found)
    units = {
        subject_unit(tree, subject, measure).lower(): subject_unit(tree, subject, measure)
        for subject in subjects
    }
    if len(units) != 1:
        return None
    return next(iter(units.values())), measure.kind == Measure.Kind.FLOW


@dataclass(frozen=True)
class Choices:
    """What the filters of a budget offer."""

    lines: list[tuple[str, str]] = field(default_factory=list)
    channels: list[tuple[str, str]] = field(default_factory=list)
    measures: list[Measure] = field(default_factory=list)
    with_all: bool = True


def budget_choices(user: Any, tree: LineTree) -> Choices:
    """Lines by their place in the tree, channels and measures: those the person may see. One query."""
    seen = visible_line_ids(user)
    lines = sorted(
        (" › ".join(part.name for part in tree.path(pk) if seen is None or part.pk in seen), line.code)
        for pk, line in tree.lines.items()
        if seen is None or pk in seen
    )
    channels = list(channels_visible(user).order_by("name").values_list("code", "name"))
    counted = {m.code: m for pk in tree.lines if seen is None or pk in seen for m in tree.measures(pk)}
    return Choices(
        [(code, name) for name, code in lines],
        channels,
        [measure for _code, measure in sorted(counted.items())],
        visible_channel_ids(user) is None,
    )


def subjects_to_plan(
    user: Any, version: BudgetVersion, query: BudgetQuery, measure: Measure | None, tree: LineTree
) -> QuerySet[Any]:
    """The products, or lines, that can have a plan in this measure (none: in each one's leading one): sold at
    some time of the year."""
    counting = {pk for pk in tree.lines if measure is None or measure in tree.measures(pk)}
    if query.line:
        counting &= _lines_below(tree, query.line)
    if query.kind == "line":
        seen = visible_line_ids(user)
        rows: QuerySet[Any] = ProductLine.objects.filter(pk__in=counting if seen is None else counting & seen)
    else:
        start = budget_months_of(version.year)[0]
        rows = products_visible(user).filter(line__in=counting)
        rows = rows.filter(Q(ended=None) | Q(ended__gte=start))
    return with_words(rows, folded("code", "name"), query.q).order_by("name", "pk")
