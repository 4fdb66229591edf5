"""Changes of price on a product's charts."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import CharField, F, OuterRef
from django.db.models.functions import Cast, JSONObject
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from core.organisation import organisation_get
from core.registries import Event
from pricing.words.prices import price_text
from products.models import Product

from .models import Price, PriceList
from .models.price import State
from .selectors.prices import lists_visible

READING = "own_prices"


def price_reading(user: Any) -> ArraySubquery:
    """Our own approved prices per unit on lists the person may see, in order, read with the product."""
    rows = Price.objects.filter(
        product=OuterRef("pk"),
        price_list__in=lists_visible(user).filter(kind=PriceList.Kind.OWN),
        component=Price.Component.UNIT,
        tier="",
        state=State.APPROVED,
    )
    row = JSONObject(
        list=F("price_list_id"),
        channel=F("price_list__channel"),
        segment=F("price_list__segment"),
        nl=F("price_list__name_nl"),
        en=F("price_list__name_en"),
        currency=F("price_list__currency"),
        date=F("start_date"),
        amount=Cast("amount", CharField()),  # a JSON number is a float
    )
    return ArraySubquery(rows.order_by("start_date", "pk").values_list(row))


def price_events(user: Any, product: Product, first: datetime.date, last: datetime.date) -> Iterator[Event]:
    """When our own price of a unit changed on the list for everybody in our currency, else on each list the
    person may see; not when it was first set."""
    if hasattr(product, READING):
        prices = getattr(product, READING)
    else:
        prices = Product.objects.filter(pk=product.pk).values_list(price_reading(user), flat=True).get()
    prices = prices or []  # NULL for who may see no list
    usual = (None, None, organisation_get().currency)
    general = {row["list"] for row in prices if (row["channel"], row["segment"], row["currency"]) == usual}
    before: dict[int, dict[str, Any]] = {}
    for price in prices:
        old, day = before.get(price["list"]), datetime.date.fromisoformat(price["date"])
        before[price["list"]] = price
        if old is None or not first <= day <= last or (general and price["list"] not in general):
            continue
        texts = [_said(each) for each in (old, price)]
        name = price["nl" if get_language() == "nl" else "en"]
        text = _("%(list)s: %(old)s to %(new)s") % {"list": name, "old": texts[0], "new": texts[1]}
        yield Event("price", day, texts[1], text)


def _said(price: dict[str, Any]) -> str:
    amount = price["amount"]
    return _("no price") if amount is None else price_text(Decimal(amount), price["currency"])
