"""Promotions that a list's consumers could buy in, for the van-prijs."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.contrib.postgres.aggregates import ArrayAgg

from core.organisation import today
from pricing.engine.van_prijs import STEP_MONTHS, WINDOW, Cut
from pricing.models import Price, PriceList, Promotion, PromotionProduct
from pricing.words.promotions import cut_of
from products.models import Product

from .prices import Part, channels_above
from .promotion_runs import last_day, ran_or_will
from .promotions import currency_of

Mechanic = Promotion.Mechanic
# A price that everybody pays then. What asks for a number of units, a card or a new customer is none; of a
# coupon and of money back the rule does not say.
PRICES = (Mechanic.PRICE_CUT, Mechanic.DISPLAY, Mechanic.FEATURE, Mechanic.CAMPAIGN)
UNCLEAR = (Mechanic.COUPON, Mechanic.CASHBACK)
PLAIN = (Price.Component.UNIT, "")
# Far enough back for the chain of reductions whose first van-prijs may stay.
BACK = WINDOW + datetime.timedelta(days=31 * STEP_MONTHS)


@dataclass(frozen=True)
class Ran:
    """A promotion of a product; no channels: everywhere."""

    row: PromotionProduct
    channels: frozenset[int]
    last: datetime.date

    @property
    def first(self) -> datetime.date:
        return self.row.promotion.store_start

    def holds_on(self, price_list: PriceList) -> bool:
        """Whether all who buy by the list could buy in it."""
        return not self.channels or not self.channels.isdisjoint(channels_above(price_list.channel))

    def cut(self, rows: Sequence[Price], currency: str, *, is_said: bool) -> Cut | None:
        """Of the prices of a part on a list in the currency; ``None``: it lowers no price, as an amount in
        another currency does not. ``is_said``: its amounts are of this part."""
        promotion, first = self.row.promotion, self.first
        is_amount = promotion.amount is not None or self.row.effective_price is not None
        if is_amount and currency != currency_of(promotion):
            return None
        if promotion.mechanic in UNCLEAR:
            return Cut(first, self.last, None)
        amount = cut_of(self.row, listed_on(rows, first), currency if is_said else "")[1]
        if amount is None and promotion.mechanic != Mechanic.PRICE_CUT:
            return None
        return Cut(first, self.last, amount)


def amounts_are_of(part: Part, parts: int) -> bool:
    """Whether the amounts of a promotion are of this of a list's so many parts: they are of the plain price
    per unit, or of the only price there is, and say nothing of another."""
    return part == PLAIN or parts == 1


def listed_on(rows: Sequence[Price], day: datetime.date) -> Decimal | None:
    """What a part costs on the day by its approved prices on a list, the oldest first."""
    return next((row.amount for row in reversed(rows) if row.start_date <= day), None)


def promotions_ran(product: Product) -> list[Ran]:
    """Those that end no longer ago than counts today, also ahead; of one called off what it ran. One
    query."""
    return promotions_ran_of([product.pk], today()).get(product.pk, [])


def promotions_ran_of(products: Collection[int], day: datetime.date) -> dict[int, list[Ran]]:
    """By product those that end no longer ago than counts on the day. One query."""
    rows = (
        PromotionProduct.objects.filter(
            ran_or_will("promotion__"),
            product_id__in=products,
            promotion__mechanic__in=[*PRICES, *UNCLEAR],
            promotion__store_end__gte=day - BACK,
        )
        .select_related("promotion")
        .annotate(places=ArrayAgg("promotion__channel_rows__channel", default=[]))
        .order_by("promotion__store_start", "pk")
    )
    found: dict[int, list[Ran]] = {}
    for row in rows:
        last = last_day(row.promotion)
        if last >= row.promotion.store_start:
            places = frozenset(pk for pk in row.places if pk)
            found.setdefault(row.product_id, []).append(Ran(row, places, last))
    return found
