"""What promotions turned out to cost us."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Case, OuterRef, Q, QuerySet, Subquery, Sum, When

from pricing.models import LedgerEntry, Promotion, PromotionCost
from products.selectors.access import is_limited

from .costs import RIGHT
from .promotions import sees_whole


@dataclass(frozen=True)
class ActualCost:
    """``amount`` is ``None`` as long as the ledger has booked nothing, and where ``is_hidden``: it is for who
    sees costs, and an amount for who entered it. ``row`` says since when it is known, by whom and according
    to what."""

    row: PromotionCost
    amount: Decimal | None
    is_hidden: bool = False


def actual_cost(user: Any, promotion: Promotion) -> ActualCost | None:
    """As it was said last; ``None``: nobody said anything yet, or the person sees only a part of it. One
    query."""
    return actual_costs(user, [promotion]).get(promotion.pk)


def actual_costs(user: Any, promotions: Collection[Promotion]) -> dict[int, ActualCost]:
    """The same of many, by their id."""
    asked = [row.pk for row in promotions if sees_whole(user, row)]
    entries = LedgerEntry.objects.filter(dimension=OuterRef("dimension")).order_by().values("dimension")
    booked = When(~Q(dimension=""), then=Subquery(entries.annotate(all=Sum("booked")).values("all")))
    rows = _newest(asked).select_related("created_by").annotate(booked=Case(booked)) if asked else ()
    found = {}
    for row in rows:
        entered = row.amount is not None and row.created_by_id == user.pk
        if entered or _sees_costs(user, row):
            found[row.promotion_id] = ActualCost(row, row.booked if row.dimension else row.amount)
        else:
            found[row.promotion_id] = ActualCost(row, None, is_hidden=True)
    return found


def costs_known(user: Any, promotions: Collection[Promotion]) -> dict[int, Decimal]:
    """What promotions that the person sees whole cost, by their id, for who sees costs or entered it; those
    of which nobody knows it are left out, and those whose cost the ledger knows alone. One query."""
    return {
        pk: cost.amount
        for pk, cost in actual_costs(user, promotions).items()
        if cost.amount is not None and not cost.row.dimension
    }


def _newest(promotions: Collection[int]) -> QuerySet[PromotionCost]:
    rows = PromotionCost.objects.filter(promotion__in=promotions)
    return rows.order_by("promotion_id", "-pk").distinct("promotion_id")


def _sees_costs(user: Any, row: PromotionCost) -> bool:
    """The ledger is over all lines and channels."""
    return user.has_perm(RIGHT) and not (row.dimension and is_limited(user))
