"""Key figures of the period, beside the year before."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial

from django.utils.translation import gettext as _

from core import formats
from core.reports.build import Builder, Column, Figure, ReportContext, Volume, money, words
from products.selectors.report_period import Span
from products.selectors.report_scope import scope_together
from reporting.selectors.key_figures import KeyFigure, span_figures
from reporting.words.cost_reports import span_words

from .rows import COMPARED, Row, change, rows_of
from .wholes import Whole, whole_budget, whole_of, whole_of_all
from .wholes_table import wholes_table


def key_figures_section(builder: Builder, context: ReportContext) -> None:
    """The period (of a longer one its last 12 months), the year ahead, the full year against budget: of one
    product as figures, of more first each line and family as a whole, then a row each and their sum. Of three
    years and more also each year."""
    wholes_table(builder, context)
    rows = [_told(row, figures) for row in rows_of(context) if (figures := row.of_year())]
    rows = [row for row in rows if row.is_known] or rows
    note = ""
    if rows and len(context.scope.all) > 1:
        rows += _sums(builder, context)
        note = _budget_said(builder, context)
    spans = list(dict.fromkeys(span_words(*each.span) for each in rows))
    columns = [
        *_compared(context),
        Column("forecast", _("Next 12 months"), lambda told: Volume(told.ahead, told.unit)),
        Column("forecast", _("Full year expected"), lambda told: Volume(told.full, told.unit)),
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
        heads = [name, *([months] if len(spans) > 1 else []), *columns]
        builder.table(title, heads, rows, strong=_is_sum, note=note)
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


def _sums(builder: Builder, context: ReportContext) -> list[_Told]:
    """What is not told one by one, and all together; of volumes that do not add up revenue alone."""
    whole, more, found = whole_of_all(context), context.scope.more, []
    if whole is None:
        return []
    if more:
        told = {product.pk for product in context.scope.products}
        others = [product for product in context.scope.all if product.pk not in told]
        name = _("and %(count)s more") % {"count": formats.number(more, 0)}
        rest = whole_of(context, scope_together(others, name))
        found += [_told_whole(builder, context, rest, name)] if rest else []
    return [*found, _told_whole(builder, context, whole, _("Total"))]


def _told_whole(builder: Builder, context: ReportContext, whole: Whole, name: str) -> _Told:
    [figures] = whole.figures(whole.years[-1:], whole_budget(builder, context, whole).months)
    ahead = whole.ahead.mean if whole.ahead and whole.adds else None
    return _Told(name, whole.unit, *figures, ahead=ahead, is_sum=True)


def _budget_said(builder: Builder, context: ReportContext, *, every_year: bool = False) -> str:
    """Why their total is not compared with a budget that some of it has, in the last year or every one."""
    whole = whole_of_all(context)
    if whole is None:
        return ""
    first, last = whole.years[0 if every_year else -1][0], whole.years[-1][1]
    said = whole_budget(builder, context, whole).said(first, last)
    return said[:1].upper() + said[1:]


def _years_table(builder: Builder, context: ReportContext, names: Sequence[Column]) -> None:
    """Each year of three or more beside the one before it."""
    told = [
        _Told(row.product.name, row.unit, *figures)
        for row in rows_of(context)
        if len(row.years) > 2
        for figures in span_figures(row.viewer, row.product, row.overview.measure, row.years)
    ]
    whole = whole_of_all(context) if told and len(names) > 1 else None
    note = ""
    if whole is not None:
        planned = whole_budget(builder, context, whole).months
        sums = whole.figures(whole.years, planned) if len(whole.years) > 2 else []
        told += [_Told(_("Total"), whole.unit, *each, is_sum=True) for each in sums]
        note = _budget_said(builder, context, every_year=True)
    builder.table(_("Year by year"), [*names, *_compared(context)], told, strong=_is_sum, note=note)


def _compared(context: ReportContext) -> list[Column]:
    """Volume and revenue, each with its change on the year before behind it, and on the budget in money."""
    against = _("against the year before")
    return [
        Column("volume", _("Volume"), lambda told: Volume(told.volume.value, told.unit)),
        Column("last_year", against, lambda told: change(told.volume.index)),
        Column("revenue", _("Revenue"), lambda told: money(told.revenue.value, context.currency)),
        Column("last_year", against, lambda told: change(told.revenue.index)),
        Column("budget", _("against budget"), lambda told: change(told.revenue.budget_index)),
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
