"""All that a what-if of one product stands on: its forecast, prices, and how its volume answers them."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property
from math import log
from statistics import NormalDist, median
from typing import Any, Protocol

from core.months import month_add, month_end, month_start
from core.organisation import organisation_get, today
from forecasting.models import ForecastMonth
from forecasting.selectors.forecasts import forecast_current
from forecasting.selectors.prices import prices_last_year
from pricing.engine.what_if import Month, Outcome, beyond, what_if
from pricing.models import Elasticity, Price, PriceList, Scenario
from pricing.models.price import State
from products.models import Channel, Measure, Product
from products.selectors.lines import line_tree
from products.selectors.units import unit_of

from .channel_volumes import ChannelVolumes, channel_volumes
from .costs import RIGHT as COSTS
from .costs import rates_read
from .elasticities import PUBLISHED, PUBLISHED_SD, elasticities_allowed, elasticities_visible
from .margins import unit_costs
from .own_prices import mean_price
from .prices import lists_visible, vat_rates, with_and_without, with_pass_through
from .resellers import margin_rate, passed_on, reach

MONTHS = 12
MOST, LEAST = Decimal("1.3"), Decimal("0.7")
DAY = datetime.timedelta(days=1)
Kind = PriceList.Kind
_PUBLISHED = NormalDist(PUBLISHED, PUBLISHED_SD)
# Where no night has seen the product: the published mean, as many quantiles as a night keeps.
PUBLISHED_QUANTILES = [min(_PUBLISHED.inv_cdf((n + 0.5) / 64), -0.05) for n in range(64)]


@dataclass(frozen=True)
class PriceNow:
    """The price per unit in force on a list, and its approved rows, the oldest first."""

    price_list: PriceList
    rows: Sequence[Price]
    amount: Decimal

    def on(self, day: datetime.date) -> Decimal:
        held = [row.amount for row in self.rows if row.start_date <= day and row.amount]
        return held[-1] if held else self.amount


class Question(Protocol):
    """What is asked; ``values`` as an address and a kept scenario hold it."""

    @property
    def start(self) -> datetime.date: ...

    @property
    def values(self) -> dict[str, Any]: ...


@dataclass(frozen=True)
class Asked:
    """A new price from a day on: of the list, or of that of a channel."""

    price: Decimal
    start: datetime.date
    channel: int | None = None

    @property
    def values(self) -> dict[str, Any]:
        where = {"channel": [str(self.channel)]} if self.channel else {}
        return {"price": str(self.price), "start": str(self.start), **where}


@dataclass(frozen=True)
class ChannelPrice(PriceNow):
    """Of a channel's own list; ``level`` is it by the price of the product, both without VAT."""

    channel: Channel
    level: float


@dataclass(frozen=True)
class Answer:
    """``outside``: the price lies beyond a fifth outside those seen. ``there``: of what the channel sells
    alone, where it is about one."""

    asked: Question
    outcome: Outcome
    outside: bool = False
    there: Outcome | None = None


