"""What a what-if stands on, read: of one product for a person, of many for the night."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache, partial
from statistics import median
from typing import Any

from django.db.models import QuerySet

from core.months import month_start
from core.organisation import organisation_get, today
from forecasting.models import Forecast, ForecastMonth
from forecasting.selectors.forecasts import forecast_current
from forecasting.selectors.prices import prices_last_year
from forecasting.selectors.runs import night_done
from pricing.models import Elasticity, PriceList
from products.models import Measure, Product
from products.selectors.lines import line_tree
from products.selectors.units import unit_of

from .bounds import bound_rows
from .channel_volumes import ChannelVolumes, channel_volumes
from .costs import RIGHT as COSTS
from .costs import rates_read
from .elasticities import LINE, OWN, elasticities_allowed, elasticities_visible, source_of
from .list_parts import parts_by_list
from .margins import unit_costs
from .own_prices import amount_on, mean_price
from .prices import in_force, lists_visible, vat_rates, with_and_without
from .resellers import CONSUMER, Sellers, consumer_place, margin_rate, reach
from .states import StateNow, state_now
from .what_if import MONTHS, ChannelPrice, Ground, Inflow, Kind, PriceNow

UnitCosts = Sequence[tuple[Decimal, Decimal] | None]


@dataclass(frozen=True)
class Read:
    """What is read of one product; ``lists``: its price now on each, everybody's first. ``months`` are those
    of the forecast from the running one on. ``vat``: its rate today."""

    product: Product
    measure: Measure
    unit: str
    lists: Sequence[PriceNow]
    forecast: Forecast
    months: Sequence[ForecastMonth]
    correlation: float
    brought: float | None
    vat: Callable[[], Decimal | None]
    elasticities: Callable[[], Mapping[int | None, Elasticity]]
    costs: Callable[[], UnitCosts]
    sold: Callable[[Sequence[Measure]], Sequence[ChannelVolumes]]


def what_if_ground(user: Any, product: Product) -> Ground | str:
    """What it stands on, or why there is no what-if: ``no_price``, ``currency`` (no price in the
    organisation's), ``parts`` (a price of several parts of which nobody says what is used), ``no_forecast``,
    ``hidden`` from who may not see forecasts; of a state ``level`` (nothing says what comes in) or ``inflow``
    (nor what of it leaves)."""
    if not elasticities_allowed(user):
        return "hidden"
    tree = line_tree()
    line = product.line_id
    measure, coming = tree.lead_measure(line), tree.inflow(line)
    is_level = measure.kind == Measure.Kind.LEVEL
    if is_level and coming is None:
        return "level"
    day = today()
    now = forecast_current(user, product, measure)
    # What was approved since is not in the forecast: it stands in both from the next night on.
    counted = _counted_in(now.forecast) if now else None
    lists = prices_now([product.pk], lists_visible(user), day, product, counted).get(product.pk, [])
    if not any(one.price_list.currency == organisation_get().currency for one in lists):
        return _without_price(user, product, day)
    months = months_asked(now.sold_months, day) if now else []
    if now is None or not months:
        return "no_forecast"
    data = now.forecast.data_month or now.forecast.as_of
    state = state_now(product, measure, coming, tree.outflow(line), data) if coming else None
    brought = state.brought if state else prices_last_year({product.pk: data}).get((product.pk, measure.pk))
    ground = ground_of(
        Read(
            product,
            measure,
            unit_of(tree, product, measure),
            lists,
            now.forecast,
            months,
            now.correlation,
            brought,
            lambda: vat_rates([product], day)[product.pk],
            lambda: _elasticities(user, product),
            lambda: _unit_costs(user, product, months),
            partial(channel_volumes, product),
        ),
        day,
    )
    return _with_inflow(ground, coming, state) if coming else ground


def _counted_in(forecast: Forecast) -> Callable[[datetime.datetime], bool]:
    """Whether the forecast knows what was approved at a moment: it was made since, or a night that began
    since found nothing in it to change."""

    @cache
    def looked_at() -> datetime.datetime | None:
        night = None if forecast.stale else night_done()
        return night.started_at if night else None

    def counted(moment: datetime.datetime) -> bool:
        if moment <= forecast.computed_at:
            return True
        looked = looked_at()
        return looked is not None and moment <= looked

    return counted


def _with_inflow(ground: Ground, measure: Measure, state: StateNow | None) -> Ground | str:
    """Of a state. What was measured of others' inflow says nothing of this one's."""
    if state is None or state.flow is None or any(row.month not in state.coming for row in ground.months):
        return "inflow"
    answers = ground.elasticities()
    row = answers.get(None)
    measured = row is not None and row.estimate is not None and source_of(row) in (OWN, LINE)
    volumes = [max(state.coming[row.month], 0.0) for row in ground.months]
    inflow = Inflow(volumes, state.flow.stays, measure, measured)
    return replace(ground, inflow=inflow, elasticities=lambda: answers if measured else {})


def _without_price(user: Any, product: Product, day: datetime.date) -> str:
    """Why none of its prices can be asked."""
    lists = dict(lists_visible(user).values_list("pk", "currency"))
    held = {lists[row.price_list_id] for row in in_force(lists, [product.pk], day) if row.amount is not None}
    if not held:
        return "no_price"
    return "parts" if organisation_get().currency in held else "currency"


def _elasticities(user: Any, product: Product) -> dict[int | None, Elasticity]:
    """With ``bound_rows``, what prices may be: they count where it is asked which is best."""
    rows = elasticities_visible(user).filter(product=product).annotate(bound_rows=bound_rows(product))
    return {row.channel_id: row for row in rows}


def months_asked(rows: Iterable[ForecastMonth], day: datetime.date) -> list[ForecastMonth]:
    return [row for row in rows if row.month >= month_start(day)][:MONTHS]


def ground_of(read: Read, day: datetime.date) -> Ground:
    currency = organisation_get().currency
    usual = [one for one in read.lists if one.price_list.currency == currency]
    own = next((one for one in usual if one.price_list.kind == Kind.OWN), None)
    consumers = [one for one in usual if one.price_list.kind in CONSUMER and not one.price_list.segment_id]
    consumer = _consumer(consumers, own.price_list.channel_id if own else None)
    price = own or consumer or usual[0]
    beside = consumer if price is not consumer and not price.price_list.with_vat else None
    own_lists = _own_lists(read.lists, price)
    vat = any(one.price_list.with_vat for one in (price, *own_lists))
    rate = read.vat() if vat or beside else None
    net = with_and_without(price.amount, price.price_list.with_vat, rate)[1]
    margin = None
    if beside is not None:
        theirs = with_and_without(beside.amount, beside.price_list.with_vat, rate)[1]
        margin = margin_rate(theirs, net) if theirs > net else None
    ours = price.price_list.kind == Kind.OWN
    return Ground(
        product=read.product,
        measure=read.measure,
        unit=read.unit,
        currency=currency,
        months=read.months,
        correlation=read.correlation,
        price=price,
        consumer=beside if margin is not None else None,
        reseller_margin=margin,
        pass_through=beside.made.pass_through if beside else Decimal(1),
        revenue=_revenue(read, price, net),
        day=day,
        elasticities=read.elasticities,
        sold=read.sold,
        unit_costs=read.costs() if ours else (),
        own_lists=[
            ChannelPrice(
                one.made,
                one.amount,
                channel=channel,
                level=float(with_and_without(one.amount, one.price_list.with_vat, rate)[1] / net)
                if one.price_list.currency == currency
                else None,
            )
            for one in own_lists
            if (channel := one.price_list.channel) is not None
        ],
        sellers=_sellers([one.price_list for one in usual]),
        consumers=consumers,
    )


def _sellers(lists: Sequence[PriceList]) -> Sellers:
    """By the lists in our currency that have a price now."""
    for_all = [one for one in lists if not one.segment_id]
    own = {one.channel_id: one.with_vat for one in for_all if one.kind == Kind.OWN}
    return Sellers(own, {one.channel_id for one in for_all if one.kind in CONSUMER})


def _consumer(consumers: Sequence[PriceNow], channel: int | None) -> PriceNow | None:
    """Of these what consumers pay where the channel's price holds (``None``: everybody's): there, else
    everywhere; of each what is observed before what is advised. What one chain asks is nobody else's."""
    near = (channel, None)
    there = [one for one in consumers if one.price_list.channel_id in near]
    return min(there, key=lambda one: consumer_place(one.price_list, near), default=None)


