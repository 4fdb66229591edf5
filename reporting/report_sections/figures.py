"""Key figures, and the plan: months and years beside last year and the budget."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial

from django.utils.translation import gettext as _

from core import formats
from core.reports.build import Builder, Cell, Column, Figure, ReportContext, money, number, words
from products.selectors.report_period import Span
from products.selectors.report_scope import scope_together
from products.selectors.sales import total
from reporting.selectors.key_figures import KeyFigure, KeyFigures, span_figures
from reporting.words.cost_reports import span_words

from .rows import Row, change, rows_of
from .wholes import Whole, whole_of, whole_of_all
from .wholes_table import wholes_table


def key_figures_section(builder: Builder, context: ReportContext) -> None:
    """The period (of a longer one its last 12 months), the year ahead, the full year against budget: of one
    product as figures, of more first each line and family as a whole, then a row each and their sum. Of three
    years and more also each year."""
    wholes_table(builder, context)
    rows = [_told(row, figures) for row in rows_of(context) if (figures := row.of_year())]
    rows = [row for row in rows if row.is_known] or rows
    if rows and len(context.scope.all) > 1:
        rows += _sums(context)
    spans = list(dict.fromkeys(span_words(*each.span) for each in rows))
    columns = [
        *_compared(context),
        Column("forecast", _("Next 12 months"), lambda told: number(told.ahead, unit=told.unit)),
        Column("forecast", _("Full year expected"), lambda told: number(told.full, unit=told.unit)),
        Column("budget", _("against budget"), lambda told: change(told.of_budget)),
    ]
    name = Column("product", _("Product"), lambda told: words(told.name), numeric=False)
    months = Column(
        "product", _("Months"), lambda told: words(span_words(*told.span), told.span[0]), numeric=False
    )
    if len(rows) == 1:
        builder.title = f"{builder.title}, {spans[0]}"
        builder.figures(
            Figure(each.field, label, partial(each.cell, rows[0])) for label, each in _labelled(columns)
        )
    elif rows:
        expected = builder.may("forecast") and any(told.ahead or told.full for told in rows)
        title = _("%(months)s and the year ahead") % {"months": spans[0]} if expected else spans[0]
        builder.table(title, [name, *([months] if len(spans) > 1 else []), *columns], rows, strong=_is_sum)
    _years_table(builder, context, [*([name] if len(rows) > 1 else []), months])


@dataclass(frozen=True)
class _Told:
    """Volume and revenue of a product, or of several as their sum, over some months; what is expected, where
    they run to now."""

    name: str
    unit: str
    volume: KeyFigure
    revenue: KeyFigure
    ahead: float | None = None
    full: Decimal | None = None
    of_budget: float | None = None
    is_sum: bool = False

    @property
    def is_known(self) -> bool:
        """Whether there is anything to tell of it: not of what ended before the period."""
        return any(
            figure is not None for figure in (self.volume.value, self.revenue.value, self.ahead, self.full)
        )

    @property
    def span(self) -> Span:
        return self.volume.first, self.volume.last


def _is_sum(told: _Told) -> bool:
    return told.is_sum


def _told(row: Row, figures: tuple[KeyFigure, KeyFigure]) -> _Told:
    known, ahead = row.overview.figures, row.overview.ahead
    if not row.is_now:
        return _Told(row.product.name, row.unit, *figures)
    full = None if known is None else known.of("volume", "full_year")
    return _Told(
        row.product.name,
        row.unit,
        *figures,
        ahead=None if ahead is None else ahead.mean,
        full=None if full is None else full.value,
        of_budget=None if full is None else full.budget_index,
    )


def _sums(context: ReportContext) -> list[_Told]:
    """What is not told one by one, and all together; of volumes that do not add up revenue alone."""
    whole, more, found = whole_of_all(context), context.scope.more, []
    if whole is None:
        return []
    if more:
        told = {product.pk for product in context.scope.products}
        others = [product for product in context.scope.all if product.pk not in told]
        name = _("and %(count)s more") % {"count": formats.number(more, 0)}
        rest = whole_of(context, scope_together(others, name))
        found += [_told_whole(rest, name)] if rest else []
    return [*found, _told_whole(whole, _("Total"))]


def _told_whole(whole: Whole, name: str) -> _Told:
    [figures] = whole.figures(whole.years[-1:])
    ahead = whole.ahead.mean if whole.ahead and whole.adds else None
    return _Told(name, whole.unit, *figures, ahead=ahead, is_sum=True)


def _years_table(builder: Builder, context: ReportContext, names: Sequence[Column]) -> None:
    """Each year of three or more beside the one before it."""
    told = [
        _Told(row.product.name, row.unit, *figures)
        for row in rows_of(context)
        if len(row.years) > 2
        for figures in span_figures(row.viewer, row.product, row.overview.measure, row.years)
    ]
    whole = whole_of_all(context) if told and len(names) > 1 else None
    if whole is not None:
        sums = [_Told(_("Total"), whole.unit, *each, is_sum=True) for each in whole.figures(whole.years)]
        told += sums if len(whole.years) > 2 else []
    builder.table(_("Year by year"), [*names, *_compared(context)], told, strong=_is_sum)


def _compared(context: ReportContext) -> list[Column]:
    """Volume and revenue, each with its change on the year before behind it."""
    against = _("against the year before")
    return [
        Column("volume", _("Volume"), lambda told: number(told.volume.value, unit=told.unit)),
        Column("last_year", against, lambda told: change(told.volume.index)),
        Column("revenue", _("Revenue"), lambda told: money(told.revenue.value, context.currency)),
        Column("last_year", against, lambda told: change(told.revenue.index)),
    ]


def _labelled(columns: Sequence[Column]) -> Iterator[tuple[str, Column]]:
    """What each figure is called where it stands alone: a change by what it is of, which is before it."""
    of = ""
    for column in columns:
        if column.field in COMPARED:
            yield f"{of} {column.head}", column
        else:
            of = column.head
            yield of, column


PLANNED = ("month", "year_to_date", "full_year")
COMPARED = frozenset({"budget", "last_year"})


@dataclass(frozen=True)
class _Planned:
    """A product's span beside the year before and the budget, or (no volume) what several come to; ``alike``:
    what it can be compared with."""

    name: str
    unit: str
    volume: KeyFigure | None
    revenue: KeyFigure
    alike: frozenset[str] = COMPARED


def plan_section(builder: Builder, context: ReportContext) -> None:
    """Actual, budget and last year of the month and the year so far, and the full year expected: a table
    each, with the sum of what is in money; as of the period's last month."""
    by_month: dict[datetime.date, list[tuple[Row, KeyFigures]]] = defaultdict(list)
    for row in rows_of(context):
        if row.span is not None and (figures := row.figures()) is not None:
            by_month[row.span[1]].append((row, figures))
    for month, rows in by_month.items():
        for span in PLANNED:
            _plan_table(builder, context, span, month, rows)


