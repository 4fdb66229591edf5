"""How amounts of a line or of all products are split: over all of its products at once, no cent is left."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from functools import cached_property

from django.db.models import F, QuerySet

from core.months import month_range
from pricing.engine.costs import allocate
from pricing.models import CostLine, CostShare
from products.models import Measure, Product, ProductMonth
from products.selectors.lines import LineTree, line_tree
from products.selectors.units import addable, unit_of

from .costs import has_ended

Key = CostLine.Key
ZERO = Decimal(0)
Place = tuple[str, int | None, int | None]
Weights = Mapping[int, Decimal]
Months = Mapping[datetime.date, Weights]
Keys = Mapping[datetime.date | None, Weights]
"""Fixed shares by when they begin; without a date from the line's first rate."""


def shares_by_start(line_ids: Collection[int]) -> dict[int, Keys]:
    """By cost line its fixed shares, by when they begin, oldest first. One query."""
    return _by_start(_shares(line_ids))


def _shares(line_ids: Collection[int]) -> QuerySet[CostShare]:
    rows = CostShare.objects.filter(cost_line__in=line_ids)
    return rows.order_by(F("start_date").asc(nulls_first=True), "product")


def _by_start(shares: Iterable[CostShare]) -> dict[int, Keys]:
    found: dict[int, dict[datetime.date | None, dict[int, Decimal]]] = {}
    for share in shares:
        of_line = found.setdefault(share.cost_line_id, {})
        of_line.setdefault(share.start_date, {})[share.product_id] = share.weight
    return dict(found)


def _bearing(line: CostLine, weights: Weights, ended: Mapping[int, Product], month: datetime.date) -> Weights:
    """Without the products that ended, where the line no longer counts for them in the month."""
    return {
        pk: weight
        for pk, weight in weights.items()
        if pk not in ended or not has_ended(line, ended[pk], month)
    }


def _place(line: CostLine) -> Place:
    """What a split is of: its key and the products; fixed shares are each line's own."""
    return line.key, line.line_id, line.pk if line.key == Key.FIXED else None


class Splits:
    """The parts of lines that are split, whichever products are asked of; at most three queries for all. A
    fixed share of an amount a month ends with its product, after the line's tail: the others bear it."""

    def __init__(self, lines: Sequence[CostLine], first: datetime.date, last: datetime.date) -> None:
        self._first, self._last = first, last
        self._weights: dict[Place, Months] = {}
        self._parts: dict[tuple[Place, datetime.date, Decimal], Weights] = {}
        self._fixed: Mapping[int, Keys] = {}
        self._ended: dict[int, Product] = {}
        fixed = {line.pk: line for line in lines if line.key == Key.FIXED}
        if fixed:
            self._fixed_read(fixed)
        self._sold = _Sold([line for line in lines if line.is_split and line.pk not in fixed], first, last)
        for line in lines:
            if line.is_split and _place(line) not in self._weights:
                self._weights[_place(line)] = self._sold.weights(line)

    def _fixed_read(self, lines: Mapping[int, CostLine]) -> None:
        shares = list(_shares(lines).select_related("product"))
        self._fixed = _by_start(shares)
        self._ended = {row.product_id: row.product for row in shares if row.product.ended is not None}
        for line in lines.values():
            months = month_range(self._first, self._last)
            self._weights[_place(line)] = {month: self.fixed(line, month) for month in months}

    def fixed(self, line: CostLine, month: datetime.date) -> Weights:
        """The fixed shares that hold in a month, also one ahead."""
        held: Weights = {}
        for start, weights in self._fixed.get(line.pk, {}).items():
            if start is None or start <= month:
                held = weights
        return _bearing(line, held, self._ended, month)

    def ended(self, line: CostLine) -> Mapping[int, Product]:
        """The products that ended, among those that it may be split over."""
        return self._ended if line.key == Key.FIXED else self._sold.ended

    def ends(self, line: CostLine) -> list[tuple[int, datetime.date | None]]:
        """When they end, for what is worked out from it."""
        return sorted((pk, row.ended) for pk, row in self.ended(line).items())

    def parts(self, line: CostLine, month: datetime.date, amount: Decimal) -> Weights:
        """By product its part of the line's amount of the month; empty where nothing says how to split."""
        place = _place(line)
        key = (place, month, amount)
        if key not in self._parts:
            self._parts[key] = allocate(amount, self._weights[place].get(month, {}))
        return self._parts[key]

    def part(self, line: CostLine, product_id: int, month: datetime.date, amount: Decimal) -> Decimal | None:
        parts = self.parts(line, month, amount)
        return parts.get(product_id, ZERO) if parts else None

    def said(self, line: CostLine) -> Months:
        """By what the line is split."""
        return self._weights[_place(line)]


