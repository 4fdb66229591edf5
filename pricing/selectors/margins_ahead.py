"""The margin of the months ahead: the forecast × the prices that are decided − the costs that are dated.

What is sold is expected to spread over channels as in the months before. A cost that moves with volume is
that of the expected one, and at the ends of the 80 % band that of the volume there.
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from math import hypot, inf, sqrt

from core.months import month_add
from forecasting.models import ForecastMonth
from forecasting.totals import decided_halves
from pricing.engine.costs import LEVELS, Statement
from pricing.engine.margin_ahead import share_moves
from pricing.models import CostLine
from products.models import Channel, Measure, Product
from products.selectors.lines import LineTree

from .channel_parts import channel_weights, in_parts
from .cost_splits import Spread
from .costs import Rates
from .margins import Margins
from .month_margin import MonthMargin, month_margin
from .sold import Sold

Base = CostLine.Base
ZERO = Decimal(0)
MONTHS = 12
LEVEL = "cm2"
"""What a floor is held against: the margin after all costs that move with sales. Own fixed costs would take
it under the floor in every slow month."""
COUNTED = LEVELS[: LEVELS.index(LEVEL) + 1]
"""The levels of the costs before it."""


@dataclass(frozen=True)
class MonthAhead:
    """``expected`` is the margin of the expected volume, ``ends`` those at the ends of its 80 % band;
    ``price`` what a unit brings in against the 12 months before; ``decided`` which share of the way to each
    end is what is not known of decisions, squared ways adding up; ``sold``: what is expected by channel."""

    expected: MonthMargin
    ends: tuple[Statement, Statement]
    price: Decimal
    floor: Decimal | None
    sold: Mapping[int, Sold]
    decided: tuple[float, float] = (0.0, 0.0)

    @property
    def month(self) -> datetime.date:
        return self.expected.month

    @property
    def statement(self) -> Statement:
        assert self.expected.statement is not None
        return self.expected.statement

    @property
    def band(self) -> tuple[Decimal, Decimal]:
        """Of a margin that falls as volume rises the ends change places."""
        amounts = sorted((self.statement.cm2, *(end.cm2 for end in self.ends)))
        return amounts[0], amounts[-1]

    @property
    def halves(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """Below and above the expected margin: the half widths of the statistics' own error and of what is
        not known of decisions."""
        below = above = (0.0, 0.0)
        for end, share in zip(self.ends, self.decided, strict=True):
            way = float(end.cm2 - self.statement.cm2)
            half = abs(way) * sqrt(max(1 - share**2, 0.0)), abs(way) * share
            below, above = (max(below, half), above) if way < 0 else (below, max(above, half))
        return below, above

    @property
    def is_under(self) -> bool:
        """Whether the expected margin is under the floor of the month."""
        return self.statement.net > 0 and self.gap > 0

    @property
    def gap(self) -> Decimal:
        """What the expected margin lacks to the floor of the month."""
        return ZERO if self.floor is None else self.floor * self.statement.net - self.statement.cm2


@dataclass(frozen=True)
class ChannelAhead:
    """What is expected in a channel in the months ahead; what is in none has no channel."""

    channel: Channel | None
    net: float
    costs: Decimal

    @property
    def margin(self) -> float:
        return self.net - float(self.costs)

    @property
    def rate(self) -> float | None:
        return self.margin / self.net if self.net > 0 else None


@dataclass(frozen=True)
class Move:
    """What moves the margin's share from one month to another: a cost, or (none) our price. ``began``: since
    when another rate of it holds."""

    line: CostLine | None
    points: Decimal
    began: datetime.date | None = None
    was: Decimal | None = None
    becomes: Decimal | None = None


@dataclass(frozen=True)
class Fall:
    """The first month ahead with a margin under its floor, ``months`` after the last month with sales, and
    what makes it so, against the year before (the largest first); how many of the months ahead are, and what
    they lack together."""

    month: MonthAhead
    months: int
    under: int
    gap: Decimal
    moves: Sequence[Move]


def margin_floor(product: Product, tree: LineTree) -> Decimal | None:
    """Its own, else its line's, as a share of net sales."""
    own = product.floor_rate
    return tree.inherited(product.line_id, "floor_rate").value if own is None else own


