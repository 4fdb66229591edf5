"""Weeks as people may see them: over all channels, so only for who may see forecasts."""

from __future__ import annotations

import datetime
from typing import Any

from django.db.models import Sum

from forecasting.models import Forecast, ForecastWeek
from products.models import Measure, Product, SalesFact
from products.models.facts import Period
from products.selectors.access import forecasts_allowed


def forecast_weeks(user: Any, forecast: Forecast) -> list[ForecastWeek]:
    """The weeks of a forecast the person may see; none where it was made by the month."""
    if not forecast.by_week or not forecasts_allowed(user):
        return []
    return list(forecast.weeks.all())


def weeks_sold(
    user: Any, product: Product, measure: Measure, first: datetime.date, before: datetime.date
) -> dict[datetime.date, float]:
    """By the first day of every week from ``first`` on that was over ``before`` a day: what was sold in it.
    Weeks begin on the weekday of ``first``; days count in the week they lie in, of which the last may lack
    some: it is left out unless its last day was told. A product the person may see."""
    if not forecasts_allowed(user):
        return {}
    facts = SalesFact.objects.filter(
        product_id=product.pk,
        measure_id=measure.pk,
        start_date__gte=first,
        start_date__lt=before,
        volume__isnull=False,
    ).exclude(period=Period.MONTH)
    found: dict[datetime.date, float] = {}
    told = first
    for day, period, volume in (
        facts.values_list("start_date", "period").annotate(Sum("volume")).order_by("start_date")
    ):
        week = day - datetime.timedelta(days=(day - first).days % 7)
        found[week] = found.get(week, 0.0) + float(volume)
        told = max(told, day if period == Period.DAY else day + datetime.timedelta(days=6))
    over = min(told, before - datetime.timedelta(days=1))
    return {week: volume for week, volume in found.items() if week + datetime.timedelta(days=6) <= over}