class Spread:
    """Parts of what is split in months ahead: by what counted in the months of ``splits``, together, of the
    products that have not ended by then; by fixed shares by those of the month."""

    def __init__(self, splits: Splits) -> None:
        self._splits = splits
        self._weights: dict[Place, Weights] = {}
        self._parts: dict[tuple[Place, int | None, datetime.date, Decimal], Weights] = {}
        self._alike: dict[tuple[Place, frozenset[tuple[int, Decimal]], Decimal], Weights] = {}

    def weights(self, line: CostLine) -> Weights:
        """By what the line is split, of all the months together."""
        place = _place(line)
        if place not in self._weights:
            sums: dict[int, Decimal] = {}
            for weights in self._splits.said(line).values():
                for pk, weight in weights.items():
                    sums[pk] = sums.get(pk, ZERO) + weight
            self._weights[place] = sums
        return self._weights[place]

    def parts(self, line: CostLine, month: datetime.date, amount: Decimal) -> Weights:
        tail = line.tail_months if line.basis == CostLine.Basis.MONTH else None
        key = (_place(line), tail, month, amount)
        if key not in self._parts:
            if line.key == Key.FIXED:
                weights = self._splits.fixed(line, month)
            else:
                weights = _bearing(line, self.weights(line), self._splits.ended(line), month)
            alike = (_place(line), frozenset(weights.items()), amount)  # in most months nothing ends
            if alike not in self._alike:
                self._alike[alike] = allocate(amount, weights)
            self._parts[key] = self._alike[alike]
        return self._parts[key]

    def part(self, line: CostLine, product_id: int, month: datetime.date, amount: Decimal) -> Decimal | None:
        parts = self.parts(line, month, amount)
        return parts.get(product_id, ZERO) if parts else None


class _Sold:
    """The products that lines are split over, in the order of their ids so that the same cent goes to the
    same product each time, and what they sold."""

    def __init__(self, lines: Collection[CostLine], first: datetime.date, last: datetime.date) -> None:
        self._lines, self._first, self._last = lines, first, last

    @cached_property
    def _tree(self) -> LineTree:
        return line_tree()

    @cached_property
    def _products(self) -> list[Product]:
        scope = Product.objects.order_by("pk")
        if all(line.line_id is not None for line in self._lines):
            own = {pk for line in self._lines if line.line_id for pk in self._tree.descendants(line.line_id)}
            scope = scope.filter(line__in=own)
        return list(scope)

    @cached_property
    def ended(self) -> dict[int, Product]:
        return {row.pk: row for row in self._products if row.ended is not None}

    @cached_property
    def _leads(self) -> dict[int, Measure]:
        return {row.pk: self._tree.lead_measure(row.line_id) for row in self._products}

    @cached_property
    def _rows(self) -> list[tuple[int, datetime.date, Decimal | None, Decimal | None]]:
        """Product, month, volume, revenue."""
        found = (
            ProductMonth.objects.filter(
                product__any=self._leads,
                measure__in={measure.pk for measure in self._leads.values()},
                month__range=(self._first, self._last),
            )
            .order_by("product_id")
            .values_list("product_id", "measure_id", "month", "volume", "average_volume", "revenue")
        )
        rows = []
        for product, measure, month, volume, average, revenue in found:
            lead = self._leads[product]
            if measure == lead.pk:
                is_average = lead.kind == Measure.Kind.LEVEL and average is not None
                rows.append((product, month, average if is_average else volume, revenue))
        return rows

    def weights(self, line: CostLine) -> Months:
        """Volume only where the products' units can be added."""
        below = self._tree.descendants(line.line_id) if line.line_id else None
        products = [row for row in self._products if below is None or row.line_id in below]
        factors: Mapping[int, Decimal] | None = dict.fromkeys((row.pk for row in products), Decimal(1))
        if line.key == Key.VOLUME:
            factors = self._factors(products, line.line_id)
        months: dict[datetime.date, dict[int, Decimal]] = defaultdict(dict)
        for product, month, volume, revenue in self._rows if factors else ():
            value = revenue if line.key == Key.REVENUE else volume
            if factors and product in factors and value is not None and value > 0:
                months[month][product] = value * factors[product]
        return months

    def _factors(self, products: Sequence[Product], line_id: int | None) -> Mapping[int, Decimal] | None:
        leads = {self._leads[row.pk] for row in products}
        if len(leads) != 1:
            return None
        lead = leads.pop()
        if line_id is None:
            # Of all products: in the unit they all have, or the one that all their lines report in.
            line_id = products[0].line_id
            units = {unit_of(self._tree, row, lead).lower() for row in products}
            reporting = {self._tree.inherited(row.line_id, "reporting_unit").value for row in products}
            if len(units) > 1 and len(reporting) > 1:
                return None
        found = addable(self._tree, products, lead, line_id)
        return found.factors if found.ok else None
