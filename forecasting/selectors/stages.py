"""Which stage a product or family is in: set by hand while that holds, otherwise the night's estimate."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from core.organisation import today as today_here
from forecasting.models import StageEstimate, StageSetting
from products.models import Product
from products.selectors.access import products_visible
from products.selectors.lines import LineTree


@dataclass(frozen=True)
class StageNow:
    """What is shown (``stage``, ``since``, ``by_hand``), and both things it may rest on."""

    stage: str
    since: datetime.date | None
    by_hand: bool
    setting: StageSetting | None
    estimate: StageEstimate | None


def settings_in_force(day: datetime.date) -> QuerySet[StageSetting]:
    """What people set and have not withdrawn, on a day that it holds."""
    return StageSetting.objects.filter(withdrawn_at=None, start_date__lte=day, until__gte=day)


def stage_current(user: Any, product: Product) -> StageNow | None:
    """The product's stage by its line's leading measure; ``None`` when there is none, or no sight of it."""
    if not products_visible(user).filter(pk=product.pk).exists():
        return None
    lead = LineTree().lead_measure(product.line_id)
    setting = settings_in_force(today_here()).select_related("set_by").filter(product=product).first()
    estimate = StageEstimate.objects.filter(product=product, measure=lead, current=True).first()
    if product.temporary:
        estimate = None
    if setting is None and estimate is None:
        return None
    if setting is not None:
        return StageNow(setting.stage, setting.start_date, True, setting, estimate)
    assert estimate is not None
    return StageNow(estimate.stage, estimate.stage_start, False, None, estimate)
