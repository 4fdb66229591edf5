"""The margin ahead of product lines and of everything: the sum of their products, and a band that is not."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from operator import add
from typing import Any

from django.db.models import FloatField, Q, Sum
from django.db.models.functions import Cast

from core.lookups import many
from core.months import month_add, month_range
from forecasting.layers import Layers
from forecasting.models import ForecastMonth
from forecasting.selectors.prices import prices_last_year
from forecasting.selectors.totals import Correlations, correlations
from forecasting.totals import decided_halves, summed_half
from pricing.models import CostMonth
from products.models import Channel, Product, ProductLine, SalesMonth
from products.selectors.access import (
    forecasts_allowed,
    products_visible,
    visible_channel_ids,
    visible_line_ids,
)
from products.selectors.lines import line_tree

from .cost_months import cost_months
from .costs import MOVING, RIGHT
from .margins_ahead import COUNTED, MONTHS, ChannelAhead, channels_ordered, is_sold, margin_floor

ZERO = Decimal(0)
_LAYERS = ("mean", "lo80", "hi80", "driven", "overridden", "agreed", "price_ratio", "spread")
_NOTHING = [0.0] * 12
"""Of some products in a month what adds up: net sales; costs before the margin; what their floors ask, and
the net sales of those that have one; the half widths of their bands, below and above, of the statistics' own
error and of what is not known of decisions; and the squares of these four."""


class _Row(Layers):
    """A forecast's month, read as values: there are twelve of each product."""

    __slots__ = (*_LAYERS, "final")
    final: float

    def __init__(self, values: Sequence[Any]) -> None:
        self.mean, self.lo80, self.hi80, self.driven, self.overridden, *others = values
        self.agreed, self.price_ratio, self.spread = others
        self.final = super().final  # asked for seven times


