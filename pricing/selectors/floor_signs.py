"""What the margin ahead of products is held against their floors from, as one hash each."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Mapping, Sequence

from core.months import month_add
from forecasting.models import Forecast
from pricing.engine.costs import LEVELS
from products.models import Channel, Product
from products.selectors.lines import LineTree

from .cost_splits import Splits
from .costs import Rates
from .margins_ahead import LEVEL, MONTHS, margin_floor
from .standard_costs import rates_said, said_hash, sales_said

VERSION = 4
"""Raise it where the same figures would be told otherwise."""
_COUNTED = LEVELS[: LEVELS.index(LEVEL) + 1]


def floor_signs(
    products: Sequence[Product],
    forecasts: Mapping[int, Forecast],
    rates: Mapping[Product, Sequence[Rates]],
    recipients: Mapping[int, int | None],
    tree: LineTree,
) -> dict[int, str]:
    """By product; ``forecasts`` are the current ones with their months, ``recipients`` who is told. What is
    taken off below the margin that counts moves nothing."""
    by_month: dict[datetime.date, list[Product]] = defaultdict(list)
    for product in products:
        if product.pk in forecasts:
            by_month[forecasts[product.pk].as_of].append(product)
    sold: dict[int, object] = {}
    splits: dict[int, str] = {}
    for as_of, own in by_month.items():
        first = month_add(as_of, 1 - MONTHS)
        sold |= sales_said([product.pk for product in own], first, as_of)
        lines = {each.cost_line.pk: each.cost_line for product in own for each in rates[product]}
        counted = [line for line in lines.values() if line.is_split and line.kind.level in _COUNTED]
        shares = Splits(counted, first, as_of)
        splits |= {
            line.pk: said_hash([sorted(shares.said(line).items()), shares.ends(line)]) for line in counted
        }
    said = {
        each.cost_line.pk: (str(each.cost_line), rates_said(each)) for own in rates.values() for each in own
    }
    channels = sorted(Channel.objects.values_list("pk", "parent_id"))
    return {
        product.pk: said_hash(
            [
                (VERSION, margin_floor(product, tree), product.ended, product.line_id),
                recipients[product.pk],
                [(measure.pk, measure.kind) for measure in tree.measures(product.line_id)],
                _ahead(forecasts.get(product.pk)),
                sold.get(product.pk),
                [
                    (said[each.cost_line.pk], splits.get(each.cost_line.pk))
                    for each in rates[product]
                    if each.cost_line.kind.level in _COUNTED
                ],
                channels if any(each.cost_line.channel_id for each in rates[product]) else None,
            ]
        )
        for product in products
    }


def _ahead(forecast: Forecast | None) -> object:
    if forecast is None:
        return None
    months = [(row.month, row.final_band[:3], row.price_ratio) for row in forecast.months.all()]
    return forecast.as_of, months
