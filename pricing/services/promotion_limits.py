"""What the price in a promotion may not pass without saying why: the bounds of prices."""

from __future__ import annotations

from pricing.models import Promotion
from pricing.selectors.bounds import BoundsOn
from pricing.selectors.promotion_bounds import promotions_passing
from products.selectors.lines import LineTree

from .price_limits import bounds_asking, exception_ask, set_later


def promotion_limits_check(promotion: Promotion, said: str = "") -> None:
    """``DomainError`` where it lowers a price beyond a bound in force on one of its days in the store, on any
    list it holds on; it says from when, where that is not the first. Bounds that only ask for a reason are
    let pass with what is ``said`` now, those that were there when it was written with its ``exception``.
    Days of notice are of prices that last, not of these."""
    bounds = BoundsOn(promotion.store_start, LineTree())
    beyond = promotions_passing([promotion], bounds).get(promotion.pk, [])
    asking = bounds_asking(beyond)
    if said.strip():
        return
    given = bool(promotion.exception.strip())
    if given:
        asking = bounds_asking(set_later(beyond, promotion))
    exception_ask(asking, is_later=given)
