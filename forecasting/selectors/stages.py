"""Which stage a product or family is in: set by hand while that holds, otherwise the night's estimate."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from core.kept import kept_while_reading
from core.organisation import today as today_here
from forecasting.models import StageEstimate, StageSetting
from products.models import Product
from products.selectors.access import product_seen
from products.selectors.lines import line_tree


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
    if not product_seen(user, product):
        return None
    lead = line_tree().lead_measure(product.line_id)
    setting, estimate = _setting_and_estimate(product.pk, lead.pk, today_here())
    if product.temporary:
        estimate = None
    if setting is None and estimate is None:
        return None
    if setting is not None:
        return StageNow(setting.stage, setting.start_date, True, setting, estimate)
    assert estimate is not None
    return StageNow(estimate.stage, estimate.stage_start, False, None, estimate)


@kept_while_reading
def _setting_and_estimate(
    product_id: int, measure_id: int, day: datetime.date
) -> tuple[StageSetting | None, StageEstimate | None]:
    setting = settings_in_force(day).select_related("set_by").filter(product=product_id).first()
    estimate = StageEstimate.objects.filter(product=product_id, measure=measure_id, current=True).first()
    return setting, estimate
