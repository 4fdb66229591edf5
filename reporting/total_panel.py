"""What the page of totals shows of a line, or of everything: the spans against last year and budget."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext

from core import formats
from core.months import month_add
from forecasting.selectors.totals import LineTotal
from forecasting.words.totals import late_words
from products.models import Measure, Product
from products.selectors.budget_cover import BudgetCover, Covered, budget_cover
from products.selectors.budget_lines import LinesBudget, budget_revenue
from products.selectors.figures import spans
from products.selectors.lines import line_tree
from products.selectors.sales import MonthSales
from reporting.selectors.key_figures import SPANS, KeyFigures, money_figures
from reporting.words.budgets import covered_words, others_words
from reporting.words.key_figures import ComparisonRow, comparison_tables


def total_compared(user: Any, shown: Any) -> Mapping[str, Any] | None:
    """The table of a total in money; ``None`` for one in a unit."""
    if not isinstance(shown, LineTotal) or shown.total.measure_id is not None:
        return None
    figures, budget = total_figures(user, shown)
    own = gettext("the budget of a line is its own row, else the sum of what is below it")
    told = [own if budget.of_lines else "", others_words(budget.others), late_words(shown).removesuffix(".")]
    note = "; ".join(filter(None, told))
    covered = _covered(user, shown, budget)
    tables = [
        replace(table, rows=[_told(*each) for each in zip(table.rows, covered, strict=True)])
        for table in comparison_tables(figures, Measure(kind=Measure.Kind.FLOW), "")
    ]
    return {"tables": tables, "note": note}


def _covered(user: Any, shown: LineTotal, budget: LinesBudget) -> list[Covered]:
    """By span how much of what sold in it has a budget. A query where there is any."""
    as_of, tree = shown.total.as_of, line_tree()
    lines = tree.lines if shown.total.line_id is None else tree.descendants(shown.total.line_id)
    cover = BudgetCover()
    if budget.months:
        cover = budget_cover(user, Product.objects.filter(line__in=lines), month_add(as_of, -11), as_of)
    late = sorted(shown.late.items(), reverse=True)
    ends = {line: month_add(month, -1) for month, those in late for line in those}
    each = (spans(as_of)[span] for span in SPANS)
    return [cover.over(budget, first, min(last, as_of), last, ends=ends) for first, last in each]


def _told(row: ComparisonRow, covered: Covered) -> ComparisonRow:
    """With how much of it has a budget, and without what it comes to beside one of too little of it."""
    if covered.is_whole or row.budget == formats.MISSING:
        return row
    told = replace(row, notes=[*row.notes, covered_words(covered)])
    if covered.is_mostly:
        return told
    return replace(told, budget_change=formats.delta(None), budget_index=formats.MISSING)


def total_figures(user: Any, shown: LineTotal) -> tuple[KeyFigures, LinesBudget]:
    """Key figures of revenue, and the budget that they are beside. Expected of the full year are the closed
    months and the forecast, without a band; a span with a month that is unknown has no value. One query, two
    where lines have budgets by channel."""
    total, tree = shown.total, line_tree()
    first, last = spans(total.as_of)["full_year"]
    lines = tree.lines if total.line_id is None else tree.descendants(total.line_id)
    budget = budget_revenue(user, tree, lines, month_add(first, -12), last)
    sales = [
        MonthSales(datetime.date.fromisoformat(month), revenue=Decimal(str(value)))
        for month, value, *_late in total.history
        if value is not None
    ]
    unknown = [datetime.date.fromisoformat(month) for month, value, *_late in total.history if value is None]
    figures = money_figures(sales, budget.months, total.as_of)
    year = shown.year_of(first, last)
    *plain, full = (
        replace(each, value=None) if any(each.first <= month <= each.last for month in unknown) else each
        for each in figures.revenue
    )
    expected = None if year is None else Decimal(str(round(year, 4)))
    return KeyFigures(figures.volume, [*plain, replace(full, value=expected)]), budget
