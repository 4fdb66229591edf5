"""The sections of a report that the forecasting room offers."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from core import formats
from core.charts.model import stage_word
from core.organisation import today
from core.reports.build import Builder, Cell, Column, ReportContext, number, rate, words
from forecasting.cards.product import StageCard, stage_card
from forecasting.models import Override
from forecasting.models.judgement import Reason
from forecasting.selectors.accuracy import LAG, MONTHS, accuracy_of
from forecasting.selectors.judgement import OverrideNow, overrides_now, overrides_visible
from forecasting.words.accuracy import lag_words
from products.selectors.lines import line_tree
from products.selectors.units import unit_of


def _since(row: Any) -> Cell:
    since = row[1].now.since
    return words(formats.month(since), since)


def lifecycle_section(builder: Builder, context: ReportContext) -> None:
    """A product a row: its stage, since when, how certain that is, what it rests on, what comes next."""
    if not builder.may("stage"):
        return
    found = [(product, stage_card(context.viewer, product)) for product in context.scope.products]
    builder.table(
        _("Where each product is in its life"),
        [
            Column("product", _("Product"), lambda row: words(row[0].name), numeric=False),
            Column("stage", _("Stage"), lambda row: words(_stage(row[1])), numeric=False),
            Column("stage", _("Since"), _since, numeric=False),
            Column("stage", _("Chance"), lambda row: rate(dict(row[1].chances).get(row[1].now.stage), 0)),
            Column("stage", _("Why"), lambda row: words(_why(row[1])), numeric=False),
            Column("stage", _("Next"), lambda row: words(_next(row[1])), numeric=False),
            Column("stage", _("Second opinion"), lambda row: words(_second(row[1])), numeric=False),
        ],
        [row for row in found if row[1] is not None and row[1].now.stage],
        note=_(
            "As of %(day)s. Chance: of the stage by the night's estimate. "
            "Second opinion: the rule of Polli and Cook."
        )
        % {"day": formats.day(today())},
    )


def _stage(card: StageCard) -> str:
    word = stage_word(card.now.stage)
    return _("%(stage)s, set by hand") % {"stage": word} if card.now.by_hand else word


def _why(card: StageCard) -> str:
    """What a person set rests on their reason, and the estimate on its evidence."""
    if card.now.setting is not None and card.now.by_hand:
        return card.now.setting.reason
    return card.sentence


def _next(card: StageCard) -> str:
    if not card.next_stage:
        return formats.MISSING
    when = f"{card.next_word}, {formats.month(card.next_month)}"
    if card.next_first and card.next_last:
        return f"{when} ({formats.month(card.next_first)} – {formats.month(card.next_last)})"
    return when


def _second(card: StageCard) -> str:
    if not card.second_opinion:
        return formats.MISSING
    return _("the same") if card.agrees else stage_word(card.second_opinion)


def accuracy_section(builder: Builder, context: ReportContext) -> None:
    """How good each product's forecasts turned out, beside repeating the year before."""
    if not builder.may("accuracy"):
        return
    builder.table(
        _("How good the forecasts were"),
        [
            Column("product", _("Product"), lambda row: words(row.product.name), numeric=False),
            Column("accuracy", _("Accuracy"), lambda row: rate(_accuracy(row.wape), 0)),
            Column("accuracy", _("as last year"), lambda row: rate(_accuracy(row.naive), 0)),
            Column("accuracy", _("Error (WAPE)"), lambda row: rate(row.wape)),
            Column("accuracy", _("Bias"), lambda row: _signed(row.bias)),
            Column("accuracy", _("Error before"), lambda row: rate(row.before)),
        ],
        accuracy_of(context.viewer, line_tree(), context.scope.products),
        note=_("Final forecasts of %(lag)s, over %(months)s months; + is too high")
        % {"lag": lag_words(LAG), "months": MONTHS},
    )


def _accuracy(wape: float | None) -> float | None:
    return None if wape is None else max(0.0, 1 - wape)


def _signed(value: float | None) -> Cell:
    plain = rate(value)
    return Cell(formats.delta(value, "percent").text, plain.value, plain.decimals, plain.percent)


def overrides_section(builder: Builder, context: ReportContext) -> None:
    """What people changed of the forecasts and still holds, why and by how much."""
    if not builder.may("override"):
        return
    products = [product.pk for product in context.scope.products]
    rows = overrides_now(list(overrides_visible(context.viewer).filter(product__in=products)))
    tree = line_tree()

    def volume(row: OverrideNow, value: float) -> Cell:
        product = row.override.product
        assert product is not None
        return number(value, unit=unit_of(tree, product, row.override.measure))

    builder.table(
        _("Changes of the forecast by hand"),
        [
            Column("product", _("Product"), lambda row: words(row.override.product.name), numeric=False),
            Column("override", _("Months"), lambda row: words(_months(row.override)), numeric=False),
            Column("override", _("calculated"), lambda row: volume(row, row.before)),
            Column("override", _("changed to"), lambda row: volume(row, row.after)),
            Column("override", _("Change"), lambda row: _signed(row.rate)),
            Column("override", _("Why"), lambda row: words(Reason(row.override.reason).label), numeric=False),
            Column("override", _("Note"), lambda row: words(row.override.note), numeric=False),
            Column("people", _("Who"), lambda row: words(row.override.author), numeric=False),
        ],
        [row for row in rows if row.active],
    )


def _months(override: Override) -> str:
    first, last = formats.month(override.first_month), formats.month(override.last_month)
    return first if first == last else f"{first} – {last}"
