"""What approved prices ahead will do to volume and to what a unit brings in, for the night's forecast."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import exp, log
from typing import Any

from core.months import month_add, month_end, month_start
from core.numbers import Z80, significant
from core.organisation import organisation_get, today
from core.registries import PlannedChange
from pricing.models import PriceList
from pricing.selectors.market_answers import MarketAnswers
from pricing.selectors.markets import Market, changing, markets_of
from pricing.selectors.own_prices import (
    YEAR,
    Parts,
    Uses,
    comparable,
    has_ended,
    mean_price,
    paid,
    price_on_day,
)
from pricing.selectors.price_answers import PriceAnswer, bounded
from pricing.selectors.real_uses import real_uses, with_real
from pricing.selectors.states import UNMEASURED, Counted, StateFlow, states_of
from pricing.selectors.unit_revenue import Asked, price_ratios
from pricing.selectors.yearly import customers_by_product
from products.models import Product

DAY = datetime.timedelta(days=1)
LEAST = 0.002
TINY = 1e-6
# Statistics get used to a new price as they smooth the level (forecasting/engine/drivers.py): the newest
# month counts for three tenths, the one before it for seven tenths of that, and so on.
WEIGHT, USED_MONTHS = 0.3, 6


Range = tuple[float, float, float]
"""A change that is expected, as a rate, and the ends of its 80 % range."""


@dataclass(frozen=True)
class Answered:
    """A new price in one market, which buys ``volume`` of the product and brings in ``revenue`` of what it
    does (shares): volume there becomes ``factor`` times what it was, the logarithm of which is unsure by
    ``spread`` (a standard deviation), and the price ``price`` times."""

    volume: float
    revenue: float
    factor: float
    spread: float
    price: float


@dataclass(frozen=True)
class Expected:
    """What new own prices do to the volume of a product, and to what that brings in. How unsure one market
    is, so are the others. ``state``: it counts a state, of which volume is what comes in."""

    answers: Sequence[Answered]
    state: StateFlow | None = None

    def volume_at(self, z: float) -> float:
        """The change as a rate; ``z`` standard deviations off the middle."""
        return sum(one.volume * (one.factor * exp(z * one.spread) - 1) for one in self.answers)

    def there_at(self, z: float) -> float:
        """The change of what is paid for: of volume, or of the state on average over the first year."""
        change = self.volume_at(z)
        return change if self.state is None else self.state.year(1 + change) - 1

    def revenue_at(self, z: float) -> float:
        moved = [one.factor * exp(z * one.spread) for one in self.answers]
        if self.state is not None:
            moved = [self.state.year(factor) for factor in moved]
        return sum(
            one.revenue * (factor * one.price - 1) for one, factor in zip(self.answers, moved, strict=True)
        )

    @property
    def volume(self) -> Range:
        return self.volume_at(0), self.volume_at(-Z80), self.volume_at(Z80)


@dataclass(frozen=True)
class Moved:
    """A market whose statistics are not used to its price yet: by month the price then / the one they are
    used to, as volume answers it; ``starts``: the same from each day on that the price changes. ``share`` is
    the change of the price itself, in the end."""

    market: Market
    answer: PriceAnswer
    ratios: tuple[float, ...]
    starts: tuple[tuple[datetime.date, float], ...]
    share: float

    @property
    def factors(self) -> tuple[float, ...]:
        return tuple(1 + self.answer.share(ratio) for ratio in self.ratios)

    @property
    def greatest(self) -> datetime.date:
        """The day of its greatest step."""
        ratios = [1.0, *(ratio for _day, ratio in self.starts)]
        steps = [abs(log(new / old)) for old, new in pairwise(ratios)]
        return self.starts[steps.index(max(steps))][0]

    def days(self, part: float, last: datetime.date) -> Iterator[tuple[datetime.date, datetime.date, float]]:
        """What it does to a day's volume, of which it moves a ``part``, from each change to the next."""
        ends = [*(start - DAY for start, _ratio in self.starts[1:]), last]
        for (start, ratio), end in zip(self.starts, ends, strict=True):
            yield start, end, significant(part * self.answer.share(ratio), 7)


