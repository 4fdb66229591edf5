"""What promotions add to the other rooms."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from core import formats, registries
from core.history import history_words
from core.later import later_in
from core.organisation import money_text
from core.registries import (
    DecisionKind,
    Event,
    EventSource,
    NightlyStep,
    Panel,
    PlannedSource,
    ProductReading,
    PromotedSource,
)

later = later_in("pricing")


def events(user: Any, product: Any, first: datetime.date, last: datetime.date) -> Iterator[Event]:
    """Where promotions of the product begin; those that were stopped before the store are none."""
    from pricing.selectors.promotion_runs import last_day
    from pricing.selectors.promotions import approved_of
    from pricing.words.promotions import mechanic_words, span_words

    for row in approved_of(user, product):
        ends = last_day(row)
        if not first <= row.store_start <= min(last, ends):
            continue
        text = f"{row.name}: {mechanic_words(row)}, {span_words(row.store_start, ends)}"
        yield Event("promotion", row.store_start, row.name, text)


def card(user: Any, product: Any) -> Mapping[str, Any]:
    """Nothing: the page has its place, the card itself comes after it."""
    return {}


def register() -> None:
    from exchange.sheets import sheets
    from pricing.decision_readings import PROMOTION
    from pricing.models import Promotion, PromotionCost
    from pricing.selectors.promotions import APPROVED_READ, approved_read
    from pricing.sheets.promotions import PromotionsSheet

    sheets.register(PromotionsSheet())
    for field in ("rate", "own_share_rate", "planned_uplift_rate"):
        history_words(Promotion, field, formats.percent_whole)
    history_words(PromotionCost, "amount", money_text)
    registries.decision_kinds.register(DecisionKind("promotion", _("Promotion"), reading=PROMOTION))
    registries.panels.register(
        Panel("promotions", "mix", "pricing/_promotion_card_later.html", card, 40, "pricing.view")
    )
    registries.product_readings.register(ProductReading(APPROVED_READ, approved_read))
    registries.event_sources.register(EventSource("promotions", events))
    registries.planned_sources.register(
        PlannedSource(
            "promotion",
            later("selectors.planned_promotions.promotion_changes"),
            later("words.promotions.planned_words"),
            _("Promotions of its products"),
            order=10,
        )
    )
    registries.promoted_sources.register(
        PromotedSource("promotion", later("selectors.promotion_months.promotion_months"))
    )
    registries.nightly_steps.register(
        NightlyStep(
            "promotions",
            _("Promotions"),
            chunks=later("steps.promotions.chunks"),
            compute=later("steps.promotions.compute"),
            after=("forecast",),
            order=70,
        )
    )
