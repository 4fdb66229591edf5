"""What a report comes to, at a glance: beside budget and last year, and which products moved it most."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

from core import formats
from core.charts import Chart, ChartTable
from core.reports.build import Builder, Cell, Column, Figure, ReportContext, money, words
from pricing.charts.waterfall import waterfall_spec
from products.selectors.sales import total
from reporting.reports.markdown import markdown_quoted
from reporting.words.cost_reports import span_words

from .plan import (
    PLANNED,
    YEAR,
    Planned,
    PlannedMonth,
    added_up,
    notes_told,
    planned_months,
    planned_products,
    planned_rows,
    span_title,
)
from .rows import COMPARED, change

NAMED = 3
ZERO = Decimal(0)


@dataclass(frozen=True)
class _Sum:
    """What all products come to in a span, called by ``name``. ``index``: against budget and last year, where
    not each product has both of those that have."""

    name: str
    planned: Planned
    index: Mapping[str, float | None]

    def is_of_some(self, name: str) -> bool:
        """Whether its index is not of all products."""
        return self.index[name] is not None and name not in self.planned.alike


def summary_section(builder: Builder, context: ReportContext) -> None:
    """Revenue of the month, the year so far and the full year expected beside budget and last year; in words
    and as a drawing the products that moved the year most. Of products that are known up to another month
    apart."""
    builder.of_all = True
    for group in planned_months(builder, context):
        _summary(builder, context, group)


def _summary(builder: Builder, context: ReportContext, group: PlannedMonth) -> None:
    sums: dict[str, _Sum] = {}
    notes = set[str]()
    for span in PLANNED:
        if (span == "full_year" and not builder.may("forecast")) or not (rows := planned_rows(group, span)):
            continue
        found, said = added_up(rows, group)
        if "part" in said:
            notes.add("unknown")
        elif found[-1].revenue.value is not None:
            sums[span] = _Sum(
                span_title(span, group.month),
                found[-1],
                {name: _index_of(found[-1], rows, name) for name in COMPARED},
            )
            notes |= set(said) - COMPARED
    if YEAR not in sums:
        return
    _figures(builder, context, sums)
    _table(builder, context, group, list(sums.values()), notes)
    if not all(map(builder.may, ("product", "revenue"))):
        return
    rows = planned_products(builder, context, group)
    moved = _most(rows, "difference", abs)
    if len(rows) > 1:
        _words(builder, context, rows, moved)
        chart = _moves_chart(context, planned_rows(group, YEAR), rows, moved)
        builder.chart(chart, ["revenue", "last_year", "product"], name="chart")


def _figures(builder: Builder, context: ReportContext, sums: dict[str, _Sum]) -> None:
    year, full = sums[YEAR].planned, sums.get("full_year")
    found = [
        Figure("revenue", _("Revenue, year to date"), lambda: money(year.revenue.value, context.currency)),
        Figure("budget", _("against budget"), lambda: change(sums[YEAR].index["budget"])),
        Figure("last_year", _("against last year"), lambda: change(sums[YEAR].index["last_year"])),
    ]
    if full is not None:
        value = full.planned.revenue.value
        found.append(Figure("forecast", full.name, lambda: money(value, context.currency)))
    builder.figures(found)


def _table(
    builder: Builder,
    context: ReportContext,
    group: PlannedMonth,
    sums: Sequence[_Sum],
    notes: Collection[str],
) -> None:
    def amount(name: str) -> Callable[[_Sum], Cell]:
        return lambda row: money(getattr(row.planned.revenue, name), context.currency)

    def index(name: str) -> Callable[[_Sum], Cell]:
        return lambda row: _index(row.index[name])

    said = _("As of %(month)s") % {"month": formats.month(group.month)}
    if any(row.is_of_some(name) and builder.may(name) for row in sums for name in COMPARED):
        said += ". " + _("An index is of the products that have both figures")
    before = len(builder.blocks)
    builder.table(
        _("Revenue beside budget and last year"),
        [
            Column("revenue", _("Months"), lambda row: words(row.name), numeric=False),
            Column("revenue", _("Revenue"), amount("value")),
            Column("budget", _("Budget"), amount("budget")),
            Column("budget", _("Index of the budget"), index("budget")),
            Column("last_year", _("Last year"), amount("last_year")),
            Column("last_year", _("Index of last year"), index("last_year")),
        ],
        sums,
        note=". ".join(
            [said, *notes_told(builder, notes, group, [row.planned.revenue.span for row in sums])]
        ),
    )
    if len(builder.blocks) > before and any(row.planned.revenue.span == "full_year" for row in sums):
        builder.shown.add("forecast")


def _index_of(added: Planned, rows: Sequence[Planned], name: str) -> float | None:
    """Of the sum against the budget, or last year; where not each row has both of those that have."""
    if name in added.alike:
        return {"budget": added.revenue.budget_index, "last_year": added.revenue.index}[name]
    both = [
        (row.revenue.value, other)
        for row in rows
        if (other := getattr(row.revenue, name)) is not None
        and row.revenue.value is not None
        and name in row.alike
    ]
    before = sum((other for _value, other in both), ZERO)
    return float(sum((value for value, _other in both), ZERO) / before * 100) if before > 0 else None


def _index(found: float | None) -> Cell:
    return Cell(formats.index(found), None if found is None else str(formats.exact(found)))


def _most(rows: Sequence[Planned], name: str, size: Callable[[Decimal], Decimal]) -> list[Planned]:
    """The rows of which this difference is largest by ``size``; none where nothing differs."""
    known = [(size(found), row) for row in rows if (found := getattr(row.revenue, name)) is not None]
    ranked = sorted((pair for pair in known if pair[0] > 0), key=lambda pair: -pair[0])
    return [row for _size, row in ranked[:NAMED]]


def _words(
    builder: Builder,
    context: ReportContext,
    told: Sequence[Planned],
    moved: Sequence[Planned],
) -> None:
    """The largest movers against last year, and the furthest below their budget."""
    behind = _most(told, "budget_difference", lambda difference: -difference)
    found: dict[str, str] = {}
    if moved and builder.may("last_year"):
        said = [_line(context, row, row.revenue.difference, row.revenue.index) for row in moved]
        found["last_year"] = _list(_("Moved most against last year, year to date"), said)
    if behind and builder.may("budget"):
        said = [
            _line(context, row, row.revenue.budget_difference, row.revenue.budget_index) for row in behind
        ]
        found["budget"] = _list(_("Furthest below the budget, year to date"), said)
    elif builder.may("budget") and any(row.revenue.budget_difference is not None for row in told):
        found["budget"] = _("No product is below its budget, year to date.")
    if found and not builder.only:
        builder.text("\n\n".join(found.values()), about=next(iter(found)))  # one text: one slide has both
        builder.shown |= {*found, "product", "revenue"}


def _list(heading: str, lines: Sequence[str]) -> str:
    return "\n".join([f"**{heading}**", "", *(f"- {line}" for line in lines)])


def _line(context: ReportContext, row: Planned, difference: Decimal | None, index: float | None) -> str:
    amount = formats.delta(difference, "money", decimals=0, unit=context.currency).text
    said = {"name": markdown_quoted(row.name), "amount": amount, "change": change(index).text}
    if index is None:
        return _("%(name)s: %(amount)s") % said
    return _("%(name)s: %(amount)s (%(change)s)") % said


def _moves_chart(
    context: ReportContext, rows: Sequence[Planned], products: Sequence[Planned], moved: Sequence[Planned]
) -> Chart | None:
    """From last year's revenue to that of now, as the ``rows`` of the plan have them: the movers, what the
    other products did, and what is known of one of the two years alone."""
    both = [row.revenue for row in products if row.revenue.difference is not None]
    before, now = (total(getattr(row.revenue, name) for row in rows) for name in ("last_year", "value"))
    if not moved or not before or now is None:
        return None
    steps = [(row.name, row.revenue.difference or ZERO, False) for row in moved]
    compared = sum((figure.difference or ZERO for figure in both), ZERO)
    others = compared - sum((amount for _name, amount, _is in steps), ZERO)
    span = rows[0].revenue
    told = [
        (_("The same months last year"), before, True),
        *steps,
        (_("Other products"), others, False),
        (_("Sold in one year only"), now - before - compared, False),
        (_("Year to date"), now, True),
    ]
    told = [step for step in told if step[1] or step[2]]
    return Chart(
        id="summary",
        title=_("What changed the revenue?"),
        subtitle=span_words(span.first, span.last),
        spec=waterfall_spec(told, lambda amount: formats.money(amount, context.currency, scale="auto")),
        table=ChartTable(
            [_("Step"), context.currency], [[name, formats.number(amount, 0)] for name, amount, _is in told]
        ),
        description=_("From last year's revenue to this year's, step by step; see the table"),
        css="h-mid",
    )
