"""Cost and margin: from sales to the result, a product at a time, and products beside each other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from core import formats
from core.reports.build import Builder, Column, ReportContext, money, rate, words
from pricing.cards.margins import MONTHS, margin_chart, statement_lines
from pricing.cards.margins_ahead import margin_ahead_card
from pricing.engine.costs import Statement
from pricing.models import CostLine
from pricing.selectors.costs import RIGHT
from pricing.selectors.costs_left_out import costs_left_out_of
from pricing.selectors.margins import Margins, margins_of_many
from pricing.selectors.month_margin import MonthMargin, margins_total
from pricing.words.left_out import left_out_words
from products.models import Product
from products.selectors.access import visible_channel_ids
from products.selectors.lines import line_tree
from products.selectors.months import product_complete_month
from products.selectors.report_period import ReportPeriod, Span
from products.selectors.report_scope import ScopeGroup, scope_groups

AHEAD = "ahead"
ZERO = Decimal(0)


@dataclass(frozen=True)
class _Margin:
    """Months of a product, or (no product) of several by that name, added up: those of the period, of a
    longer one its last 12, one product's after the other's. ``margins`` where every product is told one by
    one."""

    product: Product | None
    months: list[MonthMargin]
    total: Statement
    margins: Margins | None = None
    sum_name: str = ""

    @property
    def name(self) -> str:
        return self.product.name if self.product else self.sum_name

    @property
    def span(self) -> str:
        first, last = (formats.month(self.months[place].month) for place in (0, -1))
        return _("%(first)s to %(last)s, standard costs") % {"first": first, "last": last}

    @property
    def channels(self) -> set[int]:
        """Those that costs in it are of, whether something was sold there or not."""
        lines = (line for month in self.months for line, _amount in month.costs)
        return {line.channel_id for line in lines if line.channel_id is not None}

    @property
    def unknown(self) -> list[tuple[Product, CostLine]]:
        """The lines that it lacks."""
        return [(self.product, line) for each in self.months for line in each.unknown] if self.product else []


def _note(builder: Builder, rows: Sequence[_Margin]) -> str:
    """The months, and which cost lines are left out; these only where costs may be told."""
    span = rows[0].span
    left_out = costs_left_out_of(each for row in rows for each in row.unknown)
    if left_out is None or not builder.may("costs"):
        return span
    builder.shown.add("costs")
    return f"{span}. {left_out_words(left_out)}"


def _margins(context: ReportContext, period: ReportPeriod | None = None) -> list[_Margin]:
    """Of every product of the scope with sales or costs, read once a report for all that share their months;
    of another ``period`` than the report's each time."""
    viewer = context.viewer
    if not viewer.has_perm(RIGHT) or visible_channel_ids(viewer) is not None:
        return []
    if period is not None:
        context = replace(context, scope=replace(context.scope, period=period, everything=()), kept={})
    if "margins" not in context.kept:
        tree, by_span = line_tree(), defaultdict[Span, list[Product]](list)
        for product in context.scope.all:
            last = product_complete_month(product, tree.lead_measure(product.line_id).pk)
            span = None if last is None else context.scope.period.year(last)
            if span is not None:
                by_span[span].append(product)
        told, found = {product.pk for product in context.scope.products}, dict[int, _Margin]()
        alike: dict[tuple[int, int | None], CostLine] = {}
        for span, products in by_span.items():
            for product, margins in margins_of_many(viewer, products, *span):
                months = margins.of(product)
                if product.pk not in told:  # only added up, and there may be 20,000
                    months = _folded(months, alike)
                total = margins_total(months)
                if total is not None:
                    kept_too = None if context.scope.more else margins
                    found[product.pk] = _Margin(product, months, total, kept_too)
        context.kept["margins"] = [found[each.pk] for each in context.scope.all if each.pk in found]
    kept: list[_Margin] = context.kept["margins"]
    return kept


def _folded(
    months: Sequence[MonthMargin], alike: dict[tuple[int, int | None], CostLine]
) -> list[MonthMargin]:
    """The same as a first month that has all of it and the last; costs by kind and channel, each under the
    first line that is ``alike``."""
    sold = [each.sales for each in months if each.sales is not None]
    sales = (sum((gross for gross, _net in sold), ZERO), sum((net for _gross, net in sold), ZERO))
    costs: dict[tuple[int, int | None], Decimal] = {}
    for month in months:
        for line, amount in month.costs:
            key = (line.kind_id, line.channel_id)
            alike.setdefault(key, line)
            costs[key] = costs.get(key, ZERO) + amount
    unknown = list(dict.fromkeys(line for month in months for line in month.unknown))
    borne = [(alike[key], amount) for key, amount in costs.items()]
    first = MonthMargin(months[0].month, sales if sold else None, unknown, borne)
    return [first, *(MonthMargin(month.month) for month in months[1:][-1:])]


