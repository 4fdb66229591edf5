"""What costs are expected to come to: the forecast × the rates that are dated, of many products; and of what
that is made, as a hash.

For the night, as standard costs are: nobody's rights are asked.
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal

from django.db.models import Max

from core.months import month_add, month_range
from core.organisation import today
from forecasting.models import Forecast, ForecastMonth, NightlyStep
from forecasting.services.night import last_closed_month
from products.models import Product
from products.selectors.lines import LineTree

from .channel_parts import Weights, channel_weights, in_channels
from .cost_months import AHEAD_STEP, BookedCost
from .costs import Rates
from .margins import Margins
from .margins_ahead import MONTHS, is_sold, sold_ahead, year_sold
from .month_margin import month_margin
from .sold import Sold
from .standard_costs import (
    NONE,
    SplitLines,
    bearing_of,
    booked_row,
    borne_said,
    rates_of_products,
    said_hash,
    sales_said,
)

VERSION = 5
"""Raise it where the same figures would be booked otherwise."""
ZERO = Decimal(0)


def ahead_after() -> datetime.date:
    """The month after which costs ahead are booked, of all products: the last whole one of the newest night
    that booked them; where none has, of now. From the first of a month until its night that is not the month
    before."""
    booked = NightlyStep.objects.filter(
        name=AHEAD_STEP, state=NightlyStep.State.DONE, run__scope__isnull=True
    )
    newest: datetime.date | None = booked.aggregate(newest=Max("run__as_of"))["newest"]
    return newest or last_closed_month(today())


def lines_ahead(last: datetime.date) -> SplitLines:
    """What is split in the months after the last, as in the year up to it."""
    months = list(month_range(month_add(last, 1), month_add(last, MONTHS)))
    return SplitLines(months, list(month_range(month_add(last, 1 - MONTHS), last)))


def forecasts_current(products: Collection[Product], tree: LineTree) -> dict[int, Forecast]:
    """By product that of its leading measure, with its months."""
    leads = {product.pk: tree.lead_measure(product.line_id).pk for product in products}
    rows = Forecast.objects.filter(current=True, product__in=leads).prefetch_related("months")
    return {row.product_id: row for row in rows if row.product_id and row.measure_id == leads[row.product_id]}


class CostsAhead:
    """Of some products in the months of ``split``. A product without a forecast has what does not depend on
    what is sold."""

    def __init__(self, product_ids: Collection[int], split: SplitLines) -> None:
        self._split, self._tree = split, LineTree()
        self._products = list(Product.objects.filter(pk__in=product_ids).order_by("pk"))
        self._rates = rates_of_products(self._products)
        self._forecasts = forecasts_current(self._products, self._tree)

    def signs(self) -> dict[int, str]:
        """By product a hash of all that its costs are made of; empty where no cost is borne by it."""
        bearing, parts = bearing_of(self._rates, self._split)
        borne = borne_said(self._tree, bearing, parts)
        signs = dict.fromkeys(parts, NONE)
        for as_of, own in self._by_year(bearing).items():
            sold = sales_said([product.pk for product in own], month_add(as_of, 1 - MONTHS), as_of)
            for product in own:
                months = [
                    (month, row.final, row.price_ratio)
                    for month, row in sorted(self._months(product).items())
                    if month in self._split.months
                ]
                said = (VERSION, self._split.months[0], as_of, product.ended, sold.get(product.pk))
                signs[product.pk] = said_hash([said, months, borne[product.pk]])
        return signs

    def rows(self, product_ids: Collection[int]) -> Iterator[BookedCost]:
        wanted = [product for product in self._products if product.pk in product_ids]
        for as_of, own in self._by_year(wanted).items():
            rates = {product: self._rates[product] for product in own}
            margins = Margins(rates, month_add(as_of, 1 - MONTHS), as_of, self._split.splits)
            for product in own:
                yield from _of(product, margins, rates[product], self._months(product), self._split)

    def _by_year(self, products: Iterable[Product]) -> dict[datetime.date, list[Product]]:
        """By the last month of the year whose sales say how what is ahead spreads."""
        groups: dict[datetime.date, list[Product]] = defaultdict(list)
        for product in products:
            known = self._forecasts.get(product.pk)
            groups[known.as_of if known else month_add(self._split.months[0], -1)].append(product)
        return groups

    def _months(self, product: Product) -> dict[datetime.date, ForecastMonth]:
        known = self._forecasts.get(product.pk)
        return {row.month: row for row in known.months.all()} if known else {}


def _of(
    product: Product,
    margins: Margins,
    rates: Sequence[Rates],
    forecast: Mapping[datetime.date, ForecastMonth],
    split: SplitLines,
) -> Iterator[BookedCost]:
    """By the channels that bear it, where what is sold spreads over them as in the year before."""
    weights: dict[datetime.date, Mapping[int, Weights]] = {}
    year = year_sold(product, margins)
    quantity = sum((row.units or ZERO for row in year.values()), ZERO)
    by_line = {each.cost_line: each for each in rates}
    for month in split.months:
        sold: dict[int, Sold] | None = None  # what does not depend on what is sold
        if month in forecast and quantity > 0 and is_sold(product, month):
            row = forecast[month]
            share = Decimal(str(round(row.final, 4))) / quantity
            sold = sold_ahead(margins, product, year, share, Decimal(str(row.price_ratio or 1)))
        found = month_margin(product, month, rates, sold, margins.below, split.shared)
        own = channel_weights(found.costs, sold or {}, margins.below)
        weights[month] = own
        for line, amount in found.costs:
            if not line.is_split:
                cost = booked_row(product.pk, month, by_line[line], amount, found.abroad.get(line.pk))
                yield from in_channels(cost, own[line.pk])
    for cost in split.of(product.pk):
        yield from in_channels(cost, weights[cost.month].get(cost.cost_line_id or 0))
