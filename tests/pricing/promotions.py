"""Promotions with valid defaults, for tests."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.utils import timezone

from core.months import month_add, month_start
from core.organisation import today
from pricing.models import Promotion, PromotionEffect
from pricing.services.promotion_decisions import promotion_decide, promotion_propose
from pricing.services.promotions import ProductPlan, PromotionPlan, promotion_create
from products.models import Channel, Measure, Product, SalesMonth
from tests.factories import user_factory

DAY = datetime.timedelta(days=1)


def plan_of(*products: Product, ahead: int = 30, days: int = 14, **fields: Any) -> PromotionPlan:
    """A 1+1 that starts so many days ahead (negative: ago) and lasts so many."""
    start = fields.pop("store_start", today() + ahead * DAY)
    given = {
        "name": "Offer",
        "mechanic": "one_plus_one",
        "note": "To be tried",
        "store_start": start,
        "store_end": fields.pop("store_end", start + (days - 1) * DAY),
        "products": [ProductPlan(product) for product in products],
    }
    return PromotionPlan(**given | fields)


def promotion_factory(*products: Product, user: Any = None, **fields: Any) -> Promotion:
    """A draft."""
    return promotion_create(user=user or user_factory(), plan=plan_of(*products, **fields))


def approved_factory(*products: Product, user: Any = None, **fields: Any) -> Promotion:
    """Proposed by one, approved by another."""
    row = promotion_factory(*products, user=user, **fields)
    promotion_propose(user=user or row.author, promotion=row)
    promotion_decide(user=user_factory(), promotion=row, approve=True)
    row.refresh_from_db()
    return row


def stopped(promotion: Promotion, day: datetime.date) -> Promotion:
    """Called off on a day that is past, at noon."""
    noon = datetime.datetime.combine(day, datetime.time(12), tzinfo=datetime.UTC)
    said = {"state": "cancelled", "cancelled_at": noon, "cancelled_by": user_factory(), "cancel_note": "Bad"}
    Promotion.objects.filter(pk=promotion.pk).update(**said)
    promotion.refresh_from_db()
    return promotion


def sold_in(
    product: Product,
    volumes: Mapping[Channel, float],
    measure: str = "units",
    month: datetime.date | None = None,
) -> None:
    """What channels sold of it in the month, or last month."""
    SalesMonth.objects.bulk_create(
        SalesMonth(
            product=product,
            measure=Measure.objects.get(code=measure),
            channel=channel,
            month=month or month_add(month_start(today()), -1),
            volume=volume,
            days=30,
        )
        for channel, volume in volumes.items()
    )


def measured(*products: Product, uplift: float = 1.1, measure: str = "units", **fields: Any) -> Promotion:
    """One that is over and did the worked figures: 200 normally, 420 sold, 50 less after."""
    fields = {"ahead": -60, "products": [ProductPlan(row, Decimal("14.99")) for row in products]} | fields
    row = approved_factory(*products, **fields)
    for one in products:
        PromotionEffect.objects.create(
            promotion=row,
            product=one,
            measure=Measure.objects.get(code=measure),
            method="weeks",
            baseline=200,
            sold=200 * (1 + uplift),
            uplift=uplift,
            uplift_lo80=uplift - 0.1,
            uplift_hi80=uplift + 0.1,
            after=-50,
            after_lo80=-60,
            after_hi80=-40,
            sisters=-30,
            sisters_lo80=-40,
            sisters_hi80=-20,
            engine_version="1",
            input_hash="x",
            computed_at=timezone.now(),
        )
    return row
