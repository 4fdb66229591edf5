"""New prices that follow from costs, product by product: for who may see costs."""

from __future__ import annotations

import datetime
from collections.abc import Collection
from decimal import Decimal
from typing import Any

from core.organisation import organisation_get
from pricing.models import PriceList
from products.selectors.access import products_visible

from .costs import rates_by_product
from .margins import unit_costs
from .prices import in_force, vat_rates, with_and_without
from .recommended import recommended_visible

MONTHS = 12


def prices_to_margin(
    user: Any, price_list: PriceList, product_ids: Collection[int], day: datetime.date, rate: Decimal
) -> dict[int, Decimal]:
    """By product the price on the list at which so much of it is left after costs by volume, at the rates of
    the day and a twelfth of what a year sold: price without VAT = cost of a unit / (1 − share of the price
    that costs take − rate). Products whose costs cannot be told, or that no price brings there, are left out,
    as are lists in another currency. Seven queries."""
    if price_list.currency != organisation_get().currency:
        return {}
    products = list(
        products_visible(user).filter(pk__in=product_ids).select_related("figures", "line").order_by("pk")
    )
    rates = rates_by_product(user, products)
    vat = vat_rates(products, day) if price_list.with_vat else {}
    found = {}
    for product in products:
        figures = getattr(product, "figures", None)
        sold = figures.volume_12m if figures else None
        units = max((sold or Decimal(0)) / MONTHS, Decimal(1))
        costs = unit_costs(user, product, rates[product], day, units)
        left = 1 - costs[1] - rate if costs else Decimal(0)
        if costs and left > 0 and costs[0] > 0:
            net = costs[0] / left
            found[product.pk] = with_and_without(net, False, vat.get(product.pk))[0]
    return found


def prices_recommended(
    user: Any, price_list: PriceList, product_ids: Collection[int], day: datetime.date
) -> dict[int, Decimal]:
    """By product what the night recommends; on another list than it looked at, moved by the same share."""
    rows = list(recommended_visible(user).filter(product__in=product_ids))
    held = {
        price.product_id: price.amount
        for price in in_force(
            [price_list.pk], [row.product_id for row in rows], day, component="unit", tier=""
        )
    }
    found = {}
    for row in rows:
        amount = held.get(row.product_id)
        if row.price_list_id == price_list.pk:
            found[row.product_id] = row.price
        elif amount:
            found[row.product_id] = amount * row.price / row.price_now
    return found
