"""Two budgets beside each other: what each plans of a product, or line, over its year."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet, Sum

from products.models import BudgetRow, Measure, Product, ProductLine

from .budget_grid import BudgetQuery, volume_unit
from .lines import LineTree


@dataclass(frozen=True)
class Compared:
    """The year of one subject, and for volumes measure, in both budgets; ``None`` where one plans nothing."""

    subject: Product | ProductLine | None
    measure: Measure | None
    a: Decimal | None
    b: Decimal | None

    @property
    def difference(self) -> Decimal | None:
        """What the second plans more than the first; a subject that one of them lacks counts there as 0."""
        if self.a is None and self.b is None:
            return None
        return (self.b or Decimal(0)) - (self.a or Decimal(0))

    @property
    def rate(self) -> float | None:
        return float(self.b / self.a - 1) if self.a and self.b is not None and self.a > 0 else None


def _sums(rows: QuerySet[BudgetRow], query: BudgetQuery) -> dict[Any, Decimal]:
    names = [query.kind] if query.show == "revenue" else [query.kind, "measure"]
    if query.show == "volume":  # a level does not add over months
        rows = rows.filter(measure__kind=Measure.Kind.FLOW)
    found = rows.filter(**{f"{query.show}__isnull": False}).values_list(*names).annotate(Sum(query.show))
    return {tuple(row[:-1]): row[-1] for row in found}


Sums = tuple[tuple[int, ...], Decimal | None, Decimal | None]
"""The ids of the subject (and measure), and what both plan."""


def compare_sums(first: QuerySet[BudgetRow], second: QuerySet[BudgetRow], query: BudgetQuery) -> list[Sums]:
    """Each subject that one of them plans, the largest difference first, to be cut into pages. Volumes: only
    of measures that add over months."""
    a, b = _sums(first, query), _sums(second, query)
    rows = [(key, a.get(key), b.get(key)) for key in a.keys() | b.keys()]
    return sorted(rows, key=lambda row: (-abs((row[2] or Decimal(0)) - (row[1] or Decimal(0))), row[0]))


def compare_rows(sums: Sequence[Sums], query: BudgetQuery, tree: LineTree) -> list[Compared]:
    """One page of them, with what they are about."""
    found = Product.objects.in_bulk({row[0][0] for row in sums}) if query.kind == "product" else tree.lines
    measures = Measure.objects.in_bulk({row[0][1] for row in sums if len(row[0]) > 1})
    return [Compared(found[key[0]], measures[key[1]] if len(key) > 1 else None, a, b) for key, a, b in sums]


def compare_total(
    first: QuerySet[BudgetRow], second: QuerySet[BudgetRow], query: BudgetQuery, tree: LineTree
) -> Compared | None:
    """All of both; ``None`` where the volumes are not in one unit."""
    if query.show == "volume":
        units = [volume_unit(rows, query.kind, tree) for rows in (first, second)]
        if units[0] is None or units[0] != units[1] or not units[0][1]:
            return None
    sums = [rows.aggregate(total=Sum(query.show))["total"] for rows in (first, second)]
    return Compared(None, None, *sums)
