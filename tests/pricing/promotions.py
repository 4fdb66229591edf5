"""Promotions with valid defaults, for tests."""

from __future__ import annotations

import datetime
from typing import Any

from core.organisation import today
from pricing.models import Promotion
from pricing.services.promotion_decisions import promotion_decide, promotion_propose
from pricing.services.promotions import ProductPlan, PromotionPlan, promotion_create
from products.models import Product
from tests.factories import user_factory

DAY = datetime.timedelta(days=1)


def plan_of(*products: Product, ahead: int = 30, days: int = 14, **fields: Any) -> PromotionPlan:
    """A 1+1 that starts so many days ahead (negative: ago) and lasts so many."""
    start = fields.pop("store_start", today() + ahead * DAY)
    given = {
        "name": "Offer",
        "mechanic": "one_plus_one",
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
