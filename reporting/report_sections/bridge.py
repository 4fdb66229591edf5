"""What became of the margin."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal

from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from core import formats
from core.months import month_add
from core.reports.build import Builder, Cell, Column, ReportContext, money, words
from pricing.selectors.cost_months import channels_booked
from pricing.selectors.costs import RIGHT
from products.selectors.months import products_complete_month
from products.selectors.sales import total
from reporting.cost_reports.bridge import bridge_shown, part_amounts
from reporting.reports.kept_cost_reports import MOST
from reporting.selectors.margin_bridge import margin_bridge
from reporting.selectors.report_query import BRIDGED_FROM, report_query
from reporting.words.cost_reports import span_words
from reporting.words.margin_gaps import gaps_words


def margin_bridge_section(builder: Builder, context: ReportContext) -> None:
    """What prices, costs, volume and mix did to the margin of the period (of a longer one of its last 12
    months), against last year and against the budget, and each product's part of it; of standard costs, as
    the sections with margins are."""
    if not builder.may("margin") or not context.viewer.has_perm(RIGHT):
        return
    products = context.scope.all
    last = products_complete_month(products)
    span = None if last is None else context.scope.period.year(last)
    if span is None:
        return
    first, last = span
    only = frozenset(product.pk for product in products)
    channels = channels_booked(context.viewer, only, month_add(first, -12), last)
    titles = {"last_year": _("Margin against last year"), "budget": _("Margin against budget")}
    for against in BRIDGED_FROM:
        months = f"period=range&first={first:%Y-%m}&month={last:%Y-%m}"
        asked = QueryDict(f"layout=bridge&of=standard&against={against}&{months}")
        query = replace(report_query(asked), only=only)
        report = margin_bridge(context.viewer, query)
        if report.found is None or not report.found.before:
            continue  # nothing to compare with: no budget, or not there yet
        for sentence in gaps_words(report.gaps):
            builder.text(sentence, about="margin")
        chart = bridge_shown(query, report.found).chart
        builder.chart(chart, ["margin"], title=titles[against], name=f"{against}_chart", channels=channels)
        parts = [(name.label, part_amounts(part)) for name, part in report.parts]
        if len(parts) > MOST:
            parts = [*parts[: MOST - 1], _others(parts[MOST - 1 :])]
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
            note=_("%(months)s, standard costs") % {"months": span_words(first, last)},
            name=f"{against}_table",
            channels=channels,
        )


def _others(parts: Sequence[tuple[str, Sequence[Decimal | None]]]) -> tuple[str, tuple[Decimal | None, ...]]:
    """What the rest comes to."""
    name = _("and %(count)s more") % {"count": formats.number(len(parts), 0)}
    return name, tuple(total(column) for column in zip(*(amounts for _name, amounts in parts), strict=True))


def _amount_at(place: int, context: ReportContext) -> Callable[[tuple[str, Sequence[Decimal | None]]], Cell]:
    return lambda row: money(row[1][place], context.currency)