@dataclass(slots=True)
class ProductMonth:
    """Of a product, or of what is on none: the ``net`` sales expected, with the ``forecast`` they are of; the
    ``costs`` before the margin, and what of them is ``moving`` with volume."""

    net: float = 0.0
    forecast: _Row | None = None
    costs: float = 0.0
    moving: float = 0.0

    def added(self, floor: float | None) -> list[float]:
        """As :data:`_NOTHING` has it. What a unit leaves says how far the margin reaches where the volume
        does; where it leaves less than nothing, the ends of the band change places."""
        asked = [0.0, 0.0] if floor is None else [floor * self.net, self.net]
        halves = [0.0] * 4
        if self.forecast is not None and self.forecast.final > 0:
            unit = (self.net - self.moving) / self.forecast.final
            ends = self.forecast.halves80 if unit >= 0 else self.forecast.halves80[::-1]
            halves = [abs(unit * end[kind]) for kind in (0, 1) for end in ends]
        return [self.net, self.costs, *asked, *halves, *(half * half for half in halves)]


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
    sales expected of them. ``depth``: how many lines the line is below."""

    line: ProductLine | None
    months: Sequence[TotalMonth]
    low: float
    high: float
    without: int
    depth: int = 0

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
    def first_under(self) -> TotalMonth | None:
        """The first month under its floor."""
        return next((month for month in self.months if month.is_under), None)

    @property
    def to_floor(self) -> int | None:
        """How many months from the last whole one to that."""
        return None if self.first_under is None else self.months.index(self.first_under) + 1


class MarginsAhead:
    """What the person may see of the twelve months after ``last``, up to which costs ahead are booked; of
    those before a newer forecast nothing is expected any more. Nothing for who sees no costs, no forecasts or
    only some channels. Three queries."""

    def __init__(self, user: Any, last: datetime.date) -> None:
        self.last, self._tree = last, line_tree()
        self._begin, self._end = month_add(last, 1), month_add(last, MONTHS)
        self._lines, self._products = visible_line_ids(user), dict[int, Product]()
        self._months: dict[int | None, dict[datetime.date, ProductMonth]] = defaultdict(
            lambda: defaultdict(ProductMonth)
        )
        allowed = user.has_perm(RIGHT) and forecasts_allowed(user) and visible_channel_ids(user) is None
        self._sees_all = allowed and self._lines is None
        if allowed:
            rows = products_visible(user).only("code", "name", "line_id", "ended", "floor_rate")
            self._products = {row.pk: row for row in rows}
            self._read_sales()

    def totals(self) -> list[MarginTotal]:
        """Of everything, where all of it is seen, then of each line in the order of the tree. Two queries."""
        self._read_costs()
        sums, without, said, found = self._sums(), self._without(), correlations(), []
        if self._sees_all and sums:
            found.append(_total(None, sums.values(), sum(without.values()), said))
        for path in sorted((self._tree.path(pk) for pk in self._tree.lines), key=_order):
            below = self._tree.descendants(path[-1].pk)
            own = [sums[pk] for pk in below if pk in sums]
            if own and (self._lines is None or path[-1].pk in self._lines):
                total = _total(path[-1], own, sum(without.get(pk, 0) for pk in below), said)
                found.append(replace(total, depth=len(path) - 1))
        return found

    def channels(self, line: ProductLine | None) -> list[ChannelAhead]:
        """Rows add up to the total: what is sold spreads as in the year before, costs as they are booked.
        Three queries."""
        net: dict[int | None, float] = defaultdict(float)
        for pk, parts in self._channel_parts(self.product_ids(line)).items():
            whole = sum(parts.values())
            expected = sum(month.net for month in self._months.get(pk, {}).values())
            for channel, part in parts.items():
                net[channel] += expected * part / whole if whole else 0.0
        costs = dict(self._ahead(line).values_list("channel").annotate(Sum("amount")))
        rows = Channel.objects.in_bulk([pk for pk in net.keys() | costs.keys() if pk])
        return channels_ordered(
            ChannelAhead(rows.get(pk or 0), net.get(pk, 0.0), costs.get(pk, ZERO))
            for pk in net.keys() | costs.keys()
        )

    def of_month(
        self, line: ProductLine | None, month: datetime.date
    ) -> list[tuple[Product | None, ProductMonth]]:
        """What is expected in the month by product; none: what is on no product, of everything."""
        wanted: set[int | None] = set(self.product_ids(line))
        if line is None:
            wanted.add(None)
        return [
            (self._products[pk] if pk else None, months[month])
            for pk, months in self._months.items()
            if pk in wanted and month in months
        ]

    def floor(self, product: Product | None) -> float | None:
        """Nothing has a floor on no product."""
        floor = margin_floor(product, self._tree) if product else None
        return None if floor is None else float(floor)

    def product_ids(self, line: ProductLine | None) -> list[int]:
        if line is None:
            return list(self._products)
        below = self._tree.descendants(line.pk)
        return [pk for pk, row in self._products.items() if row.line_id in below]

    def booked(self, line: ProductLine | None) -> Any:
        """Costs before the margin of the products of a line; of everything also those on no product."""
        of = Q(product__any=many(self.product_ids(line)))
        if line is None and self._sees_all:
            of |= Q(product=None)
        return cost_months().filter(of, kind__level__in=COUNTED).order_by()

    def _ahead(self, line: ProductLine | None) -> Any:
        months = (self._begin, self._end)
        return self.booked(line).filter(source=CostMonth.Source.FORECAST, month__range=months)

    def _read_sales(self) -> None:
        leads = {pk: self._tree.lead_measure(row.line_id).pk for pk, row in self._products.items()}
        rows = ForecastMonth.objects.filter(month__range=(self._begin, self._end))
        rows = rows.filter(forecast__current=True, forecast__product__any=many(leads))
        fields = ("forecast__product", "forecast__measure", "forecast__as_of", "month", *_LAYERS)
        known = [
            row
            for row in rows.exclude(forecast__method="none").order_by().values_list(*fields)
            if row[1] == leads[row[0]]
        ]
        self._begin = max([self._begin, *(month_add(as_of, 1) for _product, _measure, as_of, *_row in known)])
        prices = prices_last_year({product: as_of for product, _measure, as_of, *_row in known})
        for product, measure, _as_of, month, *values in known:
            price, row = prices.get((product, measure)), _Row(values)
            if price is not None and month >= self._begin and is_sold(self._products[product], month):
                self._months[product][month] = ProductMonth(max(row.final, 0.0) * price * row.price, row)

    def _read_costs(self) -> None:
        moves = Q(cost_line__basis__in=MOVING, cost_line__measure=None)
        sums = {"whole": Sum("amount"), "moved": Sum("amount", filter=moves, default=ZERO)}
        by_month = self._ahead(None).values_list("product", "month")
        for pk, month, amount, moved in by_month.annotate(
            **{name: Cast(each, FloatField()) for name, each in sums.items()}
        ):
            row = self._months[pk][month]
            row.costs, row.moving = amount, moved

    def _sums(self) -> dict[int | None, dict[datetime.date, list[float]]]:
        """By line (none: on no product) and month what adds up."""
        sums: dict[int | None, dict[datetime.date, list[float]]] = defaultdict(dict)
        for pk, months in self._months.items():
            product = self._products[pk] if pk else None
            of_line, floor = sums[product.line_id if product else None], self.floor(product)
            for month, row in months.items():
                of_line[month] = list(map(add, of_line.get(month, _NOTHING), row.added(floor)))
        return sums

    def _without(self) -> Mapping[int, int]:
        """By line how many products bear costs and have no sales expected of them."""
        found: dict[int, int] = defaultdict(int)
        for pk, months in self._months.items():
            if pk and not any(row.forecast for row in months.values()):
                product = self._products[pk]
                found[product.line_id] += any(is_sold(product, month) for month in months)
        return found

    def _channel_parts(self, products: Collection[int]) -> dict[int, dict[int | None, float]]:
        """By product what each channel brought in over the year before."""
        rows = SalesMonth.objects.filter(
            product__any=many(products), month__gt=month_add(self.last, -MONTHS), month__lte=self.last
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


def _total(
    line: ProductLine | None,
    sums: Iterable[Mapping[datetime.date, list[float]]],
    without: int,
    said: Correlations,
) -> MarginTotal:
    months: dict[datetime.date, list[float]] = defaultdict(lambda: _NOTHING)
    for of_line in sums:
        for month, row in of_line.items():
            months[month] = list(map(add, months[month], row))
    found, own, moved = [], [], []
    for month in month_range(min(months), max(months)):
        net, costs, asked, floored, *widths = months[month]
        halves = [
            summed_half(plain, squares, correlation=said.of_products)
            for plain, squares in zip(widths[:4], widths[4:], strict=True)
        ]
        own.append((halves[0], halves[1]))
        moved.append((halves[2], halves[3]))
        below, above = decided_halves(own[-1:], moved[-1:], correlation=1.0)
        floor = asked / net if net > 0 and floored >= net * (1 - 1e-9) else None
        found.append(TotalMonth(month, net, net - costs, net - costs - below, net - costs + above, floor))
    below, above = decided_halves(own, moved, correlation=said.of_months)
    whole = sum(month.margin for month in found)
    return MarginTotal(line, found, whole - below, whole + above, without)
