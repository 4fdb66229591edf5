"""The margin ahead of product lines and of everything: the sum of their products, and a band that is not."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from operator import add
from typing import Any

from django.db.models import Q, Sum

from core.months import month_add, month_range
from forecasting.layers import Layers
from forecasting.models import Forecast, ForecastMonth
from forecasting.selectors.forecasts import forecasts_allowed
from forecasting.selectors.prices import prices_last_year
from forecasting.selectors.totals import Correlations, correlations
from forecasting.totals import decided_halves, summed_half
from pricing.engine.costs import LEVELS
from pricing.models import CostMonth
from products.models import Channel, Product, ProductLine, SalesMonth
from products.selectors.access import products_visible, visible_channel_ids, visible_line_ids
from products.selectors.lines import line_tree

from .cost_months import cost_months
from .costs import MOVING, RIGHT
from .margins_ahead import LEVEL, MONTHS, is_sold, margin_floor

ZERO = Decimal(0)
COUNTED = LEVELS[: LEVELS.index(LEVEL) + 1]
_LAYERS = ("mean", "lo80", "hi80", "driven", "overridden", "agreed", "price_ratio", "spread")


class _Row(Layers):
    """A forecast's month, read as values: there are twelve of each product."""

    def __init__(self, values: Sequence[Any]) -> None:
        self.__dict__.update(zip(_LAYERS, values, strict=True))


@dataclass
class _Sum:
    """Of some products in a month: net sales, costs before the margin, and the sum of what their floors ask,
    with the net sales of those that have one. ``plain`` and ``squares``: of the half widths of their bands,
    below and above, of the statistics' own error and of what is not known of decisions."""

    net: float = 0.0
    costs: Decimal = ZERO
    floor: float = 0.0
    floored: float = 0.0
    plain: list[float] = field(default_factory=lambda: [0.0] * 4)
    squares: list[float] = field(default_factory=lambda: [0.0] * 4)

    def __iadd__(self, other: _Sum) -> _Sum:
        self.net, self.costs = self.net + other.net, self.costs + other.costs
        self.floor, self.floored = self.floor + other.floor, self.floored + other.floored
        self.plain = list(map(add, self.plain, other.plain))
        self.squares = list(map(add, self.squares, other.squares))
        return self


@dataclass(frozen=True)
class TotalMonth:
    """What is expected to be left of ``net`` sales after costs that move with them, with its 80 % band;
    ``floor``: the floors of the products, weighed by their net sales, missing where one has none."""

    month: datetime.date
    net: float
    margin: float
    low: float
    high: float
    floor: float | None

    @property
    def rate(self) -> float | None:
        return self.margin / self.net if self.net > 0 else None

    @property
    def is_under(self) -> bool:
        return self.floor is not None and self.net > 0 and self.margin < self.floor * self.net


@dataclass(frozen=True)
class MarginTotal:
    """Of a product line with those below it, or of everything (no line), its ``months`` ahead; ``low`` and
    ``high``: the 80 % band of them together. ``without``: how many products that cost something have no
    sales expected of them."""

    line: ProductLine | None
    months: Sequence[TotalMonth]
    low: float
    high: float
    without: int

    @property
    def net(self) -> float:
        return sum(month.net for month in self.months)

    @property
    def margin(self) -> float:
        return sum(month.margin for month in self.months)

    @property
    def rate(self) -> float | None:
        return self.margin / self.net if self.net > 0 else None

    @property
    def floor(self) -> float | None:
        """Of all months together, weighed by their net sales."""
        known = [month for month in self.months if month.net > 0]
        if not known or any(month.floor is None for month in known):
            return None
        return sum((month.floor or 0.0) * month.net for month in known) / sum(month.net for month in known)

    @property
    def to_floor(self) -> int | None:
        """How many months from the last whole one to the first under the floor."""
        return next((place for place, month in enumerate(self.months, 1) if month.is_under), None)


@dataclass(frozen=True)
class ChannelAhead:
    """What is expected in a channel in twelve months; costs in none have no channel."""

    channel: Channel | None
    net: float
    costs: Decimal

    @property
    def margin(self) -> float:
        return self.net - float(self.costs)

    @property
    def rate(self) -> float | None:
        return self.margin / self.net if self.net > 0 else None


