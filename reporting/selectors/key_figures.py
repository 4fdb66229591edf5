"""Key figures of a product: month, year to date, last 12 months and the full year expected, each against last
year and budget.

The full year expected is the closed months' actual plus the forecast of the rest (formulas.md: 820 + 430 =
1,250). Of a level it is the state at the year's end, never a sum. Expected revenue is the forecast volume of
each month, of a level too, at the average revenue per unit of the last 12 months, moved by what is decided of
prices.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from core.months import month_add, month_range
from forecasting.layers import months_band
from forecasting.selectors.forecasts import ForecastNow
from products.models import Measure, Product
from products.selectors.budget import BudgetMonth
from products.selectors.family import FamilyBudget, FamilySales, family_budget
from products.selectors.figures import Amount, Comparison, compare, compared, spans
from products.selectors.sales import MonthSales

SPANS = ("month", "year_to_date", "last_12_months", "full_year")


@dataclass(frozen=True)
class KeyFigure:
    """One span: ``value`` (actual; for the full year: expected), last year and budget, with differences.

    Of a level ``value`` is the state at the end; ``average`` and ``last_year_average`` are those of the
    month-ends, where the span has more than one. ``index`` and ``budget_index``: 104 is 4 % more.
    ``lo80`` and ``hi80``: of an expected value. ``budget_part``: of a flow what is planned of too few months
    to compare with. Anything unknown is ``None``.
    """

    span: str
    first: datetime.date
    last: datetime.date
    value: Decimal | None
    last_year: Decimal | None
    budget: Decimal | None
    lo80: Decimal | None = None
    hi80: Decimal | None = None
    average: Decimal | None = None
    last_year_average: Decimal | None = None
    budget_part: Decimal | None = None

    @property
    def difference(self) -> Decimal | None:
        return _minus(self.value, self.last_year)

    @property
    def index(self) -> float | None:
        return _index(self.value, self.last_year)

    @property
    def budget_difference(self) -> Decimal | None:
        return _minus(self.value, self.budget)

    @property
    def budget_index(self) -> float | None:
        return _index(self.value, self.budget)


@dataclass(frozen=True)
class KeyFigures:
    """Volume and revenue by span, in the order of ``SPANS``."""

    volume: Sequence[KeyFigure]
    revenue: Sequence[KeyFigure]

    def of(self, which: str, span: str) -> KeyFigure:
        return next(figure for figure in getattr(self, which) if figure.span == span)


def _minus(one: Decimal | None, other: Decimal | None) -> Decimal | None:
    return None if one is None or other is None else one - other


def _index(one: Decimal | None, other: Decimal | None) -> float | None:
    return None if one is None or other is None or other <= 0 else float(one / other * 100)


def key_figures(
    user: Any,
    product: Product,
    measure: Measure,
    month: datetime.date,
    forecast: ForecastNow | None,
    price: Decimal | None,
    sales: Iterable[MonthSales] | None = None,
) -> KeyFigures:
    """The key figures as of ``month``, the last complete one. ``forecast`` and ``price`` (revenue per unit)
    fill the rest of the year; without them the full year is unknown. ``sales`` as :func:`compare` takes them.
    """
    closed = None if sales is None else [row for row in sales if row.month <= month]
    return figures_of(compare(user, product, measure, spans(month), closed), measure, month, forecast, price)


def family_figures(
    user: Any, sold: FamilySales, measure: Measure, forecast: ForecastNow | None
) -> tuple[KeyFigures, FamilyBudget] | None:
    """The same of a family, from the months of its members together, and the budget they are compared with;
    ``None`` before the first complete month. One query."""
    if sold.month is None:
        return None
    wanted = spans(sold.month)
    first, last = wanted["full_year"]
    budget = family_budget(user, sold, measure, month_add(first, -12), last)
    closed = [row for row in sold.months if row.month <= sold.month]
    found = compared(closed, budget.months, measure, wanted)
    price = revenue_per_unit(sold.months, sold.month)
    return figures_of(found, measure, sold.month, forecast, price), budget


def revenue_per_unit(months: Iterable[MonthSales], month: datetime.date) -> Decimal | None:
    """Over the 12 months up to the month, of those with both figures."""
    year = [
        (row.revenue, row.volume)
        for row in months
        if month_add(month, -12) < row.month <= month and row.volume is not None and row.revenue is not None
    ]
    volume = sum((units for _, units in year), Decimal(0))
    return sum((revenue for revenue, _ in year), Decimal(0)) / volume if volume > 0 else None


def figures_of(
    found: Mapping[str, Comparison],
    measure: Measure,
    month: datetime.date,
    forecast: ForecastNow | None,
    price: Decimal | None,
) -> KeyFigures:
    """Of spans that were compared already; ``forecast`` and ``price`` as in :func:`key_figures`."""
    expected = _expected_year(found["full_year"], measure, month, forecast, price)
    plain = [key for key in SPANS if key != "full_year"]
    return KeyFigures(
        volume=[*(_figure(key, found[key], "volume") for key in plain), expected["volume"]],
        revenue=[*(_figure(key, found[key], "revenue") for key in plain), expected["revenue"]],
    )


def span_figures(
    user: Any, product: Product, measure: Measure, wanted: Sequence[tuple[datetime.date, datetime.date]]
) -> list[tuple[KeyFigure, KeyFigure]]:
    """Volume and revenue of months that are over, from the first to the last of each pair, against last year
    and budget. Two queries for all."""
    return _both(compare(user, product, measure, _keys(wanted)))


def months_figures(
    sales: Iterable[MonthSales],
    planned: Mapping[datetime.date, Decimal],
    measure: Measure,
    wanted: Sequence[tuple[datetime.date, datetime.date]],
) -> list[tuple[KeyFigure, KeyFigure]]:
    """The same of months that are at hand from a year before the first, and of the revenue ``planned`` by
    month."""
    return _both(compared(sales, _budget(planned), measure, _keys(wanted)))


def money_figures(
    sales: Iterable[MonthSales], planned: Mapping[datetime.date, Decimal | None], month: datetime.date
) -> KeyFigures:
    """Of revenue alone, as of the month, beside the revenue ``planned`` by month; nothing is expected."""
    flow = Measure(kind=Measure.Kind.FLOW)
    return figures_of(compared(sales, _budget(planned), flow, spans(month)), flow, month, None, None)


def _budget(planned: Mapping[datetime.date, Decimal | None]) -> dict[datetime.date, BudgetMonth]:
    return {month: BudgetMonth(month, None, revenue, "", False) for month, revenue in planned.items()}


def _keys(
    wanted: Sequence[tuple[datetime.date, datetime.date]],
) -> dict[str, tuple[datetime.date, datetime.date]]:
    return {f"{first} {last}": (first, last) for first, last in wanted}


def _both(found: Mapping[str, Comparison]) -> list[tuple[KeyFigure, KeyFigure]]:
    return [(_figure(key, each, "volume"), _figure(key, each, "revenue")) for key, each in found.items()]


def _figure(span: str, comparison: Comparison, name: str) -> KeyFigure:
    found = getattr(comparison, name)
    budget = _whole(found.budget, found.actual)
    return KeyFigure(
        span,
        found.first,
        found.last,
        found.actual.value,
        _whole(found.last_year, found.actual),
        budget,
        average=found.actual.average if found.actual.asked > 1 else None,
        last_year_average=found.last_year.average if found.actual.asked > 1 else None,
        budget_part=found.budget.value if budget is None else None,
    )


def _whole(other: Amount, actual: Amount) -> Decimal | None:
    """Of a flow only what covers as many months: half a year is no comparison for a whole one."""
    is_level = other.average is not None
    return other.value if is_level or other.known >= actual.known else None


def _full(amount: Amount, *, level: bool) -> Decimal | None:
    """A whole year, or nothing; of a level its last month."""
    return amount.value if level or amount.known == amount.asked else None


def _expected_year(
    year: Comparison,
    measure: Measure,
    month: datetime.date,
    forecast: ForecastNow | None,
    price: Decimal | None,
) -> Mapping[str, KeyFigure]:
    first, last = year.volume.first, year.volume.last
    rest = [m for m in month_range(first, last) if m > month]
    ahead = {row.month: row for row in forecast.months} if forecast else {}
    known = all(m in ahead for m in rest) and (bool(rest) or year.volume.actual.known > 0)
    months = [ahead[m] for m in rest] if known else []
    level = measure.kind == Measure.Kind.LEVEL
    volume = low = high = revenue = revenue_low = revenue_high = None
    if known:
        correlation = forecast.correlation if forecast else 0.0
        ahead_sum, *edges = months_band(months, correlation=correlation)
        if level:
            closed_at = year.volume.actual.value
            ends = [_decimal(v) for v in months[-1].final_band[:3]] if months else [closed_at] * 3
            volume, low, high = ends
        else:
            closed = year.volume.actual.value or Decimal(0)
            volume = closed + _decimal(ahead_sum)
            low, high = closed + _decimal(edges[0]), closed + _decimal(edges[1])
        if price is not None or not months:
            # Revenue is a flow, of a level too: each month's state at the price of a month.
            price = price or Decimal(0)
            booked = year.revenue.actual.value or Decimal(0)
            priced, *edges = months_band(months, correlation=correlation, priced=True)
            revenue = booked + _decimal(priced) * price
            revenue_low, revenue_high = (booked + _decimal(edge) * price for edge in edges)

    def figure(name: str, value: Any, lo80: Any, hi80: Any) -> KeyFigure:
        found = getattr(year, name)
        budget = _full(found.budget, level=level)
        return KeyFigure(
            "full_year",
            first,
            last,
            value,
            _full(found.last_year, level=level),
            budget,
            lo80,
            hi80,
            budget_part=found.budget.value if budget is None else None,
        )

    return {
        "volume": figure("volume", volume, low, high),
        "revenue": figure("revenue", revenue, revenue_low, revenue_high),
    }


def _decimal(value: float) -> Decimal:
    return Decimal(str(round(value, 4)))
