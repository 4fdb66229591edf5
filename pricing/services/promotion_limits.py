"""What the price in a promotion may not pass without saying why: the bounds of prices."""

from __future__ import annotations

from dataclasses import replace

from pricing.models import Promotion
from pricing.selectors.bounds import BoundsOn, Passed, passing
from pricing.selectors.prices import vat_begins, vat_rates_on
from pricing.selectors.promotion_prices import lowered_prices, prices_paid
from products.selectors.lines import LineTree

from .price_limits import bounds_asking, exception_ask, set_later


def promotion_limits_check(promotion: Promotion, said: str = "") -> None:
    """``DomainError`` where it lowers a price beyond a bound in force on one of its days in the store, on any
    list it holds on; it says from when, where that is not the first. Bounds that only ask for a reason are
    let pass with what is ``said`` now, those that were there when it was written with its ``exception``.
    Days of notice are of prices that last, not of these."""
    beyond = _passed(promotion)
    reasons = bounds_asking(beyond)
    if said.strip():
        return
    exception_ask(bounds_asking(set_later(beyond, promotion)) if promotion.exception.strip() else reasons)


def _passed(promotion: Promotion) -> list[Passed]:
    """Of each product, list and bound the first day; a percentage is of the price of each day."""
    start, end = promotion.store_start, promotion.store_end
    bounds = BoundsOn(start, LineTree())
    if not bounds.read:
        return []
    prices = prices_paid(promotion, end)
    products = [part.product for part in promotion.rows.all()]
    begins = {row.start_date for row in prices} | {row.start_date for row in bounds.read}
    begins |= vat_begins(products, end)
    days = sorted({start, *(day for day in begins if start < day <= end)})
    rates = vat_rates_on(products, days)
    found: dict[tuple[int, int | None, int], Passed] = {}
    for day in days:
        then = bounds.on(day)
        for price in lowered_prices(promotion, prices, day):
            if passed := passing(price.price_list, price, then, rates[day]):
                key = price.product_id, price.price_list_id, passed.bound.pk
                found.setdefault(key, replace(passed, since=None if day == start else day))
    return list(found.values())
