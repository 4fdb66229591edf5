"""Compared with what: what was sold in a time, in the same time last year, and what the budget said.

The half of it that needs no forecast. A flow is added over the months; of a level the state at the end and
the average of its month-ends are given, never a sum. Months are compared with the same months a year before.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from core.months import month_add, month_range
from core.organisation import year_start
from products.models import Measure, Product

from .budget import BudgetMonth, budget_months
from .sales import MonthSales, product_months, total


@dataclass(frozen=True)
class Amount:
    """A figure over some months. ``value``: a flow's sum, a level's state at the end; ``average``: of the
    known month-ends of a level. ``known`` of ``asked`` months have data; none: ``value`` is ``None``."""

    value: Decimal | None
    average: Decimal | None
    known: int
    asked: int


@dataclass(frozen=True)
class Compared:
    """One figure against last year and budget. ``index``: 104 is 4 % more; ``None`` where there is nothing to
    compare with, or where last year lacks months that this year has."""

    first: datetime.date
    last: datetime.date
    actual: Amount
    last_year: Amount
    budget: Amount

    @property
    def difference(self) -> Decimal | None:
        return _difference(self.actual, self.last_year)

    @property
    def index(self) -> float | None:
        return _index(self.actual, self.last_year)

    @property
    def budget_difference(self) -> Decimal | None:
        return _difference(self.actual, self.budget)

    @property
    def budget_index(self) -> float | None:
        return _index(self.actual, self.budget)


@dataclass(frozen=True)
class Comparison:
    """Volume and revenue of one span of months."""

    volume: Compared
    revenue: Compared


def _comparable(one: Amount, other: Amount) -> bool:
    return one.value is not None and other.value is not None and one.known == other.known


def _difference(one: Amount, other: Amount) -> Decimal | None:
    if not _comparable(one, other) or one.value is None or other.value is None:
        return None
    return one.value - other.value


def _index(one: Amount, other: Amount) -> float | None:
    if not _comparable(one, other) or not other.value or other.value <= 0 or one.value is None:
        return None
    return float(one.value / other.value * 100)


def amount_over(values: Sequence[Decimal | None], *, level: bool) -> Amount:
    """Month values in order to one figure."""
    known = [value for value in values if value is not None]
    if not level:
        return Amount(total(known), None, len(known), len(values))
    average = sum(known, Decimal(0)) / len(known) if known else None
    return Amount(values[-1] if values else None, average, len(known), len(values))


def spans(month: datetime.date) -> dict[str, tuple[datetime.date, datetime.date]]:
    """The spans a key figure is shown for, given the last complete month: ``month``, ``year_to_date`` (of the
    financial year), ``last_12_months``, and ``full_year`` (whose rest a forecast has to fill)."""
    start = year_start(month)
    return {
        "month": (month, month),
        "year_to_date": (start, month),
        "last_12_months": (month_add(month, -11), month),
        "full_year": (start, month_add(start, 11)),
    }


def compare(
    user: Any,
    product: Product,
    measure: Measure,
    wanted: dict[str, tuple[datetime.date, datetime.date]],
    sales: Iterable[MonthSales] | None = None,
) -> dict[str, Comparison]:
    """Each of the wanted spans against last year and budget; two queries for all of them together, one where
    the ``sales`` of the months from a year before the first are at hand. The product must be one the person
    may see."""
    if not wanted:
        return {}
    first = month_add(min(span[0] for span in wanted.values()), -12)
    last = max(span[1] for span in wanted.values())
    if sales is None:
        sales = product_months(user, [product.pk], measure, first, last).values()
    return compared(sales, budget_months(user, product, measure, first, last), measure, wanted)


def compared(
    sales: Iterable[MonthSales],
    planned: Mapping[datetime.date, BudgetMonth],
    measure: Measure,
    wanted: Mapping[str, tuple[datetime.date, datetime.date]],
) -> dict[str, Comparison]:
    """The same of months that are at hand, from a year before the first of the spans."""
    sold = {row.month: row for row in sales}
    return {
        key: Comparison(
            volume=_compared(sold, planned, start, end, "volume", level=measure.kind == Measure.Kind.LEVEL),
            revenue=_compared(sold, planned, start, end, "revenue", level=False),
        )
        for key, (start, end) in wanted.items()
    }


def _compared(
    sold: Mapping[datetime.date, MonthSales],
    planned: Mapping[datetime.date, BudgetMonth],
    first: datetime.date,
    last: datetime.date,
    name: str,
    *,
    level: bool,
) -> Compared:
    months = list(month_range(first, last))
    before = [month_add(month, -12) for month in months]

    def over(rows: Any, which: list[datetime.date]) -> Amount:
        return amount_over([getattr(rows.get(month), name, None) for month in which], level=level)

    return Compared(first, last, over(sold, months), over(sold, before), over(planned, months))
