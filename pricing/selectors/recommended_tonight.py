"""What the night works recommended prices out from, of many products at once: nobody's rights are asked."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial

from django.db.models import Q

from core.months import month_add, month_start
from forecasting.models import Forecast, ForecastMonth
from forecasting.selectors.forecasts import error_correlation_now
from forecasting.selectors.prices import prices_last_year
from pricing.models import Elasticity, PriceList
from products.models import Measure, Product
from products.selectors.lines import LineTree

from .bounds import refusing
from .channel_volumes import ChannelVolumes, channel_volumes_of
from .costs import Rates
from .costs_ahead import forecasts_current
from .margins import moving_costs
from .margins_ahead import is_sold
from .prices import vat_rates
from .recommended import Limit
from .standard_costs import rates_of_products, said_hash
from .what_if import Ground, PriceNow
from .what_if_reading import Read, UnitCosts, ground_of, months_asked, prices_now

VERSION = 2
"""Raise it where the same figures would lead to another price."""
DIGITS = 9


@dataclass(frozen=True)
class Tonight:
    """``sign``: a hash of all that the answer follows from."""

    ground: Ground
    start: datetime.date
    limit: Limit | None
    sign: str


def recommended_tonight(products: Sequence[Product], day: datetime.date) -> dict[Product, Tonight]:
    """Of products with a plain price of ours for everybody, a forecast of what is sold and known costs of
    each of its months. Eighteen queries at most for all."""
    tree = LineTree()
    leads = {product: tree.lead_measure(product.line_id) for product in products}
    flows = [product for product, lead in leads.items() if lead.kind != Measure.Kind.LEVEL]
    rates = {product: own for product, own in rates_of_products(flows).items() if own}
    counted = PriceList.objects.filter(Q(channel=None) | Q(kind=PriceList.Kind.OWN), segment=None)
    lists = prices_now([product.pk for product in rates], counted, day)
    priced = [
        product for product in rates if any(_is_recommended_of(one) for one in lists.get(product.pk, ()))
    ]
    forecasts = forecasts_current(priced, tree)
    as_of = {pk: forecast.data_month or forecast.as_of for pk, forecast in forecasts.items()}
    brought = prices_last_year(as_of)
    vat = vat_rates(priced, day) if priced else {}
    answers = {
        row.product_id: row
        for row in Elasticity.objects.filter(
            product__in=list(forecasts), channel=None, estimate__isnull=False
        ).defer("likelihood")
    }
    correlation = error_correlation_now()
    start = month_add(month_start(day), 1)
    limits = refusing(priced, start, tree)
    apart = [product for product in priced if any(one.price_list.channel_id for one in lists[product.pk])]
    volumes = channel_volumes_of({product.pk: leads[product] for product in apart})
    found = {}
    for product in priced:
        forecast = forecasts.get(product.pk)
        own = _months(product, forecast, day) if forecast else []
        if forecast is None or not own or own[-1].month < start:
            continue
        read = Read(
            product,
            leads[product],
            "",
            lists[product.pk],
            forecast,
            own,
            correlation,
            brought.get((product.pk, leads[product].pk)),
            vat=partial(vat.get, product.pk),
            elasticities=partial(_answers, answers.get(product.pk)),
            costs=partial(_costs, product, rates[product], own),
            sold=partial(_sold, volumes.get(product.pk)),
        )
        ground = ground_of(read, day)
        if "margin" in ground.measures:
            limit = limits.get(product.pk)
            found[product] = Tonight(ground, start, limit, _sign(ground, start, limit))
    return found


def _is_recommended_of(price: PriceNow) -> bool:
    own = price.price_list
    return own.kind == PriceList.Kind.OWN and own.channel_id is None and price.made.is_plain


def _months(product: Product, forecast: Forecast, day: datetime.date) -> list[ForecastMonth]:
    """Those in which there is something to sell."""
    return months_asked([row for row in forecast.months.all() if is_sold(product, row.month)], day)


def _answers(row: Elasticity | None) -> Mapping[int | None, Elasticity]:
    return {} if row is None else {None: row}


def _sold(volumes: ChannelVolumes | None, _measures: Sequence[Measure]) -> Sequence[ChannelVolumes]:
    """In what leads its line, which is no state."""
    return [volumes or ChannelVolumes({}, {}, {}, {})]


def _costs(product: Product, rates: Sequence[Rates], months: Sequence[ForecastMonth]) -> UnitCosts:
    return [moving_costs(product, rates, row.month, Decimal(row.final)) for row in months]


def _sign(ground: Ground, start: datetime.date, limit: Limit | None) -> str:
    row = ground.elasticity
    answer = row and (row.quantiles, row.lowest_price, row.highest_price, row.price_kind, row.method)
    months = [
        [
            round(value, DIGITS)
            for value in (m.mean, m.lo80, m.hi80, m.price, m.share, m.cost or 0, m.taken, m.part, m.before)
        ]
        for m in ground.base(start)
    ]
    lists = (ground.price.price_list.pk, ground.price.amount, ground.pass_through)
    consumer = ground.consumer.amount if ground.consumer else None
    within = (limit[0].least, limit[0].most, limit[0].with_vat, limit[1]) if limit else None
    return said_hash(
        (VERSION, start, within, lists, consumer, answer, round(ground.correlation, DIGITS), months)
    )
