"""What the products of a promotion cost a unit on the lists it holds on, without it and in it."""

from __future__ import annotations

import datetime
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from django.db.models import QuerySet

from pricing.models import Price, PriceList, Promotion, PromotionProduct
from pricing.models.price import State
from pricing.words.promotions import cut_of
from products.models import Channel, Product

from .prices import Part, channels_above
from .promotion_cuts import PLAIN, amounts_are_of
from .promotions import currency_of
from .resellers import CONSUMER, reach

ByList = Mapping[int, Sequence[Price]]
"""A product's approved prices of a part by list, the oldest first."""
PAID = (PriceList.Kind.OWN, PriceList.Kind.ADVISED)
NORMAL = (PriceList.Kind.OWN, *CONSUMER)


class AsSaid:
    """What promotions say of a product that is on no list: in their currency, with VAT where any of our
    prices has it. One query, where there is such a product."""

    @cached_property
    def _with_vat(self) -> bool:
        return PriceList.objects.filter(kind=PriceList.Kind.OWN, with_vat=True).exists()

    def of(self, promotion: Promotion) -> PriceList:
        currency = currency_of(promotion)
        return PriceList(kind=PriceList.Kind.OWN, currency=currency, with_vat=self._with_vat)


@dataclass(frozen=True)
class InPromotion:
    """A price of a product of a promotion on a list, in the list's currency and with its VAT: ``normal``
    without the promotion, ``effective`` in it; each ``None`` where nobody knows. ``is_said``: amounts of
    promotions are of this part. ``rows`` are the list's approved prices of it up to that day, the oldest
    first."""

    product: Product
    price_list: PriceList
    part: Part
    normal: Decimal | None
    effective: Decimal | None
    is_said: bool
    rows: Sequence[Price] = ()

    @property
    def is_cut(self) -> bool:
        return self.effective is not None and self.effective != self.normal


def promotion_prices(
    promotion: Promotion,
    prices: Sequence[Price],
    day: datetime.date | None = None,
    as_said: AsSaid | None = None,
) -> list[InPromotion]:
    """Of each product on the lists that hold in its channels on the day, or its first: lists with VAT where
    there are any, for prices in promotions are those that consumers pay, else those without. The plain price
    per unit goes first, then those per month, once and of a tier: a share comes off each, an amount is of the
    plain one, or of the only one there is. ``prices`` are those looked at (:func:`prices_begun`);
    ``as_said``: they are all that say what customers pay, so that a product on no list with any part of its
    price has what is said of it."""
    channels = [row.channel for row in promotion.channel_rows.all()]
    begun: dict[int, list[Price]] = defaultdict(list)
    for price in prices:
        if price.start_date <= (day or promotion.store_start):
            begun[price.product_id].append(price)
    found = []
    for row in promotion.rows.all():
        own = _held_by_part(begun[row.product_id])
        parts = Counter(pk for lists in own.values() for pk in lists)
        held = {part: _here(lists, channels) for part, lists in own.items()}
        for part, lists in own.items():
            here = held[part]
            if as_said and part == PLAIN and not any(held.values()):
                here = [as_said.of(promotion)]
            for one in [each for each in here if each.with_vat] or here:
                is_said = amounts_are_of(part, parts[one.pk])
                found.append(_one(row, one, part, lists.get(one.pk, ()), is_said=is_said))
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


def lowered_prices(
    promotion: Promotion, prices: Sequence[Price], day: datetime.date, as_said: AsSaid
) -> list[Price]:
    """What it leaves on the day of each price that it lowers, of those paid (:func:`prices_paid`)."""
    return [
        Price(
            product=one.product,
            price_list=one.price_list,
            component=one.part[0],
            tier=one.part[1],
            amount=one.effective,
        )
        for one in promotion_prices(promotion, prices, day, as_said)
        if one.is_cut
    ]


