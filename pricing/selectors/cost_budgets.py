"""What is planned of costs: of the same thing, what the newest file says."""

from __future__ import annotations

import datetime
from collections.abc import Collection

from django.db.models import QuerySet

from pricing.models import CostBudget

PLANNED_OF = (
    "month",
    "kind_id",
    "product_id",
    "line_id",
    "channel_id",
    "supplier_id",
    "cost_centre",
    "currency",
)


def budget_holding(months: Collection[datetime.date]) -> QuerySet[CostBudget]:
    rows = CostBudget.objects.filter(month__in=months)
    return rows.order_by(*PLANNED_OF, "-pk").distinct(*PLANNED_OF)
