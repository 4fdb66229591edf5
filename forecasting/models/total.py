from __future__ import annotations

from django.db import models
from django.db.models import Q


class TotalForecast(models.Model):
    """What a line with its sub-lines, or everything (no line), is expected to sell, as believed in one month.

    With a measure in units of ``unit``; without one in money (the organisation's currency, at the revenue per
    unit of the last 12 months). Derived by the step ``totals`` from the products' final forecasts, so the
    means add up. ``months`` is ``[[month, mean, lo80, hi80, lo95, hi95], …]``, ``history`` the 60 months
    before as ``[[month, value], …]``, of a line below that ends earlier with its forecast: such months are
    ``[month, value, [line, …]]``, with those of the lines that loaded it half as a fourth; nothing of it is
    known where no forecast knew it before. ``left_out`` counts products without a forecast or a price.
    """

    line = models.ForeignKey("products.ProductLine", models.CASCADE, null=True, related_name="+")
    measure = models.ForeignKey("products.Measure", models.PROTECT, null=True, related_name="+")
    unit = models.CharField(max_length=40, blank=True)
    as_of = models.DateField(help_text="the last month with data, first day")
    current = models.BooleanField(default=True)
    run = models.ForeignKey("forecasting.NightlyRun", models.PROTECT, related_name="+")
    products = models.PositiveIntegerField()
    left_out = models.PositiveIntegerField(default=0)
    months = models.JSONField()
    history = models.JSONField()
    year = models.FloatField(null=True, help_text="the next 12 months; of a level its state at their end")
    year_lo80 = models.FloatField(null=True)
    year_hi80 = models.FloatField(null=True)
    computed_at = models.DateTimeField()

    class Meta:
        ordering = ["-as_of", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["line", "measure", "as_of"], name="total_vintage_unique", nulls_distinct=False
            ),
            models.UniqueConstraint(
                fields=["line", "measure"],
                condition=Q(current=True),
                name="total_one_current",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=Q(line__isnull=False) | Q(measure__isnull=True), name="total_of_all_is_money"
            ),
        ]
