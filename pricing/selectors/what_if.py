"""All that a what-if of one product stands on: its forecast, prices, and how its volume answers them."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property
from math import log
from statistics import NormalDist
from typing import Any, Protocol

from core.months import month_add, month_end, month_start
from forecasting.models import ForecastMonth
from pricing.engine.what_if import Month, Outcome, beyond, what_if
from pricing.models import Elasticity, Price, PriceList
from products.models import Channel, Measure, Product

from .channel_volumes import ChannelVolumes, channel_volumes
from .elasticities import PUBLISHED, PUBLISHED_SD
from .resellers import passed_on

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
    month what a unit costs, and which share of its price; empty for who sees no costs. ``elasticities``
    reads those of the product (``None``) and of its channels, by channel."""

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
    elasticities: Callable[[], Mapping[int | None, Elasticity]]
    unit_costs: Sequence[tuple[Decimal, Decimal] | None] = ()
    own_lists: Sequence[ChannelPrice] = ()

    @cached_property
    def _elasticities(self) -> Mapping[int | None, Elasticity]:
        return self.elasticities()

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

    def beyond(self, asked: Asked) -> float:
        """How far, in logarithms, the price lies more than a fifth outside those seen; 0: not."""
        row, now = self.elasticity_in(asked.channel), self.price_in(asked.channel)
        known = self.consumer_price(asked.price, asked.channel) if self._of_consumers(row) else None
        price = float(asked.price if known is None else known)
        usual = float(self.consumer.amount if known is not None and self.consumer else now.amount)
        # Prices of the product say nothing of how far a channel's may go.
        seen = (
            (row.lowest_price, row.highest_price) if row and row.channel_id == asked.channel else (None, None)
        )
        return beyond(price, seen[0] or usual, seen[1] or usual)

    def quantiles(self, asked: Asked) -> list[float]:
        """Of how volume answers our price. Consumers answer to the reseller's: (his ratio)^e =
        (our ratio)^(e × passed)."""
        row = self.elasticity_in(asked.channel)
        passed = self._passed(asked) if row is None or self._of_consumers(row) else 1.0
        return [value * passed for value in (row.quantiles if row is not None else PUBLISHED_QUANTILES)]

    def paid(self, asked: Asked) -> float:
        """What a unit brings in at that price, in the money of :class:`Month`."""
        own = self.channels[asked.channel] if asked.channel else None
        now = own or self.price
        return float(asked.price / now.amount) * (own.level if own else 1.0) * (self.revenue or 1.0)

    @staticmethod
    def _of_consumers(row: Elasticity | None) -> bool:
        return row is not None and row.price_kind in (Kind.OBSERVED, Kind.ADVISED)

    def answer(self, asked: Asked) -> Answer:
        own = self.channels[asked.channel] if asked.channel else None
        over, months = self.beyond(asked), self.base(asked.start, own)
        said: dict[str, Any] = {
            "quantiles": self.quantiles(asked),
            "price": self.paid(asked),
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
