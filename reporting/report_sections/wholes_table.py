"""Each line and family as a whole, a row each."""

from __future__ import annotations

from django.utils.translation import gettext as _

from core import formats
from core.reports.build import Builder, Cell, Column, ReportContext, Volume, money, number, words
from reporting.words.cost_reports import span_words

from .rows import change
from .wholes import Whole, whole_budget, wholes_of


def wholes_table(builder: Builder, context: ReportContext) -> None:
    """Volume (where it adds up) and revenue of the period, of a longer one of its last 12 months, what was
    planned of it where lines have budgets, and what is expected of the next 12 with its band."""
    wholes = wholes_of(context)
    budgets = [whole_budget(builder, context, whole) for whole in wholes]
    rows = [
        (whole, *figures)
        for whole, budget in zip(wholes, budgets, strict=True)
        for figures in whole.figures(whole.years[-1:], budget.months)
    ]
    if not rows:
        return
    months = ", ".join(dict.fromkeys(span_words(*whole.years[-1]) for whole in wholes))
    some = [
        f"{whole.group.name}: {said}"
        for whole, budget in zip(wholes, budgets, strict=True)
        if (said := budget.said(*whole.years[-1]))
    ]

    def ahead(whole: Whole) -> Cell | Volume:
        mean = whole.ahead.mean if whole.ahead else None
        return Volume(mean, whole.unit) if whole.adds else money(mean, context.currency)

    def band(whole: Whole) -> Cell:
        found = whole.ahead
        if found is None or found.lo80 is None or found.hi80 is None:
            return Cell(formats.MISSING)
        ends = (found.lo80, found.hi80)
        low, high = (formats.money(edge, context.currency, 0) for edge in ends)
        if whole.adds:
            low, high = (formats.volume(edge, whole.unit, formats.volume_decimals(ends)) for edge in ends)
        return words(f"{low} – {high}")

    against = _("against the year before")
    builder.table(
        _("As a whole"),
        [
            Column("product", _("Together"), lambda row: words(row[0].group.name), numeric=False),
            Column("product", _("Products"), lambda row: number(len(row[0].group.products))),
            Column("volume", _("Volume"), lambda row: Volume(row[1].value, row[0].unit)),
            Column("last_year", against, lambda row: change(row[1].index)),
            Column("revenue", _("Revenue"), lambda row: money(row[2].value, context.currency)),
            Column("last_year", against, lambda row: change(row[2].index)),
            Column("budget", _("Budget"), lambda row: money(row[2].budget, context.currency)),
            Column("budget", _("against budget"), lambda row: change(row[2].budget_index)),
            Column("forecast", _("Next 12 months"), lambda row: ahead(row[0])),
            Column("forecast", _("80% between"), lambda row: band(row[0])),
        ],
        rows,
        note=". ".join([months, *some]),
    )
