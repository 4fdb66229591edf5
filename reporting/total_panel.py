"""What the page of totals shows of a line, or of everything: the spans against last year and budget."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext

from core.months import month_add
from forecasting.selectors.totals import LineTotal
from forecasting.words.totals import late_words
from products.models import Measure
from products.selectors.budget_lines import LinesBudget, budget_revenue
from products.selectors.figures import spans
from products.selectors.lines import line_tree
from products.selectors.sales import MonthSales
from reporting.selectors.key_figures import KeyFigures, money_figures
from reporting.words.budgets import others_words
from reporting.words.key_figures import comparison_tables


def total_compared(user: Any, shown: Any) -> Mapping[str, Any] | None:
    """The table of a total in money; ``None`` for one in a unit."""
    if not isinstance(shown, LineTotal) or shown.total.measure_id is not None:
        return None
    figures, budget = total_figures(user, shown)
    own = gettext("the budget of a line is its own row, else the sum of what is below it")
    told = [own if budget.of_lines else "", others_words(budget.others), late_words(shown).removesuffix(".")]
    note = "; ".join(filter(None, told))
    return {"tables": comparison_tables(figures, Measure(kind=Measure.Kind.FLOW), ""), "note": note}


def total_figures(user: Any, shown: LineTotal) -> tuple[KeyFigures, LinesBudget]:
    """Key figures of revenue, and the budget that they are beside. Expected of the full year are the closed
    months and the forecast, without a band. One query, two where lines have budgets by channel."""
    total, tree = shown.total, line_tree()
    first, last = spans(total.as_of)["full_year"]
    lines = tree.lines if total.line_id is None else tree.descendants(total.line_id)
    budget = budget_revenue(user, tree, lines, month_add(first, -12), last)
    sales = [
        MonthSales(datetime.date.fromisoformat(month), revenue=Decimal(str(value)))
        for month, value, *_late in total.history
        if value is not None
    ]
    figures = money_figures(sales, budget.months, total.as_of)
    year = shown.year_of(first, last)
    *plain, full = figures.revenue
    expected = None if year is None else Decimal(str(round(year, 4)))
    return KeyFigures(figures.volume, [*plain, replace(full, value=expected)]), budget
