"""The sections that the reporting room offers: key figures, plan, sales, channels, the margin bridge, words
of one's own."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial
from typing import Any

from django.http import QueryDict
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from core import formats
from core.charts import Actual, Expected, volume_forecast_chart
from core.months import month_add
from core.reports.build import Builder, Cell, Column, Figure, ReportContext, money, number, rate, words
from forecasting.charts.forecasts import revenue_chart
from products.models import Channel, Product
from products.selectors.lines import line_tree
from products.selectors.report_scope import ReportScope
from products.selectors.sales import ChannelSales, sales_by_channel, total
from products.selectors.units import unit_of
from reporting.cost_reports.bridge import bridge_shown, part_amounts
from reporting.reports.kept_cost_reports import month_last
from reporting.selectors.key_figures import KeyFigure
from reporting.selectors.margin_bridge import margin_bridge
from reporting.selectors.overview import Overview, overview_get
from reporting.selectors.report_query import BRIDGED_FROM, report_query
from reporting.words.cost_reports import PERIOD_WORDS


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

    def figure(which: str, span: str, name: str = "value") -> Callable[[_Row], Any]:
        def read(row: _Row) -> Any:
            found = row.of(which, span)
            return None if found is None else getattr(found, name)

        return read

    volume, revenue = figure("volume", "last_12_months"), figure("revenue", "last_12_months")
    against = figure("volume", "last_12_months", "index")
    full, budget = figure("volume", "full_year"), figure("volume", "full_year", "budget_index")
    columns = [
        Column("volume", _("Volume"), lambda row: number(volume(row), unit=row.unit)),
        Column("revenue", _("Revenue"), lambda row: money(revenue(row), context.currency)),
        Column("last_year", _("against the year before"), lambda row: _change(against(row))),
        Column("forecast", _("Next 12 months"), lambda row: number(_ahead(row), unit=row.unit)),
        Column("forecast", _("Full year expected"), lambda row: number(full(row), unit=row.unit)),
        Column("budget", _("against budget"), lambda row: _change(budget(row))),
    ]
    rows = _rows(context)
    if len(rows) == 1:
        builder.figures(Figure(each.field, each.head, partial(each.cell, rows[0])) for each in columns)
        return
    name = Column("product", _("Product"), lambda row: words(row.product.name), numeric=False)
    builder.table(_("The last 12 months and the year ahead"), [name, *columns], rows)


PLANNED = ("month", "year_to_date", "full_year")
COMPARED = frozenset({"budget", "last_year"})


@dataclass(frozen=True)
class _Planned:
    """A product's span beside the year before and the budget, or (no volume) what several come to; ``alike``:
    what it can be compared with."""

    name: str
    unit: str
    volume: KeyFigure | None
    revenue: KeyFigure
    alike: frozenset[str] = COMPARED


def plan_section(builder: Builder, context: ReportContext) -> None:
    """Actual, budget and last year of the month and the year so far, and the full year expected: a table
    each, with the sum of what is in money."""
    by_month: dict[datetime.date, list[_Row]] = defaultdict(list)
    for row in _rows(context):
        if row.overview.month is not None and row.overview.figures is not None:
            by_month[row.overview.month].append(row)
    for month, rows in by_month.items():
        for span in PLANNED:
            _plan_table(builder, context, span, month, rows)


def _plan_table(
    builder: Builder, context: ReportContext, span: str, month: datetime.date, rows: Sequence[_Row]
) -> None:
    found = [_planned(row, span) for row in rows]
    if all(row.revenue.value is None and _value(row.volume) is None for row in found):
        return  # the full year of a few channels is not known: there is no forecast of these
    if len(found) > 1:
        found.append(_added(found))
    fields = ("forecast", "forecast") if span == "full_year" else ("volume", "revenue")
    title = {
        "month": formats.month(month),
        "year_to_date": _("Year to date"),
        "full_year": _("Full year expected"),
    }[span]

    def volume(name: str) -> Callable[[_Planned], Cell]:
        return lambda row: number(getattr(row.volume, name, None), unit=row.unit)

    def revenue(name: str) -> Callable[[_Planned], Cell]:
        return lambda row: money(getattr(row.revenue, name), context.currency)

    def against(which: str, name: str) -> Callable[[_Planned], Cell]:
        index = {"budget": "budget_index", "last_year": "index"}[name]
        return lambda row: _change(getattr(getattr(row, which), index, None) if name in row.alike else None)

    builder.table(
        title,
        [
            Column("product", _("Product"), lambda row: words(row.name), numeric=False),
            Column(fields[0], _("Volume"), volume("value")),
            Column("budget", _("Budget"), volume("budget")),
            Column("budget", _("against budget"), against("volume", "budget")),
            Column("last_year", _("against last year"), against("volume", "last_year")),
            Column(fields[1], _("Revenue"), revenue("value")),
            Column("budget", _("Budget"), revenue("budget")),
            Column("budget", _("against budget"), against("revenue", "budget")),
            Column("last_year", _("Last year"), revenue("last_year")),
            Column("last_year", _("against last year"), against("revenue", "last_year")),
        ],
        found,
        strong=lambda row: row.volume is None,
        note=_span_words(found[0].revenue.first, found[0].revenue.last),
        name=span,
    )


def _planned(row: _Row, span: str) -> _Planned:
    volume, revenue = row.of("volume", span), row.of("revenue", span)
    assert revenue is not None
    return _Planned(row.product.name, row.unit, volume, revenue)


def _value(figure: KeyFigure | None) -> Decimal | None:
    return None if figure is None else figure.value


def _added(rows: Sequence[_Planned]) -> _Planned:
    """The sum of what is known of each, in money; compared only where all can be."""
    parts = [row.revenue for row in rows]

    def together(name: str) -> Decimal | None:
        return total(getattr(part, name) for part in parts)

    first = parts[0]
    whole = KeyFigure(
        first.span, first.first, first.last, together("value"), together("last_year"), together("budget")
    )
    alike = {
        name
        for name in COMPARED
        if all((part.value is None) == (getattr(part, name) is None) for part in parts)
    }
    return _Planned(_("Total"), "", None, whole, frozenset(alike))


def _change(index: float | None) -> Cell:
    """An index as the change that it says: 104 is +4 %."""
    value = None if index is None else Decimal(str(index)) / 100 - 1
    plain = rate(value)
    return Cell(formats.delta(value, "percent").text, plain.value, plain.decimals, plain.percent)


def sales_section(builder: Builder, context: ReportContext) -> None:
    """Each product's months, and what is expected where the audience may know. Chosen alone: its revenue."""
    if builder.only == "revenue":
        _revenue(builder, context)
        return
    is_expected = False
    for row in _rows(context):
        product, overview = row.product, row.overview
        history = overview.history[-context.scope.months :]
        if not history:
            continue
        now = overview.forecast if builder.may("forecast") else None
        ahead = [Expected(each.month, *each.final_band) for each in (now.sold_months if now else [])]
        is_expected |= bool(ahead)
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
    if not is_expected:
        builder.title = pgettext("section of a report", "Sales")


