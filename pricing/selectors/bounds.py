"""The least and the most that prices may be."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Q

from accounts.rows import from_row, row_of
from core.organisation import organisation_get
from pricing.models import Bound, Price, PriceList
from products.models import Product
from products.selectors.lines import LineTree, line_tree

from .prices import vat_rates, vat_rates_on, with_and_without


def bound_rows(product: Product) -> ArraySubquery:
    """Those of a product and its lines, to be read with another row; :func:`bounds_read` makes them of it."""
    above = [line.pk for line in line_tree().ancestors(product.line_id)]
    rows = Bound.objects.filter(Q(product=product) | Q(line__in=above))
    return ArraySubquery(rows.order_by("start_date").values_list(row_of(Bound)))


def bounds_read(said: Any) -> list[Bound]:
    return [from_row(Bound, each) for each in said or ()]


class BoundsOn:
    """Those that hold on a day. One query; none where ``rows`` were read, the oldest first."""

    def __init__(
        self, day: datetime.date, tree: LineTree | None = None, rows: Sequence[Bound] | None = None
    ) -> None:
        self.read = list(Bound.objects.order_by("start_date")) if rows is None else rows
        self._rows = {
            (row.product_id, row.line_id, row.component, row.tier, row.currency): row
            for row in self.read
            if row.start_date <= day
        }
        self._day = day
        self.currencies = frozenset(row.currency for row in self._rows.values())
        self._tree = tree

    def __bool__(self) -> bool:
        return bool(self._rows)

    def on(self, day: datetime.date) -> BoundsOn:
        """The same of another day, without a query."""
        return BoundsOn(day, self._tree, self.read)

    def days_ahead(self, currency: str) -> list[datetime.date]:
        """On which days after this one a bound in the currency begins."""
        ahead = {row.start_date for row in self.read if row.currency == currency}
        return sorted(day for day in ahead if day > self._day)

    def elsewhere(self, price: Price, currency: str) -> bool:
        """Whether a price in this currency is held against nothing, while there is a bound in another."""

        def held(code: str) -> bool:
            found = self.of(price.product, price.component, price.tier, currency=code)
            return found is not None and not (found.least is None and found.most is None)

        return not held(currency) and any(map(held, self.currencies - {currency}))

    def of(
        self, product: Product, component: str = Price.Component.UNIT, tier: str = "", *, currency: str = ""
    ) -> Bound | None:
        """Its own, else of the nearest line; of each that of the tier, else that of all of them. Of the
        ``currency``, or ours."""
        currency = currency or organisation_get().currency
        if currency not in self.currencies:
            return None
        above = (self._tree or line_tree()).ancestors(product.line_id)
        near = [(product.pk, None), *((None, line.pk) for line in above)]
        keys = ((*where, component, which, currency) for where in near for which in (tier, ""))
        return next((self._rows[key] for key in keys if key in self._rows), None)


def end_passed(bound: Bound, amount: Decimal, price_list: PriceList, rate: Decimal | None) -> str:
    """Which end a price on the list passes at that VAT, *least* or *most*; "" where it lies within."""
    gross, net = with_and_without(amount, price_list.with_vat, rate)
    held = gross if bound.with_vat else net
    if bound.least is not None and held < bound.least:
        return "least"
    return "most" if bound.most is not None and held > bound.most else ""


@dataclass(frozen=True)
class Passed:
    """A price beyond a bound; ``end`` is the one it passes, *least* or *most*. ``since``: from which day on,
    where it lies within before."""

    price: Price
    bound: Bound
    end: str
    since: datetime.date | None = None

    @property
    def is_refused(self) -> bool:
        """Whether no reason lets it pass."""
        return self.bound.beyond == Bound.Beyond.REFUSE


@dataclass(frozen=True)
class Held:
    """Prices against the bounds of their day. ``later``: those that pass one which begins while they hold;
    ``unchecked``: of how many none is known in their list's currency, while there is one in another;
    ``rates``: their VAT where it was asked, by product id."""

    passed: Sequence[Passed] = ()
    later: Sequence[Passed] = ()
    unchecked: int = 0
    rates: Mapping[int, Decimal | None] = field(default_factory=dict)


def prices_held(
    price_list: PriceList,
    prices: Sequence[Price],
    bounds: BoundsOn,
    start_date: datetime.date,
    until: Mapping[int, datetime.date | None] | None = None,
) -> Held:
    """These prices of the list from the date, with their products, against ``bounds`` of that day; and where
    it is told ``until`` when each holds, by its id, against those that begin before. One query at most
    besides."""
    currency = price_list.currency
    days = bounds.days_ahead(currency) if until is not None else []
    if price_list.is_observed or not (bounds or days):
        return Held()
    priced = [price for price in prices if price.amount is not None]
    unchecked = 0
    if bounds.currencies - {currency}:
        unchecked = sum(bounds.elsewhere(price, currency) for price in priced)
    if not priced or (currency not in bounds.currencies and not days):
        return Held(unchecked=unchecked)
    rates = vat_rates_on([price.product for price in prices], [start_date, *days])
    passed = [found for price in priced if (found := passing(price_list, price, bounds, rates[start_date]))]
    later: dict[int, Passed] = {}
    for day in days:
        then = bounds.on(day)
        for price in priced:
            end = until and until[price.pk]
            if price.pk in later or (end and day >= end):
                continue
            found = passing(price_list, price, then, rates[day])
            if found and found.bound.start_date == day:
                later[price.pk] = found
    return Held(passed, list(later.values()), unchecked, rates[start_date])


def passing(
    price_list: PriceList, price: Price, bounds: BoundsOn, rates: Mapping[int, Decimal | None]
) -> Passed | None:
    """Whether the price on the list passes one of ``bounds``, at these rates of VAT by product id."""
    bound = bounds.of(price.product, price.component, price.tier, currency=price_list.currency)
    if bound is None or price.amount is None:
        return None
    end = end_passed(bound, price.amount, price_list, rates[price.product_id])
    return Passed(price, bound, end) if end else None


def refusing(
    products: Iterable[Product],
    day: datetime.date,
    tree: LineTree | None = None,
    rows: Sequence[Bound] | None = None,
) -> dict[int, tuple[Bound, Decimal | None]]:
    """Bounds of the price per unit that no reason lets pass, with the VAT rate of their product."""
    asked, bounds = list(products), BoundsOn(day, tree, rows)
    held = [(product, bound) for product in asked if (bound := bounds.of(product))]
    found = [(product, bound) for product, bound in held if bound.beyond == Bound.Beyond.REFUSE]
    rates = vat_rates([product for product, _bound in found], day) if found else {}
    return {product.pk: (bound, rates[product.pk]) for product, bound in found}