def price_changes(products: Collection[int], months: Sequence[datetime.date]) -> Mapping[int, PlannedChange]:
    """Of products whose own price changes in these months, or changed before: what a unit brings in then
    (:func:`price_ratios`), and of those whose statistics are not used to it yet (price then / price that the
    statistics are used to)^elasticity. Of a month a price is the mean over its days. Where channels pay
    prices of their own, each moves its share of the volume by its own elasticity. Where a reseller stands
    between, volume answers to his price, which moves by what he passes on. Of a state what comes in answers,
    and what is there follows as that adds up (:meth:`StateFlow.course`)."""
    used = [month_add(months[0], -back) for back in range(1, USED_MONTHS + 1)]
    last = month_end(months[-1])
    ids = changing(products, month_add(months[0], -YEAR), last)
    if not ids:
        return {}
    rows = Product.objects.only("line_id", "kind").in_bulk(ids)
    markets = markets_of(rows, months[0], last)
    uses, answers = uses_of(markets, rows), MarketAnswers(markets, rows)
    states = states_of({pk: rows[pk] for pk in markets}, months[0])
    asked, moved = {}, {}
    for pk, own in markets.items():
        moves = [
            _moved(pk, market, uses[pk], answers, used, months) if _answers(states.get(pk)) else None
            for market in own
        ]
        asked[pk] = Asked(own, uses[pk], [_there(states.get(pk), move) for move in moves])
        moved[pk] = [move for move in moves if move]
    ratios = price_ratios(asked, months)
    found = {}
    for pk, own in markets.items():
        prices = ratios.get(pk, ())
        change, state = _together(own, moved[pk], prices, last), states.get(pk)
        if change is None and prices:
            change = PlannedChange((), _still(own, used, prices, state), prices)
        if change is not None:
            found[pk] = _with_state(change, state)
    return found


def _answers(state: Counted | None) -> bool:
    """Whether it is known what volume is, which is what comes in where a state is counted."""
    return state is None or not state.leads or state.flow is not None


def _there(state: Counted | None, move: Moved | None) -> tuple[float, ...]:
    """By month the factor on what is paid for there."""
    if move is None:
        return ()
    return tuple(state.flow.course(move.factors)) if state and state.leads and state.flow else move.factors


def _with_state(change: PlannedChange, state: Counted | None) -> PlannedChange:
    """What it does to the state, and where that leads to all that is counted beside what comes in."""
    if state is None or state.flow is None or not change.factors:
        return change
    flow = state.flow
    middle = flow.course(change.factors)
    unsure = [factor * exp(spread) for factor, spread in zip(change.factors, change.spreads, strict=True)]
    change = replace(change, params={**change.params, "state": True}) if state.leads else change
    moved = replace(
        change,
        factors=tuple(significant(factor, 7) for factor in middle),
        spreads=tuple(
            significant(log(max(high, TINY) / max(factor, TINY)), 5)
            for high, factor in zip(flow.course(unsure), middle, strict=True)
        ),
        days=(),
    )
    return replace(change, apart=dict.fromkeys(state.follow, moved))


def moves_volume(price_list: PriceList) -> bool:
    """Whether anything is expected of its prices."""
    return not price_list.is_observed and not never_expected(price_list)


def never_expected(price_list: PriceList) -> str:
    """Why nothing is expected of any price of the list: ``advised``, ``segment`` (nobody says what it buys of
    all that is sold) or ``currency`` (another than ours, for everybody: nor who pays in it); empty: something
    may be, or it was only observed."""
    if price_list.kind != PriceList.Kind.OWN:
        return "" if price_list.is_observed else "advised"
    if price_list.segment_id is not None:
        return "segment"
    is_ours = price_list.currency == organisation_get().currency
    return "" if is_ours or price_list.channel_id is not None else "currency"