def _revenue(builder: Builder, context: ReportContext) -> None:
    builder.title = _("Revenue")
    for row in _rows(context):
        chart = revenue_chart(sales=row.overview.history[-context.scope.months :], events=())
        builder.chart(chart, ["revenue"], title=row.product.name, name="revenue")


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


@dataclass(frozen=True)
class _AtChannel:
    """What a product, or (no product) all of them, sold at a channel in 12 months, and in the 12 before."""

    product: Product | None
    unit: str
    volume: Decimal | None
    revenue: Decimal | None
    volume_before: Decimal | None
    revenue_before: Decimal | None


def category_section(builder: Builder, context: ReportContext) -> None:
    """A table a channel of the scope: what each product sold there in 12 months, against the 12 before."""
    found: dict[Channel, list[_AtChannel]] = defaultdict(list)
    for row in _rows(context):
        month, measure = row.overview.month, row.overview.measure
        if month is None:
            continue
        first, last = month_add(month, -23), month_add(month, -12)
        before = {
            sold.channel: sold for sold in sales_by_channel(context.viewer, row.product, measure, first, last)
        }
        for sold in row.overview.channels:
            found[sold.channel].append(_at_channel(row, sold, before.get(sold.channel)))
    columns = [
        Column("product", _("Product"), lambda row: words(_name(row)), numeric=False),
        Column("volume", _("Volume"), lambda row: number(row.volume, unit=row.unit)),
        Column("last_year", _("against the year before"), lambda row: _grown(row.volume, row.volume_before)),
        Column("revenue", _("Revenue"), lambda row: money(row.revenue, context.currency)),
        Column(
            "last_year", _("against the year before"), lambda row: _grown(row.revenue, row.revenue_before)
        ),
    ]
    for channel, rows in sorted(found.items(), key=lambda pair: -(_sum(pair[1], "revenue") or 0)):
        rows.sort(key=lambda row: -(row.revenue or 0))
        if len(rows) > 1:
            sums = [_sum(rows, name) for name in ("revenue", "revenue_before")]
            rows.append(_AtChannel(None, "", None, sums[0], None, sums[1]))
        builder.table(
            channel.name, columns, rows, note=_("12 months"), strong=lambda row: row.product is None
        )


