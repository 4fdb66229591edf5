"""What is left of forecasts that are gone."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, QuerySet

from forecasting.models import Forecast, ForecastMonth, ForecastWeek


def forecast_lost(part: type[ForecastMonth | ForecastWeek]) -> QuerySet[ForecastMonth | ForecastWeek]:
    """The months or weeks without their forecast, by one join whatever their number: no foreign key keeps
    them together, so a product that is deleted while a night writes it leaves some."""
    return part._default_manager.filter(~Exists(Forecast.objects.filter(pk=OuterRef("forecast_id"))))
