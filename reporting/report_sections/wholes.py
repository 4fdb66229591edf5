"""What lines, families and many products come to together, once a report: money always, volumes where they
add up."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from core import formats
from core.charts import Actual, Chart, Expected, volume_forecast_chart
from core.months import month_add
from core.organisation import today
from core.reports.build import Builder, ReportContext
from forecasting.selectors.forecasts import forecast_current, year_ahead
from forecasting.selectors.totals import totals_visible
from products.models import Channel, Measure, Product
from products.selectors.budget_cover import budget_cover
from products.selectors.budget_lines import products_budget
from products.selectors.lines import line_tree
from products.selectors.months import first_provisional_month, products_complete_month
from products.selectors.report_period import Span
from products.selectors.report_scope import ReportScope, ScopeGroup, scope_groups, scope_together
from products.selectors.sales import (
    ChannelSales,
    MonthSales,
    most_first,
    products_by_channel,
    products_total,
    sold_together,
    total,
)
from reporting.selectors.key_figures import KeyFigure, months_figures
from reporting.words.budgets import covered_words


@dataclass(frozen=True)
class Ahead:
    """What a line or family is expected to sell: its months with their bands, and the next 12 as one figure;
    ``left_out`` of its products have no forecast."""

    months: Sequence[Expected]
    mean: float | None
    lo80: float | None
    hi80: float | None
    left_out: int = 0


@dataclass(frozen=True)
class Whole:
    """Products together, to the last month that is whole. ``adds``: their volumes do, in ``unit``."""

    group: ScopeGroup
    measure: Measure
    adds: bool
    unit: str
    span: Span
    years: Sequence[Span]
    sales: Sequence[MonthSales]
    ahead: Ahead | None

    @property
    def history(self) -> list[MonthSales]:
        """The months of the period, from the first with sales on."""
        rows = [row for row in self.sales if self.span[0] <= row.month <= self.span[1]]
        return rows[next((at for at, row in enumerate(rows) if row.revenue or row.volume), len(rows)) :]

    def figures(
        self, spans: Sequence[Span], planned: Mapping[datetime.date, Decimal]
    ) -> list[tuple[KeyFigure, KeyFigure]]:
        """Volume and revenue of each, beside the year before and the revenue ``planned``."""
        return months_figures(self.sales, planned, self.measure, spans)


def wholes_of(context: ReportContext) -> list[Whole]:
    """Of each line and family of the scope, or of many products together; see ``scope_groups``."""
    if "wholes" not in context.kept:
        found = [whole_of(context, group) for group in scope_groups(context.scope)]
        context.kept["wholes"] = [whole for whole in found if whole is not None]
    kept: list[Whole] = context.kept["wholes"]
    return kept


def whole_of_all(context: ReportContext) -> Whole | None:
    """Of all products of the scope; the only group's own where it has them all."""
    wholes, products = wholes_of(context), context.scope.all
    if len(wholes) == 1 and len(wholes[0].group.products) == len(products):
        return wholes[0]
    if "whole" not in context.kept:
        group = scope_together(products, _("Total"))
        context.kept["whole"] = whole_of(context, group) if len(products) > 1 else None
    kept: Whole | None = context.kept["whole"]
    return kept


def whole_of(context: ReportContext, group: ScopeGroup) -> Whole | None:
    """``None`` before the period, or without a month of sales. A query for each measure that leads a product,
    and those that say what is expected."""
    scope = context.scope
    month = products_complete_month(group.products)
    span = None if month is None else scope.period.of(month)
    if month is None or span is None:
        return None
    tree, leads = line_tree(), leads_of(group.products)
    years = scope.period.years(month)
    first = month_add(min(span[0], years[0][0]), -12)
    found = [
        products_total(context.viewer, own, measure, group.line_id, first, span[1])
        for measure, own in leads.items()
    ]
    measure, adds = next(iter(leads)), len(found) == 1 and found[0].addable
    moving = min(first_provisional_month(tree, pk, today()) for pk in {p.line_id for p in group.products})
    sales = _added([each.months for each in found], adds, moving)
    if all(row.revenue is None and row.volume is None for row in sales):
        return None
    expected = _ahead(context, group, measure if adds else None, month) if span[1] == month else None
    return Whole(group, measure, adds, found[0].unit if adds else "", span, years, sales, expected)


@dataclass(frozen=True)
class WholeBudget:
    """The revenue planned by month, in which all that sold has a budget; of the others of how much there is
    one (``some``)."""

    months: Mapping[datetime.date, Decimal] = field(default_factory=dict)
    some: Mapping[datetime.date, str] = field(default_factory=dict)

    def said(self, first: datetime.date, last: datetime.date) -> str:
        """Of how much there is one in the newest month in which not all has."""
        newest = max((month for month in self.some if first <= month <= last), default=None)
        return self.some[newest] if newest else ""


