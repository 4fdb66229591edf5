"""What lines and everything together are expected to sell, from the products' final forecasts."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any, NamedTuple

from django.utils import timezone

from core.months import month_add
from core.registries import ChunkOutcome
from forecasting.models import Forecast, NightlyRun, TotalForecast
from forecasting.selectors.alert_facts import forecasts_before
from forecasting.selectors.total_facts import Asked, MonthSum, sums_ahead, sums_past
from forecasting.selectors.totals import Correlations, correlations
from forecasting.services.totals import totals_write
from forecasting.totals import decided_band, summed_half, total_band
from products.models import Measure, Product
from products.selectors.lines import LineTree
from products.selectors.units import addable

from .common import HORIZON, half_of, prices_of, span_now

HISTORY_MONTHS, YEAR = 60, 12
# A forecast whose data end this many months before the total's no longer counts in it.
OLD_MONTHS = 3


def chunks(run: NightlyRun) -> Iterator[Mapping[str, Any]]:
    yield {"totals": True, "span": span_now(run)}


@dataclass(frozen=True)
class _Part:
    """A product's forecast by its line's leading measure; ``closed``: the last month of which its sales
    count, the last whole one of that line. Where the line loaded that one ``half``, the one before it, and
    ``before`` is the forecast that did not know it; where none of the line has one the month is unknown."""

    product: Product
    forecast_id: int
    measure: Measure
    as_of: datetime.date
    closed: datetime.date
    price: float | None
    half: datetime.date | None
    before: int | None


@dataclass(frozen=True)
class _Sum:
    """One total to make: of a line or (none) of everything, in a measure's unit or (none) in money.

    Products whose data end long before the others', or (in money) without a price, are left out and counted;
    the months are those that all the others have. ``factors``: what one unit of each product is in the unit.
    """

    line_id: int | None
    measure: Measure | None
    unit: str
    parts: list[_Part]
    factors: Mapping[int, Decimal]

    @cached_property
    def as_of(self) -> datetime.date:
        return max(part.as_of for part in self.parts)

    def counts(self, as_of: datetime.date) -> bool:
        """Whether forecasts as of this month do."""
        return as_of > month_add(self.as_of, -OLD_MONTHS)

    @cached_property
    def counted(self) -> list[_Part]:
        in_units = self.measure is not None
        recent = {as_of for as_of in {part.as_of for part in self.parts} if self.counts(as_of)}
        return [p for p in self.parts if p.as_of in recent and (in_units or p.price is not None)]


def compute(run: NightlyRun, payload: Mapping[str, Any]) -> Callable[[], ChunkOutcome]:
    tree = LineTree()
    said = correlations()
    parts = _parts(run, tree, half_of(payload))
    sums = [one for one in _wanted(tree, parts) if one.counted]
    since = min((month_add(one.as_of, 1 - HISTORY_MONTHS) for one in sums), default=datetime.date.max)
    totals = [_total(run, said, added) for added in _summed(sums, parts, since)]

    def write() -> ChunkOutcome:
        totals_write(totals=totals, run=run)
        return ChunkOutcome(computed=1)

    return write


def _parts(run: NightlyRun, tree: LineTree, half: Mapping[tuple[int, int], datetime.date]) -> list[_Part]:
    """Every product with a current forecast of its line's leading measure; families repeat their members. Of
    a line of which a month was loaded ``half`` products that no forecast before it knew count as loaded, as
    does that month of a line whose data end long before the others'."""
    leads = {line_id: tree.lead_measure(line_id) for line_id in tree.lines}
    products = {row.pk: row for row in Product.objects.order_by().only("line_id", "unit")}
    rows = Forecast.objects.filter(current=True, product__isnull=False).exclude(method="none")
    found = [
        (products[product_id], forecast_id, as_of)
        for product_id, forecast_id, measure_id, as_of in rows.order_by("product_id").values_list(
            "product_id", "pk", "measure_id", "as_of"
        )
        if product_id and measure_id == leads[products[product_id].line_id].pk
    ]
    prices = prices_of(run, {product.pk: as_of for product, _pk, as_of in found})
    closed: dict[int, datetime.date] = {}
    for product, _pk, as_of in found:
        closed[product.line_id] = max(as_of, closed.get(product.line_id, as_of))
    recent = month_add(max(closed.values(), default=datetime.date.max), -OLD_MONTHS)
    halves = {
        line: month
        for line, month in closed.items()
        if half.get((line, leads[line].pk)) == month and month > recent
    }
    before = forecasts_before(
        {
            (product.pk, leads[product.line_id].pk): halves[product.line_id]
            for product, _pk, _as_of in found
            if product.line_id in halves
        }
    )
    foreseen = {product.line_id for product, _pk, _as_of in found if product.pk in before}

    def part(product: Product, pk: int, as_of: datetime.date) -> _Part:
        lead, last = leads[product.line_id], closed[product.line_id]
        is_half = product.line_id in halves and (product.pk in before or product.line_id not in foreseen)
        return _Part(
            product=product,
            forecast_id=pk,
            measure=lead,
            as_of=as_of,
            closed=month_add(last, -1) if is_half else last,
            price=prices.get((product.pk, lead.pk)),
            half=last if is_half else None,
            before=before.get(product.pk),
        )

    return [part(*row) for row in found]