def months_ahead(margins: Margins, product: Product, forecast: Sequence[ForecastMonth]) -> list[MonthAhead]:
    """The months of the forecast, up to twelve; ``margins`` are those of the year before it. After the
    product ended there are its costs that go on, without sales; until then nothing is told where nothing was
    sold in that year, or not for money."""
    sold = year_sold(product, margins)
    quantity = sum((row.units or ZERO for row in sold.values()), ZERO)
    net = sum((row.net or ZERO for row in sold.values()), ZERO)
    spread, floor = Spread(margins.splits), margin_floor(product, margins.tree)
    own, found = margins.rates[product], []

    def sold_of(row: ForecastMonth, volume: float) -> dict[int, Sold]:
        if not is_sold(product, row.month):
            return {}
        share, price = Decimal(str(round(volume, 4))) / quantity, Decimal(str(row.price_ratio or 1))
        return sold_ahead(margins, product, sold, share, price)

    for row in forecast[:MONTHS]:
        if is_sold(product, row.month) and (quantity <= 0 or net <= 0):
            continue
        there = [sold_of(row, volume) for volume in row.final_band[:3]]
        expected, low, high = (
            month_margin(product, row.month, own, each, margins.below, spread) for each in there
        )
        if expected.statement is None or low.statement is None or high.statement is None:
            continue
        decided = [moved / hypot(own, moved) if moved else 0.0 for own, moved in row.halves80]
        price, ends = Decimal(str(row.price_ratio or 1)), (low.statement, high.statement)
        found.append(MonthAhead(expected, ends, price, floor, there[0], (decided[0], decided[1])))
    return found


def channels_ahead(margins: Margins, ahead: Sequence[MonthAhead]) -> list[ChannelAhead]:
    """What the months leave by channel, which adds up to them: net sales as what is sold spreads, costs
    by the channels that bear them, as they are booked. One query."""
    net: dict[int | None, Decimal] = defaultdict(Decimal)
    costs: dict[int | None, Decimal] = defaultdict(Decimal)
    for month in ahead:
        sold = {pk: row.net or ZERO for pk, row in month.sold.items()}
        for channel, part in in_parts(month.statement.net, sold):
            net[channel] += part
        weights = channel_weights(month.expected.costs, month.sold, margins.below)
        for line, amount in month.expected.costs:
            if line.kind.level in COUNTED:
                for channel, part in in_parts(amount, weights[line.pk], line.channel_id):
                    costs[channel] += part
    rows = Channel.objects.in_bulk([pk for pk in net.keys() | costs.keys() if pk])
    return channels_ordered(
        ChannelAhead(rows.get(pk or 0), float(net[pk]), costs[pk])
        for pk in net.keys() | costs.keys()
        if net[pk] or costs[pk]
    )


def channels_together(rows: Sequence[ChannelAhead]) -> ChannelAhead:
    return ChannelAhead(None, sum(row.net for row in rows), sum((row.costs for row in rows), ZERO))


def channels_ordered(rows: Iterable[ChannelAhead]) -> list[ChannelAhead]:
    """That with the most sales first, what is in none last."""
    return sorted(rows, key=lambda row: (row.channel is None, -row.net))


def is_sold(product: Product, month: datetime.date) -> bool:
    """Whether the product has not ended before the month: after it, costs alone go on."""
    return product.ended is None or product.ended >= month


def year_band(ahead: Sequence[MonthAhead], correlation: float) -> tuple[float, float]:
    """The 80 % band of what these months leave together, as that of what they sell: what is not known of a
    decision is the same in all its months."""
    total = sum(float(month.statement.cm2) for month in ahead)
    own = [(month.halves[0][0], month.halves[1][0]) for month in ahead]
    moved = [(month.halves[0][1], month.halves[1][1]) for month in ahead]
    below, above = decided_halves(own, moved, correlation=correlation)
    least = 0.0 if all(month.band[0] >= 0 for month in ahead) else -inf
    return max(total - below, least), total + above