def whole_budget(builder: Builder, context: ReportContext, whole: Whole) -> WholeBudget:
    """Where it may be told and some of it is made for lines as wholes. Two queries a whole, once a report."""
    if not builder.may("budget"):
        return WholeBudget()
    products = [each.pk for each in whole.group.products]
    first = min(whole.span[0], whole.years[0][0])
    key = ("budget", frozenset(products), first, whole.span[1])
    if key not in context.kept:
        context.kept[key] = _budget_whole(context.viewer, whole.group.products, first, whole.span[1])
    found: WholeBudget = context.kept[key]
    return found


def _budget_whole(
    viewer: Any, products: Sequence[Product], first: datetime.date, last: datetime.date
) -> WholeBudget:
    found = products_budget(viewer, [each.pk for each in products], first, last)
    if not found.of_lines:
        return WholeBudget()
    cover = budget_cover(viewer, [each.pk for each in products], first, last)
    covered = {month: cover.over(found, month, month) for month in sorted(found.months)}
    months = {month: found.months[month] for month, each in covered.items() if each.is_whole}
    some = {month: covered_words(each) for month, each in covered.items() if not each.is_whole}
    return WholeBudget(months, some)


def whole_channels(context: ReportContext, whole: Whole) -> list[ChannelSales]:
    """What each channel sold of it in the period, of a longer one in its last 12 months, most first."""
    span, by_channel = whole.years[-1], defaultdict[Channel, list[ChannelSales]](list)
    for measure, own in leads_of(whole.group.products).items():
        for sold in products_by_channel(context.viewer, own, measure, whole.group.line_id, *span):
            by_channel[sold.channel].append(sold)
    found = (sold_together(channel, sold) for channel, sold in by_channel.items())
    return most_first(each if whole.adds else replace(each, volume=None) for each in found)


def leads_of(products: Sequence[Product]) -> dict[Measure, list[Product]]:
    """Those that each measure leads."""
    tree, leads = line_tree(), defaultdict[Measure, list[Product]](list)
    for product in products:
        leads[tree.lead_measure(product.line_id)].append(product)
    return leads


def products_words(count: int) -> str:
    return _("%(count)s products together") % {"count": formats.number(count, 0)}


def _added(found: Sequence[list[MonthSales]], adds: bool, moving: datetime.date) -> list[MonthSales]:
    """Month by month over the measures: in money, and as they are where there is one."""
    return [
        replace(
            rows[0],
            volume=rows[0].volume if adds else None,
            average_volume=rows[0].average_volume if adds else None,
            revenue=total(row.revenue for row in rows),
            provisional=rows[0].month >= moving,
        )
        for rows in zip(*found, strict=True)
    ]


def _ahead(
    context: ReportContext, group: ScopeGroup, measure: Measure | None, month: datetime.date
) -> Ahead | None:
    """The night's own total of a line or family that is there whole, in all channels; others have none, as
    bands of products do not add up. One query."""
    scope: ReportScope = context.scope
    if scope.suppliers or scope.channels:
        return None
    if group.family is not None and measure is not None:
        now = forecast_current(context.viewer, group.family, measure)
        if now is None or now.forecast.as_of != month:
            return None
        year = year_ahead(now, measure)
        months = [Expected(each.month, *each.final_band) for each in now.sold_months]
        return Ahead(months, year.year, year.lo80, year.hi80)
    if group.line is None:
        return None
    found = totals_visible(context.viewer).filter(current=True, line=group.line, measure=measure).first()
    if found is None or found.as_of != month:
        return None
    rows = [Expected(datetime.date.fromisoformat(day), *edges) for day, *edges in found.months]
    return Ahead(rows, found.year, found.year_lo80, found.year_hi80, found.left_out)


def whole_chart(whole: Whole, currency: str, *, forecast: bool, money: bool = False) -> Chart | None:
    """A line, family or many products together over time: in their unit where they have one, else (or
    ``money``) in money; ``forecast``: with what is expected."""
    money = money or not whole.adds
    history = [Actual(row.month, _value(row, money), row.provisional) for row in whole.history]
    in_it = whole.ahead is not None and forecast and money != whole.adds
    ahead = whole.ahead.months if whole.ahead is not None and in_it else ()
    if not history:
        return None
    return volume_forecast_chart(
        id=f"whole-{'line' if whole.group.line else 'family'}-{_pk(whole.group)}",
        title=whole.group.name,
        subtitle=_said(whole, bool(ahead)),
        history=history,
        forecast=ahead,
        unit_label=_("%(unit)s a month") % {"unit": currency if money else whole.unit},
        measure_label=_("revenue") if money else str(whole.measure),
        currency=currency if money else "",
    )


def _said(whole: Whole, expected: bool) -> str:
    said = products_words(len(whole.group.products))
    if expected and whole.ahead is not None and whole.ahead.left_out:
        left_out = _("%(count)s of them not in the forecast") % {"count": whole.ahead.left_out}
        return f"{said}, {left_out}"
    return said


def _pk(group: ScopeGroup) -> int:
    return (group.line or group.family or group.products[0]).pk


def _value(row: MonthSales, money: bool) -> float | None:
    value = row.revenue if money else row.volume
    return None if value is None else float(value)
