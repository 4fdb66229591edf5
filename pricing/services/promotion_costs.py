"""Saying what a promotion turned out to cost."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.errors import DomainError
from accounts.versions import check, row_lock
from core.errors import require
from core.organisation import today
from pricing.models import Promotion, PromotionCost
from pricing.selectors.promotions import promotion_get, ran, sees_whole


@transaction.atomic
def promotion_cost_say(
    *,
    user: Any,
    promotion: Promotion,
    amount: Decimal | None,
    dimension: str = "",
    known_date: datetime.date,
    source: str = "",
) -> PromotionCost:
    """What it cost us in all, as known on that day: an amount, or what the ledger books under a dimension.
    What was said before stays in its history."""
    require(user, "pricing.edit")
    row_lock(promotion)
    current = promotion_get(user, promotion.pk)
    if not sees_whole(user, current):
        raise DomainError("only_a_part", _("You see only a part of this promotion."), status=403)
    if not ran(current):
        raise DomainError("not_begun", _("It has not begun: what it may cost is its budget."), status=409)
    dimension = dimension.strip()
    if (amount is None) == (not dimension):
        message = _("Give an amount, or the dimension it is booked under in the ledger; one of the two.")
        raise DomainError("amount_or_dimension", message, "amount")
    if known_date > today():
        raise DomainError("not_known_yet", _("That day is still to come."), "known_date")
    row = PromotionCost(
        promotion=current,
        amount=amount,
        dimension=dimension,
        known_date=known_date,
        source=source.strip(),
        created_by=user,
    )
    check(row)
    row.save()
    return row
