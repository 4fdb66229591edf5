"""What the budgets add up to."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, Max, Min, Q, Sum

from products.models import BudgetRow, BudgetVersion

from .access import visible_channel_ids, visible_line_ids
from .budget import budget_of_years, budget_versions


@dataclass(frozen=True)
class BudgetTotal:
    """A version and its money, over what the person may see: made by product and made for lines as a whole
    stand beside each other, as they may say the same twice. ``in_use``: its year is compared with it."""

    version: BudgetVersion
    rows: int
    first: datetime.date | None
    last: datetime.date | None
    by_product: Decimal | None
    by_line: Decimal | None
    in_use: bool


def budget_totals(user: Any) -> list[BudgetTotal]:
    """All versions, newest year first, in three queries."""
    versions = list(budget_versions(user))
    rows = BudgetRow.objects.filter(version__in=[version.pk for version in versions])
    lines, channels = visible_line_ids(user), visible_channel_ids(user)
    if lines is not None:
        rows = rows.filter(Q(product__line__in=lines) | Q(line__in=lines))
    if channels is not None:
        rows = rows.filter(channel__in=channels)
    found = {
        row["version"]: row
        for row in rows.order_by()
        .values("version")
        .annotate(
            count=Count("pk"),
            first=Min("month"),
            last=Max("month"),
            products=Sum("revenue", filter=Q(product__isnull=False)),
            lines=Sum("revenue", filter=Q(line__isnull=False)),
        )
    }
    chosen = {version.pk for version in budget_of_years(version.year for version in versions).values()}
    empty: dict[str, Any] = {"count": 0, "first": None, "last": None, "products": None, "lines": None}
    return [
        BudgetTotal(
            version,
            (row := found.get(version.pk, empty))["count"],
            row["first"],
            row["last"],
            row["products"],
            row["lines"],
            version.pk in chosen,
        )
        for version in versions
    ]