def changes_expected(
    products: Mapping[int, Product], day: datetime.date, proposal: int | None = None
) -> dict[int, Expected]:
    """What the own prices that begin on the day do to each product, as the months ahead count with it; those
    of a ``proposal`` (its id) as if it were approved. A market's price moves what it sold in the 12 months
    before, and that brings in as much more as the price is higher. Missing where it is not known."""
    until = min(day, today())
    markets = markets_of(products, month_start(until), day, proposal)
    uses, answers = uses_of(markets, products), MarketAnswers(markets, products)
    states = states_of({pk: products[pk] for pk in markets}, month_start(until))
    found = {}
    for pk, own in markets.items():
        state = states.get(pk)
        if not _answers(state):
            continue
        volumes = _shares([market.volume for market in own])
        revenues = _shares([1.0 if market.sold is None else max(market.sold.revenue, 0.0) for market in own])
        said = [
            Answered(volume, revenue, *moves)
            for market, volume, revenue in zip(own, volumes, revenues, strict=True)
            if (moves := _on_day(pk, market, uses[pk], answers, day))
        ]
        if said:
            found[pk] = Expected(said, state.flow if state and state.leads else None)
    return found


def why_unknown(
    products: Mapping[int, Product], expected: Collection[int], day: datetime.date
) -> dict[int, str]:
    """Of the products whose line leads with a state and that nothing is expected of, the reason: ``level``
    (nothing says what comes in), ``inflow`` (nor what of it leaves), ``unmeasured`` (whether it answers)."""
    unknown = {pk: product for pk, product in products.items() if pk not in expected}
    states = states_of(unknown, month_start(min(day, today()))) if unknown else {}
    return {pk: state.reason or UNMEASURED for pk, state in states.items() if state.leads}


def _shares(amounts: Sequence[float]) -> list[float]:
    whole = sum(amounts)
    return [amount / whole if whole > 0 else 0.0 for amount in amounts]


def _on_day(
    product: int, market: Market, uses: Uses, answers: MarketAnswers, day: datetime.date
) -> tuple[float, float, float] | None:
    """What a market's new price of that day does to what it buys: factor, spread and price of
    :class:`Answered`; ``None``: nothing, or not known."""
    answer, parts = answers.of(product, market), comparable(market.parts, uses)
    if answer is None or not parts:
        return None
    eve = day - DAY
    old = paid(parts, uses, lambda rows: price_on_day(rows, eve))
    new = paid(parts, uses, lambda rows: price_on_day(rows, day))
    if not old or not new or old == new:
        return None
    ratio = bounded(1 + answers.passed_on(product, market) * (new / old - 1))
    return answer.factor(ratio), answer.spread(ratio), new / old


def uses_of(markets: Mapping[int, Sequence[Market]], products: Mapping[int, Product]) -> dict[int, Uses]:
    """By product what its line's reference customers use, of a tier that a measure counts what is really used
    in its place; nothing where its prices have one part."""
    several = [pk for pk, own in markets.items() if any(len(market.parts) > 1 for market in own)]
    found = customers_by_product(products[pk] for pk in several)
    real = real_uses({products[pk]: {part for one in markets[pk] for part in one.parts} for pk in several})
    return {
        pk: with_real([customer.uses for customer in found.get(pk, [])], real.get(pk, {})) for pk in markets
    }


def _news(parts: Parts, used: Sequence[datetime.date]) -> list[datetime.date]:
    """When it changes, of what statistics are not used to yet."""
    return sorted(date for rows in parts.values() for date, _amount in rows if date > used[-1])


