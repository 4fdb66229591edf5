"""What the price in a promotion may not pass without saying why: the bounds of prices."""

from __future__ import annotations

from pricing.models import Price, Promotion
from pricing.selectors.promotion_prices import promotion_prices

from .price_limits import bounds_asking, bounds_passed, exception_ask


def promotion_limits_check(promotion: Promotion, exception: str) -> None:
    """``DomainError`` where it lowers a price beyond a bound in force on its first day, on any list it holds
    on. Bounds that only ask for a reason are let pass with ``exception``. Days of notice are of prices that
    last, not of these."""
    reasons: list[str] = []
    for one in promotion_prices(promotion):
        if one.is_cut:
            price = Price(product=one.product, price_list=one.price_list, amount=one.effective)
            reasons += bounds_asking(bounds_passed(one.price_list, promotion.store_start, [price]))
    if not exception.strip():
        exception_ask(reasons)
