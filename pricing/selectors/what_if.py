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
from pricing.engine.what_if_level import Coming, what_if_level
from pricing.models import Elasticity, PriceList
from products.models import Channel, Measure, Product

from .channel_volumes import ChannelVolumes
from .elasticities import PUBLISHED, PUBLISHED_SD
from .list_parts import ListParts
from .own_prices import Rows, amount_on
from .prices import Part
from .resellers import Sellers, passed_on

MONTHS = 12
MOST, LEAST = Decimal("1.3"), Decimal("0.7")
MOST_CHURN = MOST_FEWER = Decimal(10)
DAY = datetime.timedelta(days=1)
Kind = PriceList.Kind
_PUBLISHED = NormalDist(PUBLISHED, PUBLISHED_SD)
# Where no night has seen the product: the published mean, as many quantiles as a night keeps.
PUBLISHED_QUANTILES = [min(_PUBLISHED.inv_cdf((n + 0.5) / 64), -0.05) for n in range(64)]


@dataclass(frozen=True)
class PriceNow:
    """What is asked on a list now: the price of its only part, or of several what a reference customer pays
    in a year; ``made`` is what it is made of, and what it was."""

    made: ListParts
    amount: Decimal

    @property
    def price_list(self) -> PriceList:
        return self.made.price_list

    @property
    def several(self) -> Sequence[Part]:
        """The parts of which one can change alone."""
        return tuple(self.made.weights) if len(self.made.weights) > 1 else ()

    def on(self, day: datetime.date) -> Decimal:
        return amount_on(self.made.steps, day) or self.amount

    def part_on(self, part: Part, day: datetime.date) -> Decimal:
        return amount_on(self.made.parts[part], day)

    def with_part(self, part: Part, amount: Decimal, day: datetime.date) -> Decimal:
        """What it comes to on the day where that part costs so much."""
        return self.on(day) + self.made.weights[part] * (amount - self.part_on(part, day))


class Question(Protocol):
    """What is asked; ``values`` as an address and a kept scenario hold it."""

    @property
    def start(self) -> datetime.date: ...

    @property
    def values(self) -> dict[str, Any]: ...


@dataclass(frozen=True)
class Asked:
    """A new price from a day on: of the list, or of that of a channel; of a price in parts of one of them,
    else of all of them together. Of a state, as who asks assumes: ``churn``, by how many per cent more leave
    per per cent of price, and where that was not measured ``fewer``, by how many fewer come in."""

    price: Decimal
    start: datetime.date
    channel: int | None = None
    part: Part | None = None
    churn: Decimal = Decimal(0)
    fewer: Decimal | None = None

    @property
    def values(self) -> dict[str, Any]:
        where = {"channel": [str(self.channel)]} if self.channel else {}
        which = {"part": ":".join(self.part)} if self.part else {}
        assumed = {"churn": str(self.churn)} if self.churn else {}
        if self.fewer is not None:
            assumed["fewer"] = str(self.fewer)
        return {"price": str(self.price), "start": str(self.start), **where, **which, **assumed}


@dataclass(frozen=True)
class ChannelPrice(PriceNow):
    """Of a channel's own list; ``level`` is it by the price for everybody, both without VAT; ``None``: it is
    in another currency."""

    channel: Channel
    level: float | None


@dataclass(frozen=True)
class Paying:
    """What pays by a list: which part of all volume, and what a unit brings in there by what one does on
    average."""

    part: float
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
class Inflow(Coming):
    """What is expected to come into a state in the months of the forecast, and to stay as over the last year.
    ``measured``: how it answers a price was, of the product or its line."""

    measure: Measure
    measured: bool = True


