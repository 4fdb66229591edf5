"""The night's step of margin floors: whose expected margin falls under one, told to who may see costs."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any

from django.db.models import Q

from core.months import month_add
from core.registries import ChunkOutcome
from forecasting.models import Forecast, NightlyRun
from forecasting.services.night import looks_back
from forecasting.steps.common import chunk_size
from pricing.selectors.costs import Rates
from pricing.selectors.costs_ahead import forecasts_current
from pricing.selectors.floor_signs import floor_signs
from pricing.selectors.margins import Margins
from pricing.selectors.margins_ahead import MONTHS, Fall, fall_under, months_ahead
from pricing.selectors.standard_costs import rates_of_products
from pricing.services.cost_signs import Step, products_due, products_signed
from pricing.services.margin_floors import alerts_there, floor_alerts_settle, floor_recipients
from products.models import Product
from products.selectors.lines import LineTree


def chunks(run: NightlyRun) -> Iterator[Mapping[str, Any]]:
    """Products with a floor, or with an alert of theirs. A run that looks back tells nobody anything."""
    if looks_back(run):
        return
    tree = LineTree()
    lines = [pk for pk in tree.lines if tree.inherited(pk, "floor_rate").value is not None]
    floored = Product.objects.filter(
        Q(floor_rate__isnull=False) | Q(line__any=lines) | Q(pk__any=alerts_there())
    )
    if run.scope is not None:
        floored = floored.filter(pk__any=run.scope)
    found = sorted(floored.values_list("pk", flat=True))
    size = chunk_size(len(found))
    for begin in range(0, len(found), size):
        yield {"products": found[begin : begin + size]}


def compute(run: NightlyRun, payload: Mapping[str, Any]) -> Callable[[], ChunkOutcome]:
    """Of products of which nothing changed since, people know already what there is to tell."""
    products = list(Product.objects.filter(pk__in=payload["products"]).select_related("line"))
    rates, tree = rates_of_products(products), LineTree()
    forecasts = forecasts_current(products, tree)
    recipients = floor_recipients(products, tree, run.local_date)
    due = products_due(Step.FLOOR, floor_signs(products, forecasts, rates, recipients, tree))
    falls = falls_of([product for product in products if product.pk in due], forecasts, rates)

    def write() -> ChunkOutcome:
        if due:
            floor_alerts_settle(
                products=list(due), falls=falls, recipients=recipients, local_date=run.local_date
            )
            products_signed(Step.FLOOR, due)
        return ChunkOutcome(computed=len(due), skipped=len(products) - len(due))

    return write


def falls_of(
    products: Collection[Product],
    forecasts: Mapping[int, Forecast] | None = None,
    rates: Mapping[Product, Sequence[Rates]] | None = None,
) -> dict[Product, Fall]:
    """Of products whose expected margin is under its floor within twelve months: when and why."""
    forecasts = forecasts_current(products, LineTree()) if forecasts is None else forecasts
    rates = rates_of_products(products) if rates is None else rates
    by_month: dict[Any, list[Product]] = {}
    for product in products:
        if product.pk in forecasts and rates[product]:
            by_month.setdefault(forecasts[product.pk].as_of, []).append(product)
    found = {}
    for as_of, own in by_month.items():
        first = month_add(as_of, 1 - MONTHS)
        margins = Margins.as_booked({product: rates[product] for product in own}, first, as_of)
        for product in own:
            ahead = months_ahead(margins, product, list(forecasts[product.pk].months.all()))
            if any(month.is_under for month in ahead):
                fall = fall_under(margins.of(product), ahead, rates[product])
                if fall is not None:
                    found[product] = fall
    return found
