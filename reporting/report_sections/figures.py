"""Key figures, and the plan: months and years beside last year and the budget."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial

from django.utils.translation import gettext as _

from core import formats
from core.reports.build import Builder, Cell, Column, Figure, ReportContext, money, number, words
from products.selectors.report_period import Span
from products.selectors.sales import total
from reporting.selectors.key_figures import KeyFigure, KeyFigures, span_figures
from reporting.words.cost_reports import span_words

from .rows import Row, change, rows_of


def key_figures_section(builder: Builder, context: ReportContext) -> None:
    """The period (of a longer one its last 12 months), the year ahead, the full year against budget: of one
    product as figures, of more a row each. Of three years and more also each year."""
    rows = [_Told(row, *figures) for row in rows_of(context) if (figures := row.of_year())]
    spans = list(dict.fromkeys(span_words(*each.span) for each in rows))
    columns = [
        Column("volume", _("Volume"), lambda told: number(told.volume.value, unit=told.row.unit)),
        Column("revenue", _("Revenue"), lambda told: money(told.revenue.value, context.currency)),
        Column("last_year", _("against the year before"), lambda told: change(told.volume.index)),
        Column("forecast", _("Next 12 months"), lambda told: number(told.ahead, unit=told.row.unit)),
        Column("forecast", _("Full year expected"), lambda told: number(told.full, unit=told.row.unit)),
        Column("budget", _("against budget"), lambda told: change(told.of_budget)),
    ]
    name = Column("product", _("Product"), lambda told: words(told.row.product.name), numeric=False)
    months = Column("product", _("Months"), lambda told: words(span_words(*told.span)), numeric=False)
    if len(rows) == 1:
        builder.title = f"{builder.title}, {spans[0]}"
        builder.figures(Figure(each.field, each.head, partial(each.cell, rows[0])) for each in columns)
    elif rows:
        expected = builder.may("forecast") and any(told.ahead or told.full for told in rows)
        title = _("%(months)s and the year ahead") % {"months": spans[0]} if expected else spans[0]
        builder.table(title, [name, *([months] if len(spans) > 1 else []), *columns], rows)
    _years_table(builder, context, [*([name] if len(rows) > 1 else []), months])


@dataclass(frozen=True)
class _Told:
    """Volume and revenue of a product over some months; what is expected, where they run to now."""

    row: Row
    volume: KeyFigure
    revenue: KeyFigure

    @property
    def span(self) -> Span:
        return self.volume.first, self.volume.last

    @property
    def ahead(self) -> float | None:
        found = self.row.overview.ahead if self.row.is_now else None
        return None if found is None else found.mean

    @property
    def full(self) -> Decimal | None:
        return None if self._full is None else self._full.value

    @property
    def of_budget(self) -> float | None:
        return None if self._full is None else self._full.budget_index

    @property
    def _full(self) -> KeyFigure | None:
        known = self.row.overview.figures if self.row.is_now else None
        return None if known is None else known.of("volume", "full_year")


def _years_table(builder: Builder, context: ReportContext, names: Sequence[Column]) -> None:
    """Each year of three or more beside the one before it."""
    told = [
        _Told(row, *figures)
        for row in rows_of(context)
        if len(row.years) > 2
        for figures in span_figures(row.viewer, row.product, row.overview.measure, row.years)
    ]
    columns = [
        Column("volume", _("Volume"), lambda told: number(told.volume.value, unit=told.row.unit)),
        Column("last_year", _("against the year before"), lambda told: change(told.volume.index)),
        Column("revenue", _("Revenue"), lambda told: money(told.revenue.value, context.currency)),
        Column("last_year", _("against the year before"), lambda told: change(told.revenue.index)),
    ]
    builder.table(_("Year by year"), [*names, *columns], told)


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
        found.append(_added(found))
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


def _added(rows: Sequence[_Planned]) -> _Planned:
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
    return _Planned(_("Total"), "", None, whole, frozenset(alike))


def _span_words(first: datetime.date, last: datetime.date) -> str:
    if first == last:
        return ""
    return _("%(first)s to %(last)s") % {"first": formats.month(first), "last": formats.month(last)}
