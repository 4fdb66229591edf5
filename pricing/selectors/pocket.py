"""From list price to pocket price of a product, for everybody and for each channel that has something of its
own: a channel without is as the one above it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from core.organisation import organisation_get, today
from pricing.engine.terms import Row, scale_rate, waterfall
from pricing.models import Price, PriceList, Term
from products.models import Channel, Product
from products.selectors.access import channels_visible, visible_channel_ids
from products.selectors.lines import line_tree

from .bonuses import bonus_rates
from .own_prices import MONTH, UNIT, lasting
from .price_rows import PriceRow
from .prices import Part, channels_above
from .terms import line_chain, steps_of, terms_on, terms_until
from .yearly import Customer, product_customers, yearly_amount

MAIN = (UNIT, MONTH)
"""The price that terms come off where nobody says what of several is used: per unit, of what has none per
month."""
SMALL = Decimal(10)
"""A list price below it has four decimals: a cent is too coarse for what comes off it."""


@dataclass(frozen=True)
class Listed:
    """What is asked on a list, without VAT: the price of one part, or what the reference customer pays in a
    year for all of them."""

    price_list: PriceList
    component: str
    amount: Decimal
    customer: Customer | None = None


@dataclass(frozen=True)
class Pocket:
    """What one channel's price comes to, without VAT; ``channel`` ``None``: who has nothing of his own. Of a
    price in parts it is what the ``customer`` pays in a year.

    Amounts have so many ``places``. ``bonus_is_least``: the person does not see all that counts for the
    bonus, so what is given at the least stands there.
    """

    channel: Channel | None
    price: Listed
    terms: Mapping[str, Term]
    rates: Mapping[str, Decimal]
    rows: Sequence[Row]
    places: int
    bonus_is_least: bool

    def amount(self, key: str) -> Decimal:
        return next(row.amount for row in self.rows if row.key == key)

    def share(self, key: str) -> Decimal | None:
        """Of the list price."""
        whole = self.rows[0].amount
        return self.amount(key) / whole if whole else None


def product_pockets(user: Any, product: Product, found: Sequence[PriceRow]) -> list[Pocket]:
    """Everybody first, then by channel; ``found``: the product's prices as ``price_rows`` has them. Only the
    channels a person sees."""
    prices = _listed(product, own_rows(found))
    if not prices:
        return []
    day, lines = today(), line_chain(line_tree(), product.line_id)
    terms = list(terms_until(day))
    expected = bonus_rates(user, day.year, terms)
    terms = [term for term in terms if term.line_id in lines]
    pockets = []
    for channel in [None, *_channels(user, {term.channel_id for term in terms} | prices.keys())]:
        chain: list[int | None] = [*channels_above(channel), None]
        price = next((prices[pk] for pk in chain if pk in prices), None)
        if price is not None:
            held = terms_on(terms, day, chain, lines)
            pockets.append(_pocket(channel, price, held, expected))
    return pockets


def own_rows(found: Sequence[PriceRow]) -> list[PriceRow]:
    """Of a product's prices ours that hold now, in our currency, without a segment."""
    currency = organisation_get().currency
    return [
        row
        for row in found
        if row.price_list.kind == PriceList.Kind.OWN
        and row.price_list.currency == currency
        and row.price_list.segment_id is None
        and row.now is not None
        and row.now.amount is not None
    ]


def _listed(product: Product, own: Sequence[PriceRow]) -> dict[int | None, Listed]:
    """By channel, everybody's under ``None``. A channel's list has everybody's price of a part it does not
    name. The first reference customer who uses any of it says how much of each."""
    lists: dict[int | None, PriceList] = {}
    parts: dict[int | None, dict[Part, Decimal]] = defaultdict(dict)
    for row in own:
        lists[row.price_list.channel_id] = row.price_list
        parts[row.price_list.channel_id][row.component, row.tier] = row.both(row.now)[1] or Decimal(0)
    counted = lasting({part: amount for each in parts.values() for part, amount in each.items()})
    customers = product_customers(product) if len(counted) > 1 else []
    customer = next((one for one in customers if yearly_amount(counted, one.uses) is not None), None)
    main = next(iter(counted), None) if len(counted) == 1 else next((p for p in MAIN if p in counted), None)
    found = {}
    for channel, held in parts.items():
        if customer is not None:
            whole = {
                part: amount for part, amount in {**parts.get(None, {}), **held}.items() if part in counted
            }
            amount = yearly_amount(whole, customer.uses)
            if amount is not None:
                found[channel] = Listed(lists[channel], "", amount, customer)
        elif main in held:
            assert main is not None
            found[channel] = Listed(lists[channel], main[0], held[main])
    return found


def _channels(user: Any, own: set[int | None]) -> list[Channel]:
    """Those with something of their own; of who is limited to channels also the uppermost he sees."""
    seen = visible_channel_ids(user)
    rows = channels_visible(user).select_related("parent__parent__parent")
    if seen is None:
        rows = rows.filter(pk__in=[pk for pk in own if pk is not None])
    return [row for row in rows if row.pk in own or (seen is not None and row.parent_id not in seen)]


def _pocket(
    channel: Channel | None,
    price: Listed,
    held: Mapping[str, Term],
    expected: Mapping[Any, Decimal | None],
) -> Pocket:
    rates = {kind: term.rate or term.amount or Decimal(0) for kind, term in held.items()}
    bonus, is_least = held.get(Term.Kind.BONUS), False
    if bonus is not None:
        rate = expected.get((bonus.channel_id, bonus.line_id))
        is_least = rate is None
        rates[Term.Kind.BONUS] = scale_rate(steps_of(bonus), Decimal(0)) if rate is None else rate
    if price.component != Price.Component.UNIT:
        rates.pop(Term.Kind.UNIT, None)
    places = 4 if price.amount < SMALL else 2
    rows = waterfall(price.amount, rates, places)
    return Pocket(channel, price, held, rates, rows, places, is_least)