def _plan_table(
    builder: Builder,
    context: ReportContext,
    span: str,
    month: datetime.date,
    rows: Sequence[tuple[Row, KeyFigures]],
) -> None:
    found = [_planned(row, figures, span) for row, figures in rows]
    if all(row.revenue.value is None and _value(row.volume) is None for row in found):
        return  # the full year of a few channels is not known: there is no forecast of these
    if len(found) > 1:
        found.append(_added(found, _("Total") if not context.scope.more else _("Together")))
    fields = ("forecast", "forecast") if span == "full_year" else ("volume", "revenue")
    title = {
        "month": formats.month(month),
        "year_to_date": _("Year to date"),
        "full_year": _("Full year expected"),
    }[span]

    def volume(name: str) -> Callable[[_Planned], Cell]:
        return lambda row: number(getattr(row.volume, name, None), unit=row.unit)

    def revenue(name: str) -> Callable[[_Planned], Cell]:
        return lambda row: money(getattr(row.revenue, name), context.currency)

    def against(which: str, name: str) -> Callable[[_Planned], Cell]:
        index = {"budget": "budget_index", "last_year": "index"}[name]
        return lambda row: change(getattr(getattr(row, which), index, None) if name in row.alike else None)

    builder.table(
        title,
        [
            Column("product", _("Product"), lambda row: words(row.name), numeric=False),
            Column(fields[0], _("Volume"), volume("value")),
            Column("budget", _("Budget"), volume("budget")),
            Column("budget", _("against budget"), against("volume", "budget")),
            Column("last_year", _("against last year"), against("volume", "last_year")),
            Column(fields[1], _("Revenue"), revenue("value")),
            Column("budget", _("Budget"), revenue("budget")),
            Column("budget", _("against budget"), against("revenue", "budget")),
            Column("last_year", _("Last year"), revenue("last_year")),
            Column("last_year", _("against last year"), against("revenue", "last_year")),
        ],
        found,
        strong=lambda row: row.volume is None,
        note=_span_words(found[0].revenue.first, found[0].revenue.last),
        name=span,
    )


def _planned(row: Row, figures: KeyFigures, span: str) -> _Planned:
    return _Planned(row.product.name, row.unit, figures.of("volume", span), figures.of("revenue", span))


def _value(figure: KeyFigure | None) -> Decimal | None:
    return None if figure is None else figure.value


def _added(rows: Sequence[_Planned], name: str) -> _Planned:
    """The sum of what is known of each, in money; compared only where all can be."""
    parts = [row.revenue for row in rows]

    def together(name: str) -> Decimal | None:
        return total(getattr(part, name) for part in parts)

    first = parts[0]
    whole = KeyFigure(
        first.span, first.first, first.last, together("value"), together("last_year"), together("budget")
    )
    alike = {
        name
        for name in COMPARED
        if all((part.value is None) == (getattr(part, name) is None) for part in parts)
    }
    return _Planned(name, "", None, whole, frozenset(alike))


def _span_words(first: datetime.date, last: datetime.date) -> str:
    if first == last:
        return ""
    return _("%(first)s to %(last)s") % {"first": formats.month(first), "last": formats.month(last)}
