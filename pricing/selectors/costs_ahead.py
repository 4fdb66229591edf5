"""What costs are expected to come to: the forecast × the rates that are dated, of many products.

For the night, as standard costs are: nobody's rights are asked.
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from decimal import Decimal

from core.months import month_add, month_range
from forecasting.models import Forecast, ForecastMonth
from products.models import Product
from products.selectors.lines import LineTree

from .cost_months import BookedCost
from .costs import Rates
from .margins import Margins, Sold, month_margin
from .margins_ahead import MONTHS, sold_ahead, year_sold
from .standard_costs import SplitLines, booked_row, rates_of_products

ZERO = Decimal(0)
# Where nothing is expected to be sold; of no channel.
NOTHING = {0: Sold(ZERO, None, ZERO, ZERO)}


def lines_ahead(last: datetime.date) -> SplitLines:
    """What is split in the months after the last, as in the year up to it."""
    months = list(month_range(month_add(last, 1), month_add(last, MONTHS)))
    return SplitLines(months, list(month_range(month_add(last, 1 - MONTHS), last)))


def forecasts_current(products: Collection[Product], tree: LineTree) -> dict[int, Forecast]:
    """By product that of its leading measure, with its months."""
    leads = {product.pk: tree.lead_measure(product.line_id).pk for product in products}
    rows = Forecast.objects.filter(current=True, product__in=leads).prefetch_related("months")
    return {row.product_id: row for row in rows if row.product_id and row.measure_id == leads[row.product_id]}


def costs_ahead(product_ids: Collection[int], split: SplitLines) -> Iterator[BookedCost]:
    """Of the months of ``split``. A product without a forecast has what does not depend on what is sold."""
    products = list(Product.objects.filter(pk__in=product_ids).order_by("pk"))
    rates = rates_of_products(products)
    forecasts = forecasts_current(products, LineTree())
    groups: dict[datetime.date, list[Product]] = defaultdict(list)
    for product in products:
        known = forecasts.get(product.pk)
        groups[known.as_of if known else month_add(split.months[0], -1)].append(product)
    for as_of, own in groups.items():
        margins = Margins(
            {each: rates[each] for each in own}, month_add(as_of, 1 - MONTHS), as_of, split.splits
        )
        for product in own:
            known = forecasts.get(product.pk)
            months = {row.month: row for row in known.months.all()} if known else {}
            yield from _own(product, margins, rates[product], months, split)
            yield from split.of(product.pk)


def _own(
    product: Product,
    margins: Margins,
    rates: Sequence[Rates],
    forecast: Mapping[datetime.date, ForecastMonth],
    split: SplitLines,
) -> Iterator[BookedCost]:
    year = year_sold(product, margins)
    quantity = sum((row.units or ZERO for row in year.values()), ZERO)
    by_line = {each.cost_line: each for each in rates}
    for month in split.months:
        sold: dict[int, Sold] | None = NOTHING
        if product.ended is not None and product.ended < month:
            sold = None  # only its tail
        elif month in forecast and quantity > 0:
            row = forecast[month]
            share = Decimal(str(round(row.final, 4))) / quantity
            sold = sold_ahead(margins, product, year, share, Decimal(str(row.price_ratio or 1)))
        found = month_margin(product, month, rates, sold, margins.below, split.shared)
        for line, amount in found.costs:
            if not line.is_split:
                yield booked_row(product.pk, month, by_line[line], amount)
