"""Which stage a product or family is in: set by hand while that holds, otherwise the night's estimate."""

from __future__ import annotations

import datetime
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import QuerySet

from accounts.rows import from_row, row_of
from core.kept import kept_while_reading
from core.lookups import many
from core.organisation import today as today_here
from forecasting.models import StageEstimate, StageSetting
from products.models import Family, Product
from products.selectors.access import product_seen
from products.selectors.lines import line_tree

from .forecasts import of_subject

MOST_SETTINGS = 20


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


def set_by_hand(product_ids: Collection[int]) -> set[int]:
    """Those of the products that ever had a stage set by hand."""
    rows = StageSetting.objects.filter(product_id__any=many(product_ids))
    return {pk for pk in rows.values_list("product_id", flat=True) if pk}


def settings_of(user: Any, subject: Product | Family) -> list[StageSetting]:
    """What people set by hand for a product or family, newest first, withdrawn ones too."""
    if not product_seen(user, subject):
        return []
    return list(
        StageSetting.objects.filter(**of_subject(subject)).select_related("set_by", "withdrawn_by")[
            :MOST_SETTINGS
        ]
    )


def stage_current(user: Any, subject: Product | Family) -> StageNow | None:
    """The stage of a product or family by its line's leading measure; ``None`` when there is none, or it
    is out of the person's sight."""
    if not product_seen(user, subject):
        return None
    settings, estimate = stage_rows(subject)
    day = today_here()
    setting = next((row for row in settings if row.holds_on(day)), None)
    if isinstance(subject, Product) and subject.temporary:
        estimate = None
    return stage_now(setting, estimate)


def stage_now(setting: StageSetting | None, estimate: StageEstimate | None) -> StageNow | None:
    """What was set by hand goes before what the night estimates."""
    if setting is not None:
        return StageNow(setting.stage, setting.start_date, True, setting, estimate)
    if estimate is not None:
        return StageNow(estimate.stage, estimate.stage_start, False, None, estimate)
    return None


@kept_while_reading
def stage_rows(subject: Product | Family) -> tuple[list[StageSetting], StageEstimate | None]:
    """All that people set by hand, newest first, and the estimate by the line's leading measure; one query.
    For callers that have asked what the person may see."""
    mine = of_subject(subject)
    lead = line_tree().lead_measure(subject.line_id)
    estimates = StageEstimate.objects.filter(**mine, measure=lead, current=True)
    settings = StageSetting.objects.filter(**mine)
    rows = type(subject).objects.filter(pk=subject.pk)
    found = rows.values_list(
        ArraySubquery(settings.values_list(row_of(StageSetting))),
        ArraySubquery(estimates.values_list(row_of(StageEstimate))[:1]),
    )
    by_hand, estimated = found.get()
    return (
        [from_row(StageSetting, row) for row in by_hand],
        from_row(StageEstimate, estimated[0]) if estimated else None,
    )
