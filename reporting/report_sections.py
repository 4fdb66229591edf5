"""The sections that the reporting room offers: key figures, sales by channel, the chart, words of one's
own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import partial

from django.utils.text import capfirst
from django.utils.translation import gettext as _

from core.charts import Actual, Expected, volume_forecast_chart
from core.reports.build import Builder, Column, Figure, ReportContext, money, number, rate, words
from products.models import Product
from products.selectors.lines import line_tree
from products.selectors.report_scope import ReportScope
from products.selectors.units import unit_of

from .selectors.key_figures import KeyFigure
from .selectors.overview import Overview, overview_get


def words_section(builder: Builder, context: ReportContext) -> None:
    """Nothing of its own: the comment of the author is all of it."""


@dataclass(frozen=True)
class _Row:
    product: Product
    overview: Overview
    unit: str

    def of(self, which: str, span: str) -> KeyFigure | None:
        return None if self.overview.figures is None else self.overview.figures.of(which, span)


def _rows(context: ReportContext) -> list[_Row]:
    """Of each product of the scope, read once a report."""
    tree, scope = line_tree(), context.scope
    assert isinstance(scope, ReportScope)
    if "overviews" not in context.kept:
        context.kept["overviews"] = [
            _Row(product, overview, unit_of(tree, product, overview.measure))
            for product in scope.products
            for overview in [overview_get(context.viewer, product, tree)]
        ]
    found: list[_Row] = context.kept["overviews"]
    return found


def key_figures_section(builder: Builder, context: ReportContext) -> None:
    """Twelve months, the year ahead, the full year against budget: of one product as figures, of more a row
    each."""

    def figure(which: str, span: str, name: str = "value") -> Callable[[_Row], Decimal | None]:
        def read(row: _Row) -> Decimal | None:
            found = row.of(which, span)
            value = None if found is None else getattr(found, name)
            if value is not None and name.endswith("index"):
                return Decimal(str(value)) / 100 - 1
            return value

        return read

    volume, revenue = figure("volume", "last_12_months"), figure("revenue", "last_12_months")
    against = figure("volume", "last_12_months", "index")
    full, budget = figure("volume", "full_year"), figure("volume", "full_year", "budget_index")
    columns = [
        Column("volume", _("Volume"), lambda row: number(volume(row), unit=row.unit)),
        Column("revenue", _("Revenue"), lambda row: money(revenue(row), context.currency)),
        Column("last_year", _("against the year before"), lambda row: rate(against(row))),
        Column("forecast", _("Next 12 months"), lambda row: number(_ahead(row), unit=row.unit)),
        Column("forecast", _("Full year expected"), lambda row: number(full(row), unit=row.unit)),
        Column("budget", _("against budget"), lambda row: rate(budget(row))),
    ]
    rows = _rows(context)
    if len(rows) == 1:
        builder.figures(Figure(each.field, each.head, partial(each.cell, rows[0])) for each in columns)
        return
    name = Column("product", _("Product"), lambda row: words(row.product.name), numeric=False)
    builder.table(_("The last 12 months and the year ahead"), [name, *columns], rows)


def sales_section(builder: Builder, context: ReportContext) -> None:
    """Each product's months, and what is expected where the audience may know."""
    for row in _rows(context):
        product, overview = row.product, row.overview
        history = overview.history[-context.scope.months :]
        if not history:
            continue
        now = overview.forecast if builder.may("forecast") else None
        ahead = [Expected(each.month, *each.final_band) for each in (now.sold_months if now else [])]
        builder.chart(
            volume_forecast_chart(
                id=f"sales-{product.pk}",
                title=product.name,
                subtitle=capfirst(str(overview.measure)),
                history=[Actual(each.month, _float(each.volume), each.provisional) for each in history],
                forecast=ahead,
                unit_label=_("%(unit)s a month") % {"unit": row.unit},
                measure_label=str(overview.measure),
            ),
            ["volume", *(["forecast"] if ahead else [])],
        )


def channels_section(builder: Builder, context: ReportContext) -> None:
    """What each channel of the scope sold in 12 months, a table a product."""
    for row in _rows(context):
        builder.table(
            row.product.name,
            [
                Column("channel", _("Channel"), lambda sold: words(sold.channel.name), numeric=False),
                Column("volume", _("Volume"), lambda sold: number(sold.volume)),
                Column("revenue", _("Revenue"), lambda sold: money(sold.revenue, context.currency)),
            ],
            row.overview.channels,
            note=_("12 months, %(unit)s") % {"unit": row.unit},
        )


def _ahead(row: _Row) -> float | None:
    return None if row.overview.ahead is None else row.overview.ahead.mean


def _float(value: Decimal | None) -> float | None:
    return None if value is None else float(value)