@dataclass(frozen=True)
class Ground:
    """``price`` is ours, or the consumer's where we have none; ``consumer`` the one a reseller asks beside
    ours, who has ``reseller_margin`` (a share) of it and passes on ``pass_through`` of our changes.
    ``revenue`` is what a unit brings in at the price of today; ``None``: not known. ``unit_costs``: of each
    month what a unit costs, and which share of its price; empty for who sees no costs. ``elasticities``
    reads those of the product (``None``) and of its channels, by channel, and ``sold`` what channels sold in
    each of some measures. ``own_lists``: those of channels that do not pay ``price``. ``sellers``: who asks
    consumers its price, and ``consumers`` what others ask of them. ``inflow``: of a state, which a price
    moves through what comes in."""

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
    sold: Callable[[Sequence[Measure]], Sequence[ChannelVolumes]]
    sellers: Sellers
    unit_costs: Sequence[tuple[Decimal, Decimal] | None] = ()
    own_lists: Sequence[ChannelPrice] = ()
    consumers: Sequence[PriceNow] = ()
    inflow: Inflow | None = None

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

    @property
    def is_assumed(self) -> bool:
        """Whether nobody measured how it answers a price, so that who asks says it."""
        return self.inflow is not None and not self.inflow.measured

    @property
    def moved(self) -> Measure:
        """What volume answers in: of a state what comes into it."""
        return self.inflow.measure if self.inflow else self.measure

    @property
    def volumes(self) -> ChannelVolumes:
        """In what volume answers in."""
        return self._sold[0]

    @cached_property
    def _sold(self) -> Sequence[ChannelVolumes]:
        """In that, and in what leads the line, which is the last."""
        return self.sold([self.moved] if self.inflow is None else [self.moved, self.measure])

    @cached_property
    def own_prices(self) -> dict[int, ChannelPrice]:
        """By channel, those too in which nothing was sold."""
        return {own.channel.pk: own for own in self.own_lists}

    @cached_property
    def paying(self) -> dict[int | None, Paying]:
        """By channel with a list of its own, and ``None`` what pays the price of the product: as the forecast
        and decisions have it (:func:`pricing.selectors.markets.markets_of`), by what leads the line."""
        everybody = self.price.price_list.channel_id
        listed = {*self.own_prices, *([everybody] if everybody else [])}
        volumes = self._sold[-1] if listed else None
        if volumes is None or volumes.total <= 0:
            return {None: Paying(1.0, 1.0)}
        found: dict[int | None, Paying] = {}
        for pk in (None, *self.own_prices):
            sellers = volumes.paying(pk or everybody, listed & volumes.above.keys())
            by_prices = self.own_prices[pk].level if pk else None
            found[pk] = Paying(volumes.part(sellers), volumes.level(sellers) or by_prices or 1.0)
        return found

    @cached_property
    def channels(self) -> dict[int, ChannelPrice]:
        """Those with a price of their own that sold."""
        return {
            pk: own for pk, own in self.own_prices.items() if pk in self.paying and self.paying[pk].part > 0
        }

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

    def asked_now(self, asked: Asked) -> Decimal:
        """What the price that is asked about is today."""
        price = self.price_in(asked.channel)
        return price.part_on(asked.part, self.day) if asked.part else price.amount

    def ahead(self, asked: Asked) -> Rows:
        """What is approved of it from later days of the forecast on, which the months as they stand have and
        the price that is asked takes the place of."""
        price = self.price_in(asked.channel)
        rows = price.made.parts[asked.part] if asked.part else price.made.steps
        return [(day, amount) for day, amount in rows if self.day < day <= self.last_start and amount]

    def compared(self, asked: Asked, day: datetime.date | None = None) -> Decimal:
        """What volume answers to: the price that is asked, or of one part what all come to on that day, with
        those of the others that are decided; ``None``: today."""
        if asked.part is None:
            return asked.price
        return self.price_in(asked.channel).with_part(asked.part, asked.price, day or self.day)

    def bounded(self, asked: Asked) -> Asked:
        """The nearest question that can be answered."""
        now = self.asked_now(asked)
        return replace(
            asked,
            price=min(max(asked.price, now * LEAST), now * MOST),
            start=min(max(asked.start, self.first_start), self.last_start),
            churn=min(max(asked.churn, Decimal(0)), MOST_CHURN) if self.inflow else Decimal(0),
            fewer=None if asked.fewer is None or not self.is_assumed else min(asked.fewer, MOST_FEWER),
        )

    def consumer_price(self, asked: Asked) -> Decimal | None:
        """What the reseller asks then: of our change, in per cent, he passes on a part. Of a channel's list
        nobody says."""
        if self.consumer is None or asked.channel:
            return None
        change = self.compared(asked) / self.price.amount - 1
        return passed_on(self.consumer.amount, change, self.pass_through)

    def base(self, start: datetime.date, own: ChannelPrice | None = None) -> list[Month]:
        """The months as they stand, and the share of each from that day on; of a channel's own price, the
        part that it sells."""
        costs = self.unit_costs or [None] * len(self.months)
        return [self._month(*both, start, own) for both in zip(self.months, costs, strict=True)]

    def beyond(self, asked: Asked) -> float:
        """How far, in logarithms, the price lies more than a fifth outside those seen; 0: not, or it is
        assumed what it does."""
        if self.is_assumed:
            return 0.0
        row, now = self.elasticity_in(asked.channel), self.price_in(asked.channel)
        known = self.consumer_price(asked) if self._of_consumers(row) else None
        price = float(self.compared(asked) if known is None else known)
        usual = float(self.consumer.amount if known is not None and self.consumer else now.amount)
        # Prices of the product, or in another currency, say nothing of how far a channel's may go.
        is_of_it = row and row.channel_id == asked.channel and now.price_list.currency == self.currency
        seen = (row.lowest_price, row.highest_price) if row and is_of_it else (None, None)
        return beyond(price, seen[0] or usual, seen[1] or usual)

    def quantiles(self, asked: Asked) -> list[float]:
        """Of how volume answers our price. Consumers answer to the reseller's: (his ratio)^e =
        (our ratio)^(e × passed)."""
        if asked.fewer is not None:
            return [-float(asked.fewer)]
        row = self.elasticity_in(asked.channel)
        passed = self._passed(asked) if row is None or self._of_consumers(row) else 1.0
        return [value * passed for value in (row.quantiles if row is not None else PUBLISHED_QUANTILES)]

    def paid(self, asked: Asked, day: datetime.date | None = None) -> float:
        """What a unit brings in at that price on a day, in the money of :class:`Month`."""
        own = self.channels[asked.channel] if asked.channel else None
        ratio = self.compared(asked, day) / (own or self.price).amount
        return float(ratio) * self.paying[asked.channel].level * (self.revenue or 1.0)

    @staticmethod
    def _of_consumers(row: Elasticity | None) -> bool:
        return row is not None and row.price_kind in (Kind.OBSERVED, Kind.ADVISED)

    def answer(self, asked: Asked) -> Answer:
        own = self.channels[asked.channel] if asked.channel else None
        over, months = self.beyond(asked), self.base(asked.start, own)
        said: dict[str, Any] = {
            "quantiles": self.quantiles(asked),
            "price": [self.paid(asked, _middle(row.month, asked.start)[0]) for row in self.months],
            "correlation": self.correlation,
            "over": over,
        }
        if self.inflow is not None:
            said["churn"] = float(asked.churn) * self._passed(asked)
            found = what_if_level(months, self.inflow, **said)
            part = self.paying[asked.channel].part
            coming = Coming([part * volume for volume in self.inflow.volumes], self.inflow.stays)
            there = what_if_level([_there(month) for month in months], coming, **said) if own else None
        else:
            found = what_if(months, **said)
            there = what_if([_there(month) for month in months], **said) if own else None
        return Answer(asked, found, abs(over) > 1e-9, there)

    def _passed(self, asked: Asked) -> float:
        """By how many times as much as ours the reseller's price moves, as logarithms."""
        price, ours = self.consumer_price(asked), self.compared(asked) / self.price.amount
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
        # The prices that would hold without the change, on the middle of the days it would hold.
        day, share = _middle(row.month, start)
        unit, moves = self.revenue or 1.0, {pk: self._ratio(pk, day) for pk in self.paying}
        price = 1 + sum(one.part * one.level * (moves[pk] - 1) for pk, one in self.paying.items())
        channel = own.channel.pk if own else None
        there = self.paying[channel]
        paid = moves[channel] * there.level * unit
        month = Month(mean, low, high, price * unit, share, part=there.part, paid=paid)
        if costs is not None:
            month = replace(month, cost=float(costs[0]), taken=float(costs[1]))
        return month

    def _ratio(self, channel: int | None, day: datetime.date) -> float:
        """The price on a day by that of today."""
        price = self.own_prices[channel] if channel else self.price
        return float(price.on(day) / price.amount)


def _middle(month: datetime.date, start: datetime.date) -> tuple[datetime.date, float]:
    """The middle of the days of the month that a price from ``start`` on holds, and which share they are."""
    last = month_end(month)
    held = max((last - max(start, month)).days + 1, 0)
    day = max(start, month) + (held // 2) * DAY if held else month
    return day, held / ((last - month).days + 1)


def _there(month: Month) -> Month:
    """Of the part whose price changes, alone."""
    mean, low, high = (month.part * value for value in (month.mean, month.lo80, month.hi80))
    return replace(month, mean=mean, lo80=low, hi80=high, price=month.before, part=1.0, paid=None)
