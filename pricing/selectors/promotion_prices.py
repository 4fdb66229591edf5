"""What the products of a promotion cost a unit on the lists it holds on, without it and in it."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import QuerySet

from pricing.models import Price, PriceList, Promotion, PromotionProduct
from pricing.models.price import State
from pricing.words.promotions import cut_of
from products.models import Channel, Product

from .prices import channels_above
from .promotions import currency_of

ByList = Mapping[int, Sequence[Price]]
"""A product's approved prices a unit by list, the oldest first."""


@dataclass(frozen=True)
class InPromotion:
    """A product of a promotion on a list, in the list's currency and with its VAT: ``normal`` without the
    promotion, ``effective`` in it; each ``None`` where nobody knows. ``rows`` are the list's approved prices
    up to that day, the oldest first."""

    product: Product
    price_list: PriceList
    normal: Decimal | None
    effective: Decimal | None
    rows: Sequence[Price] = ()

    @property
    def is_cut(self) -> bool:
        return self.effective is not None and self.effective != self.normal


def promotion_prices(
    promotion: Promotion,
    prices: Sequence[Price],
    day: datetime.date | None = None,
    *,
    whole: bool = False,
) -> list[InPromotion]:
    """Of each product on the lists that hold in its channels on the day, or its first: lists with VAT where
    there are any, for prices in promotions are those that consumers pay, else those without. ``prices`` are
    those looked at (:func:`prices_begun`); ``whole``: all that say what customers pay, so that a product on
    no list has what is said of it. One query for those on no list."""
    channels = [row.channel for row in promotion.channel_rows.all()]
    listed = _by_list([row for row in prices if row.start_date <= (day or promotion.store_start)])
    found = []
    unlisted = None
    for part in promotion.rows.all():
        own = listed.get(part.product_id, {})
        here = holding([rows[-1].price_list for rows in own.values()], channels)
        if whole and not here:
            unlisted = unlisted or _as_said(promotion)
            here = [unlisted]
        for one in [each for each in here if each.with_vat] or here:
            found.append(_one(part, one, own.get(one.pk, ())))
    return found


def holding(lists: Sequence[PriceList], channels: Collection[Channel]) -> list[PriceList]:
    """By which of these a product is bought in the channels: of each the nearest, and those of channels below
    it; no channels: all."""
    if not channels:
        return list(lists)
    places: set[int | None] = set()
    there = {one.channel_id: channels_above(one.channel) for one in lists}
    for channel in channels:
        places.update([pk for pk in (*channels_above(channel), None) if pk in there][:1])
        places.update(pk for pk, above in there.items() if channel.pk in above)
    return [one for one in lists if one.channel_id in places]


def prices_paid(promotion: Promotion, last: datetime.date | None = None) -> list[Price]:
    """As :func:`prices_begun`, of all that say what customers pay."""
    paid = (PriceList.Kind.OWN, PriceList.Kind.ADVISED)
    return prices_begun(promotion, Price.objects.filter(price_list__kind__in=paid), last)


def prices_begun(
    promotion: Promotion, prices: QuerySet[Price], last: datetime.date | None = None
) -> list[Price]:
    """Those approved of its products, a unit, up to its first day, or to another; by list, the oldest
    first."""
    rows = prices.filter(
        product__in=[part.product_id for part in promotion.rows.all()],
        component=Price.Component.UNIT,
        tier="",
        state=State.APPROVED,
        start_date__lte=last or promotion.store_start,
    ).select_related("price_list__channel__parent__parent__parent")
    return list(rows.order_by("price_list", "start_date"))


def _by_list(prices: Sequence[Price]) -> dict[int, ByList]:
    """By product, of lists on which it has a price by the last of these."""
    found: dict[int, dict[int, list[Price]]] = defaultdict(lambda: defaultdict(list))
    for row in prices:
        found[row.product_id][row.price_list_id].append(row)
    return {
        product: {pk: rows for pk, rows in own.items() if rows[-1].amount is not None}
        for product, own in found.items()
    }


def _as_said(promotion: Promotion) -> PriceList:
    """In its currency, with VAT where any of our prices has it."""
    with_vat = PriceList.objects.filter(kind=PriceList.Kind.OWN, with_vat=True).exists()
    return PriceList(kind=PriceList.Kind.OWN, currency=currency_of(promotion), with_vat=with_vat)


def _one(part: PromotionProduct, price_list: PriceList, rows: Sequence[Price]) -> InPromotion:
    normal, effective = cut_of(part, rows[-1].amount if rows else None, price_list.currency)
    return InPromotion(part.product, price_list, normal, effective, rows)
