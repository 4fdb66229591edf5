from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from forecasting.layers import Layers

from .forecast import part_of_forecast


class ForecastWeek(Layers, models.Model):
    """One week of a forecast that was made by the week, in the measure's unit; it begins on the weekday that
    the sales begin their weeks on. ``driven`` is the mean with known drivers and what is decided; empty: none
    moves it. ``spread`` is how unsure what is decided makes its logarithm, as standard deviation. Overrides
    and agreed figures are of months and stand beside the months. Frozen with the vintage, as those are.
    """

    overridden = agreed = price_ratio = None

    forecast = part_of_forecast("weeks")
    week = models.DateField(help_text="its first day")
    mean = models.FloatField()
    median = models.FloatField()
    lo80 = models.FloatField()
    hi80 = models.FloatField()
    lo95 = models.FloatField()
    hi95 = models.FloatField()
    naive = models.FloatField(null=True)
    driven = models.FloatField(null=True)
    spread = models.FloatField(null=True)

    class Meta:
        ordering = ["week"]
        constraints = [
            models.UniqueConstraint(fields=["forecast", "week"], name="forecast_week_unique"),
            models.CheckConstraint(
                condition=Q(lo95__lte=F("lo80"), lo80__lte=F("hi80"), hi80__lte=F("hi95")),
                name="forecast_week_bands_nested",
            ),
        ]