@dataclass(frozen=True)
class Ground:
    """``price`` is ours, or the consumer's where we have none; ``consumer`` the one a reseller asks beside
    ours, who has ``reseller_margin`` (a share) of it and passes on ``pass_through`` of our changes.
    ``revenue`` is what a unit brings in at the price of today; ``None``: not known. ``unit_costs``: of each
    month what a unit costs, and which share of its price; empty for who sees no costs."""

    user: Any
    product: Product
    measure: Measure
    unit: str
    currency: str
    months: Sequence[ForecastMonth]
    correlation: float
    price: PriceNow
    consumer: PriceNow | None
    reseller_margin: float | None
    pass_through: Decimal
    revenue: float | None
    day: datetime.date
    unit_costs: Sequence[tuple[Decimal, Decimal] | None] = ()
    own_lists: Sequence[ChannelPrice] = ()

    @cached_property
    def _elasticities(self) -> dict[int | None, Elasticity]:
        rows = elasticities_visible(self.user).filter(product=self.product)
        return {row.channel_id: row for row in rows}

    @property
    def elasticity(self) -> Elasticity | None:
        """``None`` where no night has seen the product; read where the question is about a price."""
        return self._elasticities.get(None)

    def elasticity_in(self, channel: int | None) -> Elasticity | None:
        """Of a channel that is not measured apart, the product's."""
        return self._elasticities.get(channel, self.elasticity)

    @cached_property
    def volumes(self) -> ChannelVolumes:
        return channel_volumes(self.product, self.measure)

    @cached_property
    def channels(self) -> dict[int, ChannelPrice]:
        """Those with a price of their own that sold."""
        return {own.channel.pk: own for own in self.own_lists if self.volumes.share([own.channel.pk]) > 0}

    def price_in(self, channel: int | None) -> PriceNow:
        return self.channels[channel] if channel else self.price

    @property
    def measures(self) -> tuple[str, ...]:
        """What can be told by month, first what is shown unasked: revenue where it is known what a unit
        brings in, margin where costs of every month are."""
        if self.revenue is None:
            return ("volume",)
        costed = bool(self.unit_costs) and None not in self.unit_costs
        return ("revenue", "volume", *(("margin",) if costed else ()))

    @property
    def first_start(self) -> datetime.date:
        return self.day + DAY

    @property
    def last_start(self) -> datetime.date:
        return month_end(self.months[-1].month)

    def usual(self) -> Asked:
        """What the card opens with: the price of now, from the first of the next month."""
        return Asked(self.price.amount, min(month_add(month_start(self.day), 1), self.last_start))

    def bounded(self, asked: Asked) -> Asked:
        """The nearest question that can be answered."""
        now = self.price_in(asked.channel).amount
        return replace(
            asked,
            price=min(max(asked.price, now * LEAST), now * MOST),
            start=min(max(asked.start, self.first_start), self.last_start),
        )

    def consumer_price(self, price: Decimal, channel: int | None = None) -> Decimal | None:
        """What the reseller asks then: of our change, in per cent, he passes on a part. Of a channel's list
        nobody says."""
        if self.consumer is None or channel:
            return None
        return passed_on(self.consumer.amount, price / self.price.amount - 1, self.pass_through)

    def base(self, start: datetime.date, own: ChannelPrice | None = None) -> list[Month]:
        """The months as they stand, and the share of each from that day on; of a channel's own price, the
        part that it sells."""
        costs = self.unit_costs or [None] * len(self.months)
        return [self._month(*both, start, own) for both in zip(self.months, costs, strict=True)]

    def answer(self, asked: Asked) -> Answer:
        row, own = self.elasticity_in(asked.channel), self.channels[asked.channel] if asked.channel else None
        now = own or self.price
        of_consumers = row is not None and row.price_kind in (Kind.OBSERVED, Kind.ADVISED)
        known = self.consumer_price(asked.price, asked.channel) if of_consumers else None
        price = float(asked.price if known is None else known)
        usual = float(self.consumer.amount if known is not None and self.consumer else now.amount)
        # Prices of the product say nothing of how far a channel's may go.
        seen = (
            (row.lowest_price, row.highest_price) if row and row.channel_id == asked.channel else (None, None)
        )
        over = beyond(price, seen[0] or usual, seen[1] or usual)
        # Consumers answer to the reseller's price: (his ratio)^e = (our ratio)^(e × passed).
        quantiles = row.quantiles if row is not None else PUBLISHED_QUANTILES
        passed = self._passed(asked) if row is None or of_consumers else 1.0
        months = self.base(asked.start, own)
        said: dict[str, Any] = {
            "quantiles": [quantile * passed for quantile in quantiles],
            "price": float(asked.price / now.amount) * (own.level if own else 1.0) * (self.revenue or 1.0),
            "correlation": self.correlation,
            "over": over,
        }
        there = what_if([_there(month) for month in months], **said) if own else None
        return Answer(asked, what_if(months, **said), abs(over) > 1e-9, there)

    def _passed(self, asked: Asked) -> float:
        """By how many times as much as ours the reseller's price moves, as logarithms."""
        price, ours = self.consumer_price(asked.price, asked.channel), asked.price / self.price.amount
        if price is None or self.consumer is None or ours == 1 or self.pass_through == 1:
            return 1.0
        return log(price / self.consumer.amount) / log(ours)

    def _month(
        self,
        row: ForecastMonth,
        costs: tuple[Decimal, Decimal] | None,
        start: datetime.date,
        own: ChannelPrice | None,
    ) -> Month:
        mean, low, high, *_wider = row.final_band
        first, last = row.month, month_end(row.month)
        days = (last - first).days + 1
        held = max((last - max(start, first)).days + 1, 0)
        # The price that would hold without the change, on the middle of the days it would hold.
        day = max(start, first) + (held // 2) * DAY if held else first
        price = float(self.price.on(day) / self.price.amount) * (self.revenue or 1.0)
        month = Month(mean, low, high, price, held / days)
        if costs is not None:
            month = replace(month, cost=float(costs[0]), taken=float(costs[1]))
        if own is None:
            return month
        paid = float(own.on(day) / own.amount) * own.level * (self.revenue or 1.0)
        return replace(month, part=self.volumes.share([own.channel.pk]), paid=paid)


def _there(month: Month) -> Month:
    """Of the part whose price changes, alone."""
    mean, low, high = (month.part * value for value in (month.mean, month.lo80, month.hi80))
    return replace(month, mean=mean, lo80=low, hi80=high, price=month.before, part=1.0, paid=None)


def what_if_ground(user: Any, product: Product) -> Ground | str:
    """What it stands on, or why there is no what-if: ``level``, ``no_price``, ``no_forecast``, or ``hidden``
    from who may not see forecasts."""
    if not elasticities_allowed(user):
        return "hidden"
    tree = line_tree()
    measure = tree.lead_measure(product.line_id)
    if measure.kind == Measure.Kind.LEVEL:
        return "level"
    day = today()
    prices, lists = _prices_now(user, product, day)
    if not prices:
        return "no_price"
    now = forecast_current(user, product, measure)
    months = [row for row in now.sold_months if row.month >= month_start(day)][:MONTHS] if now else []
    if now is None or not months:
        return "no_forecast"
    consumer = prices.get(Kind.OBSERVED) or prices.get(Kind.ADVISED)
    price = prices.get(Kind.OWN) or consumer
    assert price is not None
    beside = consumer if price is not consumer and not price.price_list.with_vat else None
    data = now.forecast.data_month or now.forecast.as_of
    own_lists = _own_lists(lists, price)
    vat = any(one.price_list.with_vat for one in (price, *own_lists))
    rate = vat_rates([product], day)[product.pk] if vat or beside else None
    net = with_and_without(price.amount, price.price_list.with_vat, rate)[1]
    brought = prices_last_year({product.pk: data}).get((product.pk, measure.pk))
    margin = None
    if beside is not None:
        theirs = with_and_without(beside.amount, beside.price_list.with_vat, rate)[1]
        margin = margin_rate(theirs, net) if theirs > net else None
    return Ground(
        user=user,
        product=product,
        measure=measure,
        unit=unit_of(tree, product, measure),
        currency=organisation_get().currency,
        months=months,
        correlation=now.correlation,
        price=price,
        consumer=beside if margin is not None else None,
        reseller_margin=margin,
        pass_through=beside.rows[0].pass_through if beside else Decimal(1),
        revenue=brought * _since(price, months)
        if brought
        else (float(net) if price.price_list.kind == Kind.OWN else None),
        day=day,
        unit_costs=_unit_costs(user, product, months) if price.price_list.kind == Kind.OWN else (),
        own_lists=[
            ChannelPrice(
                one.price_list,
                one.rows,
                one.amount,
                channel=channel,
                level=float(with_and_without(one.amount, one.price_list.with_vat, rate)[1] / net),
            )
            for one in own_lists
            if (channel := one.price_list.channel) is not None
        ],
    )


def _own_lists(lists: Sequence[PriceNow], price: PriceNow) -> list[PriceNow]:
    """Those of a channel that are of the same kind as the price in question."""
    return [
        one
        for one in lists
        if one.price_list.kind == price.price_list.kind
        and one.price_list.channel_id
        and not one.price_list.segment_id
        and one.price_list != price.price_list
    ]


def _since(price: PriceNow, months: Sequence[ForecastMonth]) -> float:
    """The price of now against that of the 12 months that revenue per unit is told from; as most months say
    it, as promotions make some bring in less."""
    if price.price_list.kind != Kind.OWN or any(reach(price.price_list)[:2]):
        return 1.0
    rows = [(row.start_date, row.amount or Decimal(0)) for row in price.rows]
    said = [
        month.price_ratio * float(price.amount) / held
        for month in months
        if month.price_ratio and (held := mean_price(rows, month.month))
    ]
    return median(said) if said else 1.0


def _unit_costs(
    user: Any, product: Product, months: Sequence[ForecastMonth]
) -> Sequence[tuple[Decimal, Decimal] | None]:
    """Of each month, as on its first day; for who may see costs."""
    if not user.has_perm(COSTS):
        return ()
    rates = rates_read(user, product)
    return [unit_costs(user, product, rates, row.month, Decimal(row.final)) for row in months]


def _prices_now(
    user: Any, product: Product, day: datetime.date
) -> tuple[dict[str, PriceNow], list[PriceNow]]:
    """By kind of list, the price per unit now: of everybody's list, else of the first that has one; and of
    every list."""
    rows = (
        with_pass_through(Price.objects.all())
        .filter(
            product=product,
            price_list__in=lists_visible(user),
            price_list__currency=organisation_get().currency,
            component=Price.Component.UNIT,
            tier="",
            state=State.APPROVED,
        )
        .select_related("price_list__channel")
    )
    by_list: dict[int, list[Price]] = defaultdict(list)
    for row in rows.order_by("start_date"):
        by_list[row.price_list_id].append(row)
    found = []
    for own in sorted(by_list.values(), key=lambda rows: reach(rows[0].price_list)):
        held = [row.amount for row in own if row.start_date <= day]
        if held and held[-1]:
            found.append(PriceNow(own[0].price_list, own, held[-1]))
    return {one.price_list.kind: one for one in reversed(found)}, found


def scenarios_kept(user: Any, product: Product) -> list[Scenario]:
    """What people kept of a product, the newest first."""
    if not elasticities_allowed(user):
        return []
    return list(Scenario.objects.filter(product=product).select_related("author"))
