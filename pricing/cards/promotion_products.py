"""The products of a promotion, on its page: what they cost without it and in it, and compared with what."""

from __future__ import annotations

from typing import Any

from pricing.models import Promotion
from pricing.selectors.promotion_van import promotion_van
from pricing.selectors.promotions import rows_seen
from pricing.words.prices import van_words
from pricing.words.promotions import effective_of


def products_shown(user: Any, promotion: Promotion) -> dict[str, Any]:
    """``products`` in the person's sight; ``has_van``: it lowers a price on one of our lists to consumers."""
    rows = rows_seen(user, promotion)
    vans = promotion_van(user, promotion, {row.product_id for row in rows})
    return {
        "has_van": bool(vans),
        "products": [
            {
                "product": row.product,
                "price": row.price,
                "effective": effective_of(promotion, row),
                "vans": [(on, *van_words(van, on)) for on, van in vans.get(row.product_id, ())],
            }
            for row in rows
        ],
    }
