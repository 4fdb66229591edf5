"""All prices of one product: what holds now on each list, what comes, and how it came about."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from core.organisation import organisation_get, today
from pricing.engine.van_prijs import VanPrijs, van_prijs
from pricing.models import Price, PriceList
from pricing.models.price import State
from products.models import Product

from .prices import lists_visible, vat_rates_on, with_and_without, with_pass_through, with_perishable
from .promotion_cuts import Ran, amounts_are_of, listed_on, promotions_ran

KINDS = PriceList.Kind.values


@dataclass(frozen=True)
class PriceRow:
    """One component of the product's price on one list. ``rows`` are its approved prices in order of their
    dates; ``now`` the one in force, ``following`` the first ahead, ``waiting`` those proposed. ``rate`` is
    the VAT today, ``rate_then`` on the day of the price ahead. ``van`` is the van-prijs of a reduction that
    would start on ``van_on``, of goods by the unit, and that it is not judged of others on a list of ours to
    consumers (``PriceList.is_to_consumers``): there it binds us. ``pass_through`` as its list has it."""

    price_list: PriceList
    component: str
    tier: str
    rate: Decimal | None
    rate_then: Decimal | None
    rows: Sequence[Price]
    waiting: Sequence[Price]
    now: Price | None
    following: Price | None
    van: VanPrijs | None
    van_on: datetime.date
    pass_through: Decimal = Decimal(1)

    def both(self, price: Price | None) -> tuple[Decimal | None, Decimal | None]:
        """With VAT and without."""
        if price is None or price.amount is None:
            return None, None
        return with_and_without(price.amount, self.price_list.with_vat, self.rate)


def price_history(user: Any, product: Product) -> list[Price]:
    """Every price of the product on lists the person may see but for drafts, the newest first."""
    rows = Price.objects.filter(product=product, price_list__in=lists_visible(user))
    related = (
        "price_list__channel__parent__parent__parent",
        "price_list__segment",
        "proposal__author",
        "approved_by",
        "source_import",
    )
    rows = with_perishable(with_pass_through(rows), product)
    rows = rows.exclude(state=State.DRAFT).select_related(*related)
    return list(rows.order_by("-start_date", "-pk"))


def price_rows(product: Product, history: Sequence[Price]) -> list[PriceRow]:
    """The product's prices by list and component, own lists and our currency first; ``history`` as
    :func:`price_history` has it. Lists on which it has neither a price nor one ahead are left out."""
    day = today()
    ahead = {
        price.start_date for price in history if price.state == State.APPROVED and price.start_date > day
    }
    rates = {
        date: of_all[product.pk] for date, of_all in vat_rates_on([product], sorted({day, *ahead})).items()
    }
    parts: dict[tuple[int, str, str], list[Price]] = defaultdict(list)
    for price in reversed(history):
        parts[price.price_list_id, price.component, price.tier].append(price)
    ran = promotions_ran(product) if any(one[0].price_list.with_vat for one in parts.values()) else []
    lists: dict[int, list[Sequence[Price]]] = defaultdict(list)
    for (pk, *_part), own in parts.items():
        lists[pk].append(_approved(own))
    found = [_row(product, own, lists[pk], rates, day, ran) for (pk, *_part), own in parts.items()]
    rows = [row for row in found if row.waiting or row.following or (row.now and row.now.amount is not None)]
    ours = organisation_get().currency
    return sorted(
        rows,
        key=lambda row: (
            KINDS.index(row.price_list.kind),
            row.price_list.currency != ours,
            row.price_list.channel_id is not None or row.price_list.segment_id is not None,
            str(row.price_list),
            Price.Component.values.index(row.component),
            row.tier,
        ),
    )


def not_covered(product: Product, component: str) -> VanPrijs | None:
    """Of what the rule does not clearly cover it is not judged: it is of goods, and of what a unit costs."""
    if product.kind == Product.Kind.SERVICE:
        return VanPrijs(None, "service")
    return None if component == Price.Component.UNIT else VanPrijs(None, "part")


def _row(
    product: Product,
    prices: Sequence[Price],
    beside: Sequence[Sequence[Price]],
    rates: Mapping[datetime.date, Decimal | None],
    day: datetime.date,
    ran: Sequence[Ran],
) -> PriceRow:
    """``beside``: the approved prices of every part on its list."""
    price_list, part = prices[0].price_list, (prices[0].component, prices[0].tier)
    approved = _approved(prices)
    now = next((price for price in reversed(approved) if price.start_date <= day), None)
    ahead = [price for price in approved if price.start_date > day]
    unit = prices[0].component == Price.Component.UNIT
    # Prices in promotions are those consumers pay: no match for a list without VAT.
    here = [one for one in ran if unit and price_list.with_vat and one.holds_on(price_list)]
    cuts = []
    for one in here:
        priced = [own for own in beside if listed_on(own, one.first) is not None]
        is_said = amounts_are_of(part, len(priced))
        if cut := one.cut(approved, price_list.currency, is_said=is_said):
            cuts.append(cut)
    lower = [price.start_date for price in ahead if _is_lower(price, now)][:1]
    lower += [cut.first for cut in cuts if cut.first > day]
    van_on = min(lower, default=day + datetime.timedelta(days=1))
    van = not_covered(product, prices[0].component)
    if van is None:
        steps = [(price.start_date, price.amount) for price in approved]
        van = van_prijs(steps, van_on, perishable=prices[0].perishable, cuts=cuts)
    elif not price_list.is_to_consumers:
        van = None
    return PriceRow(
        price_list=price_list,
        component=prices[0].component,
        tier=prices[0].tier,
        rate=rates[day],
        rate_then=rates[ahead[0].start_date if ahead else day],
        rows=approved,
        waiting=[price for price in prices if price.state == State.PROPOSED],
        now=now,
        following=ahead[0] if ahead else None,
        van=van,
        van_on=van_on,
        pass_through=prices[0].pass_through,
    )


def _approved(prices: Sequence[Price]) -> list[Price]:
    return [price for price in prices if price.state == State.APPROVED]


def _is_lower(price: Price, than: Price | None) -> bool:
    return bool(than and price.amount is not None and than.amount is not None and price.amount < than.amount)