def _wanted(tree: LineTree, parts: list[_Part]) -> Iterator[_Sum]:
    """Each line in money, and in its unit where its products' volumes add; everything in money."""
    of_line: dict[int, list[_Part]] = defaultdict(list)
    for part in parts:
        of_line[part.product.line_id].append(part)
    for line_id in tree.lines:
        own = [part for below in sorted(tree.descendants(line_id)) for part in of_line[below]]
        if not own:
            continue
        yield _Sum(line_id, None, "", own, {})
        measure = tree.lead_measure(line_id)
        units = addable(tree, [part.product for part in own], measure, line_id)
        if units.ok and all(part.measure == measure for part in own):
            yield _Sum(line_id, measure, units.unit, own, units.factors)
    if parts:
        yield _Sum(None, None, "", parts, {})


class _Added(NamedTuple):
    """A total, the sums of its forecasts by month, and what its products brought in or sold in each month of
    sales. Where lines below end earlier than others a month has both, and ``late`` are those lines, ``half``
    those of them that loaded it in part; ``unknown``: of which no forecast knew such a month before."""

    total: _Sum
    ahead: list[MonthSum]
    history: Mapping[datetime.date, float]
    late: Mapping[datetime.date, set[int]]
    half: Mapping[datetime.date, set[int]]
    unknown: Mapping[datetime.date, set[int]]


class _Group(NamedTuple):
    """The products of one line whose data end alike, and whose volumes count by one factor each in the same
    totals (their places). ``until``: their forecasts from before, of this month alone, which was loaded in
    part."""

    line_id: int
    as_of: datetime.date
    totals: tuple[int, ...]
    until: datetime.date = datetime.date.max


def _summed(sums: list[_Sum], parts: list[_Part], since: datetime.date) -> Iterator[_Added]:
    """Each product is read once for all totals, again only where it counts by another factor; groups are
    added up the tree."""
    factors: dict[int, dict[Decimal | None, list[int]]] = defaultdict(lambda: defaultdict(list))
    for place, one in enumerate(sums):
        for part in one.parts if one.measure else ():
            factors[part.product.pk][one.factors[part.product.pk]].append(place)
    alone: Mapping[Decimal | None, list[int]] = {None: []}
    asked = [
        (
            _Group(part.product.line_id, part.as_of, tuple(places)),
            part,
            part.forecast_id,
            factor,
            number == 0,
        )
        for part in parts
        for number, (factor, places) in enumerate((factors.get(part.product.pk) or alone).items())
    ]
    before = [
        (group._replace(until=part.half), part, part.before, factor, in_money)
        for group, part, _forecast, factor, in_money in asked
        if part.half and part.before and part.before != part.forecast_id
    ]
    groups = {group: n for n, group in enumerate(sorted({group for group, *_rest in asked + before}))}
    rows = [
        Asked(
            groups[group],
            part.product.pk,
            part.measure.pk,
            forecast_id,
            part.closed,
            factor,
            part.price if in_money else None,
            in_money,
        )
        for group, part, forecast_id, factor, in_money in asked + before
    ]
    ahead, past = sums_ahead(rows), sums_past(rows[: len(asked)], since)
    for place, one in enumerate(sums):
        lines = {part.product.line_id for part in one.parts}
        own = [
            (group, number)
            for group, number in groups.items()
            if (place in group.totals if one.measure else group.line_id in lines)
        ]
        later, earlier = (ahead.units, past.units) if one.measure else (ahead.money, past.money)
        months: dict[datetime.date, MonthSum] = {}
        history: dict[datetime.date, Decimal] = defaultdict(Decimal)
        late: dict[datetime.date, set[int]] = defaultdict(set)
        half: dict[datetime.date, set[int]] = defaultdict(set)
        unknown: dict[datetime.date, set[int]] = defaultdict(set)
        halves = {(part.product.line_id, part.half) for part in one.parts}
        for group, number in own:
            for row in later.get(number, ()) if one.counts(group.as_of) else ():
                if row.month > group.until:
                    continue
                months[row.month] = months[row.month] + row if row.month in months else row
                if row.month <= one.as_of:
                    late[row.month].add(group.line_id)
                if (group.line_id, row.month) in halves:
                    half[row.month].add(group.line_id)
            for month, value in earlier.get(number, ()):
                history[month] += value
        for part in one.parts:
            if part.half and not part.before:
                unknown[part.half].add(part.product.line_id)
        yield _Added(
            one,
            [months[month] for month in sorted(months)],
            {month: float(value) for month, value in history.items()},
            late,
            half,
            unknown,
        )