class MarginsAhead:
    """What the person may see of the months after the last whole one. Nothing for who sees no costs, no
    forecasts or only some channels. Six queries."""

    def __init__(self, user: Any, last: datetime.date) -> None:
        self._last, self._tree = last, line_tree()
        self._lines, self._products = visible_line_ids(user), dict[int, Product]()
        self.allowed = user.has_perm(RIGHT) and forecasts_allowed(user) and visible_channel_ids(user) is None
        if self.allowed:
            rows = products_visible(user).only("line_id", "ended", "floor_rate")
            self._products = {row.pk: row for row in rows}
        self._sales = self._read_sales()

    def totals(self) -> list[MarginTotal]:
        """Of everything, where all of it is seen, then of each line in the order of the tree."""
        if not self.allowed:
            return []
        sums, without = self._sums()
        said, tree, found = correlations(), self._tree, []
        if self._lines is None:
            found.append(_total(None, list(sums.values()), sum(without.values()), said))
        for path in sorted((tree.path(pk) for pk in tree.lines), key=_order):
            below = tree.descendants(path[-1].pk)
            own = [sums[pk] for pk in below if pk in sums]
            if own and (self._lines is None or path[-1].pk in self._lines):
                found.append(_total(path[-1], own, sum(without[pk] for pk in below), said))
        return found

    def channels(self, line: ProductLine | None) -> list[ChannelAhead]:
        """Rows add up to the total: what is sold spreads as in the year before, costs as they are booked.
        Three queries."""
        products = [pk for pk, row in self._products.items() if self._within(row, line)]
        net: dict[int | None, float] = defaultdict(float)
        for pk, parts in self._channel_parts(products).items():
            whole = sum(parts.values())
            expected = sum(net for net, _row in self._sales.get(pk, {}).values())
            for channel, part in parts.items():
                net[channel] += expected * part / whole if whole else 0.0
        on_none = Q(product=None) if line is None and self._lines is None else Q(pk__in=[])
        booked = self._booked(Q(product__in=products) | on_none)
        costs = dict(booked.values_list("channel").annotate(Sum("amount")))
        rows = Channel.objects.in_bulk([pk for pk in net.keys() | costs.keys() if pk])
        found = [
            ChannelAhead(rows.get(pk or 0), net.get(pk, 0.0), costs.get(pk, ZERO))
            for pk in net.keys() | costs.keys()
        ]
        return sorted(found, key=lambda row: (row.channel is None, -row.net))

    def _within(self, product: Product, line: ProductLine | None) -> bool:
        return line is None or product.line_id in self._tree.descendants(line.pk)

    def _booked(self, of: Q) -> Any:
        months = self._last, month_add(self._last, MONTHS)
        rows = cost_months().filter(of, source=CostMonth.Source.FORECAST, kind__level__in=COUNTED)
        return rows.filter(month__gt=months[0], month__lte=months[1]).order_by()

    def _read_sales(self) -> dict[int, dict[datetime.date, tuple[float, _Row]]]:
        """By product and month the net sales expected, with the forecast."""
        leads = {pk: self._tree.lead_measure(row.line_id).pk for pk, row in self._products.items()}
        rows = Forecast.objects.filter(current=True, product__in=list(leads)).exclude(method="none")
        current = {
            pk: (product, measure, as_of)
            for pk, product, measure, as_of in rows.order_by().values_list(
                "pk", "product_id", "measure_id", "as_of"
            )
            if product is not None and leads[product] == measure
        }
        prices = prices_last_year({product: as_of for product, _measure, as_of in current.values()})
        months = ForecastMonth.objects.filter(
            forecast__in=list(current), month__gt=self._last, month__lte=month_add(self._last, MONTHS)
        )
        found: dict[int, dict[datetime.date, tuple[float, _Row]]] = defaultdict(dict)
        for forecast, month, *values in months.order_by().values_list("forecast_id", "month", *_LAYERS):
            product, measure, _as_of = current[forecast]
            price, row = prices.get((product, measure)), _Row(values)
            if price is not None and is_sold(self._products[product], month):
                found[product][month] = max(row.final, 0.0) * price * (row.price_ratio or 1.0), row
        return found

    def _sums(self) -> tuple[dict[int | None, dict[datetime.date, _Sum]], Mapping[int | None, int]]:
        """By line (none: on no product) and month; and how many products bear costs and have no sales."""
        sums: dict[int | None, dict[datetime.date, _Sum]] = defaultdict(lambda: defaultdict(_Sum))
        without: dict[int | None, int] = defaultdict(int)
        moving: dict[tuple[int, datetime.date], Decimal] = {}
        seen = Q(product__in=list(self._products)) | (
            Q(product=None) if self._lines is None else Q(pk__in=[])
        )
        by_month = self._booked(seen).values_list("product", "month")
        moves = Q(cost_line__basis__in=MOVING, cost_line__measure=None)
        lacking: set[int] = set()
        for pk, month, amount, moved in by_month.annotate(
            whole=Sum("amount"), moved=Sum("amount", filter=moves)
        ):
            product = self._products.get(pk)
            sums[product.line_id if product else None][month].costs += amount
            moving[pk, month] = moved or ZERO
            if product and pk not in self._sales and is_sold(product, month):
                lacking.add(pk)
        for pk in lacking:
            without[self._products[pk].line_id] += 1
        for pk, months in self._sales.items():
            line, floor = self._products[pk].line_id, margin_floor(self._products[pk], self._tree)
            for month, (net, row) in months.items():
                _add(sums[line][month], net, row, float(moving.get((pk, month), ZERO)), floor)
        return sums, without

    def _channel_parts(self, products: Collection[int]) -> dict[int, dict[int | None, float]]:
        """By product what each channel brought in over the year before."""
        rows = SalesMonth.objects.filter(
            product__in=products, month__gt=month_add(self._last, -MONTHS), month__lte=self._last
        )
        found: dict[int, dict[int | None, float]] = defaultdict(dict)
        fields = ("product", "product__line", "measure", "channel")
        for pk, line, measure, channel, amount in (
            rows.order_by().values_list(*fields).annotate(Sum("revenue"))
        ):
            if amount and measure == self._tree.lead_measure(line).pk:
                found[pk][channel] = float(amount)
        return found


