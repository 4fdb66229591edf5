"""Budgets of costs: what files plan, and what of it is booked."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Sequence

from django.db import transaction

from pricing.models import CostBudget, CostMonth
from pricing.selectors.cost_budgets import LineBudgets, budget_booked, budget_holding, months_split

from .cost_months import cost_months_book
from .cost_signs import Step, months_due, months_signed


@transaction.atomic
def cost_budget_import(*, import_id: int, rows: Sequence[CostBudget]) -> None:
    """Write what a file plans, and book its months anew."""
    for row in rows:
        row.source_import_id = import_id
    CostBudget.objects.bulk_create(rows, batch_size=2000)
    cost_budget_book(months={row.month for row in rows})


@transaction.atomic
def cost_budget_undo(*, import_id: int) -> tuple[int, int]:
    """Take back what a file planned: what was planned before holds again. How much was new, and how much had
    changed what was there."""
    mine = CostBudget.objects.filter(source_import=import_id)
    months = set(mine.values_list("month", flat=True))
    taken = mine.delete()[1].get(CostBudget._meta.label, 0)
    return taken, cost_budget_book(months=months)


def cost_budget_book(*, months: Collection[datetime.date]) -> int:
    """Book what holds; what is planned of a line is split over its products. Also in closed months: a budget
    is not a figure of the month."""
    rows = list(budget_holding(months))
    lines = LineBudgets(rows)
    months_signed(Step.BUDGET, lines.signs())
    return cost_months_book(source=CostMonth.Source.BUDGET, months=months, rows=budget_booked(rows, lines))


@transaction.atomic
def cost_budgets_follow() -> int:
    """Book anew the months of which lines are to be split otherwise, as budgets or sales of their products
    changed; how many rows changed."""
    signs = LineBudgets(budget_holding(months_split()).exclude(line=None)).signs()
    due = months_due(Step.BUDGET, signs)
    return cost_budget_book(months=due) if due else 0
