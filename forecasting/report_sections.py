"""The sections of a report that the forecasting room offers."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from django.utils.text import capfirst
from django.utils.translation import gettext as _

from core import formats
from core.charts.model import stage_word
from core.months import month_add, month_start
from core.organisation import today
from core.reports.build import Builder, Cell, Column, ReportContext, Volume, number, rate, words
from forecasting.cards.product import StageCard, stage_card
from forecasting.charts.accuracy import accuracy_chart
from forecasting.charts.drivers import driver_chart
from forecasting.models import Driver, Override
from forecasting.models.judgement import Reason
from forecasting.models.stage import Stage
from forecasting.selectors.accuracy import LAG, MONTHS, accuracy_months, accuracy_of
from forecasting.selectors.accuracy_sums import layers_used
from forecasting.selectors.drivers import driver_months, drivers_working
from forecasting.selectors.judgement import OverrideNow, overrides_now, overrides_visible
from forecasting.words.accuracy import lag_words
from forecasting.words.drivers import driver_line
from products.selectors.access import forecasts_allowed
from products.selectors.lines import line_tree
from products.selectors.units import unit_of

DRAWN = 12
"""Drivers that are drawn: of more nobody looks at each."""
HORIZON = 18
"""How many months ahead a calendar is drawn."""


def _since(row: Any) -> Cell:
    since = row[1].now.since
    return words(formats.month(since), since)


def lifecycle_section(builder: Builder, context: ReportContext) -> None:
    """A product a row: its stage, since when, how certain that is, what it rests on, what comes next. Of a
    line or family as a whole: how many products are in each stage."""
    if not builder.may("stage"):
        return
    if context.scope.as_whole:
        _stages_together(builder, context)
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


def _stages_together(builder: Builder, context: ReportContext) -> None:
    """Of the products on sale, as the night left them."""
    if not forecasts_allowed(context.viewer):
        return
    by_stage = defaultdict[str, list[Any]](list)
    for product in context.scope.all:
        figures = getattr(product, "figures", None)
        if figures is not None and figures.stage and (product.ended is None or product.ended >= today()):
            by_stage[figures.stage].append(figures)
    sold = {stage: sum(figures.revenue_12m or 0 for figures in found) for stage, found in by_stage.items()}
    whole = sum(sold.values())

    def share(stage: str) -> Cell:
        return rate(sold[stage] / whole if whole else None, 0)

    builder.table(
        _("How many products are in each stage"),
        [
            Column("stage", _("Stage"), lambda stage: words(capfirst(stage_word(stage))), numeric=False),
            Column("stage", _("Products"), lambda stage: number(len(by_stage[stage]))),
            Column(
                "revenue", _("Of the revenue"), lambda stage: rate(sold[stage] / whole if whole else None, 0)
            ),
        ],
        [stage for stage in Stage.values if by_stage.get(stage)],
        note=_("Of the products on sale, as of %(day)s; revenue of the last 12 months.")
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
    """How good the forecasts of all products turned out month by month, and each product's, beside repeating
    the year before."""
    if not builder.may("accuracy"):
        return
    tree = line_tree()
    by_month = accuracy_months(context.viewer, tree, context.scope.all)
    with_final = len(layers_used(by_month.values())) > 2
    chart = accuracy_chart(by_month, lag=LAG, with_final=with_final)
    builder.chart(chart, ["accuracy"], title=_product_name(context))
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
        accuracy_of(context.viewer, tree, context.scope.products),
        note=_("Final forecasts of %(lag)s, over %(months)s months; + is too high")
        % {"lag": lag_words(LAG), "months": MONTHS},
    )


def _product_name(context: ReportContext) -> str:
    """Where a chart is of one product alone."""
    return context.scope.all[0].name if len(context.scope.all) == 1 else ""


def _accuracy(wape: float | None) -> float | None:
    return None if wape is None else max(0.0, 1 - wape)


def _signed(value: float | None) -> Cell:
    plain = rate(value)
    return Cell(formats.delta(value, "percent").text, plain.value, plain.decimals, plain.percent)


def drivers_section(builder: Builder, context: ReportContext) -> None:
    """What moves the forecasts besides their own past: each such driver over the period and as far as it is
    known, those that move most; and what it does to each product."""
    if not builder.may("driver"):
        return
    rows = drivers_working(context.viewer, line_tree(), context.scope.products)
    moved = defaultdict[Driver, float](float)
    for row in rows:
        moved[row.driver] += abs(row.said["year"])
    shown, now = sorted(moved, key=lambda each: -moved[each])[:DRAWN], month_start(today())
    span = context.scope.period.of(now) or (now, now)
    months = driver_months(shown, span[0], month_add(now, HORIZON))
    for driver in shown:
        known = {month: value for month, value in months[driver.pk].items() if month >= span[0]}
        builder.chart(driver_chart(driver, known, today()), ["driver"], title=capfirst(str(driver)))
    builder.table(
        _("What moves the forecast"),
        [
            Column("product", _("Product"), lambda row: words(row.product.name), numeric=False),
            Column("driver", _("Driver"), lambda row: words(capfirst(str(row.driver))), numeric=False),
            Column("driver", _("Next 12 months"), lambda row: _signed(row.said["year"])),
            Column("driver", _("Single months"), lambda row: words(driver_line(row.said).range)),
            Column("driver", _("Error smaller by"), lambda row: rate(row.said["gain"], 0)),
        ],
        rows,
        note=_("Only what made the forecast of its own past better counts; the error is squared."),
    )


def overrides_section(builder: Builder, context: ReportContext) -> None:
    """What people changed of the forecasts and still holds, why and by how much."""
    if not builder.may("override"):
        return
    products = [product.pk for product in context.scope.products]
    rows = overrides_now(list(overrides_visible(context.viewer).filter(product__in=products)))
    tree = line_tree()

    def volume(row: OverrideNow, value: float) -> Volume:
        product = row.override.product
        assert product is not None
        return Volume(value, unit_of(tree, product, row.override.measure))

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
