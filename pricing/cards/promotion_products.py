"""The products of a promotion, on its page: what they cost without it and in it, and compared with what."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from pricing.models import Price, Promotion
from pricing.selectors.promotion_prices import promotion_prices
from pricing.selectors.promotion_van import prices_listed, promotion_van
from pricing.selectors.promotions import currency_of, rows_seen
from pricing.words.prices import list_part_words, van_words
from pricing.words.promotions import effective_of

Listed = tuple[str, str, Decimal | None, Decimal | None]
"""Of which list and part, or "" as said; the currency; the normal price, and that in the promotion."""


def products_shown(user: Any, promotion: Promotion) -> dict[str, Any]:
    """``products`` in sight, each with its ``prices`` without and in the promotion: as said of it,
    else by list as the lists say; ``has_van``: it lowers a price on one of our lists to consumers."""
    rows, listed = rows_seen(user, promotion), prices_listed(user, promotion)
    vans = promotion_van(promotion, {row.product_id for row in rows}, listed)
    by_list = _by_list(promotion, listed)
    return {
        "has_van": bool(vans),
        "products": [
            {
                "product": row.product,
                "prices": (by_list.get(row.product_id) if row.price is None else None)
                or [("", currency_of(promotion), row.price, effective_of(promotion, row))],
                "vans": [
                    (list_part_words(on, *part), *van_words(van, on))
                    for on, part, van in vans.get(row.product_id, ())
                ],
            }
            for row in rows
        ],
    }


def _by_list(promotion: Promotion, listed: Sequence[Price]) -> dict[int, list[Listed]]:
    """By product, of each list by which it is bought in the channels, part by part: the normal price and that
    in the promotion."""
    found: dict[int, list[Listed]] = {}
    for one in promotion_prices(promotion, listed):
        if one.normal is not None:
            where = list_part_words(one.price_list, *one.part)
            said = (where, one.price_list.currency, one.normal, one.effective)
            found.setdefault(one.product.pk, []).append(said)
    return found
