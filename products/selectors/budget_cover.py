"""Whether what sold has a budget: a total is only compared with the budget of what it is of."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Q, QuerySet

from core.months import month_add, month_range
from core.sql import rows_of, sql_of
from products.models import Product

from .budget import rows_between
from .budget_lines import LinesBudget
from .lines import line_tree
from .sales import rolled_up

# Of the products that sold: a company always has some that are too new to be in its budget.
MOSTLY = 0.8


@dataclass(frozen=True)
class Covered:
    """Of some months how many products sold and how many of them are planned in each month that they sold in,
    by line: ``{line: (planned, sold)}``."""

    lines: dict[int, tuple[int, int]]

    def __add__(self, other: Covered) -> Covered:
        return Covered({**self.lines, **other.lines})

    @property
    def planned(self) -> int:
        return sum(planned for planned, _sold in self.lines.values())

    @property
    def sold(self) -> int:
        return sum(sold for _planned, sold in self.lines.values())

    @property
    def is_whole(self) -> bool:
        return self.planned == self.sold

    @property
    def is_mostly(self) -> bool:
        """Whether they come near enough to all for a comparison that says of how many the budget is."""
        return self.planned >= MOSTLY * self.sold


@dataclass(frozen=True)
class SoldAlike:
    """So many products of a line that sold in the same months and have budgets of their own for the same
    months (each at least once); ``ended``: their last day, where they have one."""

    line: int
    ended: datetime.date | None
    sold: Collection[datetime.date]
    planned: Collection[datetime.date]
    count: int


@dataclass(frozen=True)
class BudgetCover:
    products: Sequence[SoldAlike] = ()

    def over(
        self,
        budget: LinesBudget,
        first: datetime.date,
        last: datetime.date,
        ahead: datetime.date | None = None,
        lines: Collection[int] | None = None,
        ends: Mapping[int, datetime.date] | None = None,
    ) -> Covered:
        """From the first month to the last, in which a product is planned by itself or with its line as a
        whole (``budget``); after the last, to ``ahead``, what sold in it, as long as it goes on. ``lines``:
        these alone. ``ends``: the last month of lines that have data up to an earlier one."""
        found: dict[int, tuple[int, int]] = defaultdict(lambda: (0, 0))
        months, expected = set(month_range(first, last)), set(month_range(first, ahead or last))
        for row in self.products:
            if lines is not None and row.line not in lines:
                continue
            sold, end = months.intersection(row.sold), (ends or {}).get(row.line, last)
            if end in row.sold:
                sold |= {month for month in expected if end < month <= (row.ended or month)}
            if not sold:
                continue
            bare = sold.difference(row.planned)
            is_planned = all(row.line in budget.wholes.get(month, ()) for month in bare)
            planned, every = found[row.line]
            found[row.line] = planned + row.count * is_planned, every + row.count
        return Covered(dict(found))


_ALIKE = """
    SELECT product.line_id, product.ended, sold.months,
           coalesce(plan.months, ARRAY[]::date[]), count(*)
    FROM ({sold}) sold
    JOIN products_product product ON product.id = sold.product_id
    LEFT JOIN ({plan}) plan ON plan.product_id = sold.product_id
    GROUP BY 1, 2, 3, 4
"""


def budget_cover(
    user: Any, products: QuerySet[Product] | Collection[int], first: datetime.date, last: datetime.date
) -> BudgetCover:
    """What sold of these products from the first month to the last, and where it has budgets of its own in
    the measure that leads, up to a year after. One query. The products must be ones the person may see."""
    tree, leading = line_tree(), defaultdict[int, list[int]](list)
    for line in tree.lines:
        leading[tree.lead_measure(line).pk].append(line)
    counts = (Q(measure=measure, product__line__in=lines) for measure, lines in leading.items())
    leads = reduce(or_, counts, Q(pk__in=()))
    own: Any = products.order_by().values("pk") if isinstance(products, QuerySet) else list(products)
    rows, _by_channel = rolled_up(user)
    sold = rows.filter(leads, product__in=own, month__range=(first, last), revenue__isnull=False)
    plan = rows_between(user, None, first, month_add(last, 11))
    plan = plan.filter(leads, product__in=own, revenue__isnull=False)
    said = {"sold": _by_product(sold.filter(revenue__gt=0)), "plan": _by_product(plan)}
    if not all(said.values()):
        return BudgetCover()  # no products
    return BudgetCover([SoldAlike(*row) for row in rows_of(_ALIKE.format(**said), {})])


def _by_product(rows: QuerySet[Any]) -> str:
    return sql_of(rows.order_by().values("product_id").annotate(months=ArrayAgg("month")))