def _order(path: Sequence[ProductLine]) -> list[str]:
    return [line.name.lower() for line in path]


def _add(to: _Sum, net: float, row: _Row, moving: float, floor: Decimal | None) -> None:
    """A product's month. What a unit leaves says how far its margin reaches where the volume does; where it
    leaves less than nothing, the ends of the band change places."""
    to.net += net
    if floor is not None:
        to.floor += float(floor) * net
        to.floored += net
    unit = (net - moving) / row.final if row.final > 0 else 0.0
    ends = row.halves80 if unit >= 0 else row.halves80[::-1]
    halves = [abs(unit * abs(end[kind])) for kind in (0, 1) for end in ends]
    to.plain = list(map(add, to.plain, halves))
    to.squares = [square + half * half for square, half in zip(to.squares, halves, strict=True)]


def _total(
    line: ProductLine | None,
    sums: Iterable[Mapping[datetime.date, _Sum]],
    without: int,
    said: Correlations,
) -> MarginTotal:
    months: dict[datetime.date, _Sum] = defaultdict(_Sum)
    for of_line in sums:
        for month, row in of_line.items():
            months[month] += row
    found, own_halves, moved_halves = [], [], []
    for month in month_range(min(months), max(months)):
        row = months[month]
        halves = [
            summed_half(plain, squares, correlation=said.of_products)
            for plain, squares in zip(row.plain, row.squares, strict=True)
        ]
        own, moved = (halves[0], halves[1]), (halves[2], halves[3])
        own_halves.append(own)
        moved_halves.append(moved)
        below, above = decided_halves([own], [moved], correlation=1.0)
        margin = row.net - float(row.costs)
        floor = row.floor / row.net if row.net > 0 and row.floored >= row.net * (1 - 1e-9) else None
        found.append(TotalMonth(month, row.net, margin, margin - below, margin + above, floor))
    below, above = decided_halves(own_halves, moved_halves, correlation=said.of_months)
    whole = sum(month.margin for month in found)
    return MarginTotal(line, found, whole - below, whole + above, without)
