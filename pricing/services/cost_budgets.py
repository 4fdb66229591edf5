"""Budgets of costs: what files plan, and what of it is booked."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Sequence

from django.db import transaction

from pricing.models import CostBudget, CostMonth
from pricing.selectors.cost_budgets import budget_holding
from pricing.selectors.cost_months import BookedCost

from .cost_months import cost_months_book


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
    """Book what holds; what is planned of a line or of nothing is on no product. Also in closed months: a
    budget is not a figure of the month."""
    rows = [
        BookedCost(
            *(row.product_id, row.month, row.kind_id, row.channel_id, row.supplier_id, row.cost_centre),
            *(row.amount, row.currency, row.currency_amount),
        )
        for row in budget_holding(months)
    ]
    return cost_months_book(source=CostMonth.Source.BUDGET, months=months, rows=rows)
