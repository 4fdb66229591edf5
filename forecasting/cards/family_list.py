"""What the list of families shows of their stage and forecast."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import Prefetch

from core.organisation import today
from forecasting.models import Forecast, ForecastMonth, StageEstimate
from forecasting.selectors.stages import StageNow, settings_in_force, stage_now
from products.models import Family, Measure
from products.selectors.access import forecasts_allowed
from products.selectors.family import families_whole
from products.selectors.lines import line_tree


def family_stages(user: Any, families: Sequence[Family]) -> Mapping[int, StageNow]:
    """The stage of each, set by hand or the night's, where the person may see it."""
    if not forecasts_allowed(user):
        return {}
    seen = families_whole(user)
    by_hand = {row.family_id: row for row in settings_in_force(today()).filter(family__in=seen)}
    nights = StageEstimate.objects.filter(family__in=seen, current=True)
    estimates = {(row.family_id, row.measure_id): row for row in nights}
    tree = line_tree()
    found = {
        family.pk: stage_now(
            by_hand.get(family.pk), estimates.get((family.pk, tree.lead_measure(family.line_id).pk))
        )
        for family in families
    }
    return {pk: now for pk, now in found.items() if now is not None}


def family_growth(user: Any, families: Sequence[Family]) -> Mapping[int, float]:
    """What is expected of the next 12 months against the same months a year before, as a share: 0.04 is 4 %
    more; of a level at the end of the twelve. Absent without 12 months of either."""
    if not forecasts_allowed(user):
        return {}
    months = Prefetch("months", ForecastMonth.objects.order_by("month"))
    rows = Forecast.objects.filter(family__in=families_whole(user), current=True).prefetch_related(months)
    forecasts = {(row.family_id, row.measure_id): row for row in rows}
    tree, found = line_tree(), dict[int, float]()
    for family in families:
        measure = tree.lead_measure(family.line_id)
        forecast = forecasts.get((family.pk, measure.pk))
        growth = _growth(list(forecast.months.all()), measure) if forecast else None
        if growth is not None:
            found[family.pk] = growth
    return found


def _growth(months: Sequence[ForecastMonth], measure: Measure) -> float | None:
    year = months[:12]
    if len(year) < 12 or any(month.naive is None for month in year):
        return None
    if measure.kind == Measure.Kind.LEVEL:
        year = year[-1:]
    before = sum(month.naive or 0 for month in year)
    return sum(month.final for month in year) / before - 1 if before > 0 else None
