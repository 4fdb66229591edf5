"""What the products of a promotion cost a unit on the lists it holds on, without it and in it."""

from __future__ import annotations

import datetime
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import QuerySet

from core.organisation import organisation_get
from pricing.models import Price, PriceList, Promotion, PromotionProduct
from pricing.models.price import State
from pricing.words.promotions import cut_of
from products.models import Channel, Product

from .prices import Part, channels_above
from .resellers import reach

ByList = Mapping[int, Sequence[Price]]
"""A product's approved prices a unit by list, the oldest first."""
PAID = (PriceList.Kind.OWN, PriceList.Kind.ADVISED)
PLAIN = (Price.Component.UNIT, "")


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
        prices = prices_begun(promotion, Price.objects.filter(price_list__kind__in=PAID))
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


def lowered_parts(promotion: Promotion) -> list[Price]:
    """What it leaves on its first day of prices per month, once and of a tier that it lowers, by the same
    lists. A share comes off each; an amount is of the plain price per unit, or of the only one there is. One
    query."""
    rows, channels = list(promotion.rows.all()), [row.channel for row in promotion.channel_rows.all()]
    prices = Price.objects.filter(price_list__kind__in=PAID)
    by_part: dict[int, dict[Part, list[Price]]] = defaultdict(lambda: defaultdict(list))
    for price in _approved(prices, [row.product_id for row in rows], promotion.store_start):
        by_part[price.product_id][price.component, price.tier].append(price)
    found = []
    for row in rows:
        own = {part: _held(prices) for part, prices in by_part[row.product_id].items()}
        parts = Counter(pk for lists in own.values() for pk in lists)
        for (component, tier), lists in own.items():
            if (component, tier) == PLAIN:
                continue
            here = holding([each[-1].price_list for each in lists.values()], channels)
            for one in [each for each in here if each.with_vat] or here:
                said = _one(promotion, row, one, lists[one.pk], is_said=parts[one.pk] == 1)
                if said.is_cut:
                    found.append(
                        Price(
                            product=row.product,
                            price_list=one,
                            component=component,
                            tier=tier,
                            amount=said.effective,
                        )
                    )
    return found


def normal_prices(rows: Sequence[PromotionProduct]) -> dict[int, Decimal]:
    """By row (its id) what a unit normally costs on its promotion's first day by the lists that hold in its
    channels: one with VAT before one without, everybody's before a channel's. Nothing of what is on none. One
    query; ``rows`` with their promotion's channels."""
    if not rows:
        return {}
    ours = Price.objects.filter(
        price_list__kind__in=PAID,
        price_list__currency=organisation_get().currency,
        component=PLAIN[0],
        tier=PLAIN[1],
    )
    last = max(row.promotion.store_start for row in rows)
    by_product: dict[int, list[Price]] = defaultdict(list)
    for price in _approved(ours, [row.product_id for row in rows], last):
        by_product[price.product_id].append(price)
    found = {}
    for row in rows:
        start = row.promotion.store_start
        own = _held([price for price in by_product[row.product_id] if price.start_date <= start])
        channels = [part.channel for part in row.promotion.channel_rows.all()]
        here = holding([each[-1].price_list for each in own.values()], channels)
        nearest = min([one for one in here if one.with_vat] or here, key=reach, default=None)
        if nearest is not None and (amount := own[nearest.pk][-1].amount):
            found[row.pk] = amount
    return found


def prices_begun(promotion: Promotion, prices: QuerySet[Price]) -> list[Price]:
    """Those approved of its products, a unit, up to its first day; by list, the oldest first."""
    asked = [part.product_id for part in promotion.rows.all()]
    return _approved(prices.filter(component=PLAIN[0], tier=PLAIN[1]), asked, promotion.store_start)


def _approved(prices: QuerySet[Price], products: Collection[int], until: datetime.date) -> list[Price]:
    rows = prices.filter(product__in=products, state=State.APPROVED, start_date__lte=until)
    related = rows.select_related("price_list__channel__parent__parent__parent")
    return list(related.order_by("price_list", "start_date"))


def _by_list(prices: Sequence[Price]) -> dict[int, ByList]:
    """By product, of lists on which it has a price on the first day."""
    found: dict[int, list[Price]] = defaultdict(list)
    for row in prices:
        found[row.product_id].append(row)
    return {product: _held(rows) for product, rows in found.items()}


def _held(prices: Sequence[Price]) -> ByList:
    """Of one product and part, by list on which there is a price then."""
    found: dict[int, list[Price]] = defaultdict(list)
    for row in prices:
        found[row.price_list_id].append(row)
    return {pk: rows for pk, rows in found.items() if rows[-1].amount is not None}


def _as_said() -> PriceList:
    """In our currency, with VAT where any of our prices has it."""
    with_vat = PriceList.objects.filter(kind=PriceList.Kind.OWN, with_vat=True).exists()
    return PriceList(kind=PriceList.Kind.OWN, currency=organisation_get().currency, with_vat=with_vat)


def _one(
    promotion: Promotion,
    part: PromotionProduct,
    price_list: PriceList,
    rows: Sequence[Price],
    *,
    is_said: bool = True,
) -> InPromotion:
    """Amounts of a promotion are in our currency, and of one price (``is_said``: this): they say nothing of a
    list in another, nor of another part."""
    listed = rows[-1].amount if rows else None
    if is_said and price_list.currency == organisation_get().currency:
        normal, effective = cut_of(part, listed)
    elif promotion.amount is None and part.effective_price is None:
        normal, effective = cut_of(PromotionProduct(promotion=promotion), listed)
    else:
        normal, effective = listed, None
    return InPromotion(part.product, price_list, normal, effective, rows)
