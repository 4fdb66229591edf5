"""What reference customers pay in a year: prices made of components beside each other in one figure."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import QuerySet
from django.db.models.expressions import RawSQL

from accounts.rows import from_row, row_of, sql_of
from core.organisation import organisation_get, today
from pricing.models import Price, PriceList, ReferenceUse
from pricing.models.price import State
from products.models import Product
from products.selectors.access import visible_line_ids
from products.selectors.earlier_lines import lines_on
from products.selectors.lines import LineTree, line_tree

from .levies import LeviesOn, levied, levies_of
from .price_rows import PriceRow
from .prices import Part, in_force, vat_rates_on, with_and_without

READING = "reference_uses"
MONTHS = 12
Both = tuple[Decimal, Decimal]
"""An amount with VAT and without."""


@dataclass(frozen=True)
class Customer:
    """``uses`` by tier, of the price per unit without a tier under the empty one."""

    line_id: int
    name: str
    uses: Mapping[str, Decimal]


@dataclass(frozen=True)
class Yearly:
    """What a customer pays in a year at the prices of one list, now and from the next date on which one of
    them changes; ``None``: he buys nothing of it there. ``once``: the first year, with what is paid once.
    ``levied``: with VAT and the levies of the day; ``None`` where the line has none."""

    customer: Customer
    price_list: PriceList
    now: Both | None
    then: Both | None
    then_on: datetime.date | None
    once: bool
    now_levied: Decimal | None = None
    then_levied: Decimal | None = None


def uses_visible(user: Any) -> QuerySet[ReferenceUse]:
    lines = visible_line_ids(user)
    rows = ReferenceUse.objects.all()
    return rows if lines is None else rows.filter(line__in=lines)


def customers_visible(user: Any) -> list[Customer]:
    return _customers(uses_visible(user))


def uses_reading(_user: Any) -> RawSQL:
    """What all reference customers use, a few rows, read with the product of a page."""
    return _uses_read()


@cache
def _uses_read() -> RawSQL:
    return sql_of(Product, ArraySubquery(ReferenceUse.objects.values_list(row_of(ReferenceUse))))


def customers_of(line_ids: Collection[int], tree: LineTree | None = None) -> dict[int, list[Customer]]:
    """The reference customers of each line: its own, else those of the nearest line above that has any."""
    tree = tree or line_tree()
    lines = {line.pk for pk in line_ids for line in tree.ancestors(pk)}
    return _nearest(line_ids, tree, ReferenceUse.objects.filter(line__in=lines))


def product_customers(product: Product) -> list[Customer]:
    """The reference customers of its line; no query where they were read with it."""
    if not hasattr(product, READING):
        return customers_of([product.line_id])[product.line_id]
    rows = [from_row(ReferenceUse, row) for row in getattr(product, READING)]
    return _nearest([product.line_id], line_tree(), rows)[product.line_id]


def _nearest(
    line_ids: Collection[int], tree: LineTree, uses: Iterable[ReferenceUse]
) -> dict[int, list[Customer]]:
    own: dict[int, list[Customer]] = defaultdict(list)
    for customer in _customers(uses):
        own[customer.line_id].append(customer)
    above = {pk: [line.pk for line in tree.ancestors(pk)] for pk in line_ids}
    return {pk: next((own[line] for line in ids if line in own), []) for pk, ids in above.items()}


def customers_by_product(products: Iterable[Product]) -> dict[int, list[Customer]]:
    """The reference customers of each product's line, in one query; none of no product, or of products they
    were read with."""
    rows = list(products)
    if not rows:
        return {}
    if hasattr(rows[0], READING):
        return {product.pk: product_customers(product) for product in rows}
    customers = customers_of({product.line_id for product in rows})
    return {product.pk: customers[product.line_id] for product in rows}


def _customers(rows: Iterable[ReferenceUse]) -> list[Customer]:
    uses: dict[tuple[int, str], dict[str, Decimal]] = defaultdict(dict)
    for row in rows:
        uses[row.line_id, row.customer][row.tier] = row.amount
    return [Customer(line, name, said) for (line, name), said in uses.items()]


def yearly_amount(prices: Mapping[Part, Decimal], uses: Mapping[str, Decimal]) -> Decimal | None:
    """What :func:`yearly_amounts` come to together."""
    amounts = yearly_amounts(prices, uses)
    return None if amounts is None else sum(amounts.values(), Decimal(0))


def yearly_amounts(prices: Mapping[Part, Decimal], uses: Mapping[str, Decimal]) -> dict[str, Decimal] | None:
    """The customer's use of each price per unit, twelve of a price per month and one of what is paid once, by
    tier. A tier counts where he uses it; also without one per month and once. ``None``: nothing that he uses.
    """
    known = {tier.casefold(): amount for tier, amount in uses.items()}
    paid: dict[str, Decimal] = defaultdict(Decimal)
    used = False
    for (component, tier), price in prices.items():
        use = known.get(tier.casefold())
        used = used or use is not None
        if component == Price.Component.UNIT:
            paid[tier] += price * (use or 0)
        elif use is not None or not tier:
            paid[tier] += price * (MONTHS if component == Price.Component.MONTH else 1)
    return paid if used else None


def product_yearly(product: Product, rows: Sequence[PriceRow]) -> list[Yearly]:
    """Of each reference customer of the product's line, on every list where its price is made of components;
    ``rows`` as :func:`pricing.selectors.price_rows.price_rows` has them."""
    customers = product_customers(product)
    levies = levies_of([product.line_id], line_tree())[product.line_id] if customers else None
    by_list: dict[int, list[PriceRow]] = defaultdict(list)
    for row in rows:
        by_list[row.price_list.pk].append(row)
    found = []
    for own in by_list.values():
        rates = {today(): own[0].rate}
        rates |= {row.following.start_date: row.rate_then for row in own if row.following}
        prices = [price for row in own for price in row.rows]
        found += _yearly(own[0].price_list, prices, customers, rates, levies)
    return found


def list_yearly(
    price_list: PriceList, products: Sequence[Product], day: datetime.date | None = None
) -> dict[int, list[Yearly]]:
    """The same for many products on one list, by product id, in a fixed number of queries; as of the ``day``,
    today unless told, and of the line each was in that day."""
    day, ids = day or today(), [product.pk for product in products]
    prices: dict[int, list[Price]] = defaultdict(list)
    later = Price.objects.filter(
        price_list=price_list, product__in=ids, state=State.APPROVED, start_date__gt=day
    )
    for price in [*in_force([price_list.pk], ids, day), *later.order_by("start_date")]:
        prices[price.product_id].append(price)
    dates = {day} | {price.start_date for own in prices.values() for price in own if price.start_date > day}
    rates = vat_rates_on(products, dates)
    then = lines_on(products, dates)
    lines = {line for of_all in then.values() for line in of_all.values()}
    tree = line_tree()
    customers, levies = customers_of(lines, tree), levies_of(lines, tree)

    def levies_then(product: int) -> LeviesOn:
        return lambda date: levies[then[date][product]](date)

    return {
        product.pk: _yearly(
            price_list,
            prices[product.pk],
            customers[then[day][product.pk]],
            {date: of_all[product.pk] for date, of_all in rates.items()},
            levies_then(product.pk),
            day,
        )
        for product in products
    }


def _yearly(
    price_list: PriceList,
    prices: Sequence[Price],
    customers: Sequence[Customer],
    rates: Mapping[datetime.date, Decimal | None],
    levies: LeviesOn | None,
    day: datetime.date | None = None,
) -> list[Yearly]:
    """``prices`` are approved ones, of each component in order of their dates; of the ``day``, or today."""
    if all(price.component == Price.Component.UNIT and not price.tier for price in prices):
        return []
    day = day or today()
    then_on = min((price.start_date for price in prices if price.start_date > day), default=None)

    def both(customer: Customer, date: datetime.date | None) -> Both | None:
        if date is None:
            return None
        amount = yearly_amount(_on(prices, date), customer.uses)
        return None if amount is None else with_and_without(amount, price_list.with_vat, rates[date])

    def levied_too(customer: Customer, date: datetime.date | None, amounts: Both | None) -> Decimal | None:
        held = levies(date) if levies and date and price_list.currency == organisation_get().currency else []
        if not held or date is None or amounts is None:
            return None
        known = {tier.casefold(): amount for tier, amount in customer.uses.items()}
        uses = {
            tier: known[tier.casefold()]
            for component, tier in _on(prices, date)
            if component == Price.Component.UNIT and tier.casefold() in known
        }
        rate, of_tiers = rates[date], yearly_amounts(_on(prices, date), customer.uses) or {}
        paid = {
            tier: with_and_without(amount, price_list.with_vat, rate)[1] for tier, amount in of_tiers.items()
        }
        return amounts[0] + with_and_without(levied(held, uses, paid), False, rate)[0]

    once = any(part[0] == Price.Component.ONCE for part in _on(prices, then_on or day))
    found = []
    for who in customers:
        now, then = both(who, day), both(who, then_on)
        taxed = levied_too(who, day, now), levied_too(who, then_on, then)
        found.append(Yearly(who, price_list, now, then, then_on, once, *taxed))
    return [row for row in found if row.now or row.then]


def _on(prices: Sequence[Price], date: datetime.date) -> dict[Part, Decimal]:
    held = {(price.component, price.tier): price.amount for price in prices if price.start_date <= date}
    return {part: amount for part, amount in held.items() if amount is not None}
