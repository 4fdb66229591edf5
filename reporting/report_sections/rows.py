"""What the sections of this room read of each product, once a report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from core import formats
from core.months import month_add, month_start
from core.organisation import today
from core.reports.build import Cell, ReportContext, rate
from products.models import Product
from products.selectors.lines import line_tree
from products.selectors.report_period import ReportPeriod, Span
from products.selectors.report_scope import ReportScope, products_most
from products.selectors.sales import MonthSales, sales_months
from products.selectors.units import unit_of
from reporting.selectors.key_figures import KeyFigure, KeyFigures, key_figures, span_figures
from reporting.selectors.overview import Overview, overview_get

DRAWN = 12
"""Charts of products in a section: of more nobody looks at each."""

COMPARED = frozenset({"budget", "last_year"})
"""What figures stand beside, by field."""


@dataclass(frozen=True)
class Row:
    """A product with its overview; ``period`` is the report's, as of the product's last complete month."""

    viewer: Any
    product: Product
    overview: Overview
    unit: str
    period: ReportPeriod

    @property
    def span(self) -> Span | None:
        """The whole period."""
        month = self.overview.month
        return None if month is None else self.period.of(month)

    @property
    def year(self) -> Span | None:
        """The period, or the last 12 months of a longer one."""
        month = self.overview.month
        return None if month is None else self.period.year(month)

    @property
    def years(self) -> Sequence[Span]:
        month = self.overview.month
        return [] if month is None else self.period.years(month)

    @property
    def is_now(self) -> bool:
        """Whether the period runs to the last complete month (before the first sale, the last month), so that
        what is expected follows it."""
        month = self.overview.month or month_add(month_start(today()), -1)
        span = self.period.of(month)
        return span is not None and span[1] == month

    def figures(self) -> KeyFigures | None:
        """The overview's, or as they were when the period ended."""
        overview, span = self.overview, self.span
        if span is None or self.is_now:
            return overview.figures if span else None
        return key_figures(self.viewer, self.product, overview.measure, span[1], None, None)

    def of_year(self) -> tuple[KeyFigure, KeyFigure] | None:
        """Volume and revenue of the period, of a longer one those of its last 12 months."""
        year, known = self.year, self.overview.figures
        if year is None:
            return None
        for span in ("last_12_months", "year_to_date") if known else ():
            assert known is not None
            volume = known.of("volume", span)
            if (volume.first, volume.last) == year:
                return volume, known.of("revenue", span)
        [found] = span_figures(self.viewer, self.product, self.overview.measure, [year])
        return found

    def history(self) -> Sequence[MonthSales]:
        """The months of the period; up to now also those that are not whole yet."""
        span, known = self.span, self.overview.history
        if span is None:
            return []
        if known and known[0].month > span[0]:
            known = sales_months(self.viewer, self.product, self.overview.measure, span[0], known[-1].month)
            known = known[next((at for at, row in enumerate(known) if row.volume is not None), 0) :]
        return [row for row in known if span[0] <= row.month and (self.is_now or row.month <= span[1])]


def rows_of(context: ReportContext) -> list[Row]:
    """Of each product of the scope."""
    tree, scope = line_tree(), context.scope
    assert isinstance(scope, ReportScope)
    if "overviews" not in context.kept:
        context.kept["overviews"] = [
            Row(context.viewer, product, overview, unit_of(tree, product, overview.measure), scope.period)
            for product in scope.products
            for overview in [overview_get(context.viewer, product, tree)]
        ]
    found: list[Row] = context.kept["overviews"]
    return found


def rows_drawn(context: ReportContext) -> tuple[list[Row], int]:
    """Those that get a chart each, of many those with the most revenue, and how many more products there
    are."""
    rows, scope = rows_of(context), context.scope
    if len(rows) <= DRAWN:
        return rows, scope.more
    drawn = {each.pk for each in products_most(context.viewer, scope.products, DRAWN)}
    return [row for row in rows if row.product.pk in drawn], scope.more + len(rows) - len(drawn)


def more_words(drawn: int, more: int) -> str:
    """What is said below the charts where there are more products; else nothing."""
    if not more:
        return ""
    return _(
        "Drawn are the %(drawn)s products with the most revenue in the last 12 months, and %(more)s more are "
        "not."
    ) % {"drawn": drawn, "more": formats.number(more, 0)}


def change(index: float | None) -> Cell:
    """An index as the change that it says: 104 is +4 %."""
    value = None if index is None else Decimal(str(index)) / 100 - 1
    plain = rate(value)
    return Cell(formats.delta(value, "percent").text, plain.value, plain.decimals, plain.percent)
