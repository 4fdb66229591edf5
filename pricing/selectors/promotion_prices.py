"""What the products of a promotion cost a unit on the lists it holds on, without it and in it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import QuerySet

from core.organisation import organisation_get
from pricing.models import Price, PriceList, Promotion, PromotionProduct
from pricing.models.price import State
from pricing.words.promotions import cut_of
from products.models import Channel, Product

from .prices import channels_above

ByList = Mapping[int, Sequence[Price]]
"""A product's approved prices a unit by list, the oldest first."""


@dataclass(frozen=True)
class InPromotion:
    """A product of a promotion on a list, in the list's currency and with its VAT: ``normal`` without the
    promotion, ``effective`` in it; each ``None`` where nobody knows. ``rows`` are the list's approved prices
    up to its first day, the oldest first."""

    product: Product
    price_list: PriceList
    normal: Decimal | None
    effective: Decimal | None
    rows: Sequence[Price] = ()

    @property
    def is_cut(self) -> bool:
        return self.effective is not None and self.effective != self.normal


def promotion_prices(promotion: Promotion, prices: Sequence[Price] | None = None) -> list[InPromotion]:
    """Of each product on the lists that hold in its channels on the first day: lists with VAT where there are
    any, for prices in promotions are those that consumers pay, else those without. ``prices`` are those
    looked at (:func:`prices_begun`), or all that say what customers pay: then a product on no list has what
    is said of it. One query for these, one more for those on no list."""
    channels = [row.channel for row in promotion.channel_rows.all()]
    parts = list(promotion.rows.all())
    whole = prices is None
    if prices is None:
        paid = (PriceList.Kind.OWN, PriceList.Kind.ADVISED)
        prices = prices_begun(promotion, Price.objects.filter(price_list__kind__in=paid))
    listed = _by_list(prices)
    found = []
    unlisted = None
    for part in parts:
        own = listed.get(part.product_id, {})
        here = holding([rows[-1].price_list for rows in own.values()], channels)
        if whole and not here:
            unlisted = unlisted or _as_said()
            here = [unlisted]
        for one in [each for each in here if each.with_vat] or here:
            found.append(_one(promotion, part, one, own.get(one.pk, ())))
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


def prices_begun(promotion: Promotion, prices: QuerySet[Price]) -> list[Price]:
    """Those approved of its products, a unit, up to its first day; by list, the oldest first."""
    rows = prices.filter(
        product__in=[part.product_id for part in promotion.rows.all()],
        component=Price.Component.UNIT,
        tier="",
        state=State.APPROVED,
        start_date__lte=promotion.store_start,
    ).select_related("price_list__channel__parent__parent__parent")
    return list(rows.order_by("price_list", "start_date"))


def _by_list(prices: Sequence[Price]) -> dict[int, ByList]:
    """By product, of lists on which it has a price on the first day."""
    found: dict[int, dict[int, list[Price]]] = defaultdict(lambda: defaultdict(list))
    for row in prices:
        found[row.product_id][row.price_list_id].append(row)
    return {
        product: {pk: rows for pk, rows in own.items() if rows[-1].amount is not None}
        for product, own in found.items()
    }


def _as_said() -> PriceList:
    """In our currency, with VAT where any of our prices has it."""
    with_vat = PriceList.objects.filter(kind=PriceList.Kind.OWN, with_vat=True).exists()
    return PriceList(kind=PriceList.Kind.OWN, currency=organisation_get().currency, with_vat=with_vat)


def _one(
    promotion: Promotion, part: PromotionProduct, price_list: PriceList, rows: Sequence[Price]
) -> InPromotion:
    """Amounts of a promotion are in our currency: they say nothing of a list in another."""
    listed = rows[-1].amount if rows else None
    if price_list.currency == organisation_get().currency:
        normal, effective = cut_of(part, listed)
    elif promotion.amount is None and part.effective_price is None:
        normal, effective = cut_of(PromotionProduct(promotion=promotion), listed)
    else:
        normal, effective = listed, None
    return InPromotion(part.product, price_list, normal, effective, rows)