def normal_prices(rows: Sequence[PromotionProduct]) -> dict[int, Decimal]:
    """By row (its id) what a unit normally costs on its promotion's first day, in its currency, by the lists
    that hold in its channels: those with VAT, else those without; everybody's before a channel's, ours before
    what was observed the day before and that before what is advised. Of a list without a plain price per unit
    the only price there is. Nothing of what is on none. One query; ``rows`` with their promotion's
    channels."""
    if not rows:
        return {}
    last = max(row.promotion.store_start for row in rows)
    by_product: dict[int, list[Price]] = defaultdict(list)
    for price in _approved(Price.objects.all(), [row.product_id for row in rows], last):
        by_product[price.product_id].append(price)
    found = {}
    for row in rows:
        start, currency = row.promotion.store_start, currency_of(row.promotion)
        by_part = _held_by_part(
            [
                price
                for price in by_product[row.product_id]
                if price.price_list.currency == currency and _is_before(price, start)
            ]
        )
        parts = Counter(pk for lists in by_part.values() for pk in lists)
        own = {pk: rows for lists in by_part.values() for pk, rows in lists.items() if parts[pk] == 1}
        own |= by_part[PLAIN]
        channels = [part.channel for part in row.promotion.channel_rows.all()]
        lists = [each[-1].price_list for each in own.values()]
        here = holding([one for one in lists if one.with_vat], channels) or holding(lists, channels)
        nearest = min(here, key=lambda one: (*reach(one)[:2], NORMAL.index(one.kind), one.code), default=None)
        if nearest is not None and (amount := own[nearest.pk][-1].amount):
            found[row.pk] = amount
    return found


def _is_before(price: Price, start: datetime.date) -> bool:
    """Whether it holds without a promotion that starts then: what is observed from that day on is in it."""
    begun = price.start_date
    return begun < start if price.price_list.is_observed else begun <= start


def prices_paid(promotions: Sequence[Promotion], last: datetime.date) -> list[Price]:
    """Those approved of their products, of every part, that say what customers pay, up to that day; by list,
    the oldest first."""
    asked = {part.product_id for row in promotions for part in row.rows.all()}
    return _approved(Price.objects.filter(price_list__kind__in=PAID), asked, last)


def prices_begun(promotion: Promotion, prices: QuerySet[Price]) -> list[Price]:
    """Of these prices those approved of its products, up to its first day; by list, the oldest first."""
    asked = [part.product_id for part in promotion.rows.all()]
    return _approved(prices, asked, promotion.store_start)


def _approved(prices: QuerySet[Price], products: Collection[int], until: datetime.date) -> list[Price]:
    rows = prices.filter(product__in=products, state=State.APPROVED, start_date__lte=until)
    related = rows.select_related("price_list__channel__parent__parent__parent")
    return list(related.order_by("price_list", "start_date"))


def _held(prices: Sequence[Price]) -> ByList:
    """Of one product and part, by list on which there is a price by the last of these."""
    found: dict[int, list[Price]] = defaultdict(list)
    for row in prices:
        found[row.price_list_id].append(row)
    return {pk: rows for pk, rows in found.items() if rows[-1].amount is not None}


def _held_by_part(prices: Sequence[Price]) -> dict[Part, ByList]:
    """The same of each part of one product, the plain price per unit first, also where there is none."""
    by_part: dict[Part, list[Price]] = {PLAIN: []}
    for row in prices:
        by_part.setdefault((row.component, row.tier), []).append(row)
    return {part: _held(rows) for part, rows in by_part.items()}


def _here(lists: ByList, channels: Collection[Channel]) -> list[PriceList]:
    return holding([rows[-1].price_list for rows in lists.values()], channels)


def _one(
    row: PromotionProduct, price_list: PriceList, part: Part, prices: Sequence[Price], *, is_said: bool
) -> InPromotion:
    listed = prices[-1].amount if prices else None
    normal, effective = cut_of(row, listed, price_list.currency if is_said else "")
    return InPromotion(row.product, price_list, part, normal, effective, is_said, prices)
