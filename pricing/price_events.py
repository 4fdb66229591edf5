"""Changes of price on a product's charts."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _

from core.registries import Event
from products.models import Product

from .models import Price, PriceList
from .models.price import State
from .price_words import price_text
from .selectors.prices import lists_visible


def price_events(user: Any, product: Product, first: datetime.date, last: datetime.date) -> Iterator[Event]:
    """When our own price of a unit changed on the list for everybody, else on each list the person may see;
    not when it was first set."""
    rows = Price.objects.filter(
        product=product,
        price_list__in=lists_visible(user).filter(kind=PriceList.Kind.OWN),
        component=Price.Component.UNIT,
        tier="",
        state=State.APPROVED,
        start_date__lte=last,
    ).select_related("price_list")
    prices = list(rows.order_by("start_date", "pk"))
    general = {price.price_list_id for price in prices if price.price_list.channel_id is None}
    before: dict[int, Price] = {}
    for price in prices:
        old = before.get(price.price_list_id)
        before[price.price_list_id] = price
        if old is None or price.start_date < first or (general and price.price_list_id not in general):
            continue
        currency = price.price_list.currency
        texts = [_("none") if p.amount is None else price_text(p.amount, currency) for p in (old, price)]
        text = _("%(list)s: %(old)s to %(new)s") % {
            "list": price.price_list,
            "old": texts[0],
            "new": texts[1],
        }
        yield Event("price", price.start_date, texts[1], text)
