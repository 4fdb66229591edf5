"""What the price in a promotion may not pass without saying why: the bounds of prices."""

from __future__ import annotations

from collections import defaultdict

from pricing.models import Price, Promotion
from pricing.selectors.bounds import BoundsOn, prices_held
from pricing.selectors.promotion_prices import lowered_parts, promotion_prices
from products.selectors.lines import LineTree

from .price_limits import bounds_asking, exception_ask


def promotion_limits_check(promotion: Promotion, exception: str) -> None:
    """``DomainError`` where it lowers a price beyond a bound in force on its first day, on any list it holds
    on. Bounds that only ask for a reason are let pass with ``exception``. Days of notice are of prices that
    last, not of these."""
    start, by_list = promotion.store_start, defaultdict[int | None, list[Price]](list)
    cut = [
        Price(product=one.product, price_list=one.price_list, amount=one.effective)
        for one in promotion_prices(promotion)
        if one.is_cut
    ] + lowered_parts(promotion)
    for price in cut:
        by_list[price.price_list_id].append(price)
    bounds = BoundsOn(start, LineTree())
    held = [prices_held(own[0].price_list, own, bounds, start) for own in by_list.values()]
    passed = [each for one in held for each in one.passed]
    reasons = bounds_asking(sorted(passed, key=lambda each: cut.index(each.price)))
    if not exception.strip():
        exception_ask(reasons)