def _moved(
    product: int,
    market: Market,
    uses: Uses,
    answers: MarketAnswers,
    used: Sequence[datetime.date],
    months: Sequence[datetime.date],
) -> Moved | None:
    answer, parts = answers.of(product, market), comparable(market.parts, uses)
    starts = _news(parts, used)
    if answer is None or not starts or has_ended(parts):
        return None

    def price(month: datetime.date) -> float | None:
        return paid(parts, uses, lambda rows: mean_price(rows, month))

    def on_day(day: datetime.date) -> float | None:
        return paid(parts, uses, lambda rows: price_on_day(rows, day))

    known = [(price(month), (1 - WEIGHT) ** back) for back, month in enumerate(used)]
    weights = [(amount, weight) for amount, weight in known if amount is not None]
    if not weights:
        return None
    before = sum(amount * weight for amount, weight in weights) / sum(weight for _amount, weight in weights)
    passed = answers.passed_on(product, market)

    def ratio(amount: float | None) -> float:
        return bounded(1 + passed * ((amount or before) / before - 1))

    ratios = tuple(ratio(price(month)) for month in months)
    if all(abs(ratio - 1) < LEAST for ratio in ratios):
        return None
    then = paid(parts, uses, lambda rows: float(rows[-1][1])) or before
    on_days = tuple((day, ratio(on_day(day))) for day in sorted(set(starts)))
    return Moved(market, answer, ratios, on_days, then / before - 1)


def _together(
    markets: Sequence[Market], moved: Sequence[Moved], prices: tuple[float, ...], last: datetime.date
) -> PlannedChange | None:
    """Of the whole product: each market by what it sells; how unsure one is, so are the others."""
    whole = sum(market.volume for market in markets)
    parts = [move.market.volume / whole if whole > 0 else 0.0 for move in moved]
    if not sum(parts):
        return None
    factors, spreads = [], []
    for step in range(len(moved[0].ratios)):
        moves = [part * move.factors[step] for part, move in zip(parts, moved, strict=True)]
        factor = 1 - sum(parts) + sum(moves)
        unsure = [
            each * move.answer.spread(move.ratios[step]) for each, move in zip(moves, moved, strict=True)
        ]
        factors.append(significant(factor, 7))
        spreads.append(significant(sum(unsure) / factor, 5))
    said = _said(moved, parts, apart=len(moved) < len(markets))
    days = tuple(span for part, move in zip(parts, moved, strict=True) for span in move.days(part, last))
    return PlannedChange(tuple(factors), said, prices, spreads=tuple(spreads), days=days)


def _said(moved: Sequence[Moved], parts: Sequence[float], *, apart: bool) -> dict[str, Any]:
    """What words are made of; ``where`` and ``part`` where not all of the product moves. Day and elasticity
    are of the market with most volume."""
    bands = [move.answer.band(move.ratios[-1]) for move in moved]
    volumes = [sum(part * band[end] for part, band in zip(parts, bands, strict=True)) for end in (0, 1)]
    share = sum(part * move.share for part, move in zip(parts, moved, strict=True)) / sum(parts)
    most = max(zip(parts, moved, strict=True), key=lambda each: each[0])[1]
    said: dict[str, Any] = {
        "start": str(most.greatest),
        "share": round(share, 5),
        "volumes": [round(end, 5) for end in volumes],
        "elasticity": round(most.answer.elasticity, 2),
        "source": most.answer.source,
    }
    if apart:
        said |= {"part": round(sum(parts), 4), "where": names_of(move.market for move in moved)}
    return said


def names_of(markets: Iterable[Market]) -> list[str]:
    """The channels whose lists these are, by name; none where everybody's is among them."""
    channels = [market.own.channel if market.own else None for market in markets]
    names = sorted({channel.name for channel in channels if channel})
    return names if all(channels) else []


def _still(
    markets: Sequence[Market],
    used: Sequence[datetime.date],
    prices: Sequence[float],
    state: Counted | None,
) -> dict[str, Any]:
    """Of a change that moves no volume; nothing where it began before."""
    new = [market for market in markets if _news(market.parts, used)]
    if not new:
        return {}
    start = min(min(_news(market.parts, used)) for market in new)
    said: dict[str, Any] = {"start": str(start), "share": round(prices[-1] / prices[0] - 1, 5)}
    if state is not None and state.leads:
        said["why"] = state.reason or UNMEASURED
    return said | ({"where": names_of(new)} if len(new) < len(markets) else {})