def year_sold(product: Product, margins: Margins) -> dict[int, Sold]:
    """By channel what was sold in the months that revenue per unit is told from; ``units`` is what the
    forecast is of, contract months of a level; so is what is counted of a level."""
    found: dict[int, Sold] = {}
    level = _leads_level(product, margins.tree)
    for _month, channels in sorted(margins.sold(product).items()):
        for pk, row in channels.items():
            quantity = row.contracts if level else row.units
            known = quantity is not None and row.net is not None and row.gross is not None
            if not known and not row.counted:
                continue
            held = found.setdefault(pk, Sold(ZERO, None, ZERO, ZERO))
            if known:
                held.units = (held.units or ZERO) + (quantity or ZERO)
                held.contracts = row.contracts  # the last that is known
                held.net = (held.net or ZERO) + (row.net or ZERO)
                held.gross = (held.gross or ZERO) + (row.gross or ZERO)
            for measure, number in row.counted.items():
                held.counted[measure] = held.counted.get(measure, ZERO) + number
    return found


def sold_ahead(
    margins: Margins, product: Product, year: Mapping[int, Sold], share: Decimal, price: Decimal
) -> dict[int, Sold]:
    """A month ahead: so large a share of the year's volume. Contracts beside units stay as they are."""
    found, is_level, share = {}, _leads_level(product, margins.tree), max(share, ZERO)
    for pk, row in year.items():
        units = (row.units or ZERO) * share
        net, gross = ((amount or ZERO) * share * price for amount in (row.net, row.gross))
        contracts = units if is_level else row.contracts
        counted = {measure: number * share for measure, number in row.counted.items()}
        found[pk] = Sold(None if is_level else units, contracts, net, gross, counted)
    return found


def _leads_level(product: Product, tree: LineTree) -> bool:
    return tree.lead_measure(product.line_id).kind == Measure.Kind.LEVEL


def fall_under(
    past: Sequence[MonthMargin], ahead: Sequence[MonthAhead], rates: Sequence[Rates]
) -> Fall | None:
    """When and why the expected margin is under its floor; ``past`` is the year before."""
    under = [place for place, month in enumerate(ahead) if month.is_under]
    if not under:
        return None
    then = ahead[under[0]]
    known = [month for month in past if month.statement is not None and month.statement.net > 0]
    gap = sum((ahead[place].gap for place in under), ZERO)
    return Fall(then, under[0] + 1, len(under), gap, _moves(known, then, rates))


def _moves(past: Sequence[MonthMargin], then: MonthAhead, rates: Sequence[Rates]) -> list[Move]:
    """Against the year before together, as the price ratio is."""
    if not past:
        return []
    before: dict[CostLine, Decimal] = {}
    for month in past:
        for line, amount in month.costs:
            if line.kind.level in COUNTED:
                before[line] = before.get(line, ZERO) + amount
    net = sum((month.statement.net for month in past if month.statement), ZERO)
    now = {line: amount for line, amount in then.expected.costs if line.kind.level in COUNTED}
    by_price, by_cost = share_moves(
        before,
        net,
        now,
        then.statement.net,
        price=then.price,
        with_price={line for line in before | now if line.base in (Base.GROSS, Base.NET)},
    )
    since = past[0].month
    held = {each.cost_line: each for each in rates}
    moves = [Move(None, by_price)]
    moves += [
        _rated(Move(line, points), held.get(line), since, then.month) for line, points in by_cost.items()
    ]
    return sorted((move for move in moves if move.points < 0), key=lambda move: move.points)


def _rated(move: Move, rates: Rates | None, since: datetime.date, month: datetime.date) -> Move:
    """With the newest rate that began after ``since``, and what it was before."""
    if rates is None:
        return move
    began = [row for row in rates.rows if since < row.start_date < month_add(month, 1)]
    if not began:
        return move
    newest = began[-1]
    before = [
        row
        for row in rates.rows
        if row.start_date < newest.start_date and row.from_quantity == newest.from_quantity
    ]
    was = before[-1].amount if before else None
    return replace(move, began=newest.start_date, was=was, becomes=newest.amount)
