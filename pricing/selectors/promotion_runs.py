"""Which promotions run or ran, and until when.

One that is called off after it has begun ran until and including that day; called off before, it never ran.
"""

from __future__ import annotations

import datetime
from zoneinfo import ZoneInfo

from django.db.models import Q
from django.db.models.functions import TruncDate

from core.organisation import local_date, organisation_get
from pricing.models import Promotion

State = Promotion.State


def ran_or_will(path: str = "") -> Q:
    """Those that were approved, also ahead, and were not called off before they began. ``path`` leads to the
    promotion from the rows that are asked for."""
    stopped = TruncDate(f"{path}cancelled_at", tzinfo=ZoneInfo(organisation_get().time_zone))
    begun = Q(**{f"{path}store_start__lte": stopped}) | Q(**{f"{path}delivery_start__lte": stopped})
    # Called off keeps who decided only where that was an approval.
    called_off = Q(**{f"{path}state": State.CANCELLED, f"{path}decided_by__isnull": False})
    return Q(**{f"{path}state": State.APPROVED}) | (called_off & begun)


def stopped_on(promotion: Promotion) -> datetime.date | None:
    """The day it was called off."""
    return None if promotion.cancelled_at is None else local_date(promotion.cancelled_at)


def until(promotion: Promotion, last: datetime.date) -> datetime.date:
    """The planned last day, or the one on which it was called off before."""
    return min(last, stopped_on(promotion) or last)


def last_day(promotion: Promotion) -> datetime.date:
    """Its last day in the store; before its first where it was called off between delivery and that."""
    return until(promotion, promotion.store_end)


def first_day(promotion: Promotion) -> datetime.date:
    """Delivered, or in the store."""
    return min(filter(None, (promotion.store_start, promotion.delivery_start)))


Days = tuple[datetime.date, datetime.date]


def days_run(promotion: Promotion) -> tuple[Days | None, Days | None]:
    """Its days in the store and of delivery as planned, or of one that was stopped those it ran."""
    stopped = stopped_on(promotion) if promotion.decided_by_id else None
    if stopped is None or stopped < first_day(promotion):
        stopped = datetime.date.max

    def until_then(first: datetime.date | None, last: datetime.date | None) -> Days | None:
        if first is None or last is None or first > stopped:
            return None
        return first, min(last, stopped)

    return (
        until_then(promotion.store_start, promotion.store_end),
        until_then(promotion.delivery_start, promotion.delivery_end),
    )
