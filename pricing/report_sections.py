"""The sections of a report that the pricing room offers."""

from __future__ import annotations

from django.utils.translation import gettext as _

from core import formats
from core.months import month_add
from core.reports.build import Builder, Column, ReportContext, money, rate, words
from pricing.cards.margins import MONTHS, statement_lines
from products.selectors.lines import line_tree
from products.selectors.months import product_complete_month

from .selectors.costs import product_rates
from .selectors.margins import margins_read, margins_total


def margin_section(builder: Builder, context: ReportContext) -> None:
    """From sales to the result of 12 months, a product at a time; costs by kind only where they may be
    told."""
    if not builder.may("margin"):
        return
    tree = line_tree()
    for product in context.scope.products:
        last = product_complete_month(product, tree.lead_measure(product.line_id).pk)
        if last is None:
            continue
        first, rates = month_add(last, 1 - MONTHS), product_rates(context.viewer, product)
        found = margins_read(context.viewer, product, first, last, rates)
        total = margins_total(found.of(product)) if found else None
        if total is None:
            continue
        net = total.net
        lines = [(*line, line[1] / net if net else None) for line in statement_lines(total, rates)]
        builder.table(
            product.name,
            [
                Column("margin", _("Line of the statement"), lambda row: words(row[0]), numeric=False),
                Column("margin", context.currency, lambda row: money(row[1], context.currency)),
                Column("margin", _("of net sales"), lambda row: rate(row[3])),
            ],
            [line for line in lines if line[2] or builder.may("costs")],
            strong=lambda row: bool(row[2]),
            note=_("%(first)s to %(last)s, standard costs")
            % {"first": formats.month(first), "last": formats.month(last)},
        )