def _at_channel(row: _Row, sold: ChannelSales, before: ChannelSales | None) -> _AtChannel:
    """Half a year is no comparison for a whole one."""
    whole = before if before is not None and before.months >= sold.months else None
    return _AtChannel(
        row.product,
        row.unit,
        sold.volume,
        sold.revenue,
        whole.volume if whole else None,
        whole.revenue if whole else None,
    )


def _sum(rows: Iterable[_AtChannel], name: str) -> Decimal | None:
    """Of the year before only where every product has one: a new one would be growth of nothing."""
    values = [getattr(row, name) for row in rows]
    return None if name.endswith("before") and None in values else total(values)


def _name(row: _AtChannel) -> str:
    return row.product.name if row.product else _("Total")


def _grown(value: Decimal | None, before: Decimal | None) -> Cell:
    if value is None or before is None or before <= 0:
        return _change(None)
    return _change(float(value / before * 100))


def _uneven() -> str:
    return _(
        "In the first months of one of the two periods none of these costs are booked, "
        "so this is not like with like."
    )


def margin_bridge_section(builder: Builder, context: ReportContext) -> None:
    """What prices, costs, volume and mix did to the margin of the year so far, against last year and against
    the budget, and each product's part of it."""
    if not builder.may("margin"):
        return
    products = context.scope.products
    last = month_last(products)
    if last is None:
        return
    only = frozenset(product.pk for product in products)
    titles = {"last_year": _("Margin against last year"), "budget": _("Margin against budget")}
    for against in BRIDGED_FROM:
        asked = QueryDict(f"layout=bridge&against={against}&month={last:%Y-%m}")
        query = replace(report_query(asked), only=only)
        report = margin_bridge(context.viewer, query)
        if report.found is None or not report.found.before:
            continue  # nothing to compare with: no budget, or not there yet
        if report.uneven:
            builder.text(_uneven(), about="margin")
        chart = bridge_shown(query, report.found).chart
        builder.chart(chart, ["margin"], title=titles[against], name=f"{against}_chart")
        parts = [(name.label, part_amounts(part)) for name, part in report.parts]
        heads = (
            _("Currency"),
            _("Price"),
            pgettext("margin bridge", "Costs"),
            _("Volume and mix"),
            _("Change"),
        )
        builder.table(
            titles[against],
            [
                Column("product", _("Product"), lambda row: words(row[0]), numeric=False),
                *(Column("margin", head, _amount_at(place, context)) for place, head in enumerate(heads)),
            ],
            parts,
            note=str(PERIOD_WORDS[query.period]),
            name=f"{against}_table",
        )


def _amount_at(place: int, context: ReportContext) -> Callable[[tuple[str, Sequence[Decimal | None]]], Cell]:
    return lambda row: money(row[1][place], context.currency)


def _span_words(first: datetime.date, last: datetime.date) -> str:
    if first == last:
        return ""
    return _("%(first)s to %(last)s") % {"first": formats.month(first), "last": formats.month(last)}


def _ahead(row: _Row) -> float | None:
    return None if row.overview.ahead is None else row.overview.ahead.mean


def _float(value: Decimal | None) -> float | None:
    return None if value is None else float(value)