def _revenue(read: Read, price: PriceNow, net: Decimal) -> float | None:
    """What a unit brings in today. Not known where the price has parts that nobody can add up, and without
    sales told by a plain price of ours alone."""
    if price.made.has_more:
        return None
    if read.brought:
        return read.brought * _since(price, read.months)
    return float(net) if price.price_list.kind == Kind.OWN and price.made.is_plain else None


def _own_lists(lists: Sequence[PriceNow], price: PriceNow) -> list[PriceNow]:
    """Those of a channel that are of the same kind as the price in question; of two of a channel the one in
    its currency last, which counts."""
    found = [
        one
        for one in lists
        if one.price_list.kind == price.price_list.kind
        and one.price_list.channel_id
        and not one.price_list.segment_id
        and one.price_list != price.price_list
    ]
    return sorted(found, key=lambda one: one.price_list.currency == price.price_list.currency)


def _since(price: PriceNow, months: Sequence[ForecastMonth]) -> float:
    """The price of now against that of the 12 months that revenue per unit is told from; as most months say
    it, as promotions make some bring in less."""
    if price.price_list.kind != Kind.OWN or any(reach(price.price_list)[:2]):
        return 1.0
    said = [
        month.price_ratio * float(price.amount) / held
        for month in months
        if month.price_ratio and (held := mean_price(price.made.steps, month.month))
    ]
    return median(said) if said else 1.0


def _unit_costs(
    user: Any, product: Product, months: Sequence[ForecastMonth]
) -> Sequence[tuple[Decimal, Decimal] | None]:
    """Of each month, as on its first day; for who may see costs."""
    if not user.has_perm(COSTS):
        return ()
    rates = rates_read(user, [product])[product]
    return [unit_costs(user, product, rates, row.month, Decimal(row.final)) for row in months]


def prices_now(
    product_ids: Collection[int],
    lists: QuerySet[PriceList],
    day: datetime.date,
    product: Product | None = None,
    counted: Callable[[datetime.datetime], bool] | None = None,
) -> dict[int, list[PriceNow]]:
    """By product what it costs now on each of the lists that has a price of it, everybody's first, as
    :func:`pricing.selectors.list_parts.parts_by_list` reads it; of a channel in its currency."""
    found: dict[int, list[PriceNow]] = {}
    found_by = parts_by_list(product_ids, lists, product, abroad=True, counted=counted)
    for pk, own in found_by.items():
        now = [PriceNow(one, amount) for one in own if (amount := amount_on(one.steps, day))]
        if now:
            found[pk] = now
    return found
