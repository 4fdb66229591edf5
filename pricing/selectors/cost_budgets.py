"""What is planned of costs: of the same thing, what the newest file says; of a line, over its products."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from django.db.models import F, Q, QuerySet, Sum, Window
from django.db.models.functions import FirstValue

from core.months import month_add, month_start
from core.organisation import local_date
from pricing.engine.costs import allocate
from pricing.models import CostBudget, CostLine
from products.models import BudgetRow
from products.selectors.access import visible_channel_ids, visible_line_ids
from products.selectors.budget import budget_of_years, budget_year
from products.selectors.lines import LineTree, line_tree

from .cost_months import BookedCost
from .cost_splits import Splits, Spread, Weights
from .costs import RIGHT
from .standard_costs import said_hash

VERSION = 2
"""Raise it where the same budget would be booked otherwise."""
YEAR = 12

PLANNED_OF = (
    "month",
    "kind_id",
    "product_id",
    "line_id",
    "channel_id",
    "supplier_id",
    "cost_centre",
)
"""What is planned of the same thing, in whatever currency."""


def budget_holding(months: Collection[datetime.date]) -> QuerySet[CostBudget]:
    """Of the same thing what the newest file says."""
    newest = Window(FirstValue("source_import"), partition_by=PLANNED_OF, order_by=F("pk").desc())
    rows = CostBudget.objects.filter(month__in=months).annotate(newest=newest)
    held = rows.filter(source_import=F("newest"))
    return held.order_by(*PLANNED_OF, "currency").select_related("source_import")


def cost_budgets_visible(user: Any, months: Collection[datetime.date]) -> QuerySet[CostBudget]:
    """Those within the person's lines and channels, by month; what is of neither product nor line only for
    who sees all lines."""
    if not (user.has_perm(RIGHT) and user.has_perm("products.view")):
        return CostBudget.objects.none()
    rows, lines, channels = budget_holding(months), visible_line_ids(user), visible_channel_ids(user)
    if lines is not None:
        rows = rows.filter(Q(product__line__in=lines) | Q(line__in=lines))
    if channels is not None:
        rows = rows.filter(channel__in=channels)
    of = ("kind", "product", "line", "channel", "supplier")
    return rows.select_related("source_import", *of).order_by("month", "kind__place", *PLANNED_OF, "currency")


def months_split() -> set[datetime.date]:
    """The months in which something is planned of a line."""
    return set(CostBudget.objects.exclude(line=None).order_by().values_list("month", flat=True).distinct())


class LineBudgets:
    """How what is planned of lines is split over their products: by the revenue that they are planned with in
    the month, else by what they sold in the twelve months before the file came: revenue, else volume."""

    def __init__(self, rows: Iterable[CostBudget]) -> None:
        self._rows = [row for row in rows if row.line_id]
        tree, lines = line_tree(), {row.line_id for row in self._rows if row.line_id}
        self._below = {pk: tree.descendants(pk) for pk in lines}
        self._planned = self._revenue_planned(tree) if lines else {}
        keys = [
            CostLine(key=key, line_id=pk)
            for pk in lines
            for key in (CostLine.Key.REVENUE, CostLine.Key.VOLUME)
        ]
        self._sold = {
            last: Spread(Splits(keys, month_add(last, 1 - YEAR), last))
            for last in {_last(row) for row in self._rows}
        }

    def _revenue_planned(self, tree: LineTree) -> dict[datetime.date, dict[int, tuple[int, Decimal]]]:
        """By month and product its line and revenue, of its leading measure in all channels."""
        months = {row.month for row in self._rows}
        versions = budget_of_years(budget_year(month) for month in months)
        found: dict[datetime.date, dict[int, tuple[int, Decimal]]] = defaultdict(dict)
        rows = BudgetRow.objects.filter(
            version__in=[each.pk for each in versions.values()],
            month__in=months,
            product__line__in={pk for below in self._below.values() for pk in below},
        )
        names = ("month", "product_id", "product__line_id", "measure_id", "version_id")
        for month, product, line, measure, version, revenue in (
            rows.order_by("product_id").values_list(*names).annotate(Sum("revenue"))
        ):
            leads = measure == tree.lead_measure(line).pk and version == versions[budget_year(month)].pk
            if leads and revenue and revenue > 0:
                found[month][product] = line, revenue
        return found

    def weights(self, row: CostBudget) -> Weights:
        """By product, in the order of their ids; empty where nothing says how to split."""
        assert row.line_id is not None
        planned = self._planned.get(row.month, {})
        found = {pk: own for pk, (line, own) in planned.items() if line in self._below[row.line_id]}
        if found:
            return found
        spread = self._sold[_last(row)]
        for key in (CostLine.Key.REVENUE, CostLine.Key.VOLUME):
            sold = spread.weights(CostLine(key=key, line_id=row.line_id))
            if sold:
                return dict(sorted(sold.items()))
        return {}

    def signs(self) -> dict[datetime.date, str]:
        """By month a hash of how its lines are split."""
        months: dict[datetime.date, list[object]] = defaultdict(list)
        for row in self._rows:
            months[row.month].append((row.pk, list(self.weights(row).items())))
        return {month: said_hash([VERSION, said]) for month, said in months.items()}


def budget_booked(rows: Iterable[CostBudget], lines: LineBudgets) -> Iterator[BookedCost]:
    """What is planned of nothing, or of a line that nothing says how to split, is on no product."""
    for row in rows:
        weights: dict[int | None, Decimal] = {}
        if row.line_id:
            weights.update(lines.weights(row).items())
        parts: Mapping[int | None, Decimal] = allocate(row.amount, weights) or {row.product_id: row.amount}
        foreign: Mapping[int | None, Decimal | None] = {row.product_id: None}
        if row.currency_amount is not None:
            foreign = allocate(row.currency_amount, weights) or {row.product_id: row.currency_amount}
        for pk, amount in parts.items():
            of = (pk, row.month, row.kind_id, row.channel_id, row.supplier_id, row.cost_centre)
            yield BookedCost(*of, amount, row.currency, foreign.get(pk))


def _last(row: CostBudget) -> datetime.date:
    """The last whole month before its file came."""
    return month_add(month_start(local_date(row.source_import.created_at)), -1)