def _total(run: NightlyRun, said: Correlations, added: _Added) -> TotalForecast:
    one = added.total
    last = month_add(min(part.as_of for part in one.counted), HORIZON)
    since = month_add(one.as_of, 1 - HISTORY_MONTHS)
    counted = [row for row in added.ahead if one.as_of < row.month <= last]
    months = [_month(row, said.of_products) for row in counted]
    year, low, high = _year(months[:YEAR], counted[:YEAR], said, one.measure)
    past = dict(added.history)
    for row in added.ahead:
        if row.month in added.late:
            past[row.month] = past.get(row.month, 0.0) + row.mean
    return TotalForecast(
        line_id=one.line_id,
        measure=one.measure,
        unit=one.unit,
        as_of=one.as_of,
        run=run,
        products=len(one.counted),
        left_out=len(one.parts) - len(one.counted),
        months=months,
        history=[
            _past(added, month, past.get(month))
            for month in sorted(past.keys() | added.unknown.keys())
            if since <= month <= one.as_of
        ],
        year=year,
        year_lo80=low,
        year_hi80=high,
        computed_at=timezone.now(),
    )


def _past(added: _Added, month: datetime.date, value: float | None) -> list[Any]:
    """Month and value, and where some of it is forecast the lines of which, and those that loaded it half;
    where that leaves no value, the lines that are why stand in their place."""
    if month in added.unknown:
        late = added.late.get(month, set()) - added.half.get(month, set())
        return [str(month), None, sorted(late), sorted(added.unknown[month])]
    if value is None:
        return [str(month), None]
    lines = [sorted(named[month]) for named in (added.late, added.half) if month in named]
    return [str(month), round(value, 4), *lines]


def _month(row: MonthSum, correlation: float) -> list[Any]:
    """Month, mean, lo80, hi80, lo95, hi95."""
    half = [
        summed_half(plain, squares, correlation=correlation)
        for plain, squares in zip(row.plain, row.squares, strict=True)
    ]
    low80, low95 = (max(row.mean - half[place], min(row.mean, 0.0)) for place in (0, 2))
    edges = (row.mean, low80, row.mean + half[1], min(low95, low80), row.mean + max(half[3], half[1]))
    return [str(row.month), *(round(value, 4) for value in edges)]


def _year(
    months: list[list[Any]], sums: list[MonthSum], said: Correlations, measure: Measure | None
) -> tuple[float | None, float | None, float | None]:
    if len(months) < YEAR:
        return None, None, None
    if measure is not None and measure.kind == Measure.Kind.LEVEL:
        return months[-1][1], months[-1][2], months[-1][3]
    mean, low, high = ([row[place] for row in months] for place in (1, 2, 3))
    edges = total_band(mean, low, high, correlation=said.of_months)
    if any(any(row.moved) for row in sums):
        own, moved = [_halves(row.own, said) for row in sums], [_halves(row.moved, said) for row in sums]
        edges = decided_band(sum(mean), own, moved, correlation=said.of_months)
    return round(sum(mean), 4), *(round(edge, 4) for edge in edges)


def _halves(part: tuple[float, float, float, float], said: Correlations) -> tuple[float, float]:
    """Of one month over products, below and above."""
    low, high, low_squares, high_squares = part
    correlation = said.of_products
    return (
        summed_half(low, low_squares, correlation=correlation),
        summed_half(high, high_squares, correlation=correlation),
    )