def margin_section(builder: Builder, context: ReportContext) -> None:
    """From sales to the result of the period: each line and family as a whole, then a product at a time;
    costs by kind, and the drawing with them, only where they may be told. Chosen alone: what margin is
    expected of the months ahead."""
    if not builder.may("margin"):
        return
    if builder.only == AHEAD:
        _ahead(builder, context)
        return
    rows = _margins(context)
    by_span = _by_span(rows)
    for group in scope_groups(context.scope) if len(rows) > 1 else ():
        for alike in by_span.values():
            own = _of(group, alike)
            whole = _together(group.name, own)
            if whole is not None and len(own) > 1:
                together = _("%(count)s products together") % {"count": formats.number(len(own), 0)}
                _statement(builder, context, whole, f"{together}, {_note(builder, own)}")
    for found in () if context.scope.as_whole else _one_by_one(context, rows):
        _statement(builder, context, found, _note(builder, [found]))


def _statement(builder: Builder, context: ReportContext, found: _Margin, note: str) -> None:
    """The drawing and the table of one product, or of several together."""
    net = found.total.net
    lines = [(*line, line[1] / net if net else None) for line in statement_lines(found.months, found.total)]
    chart = margin_chart(found.months, found.total, context.currency)
    builder.chart(chart, ["margin", "costs"], title=found.name, channels=found.channels)
    builder.table(
        found.name,
        [
            Column("margin", _("Line of the statement"), lambda row: words(row[0]), numeric=False),
            Column("margin", context.currency, lambda row: money(row[1], context.currency)),
            Column("margin", _("of net sales"), lambda row: rate(row[3])),
        ],
        [line for line in lines if line[2] or builder.may("costs")],
        strong=lambda row: bool(row[2]),
        note=note,
        channels=found.channels,
    )


def _ahead(builder: Builder, context: ReportContext) -> None:
    builder.title = _("Margin of the months ahead")
    for found in _margins(context, ReportPeriod(months=MONTHS)):
        if found.product is None or found.margins is None:
            continue
        card = margin_ahead_card(context.viewer, found.product, found.margins, found.months)
        chart = card.chart if card else None
        title, own = found.product.name, found.channels
        builder.chart(chart, ["margin", "forecast"], title=title, name=AHEAD, channels=own)


def margins_section(builder: Builder, context: ReportContext) -> None:
    """Net sales and what is left of them after each level of costs: each line and family as a whole, a
    product a row, what is not told one by one, and the sum of all."""
    if not builder.may("margin"):
        return
    by_span = _by_span(_margins(context))

    def amount(name: str) -> Callable[[_Margin], Any]:
        return lambda row: money(getattr(row.total, name), context.currency)

    def part(name: str) -> Callable[[_Margin], Any]:
        return lambda row: rate(row.total.rate(name))

    columns = [
        Column("product", _("Product"), lambda row: words(row.name), False),
        Column("margin", _("Net sales"), amount("net")),
        Column("margin", "CM1", amount("cm1")),
        Column("margin", "CM1 %", part("cm1")),
        Column("margin", "CM2", amount("cm2")),
        Column("margin", "CM2 %", part("cm2")),
        Column("margin", "CM3", amount("cm3")),
        Column("margin", "CM3 %", part("cm3")),
        Column("margin", _("Result"), amount("result")),
    ]
    groups = scope_groups(context.scope) if any(len(rows) > 1 for rows in by_span.values()) else []
    for rows in by_span.values():
        builder.table(
            _("Margin by product"),
            columns,
            _with_sums(context, groups, rows),
            note=_note(builder, rows),
            strong=lambda row: row.product is None,
            channels={pk for row in rows for pk in row.channels},
        )


def _with_sums(
    context: ReportContext, groups: Sequence[ScopeGroup], rows: Sequence[_Margin]
) -> Sequence[_Margin]:
    """The ``groups``, lines and families that are told as a whole, where there is more than one; the products
    told one by one; the others together, and all."""
    if len(rows) < 2:
        return rows
    wholes = [_together(group.name, _of(group, rows)) for group in (groups if len(groups) > 1 else [])]
    told = _one_by_one(context, rows)
    shown = {row.product for row in told}
    others = [row for row in rows if row.product not in shown]
    more = _("and %(count)s more") % {"count": formats.number(len(others), 0)}
    found = [*wholes, *told, _together(more, others), _together(_("Total"), rows)]
    return [row for row in found if row is not None]


def _by_span(rows: Iterable[_Margin]) -> dict[str, list[_Margin]]:
    """Those of the same months together."""
    found: dict[str, list[_Margin]] = defaultdict(list)
    for row in rows:
        found[row.span].append(row)
    return found


def _of(group: ScopeGroup, rows: Iterable[_Margin]) -> list[_Margin]:
    """Those of its products."""
    own = set(group.products)
    return [row for row in rows if row.product in own]


def _one_by_one(context: ReportContext, rows: Sequence[_Margin]) -> Sequence[_Margin]:
    """Those of products that the report tells one by one, in its order."""
    found = {row.product: row for row in rows}
    return [found[each] for each in context.scope.products if each in found]


def _together(name: str, rows: Sequence[_Margin]) -> _Margin | None:
    months = [month for row in rows for month in row.months]
    total = margins_total(months)
    return None if total is None else _Margin(None, months, total, sum_name=name)
