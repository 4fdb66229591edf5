"""The sections of a report that the forecasting room offers."""

from __future__ import annotations

from django.utils.translation import gettext as _

from core import formats
from core.charts.model import stage_word
from core.reports.build import Builder, Column, ReportContext, words
from forecasting.cards.product import StageCard, stage_card


def lifecycle_section(builder: Builder, context: ReportContext) -> None:
    """A product a row: its stage, since when, what it rests on and what is expected next."""
    if not builder.may("stage"):
        return
    found = [(product, stage_card(context.viewer, product)) for product in context.scope.products]
    builder.table(
        _("Where each product is in its life"),
        [
            Column("product", _("Product"), lambda row: words(row[0].name), numeric=False),
            Column("stage", _("Stage"), lambda row: words(stage_word(row[1].now.stage)), numeric=False),
            Column("stage", _("Since"), lambda row: words(formats.month(row[1].now.since)), numeric=False),
            Column("stage", _("Why"), lambda row: words(row[1].sentence), numeric=False),
            Column("stage", _("Next"), lambda row: words(_next(row[1])), numeric=False),
        ],
        [row for row in found if row[1] is not None],
    )


def _next(card: StageCard) -> str:
    if not card.next_month:
        return formats.MISSING
    return f"{card.next_word}, {formats.month(card.next_month)}"
