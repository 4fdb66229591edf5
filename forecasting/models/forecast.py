from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from forecasting.layers import Layers


class _Computed(models.Model):
    """What every computed row about a product or family knows: measure, run, data as of, engine, inputs.

    A product's are found by the unique constraint, a family's by an index of families alone, and nobody looks
    for those of a measure or run: an index that is never read is written every night."""

    product = models.ForeignKey(
        "products.Product", models.CASCADE, null=True, related_name="+", db_index=False
    )
    family = models.ForeignKey("products.Family", models.CASCADE, null=True, related_name="+", db_index=False)
    measure = models.ForeignKey("products.Measure", models.PROTECT, related_name="+", db_index=False)
    as_of = models.DateField(help_text="the last month it may know, first day")
    run = models.ForeignKey(
        "forecasting.NightlyRun", models.PROTECT, null=True, related_name="+", db_index=False
    )
    engine_version = models.CharField(max_length=20)
    input_hash = models.CharField(max_length=64)
    computed_at = models.DateTimeField()

    class Meta:
        abstract = True


def _one_subject(name: str) -> models.CheckConstraint:
    return models.CheckConstraint(
        condition=Q(product__isnull=False, family__isnull=True)
        | Q(product__isnull=True, family__isnull=False),
        name=name,
    )


def of_family(name: str) -> models.Index:
    return models.Index(fields=["family"], condition=Q(family__isnull=False), name=name)


class Forecast(_Computed):
    """The statistical forecast of one subject and measure, as believed in one month (a *vintage*).

    Nights of the same month replace its rows; when the month moves on, the last one stays as it was. The one
    in use is ``current``. ``stale``: the last night could not renew it. ``method`` and ``reason_code`` with
    ``reason_params`` say how it was made, put into words at display.
    """

    current = models.BooleanField(default=True)
    stale = models.BooleanField(default=False)
    method = models.CharField(max_length=40)
    reason_code = models.CharField(max_length=60, blank=True)
    reason_params = models.JSONField(default=dict)
    data_month = models.DateField(null=True, help_text="the last month with data that was used")
    wape = models.FloatField(null=True)
    bias = models.FloatField(null=True)
    mase = models.FloatField(null=True, help_text="empty too where demand is intermittent")
    rmsse = models.FloatField(null=True)
    content_hash = models.CharField(max_length=64)
    driver_effects = models.JSONField(
        null=True, help_text="what drivers do to it and which were tried in vain; empty: none were tried"
    )
    by_week = models.BooleanField(default=False, help_text="made by the week; the months are sums of weeks")
    monthly_because = models.CharField(
        max_length=20, blank=True, help_text="why it was made by the month where its line asks for weeks"
    )

    class Meta:
        ordering = ["-as_of", "pk"]
        indexes = [
            of_family("forecast_of_family"),
            models.Index(
                fields=["product"],
                condition=Q(current=True, driver_effects__isnull=False),
                name="forecast_with_drivers",
            ),
        ]
        constraints = [
            _one_subject("forecast_one_subject"),
            models.UniqueConstraint(
                fields=["product", "family", "measure", "as_of"],
                name="forecast_vintage_unique",
                nulls_distinct=False,
            ),
            models.UniqueConstraint(
                fields=["product", "family", "measure"],
                condition=Q(current=True),
                name="forecast_one_current",
                nulls_distinct=False,
            ),
        ]


def part_of_forecast(name: str) -> models.ForeignKey:
    """Written by COPY with its forecast, so without a foreign key in the database, which took half of the
    time (``doctor`` looks for what lost its forecast); the unique constraint is the index."""
    return models.ForeignKey(Forecast, models.CASCADE, related_name=name, db_index=False, db_constraint=False)


class ForecastMonth(Layers, models.Model):
    """One month of a forecast, in the measure's unit, with its layers kept apart.

    ``mean``, ``median`` and the bands are the statistical forecast. Around it stand ``naive`` (the same month
    a year ago), ``driven`` (statistics with known drivers), ``overridden`` (after what people changed) and
    ``agreed`` (the consensus). A layer that is empty says what the one before it says. Layers of a month are
    frozen with the vintage. ``price_ratio`` is what a unit brings in then, as far as it is decided, against
    the 12 months before the forecast; empty: the same. ``spread`` is how unsure it is what decisions do to
    the volume, as standard deviation of its logarithm; empty: nothing is decided.
    """

    forecast = part_of_forecast("months")
    month = models.DateField()
    mean = models.FloatField()
    median = models.FloatField()
    lo80 = models.FloatField()
    hi80 = models.FloatField()
    lo95 = models.FloatField()
    hi95 = models.FloatField()
    naive = models.FloatField(null=True)
    driven = models.FloatField(null=True)
    overridden = models.FloatField(null=True)
    agreed = models.FloatField(null=True)
    price_ratio = models.FloatField(null=True)
    spread = models.FloatField(null=True)

    class Meta:
        ordering = ["month"]
        constraints = [
            models.UniqueConstraint(fields=["forecast", "month"], name="forecast_month_unique"),
            models.CheckConstraint(
                condition=Q(lo95__lte=F("lo80"), lo80__lte=F("hi80"), hi80__lte=F("hi95")),
                name="forecast_bands_nested",
            ),
        ]


class Backtest(_Computed):
    """How well the method did on the subject's own past, as known in one month; kept for a few months, and
    made anew when its data change."""

    payload = models.JSONField()
    weeks = models.JSONField(null=True, help_text="the same by the week, where it is forecast by the week")

    class Meta:
        indexes = [of_family("backtest_of_family")]
        constraints = [
            _one_subject("backtest_one_subject"),
            models.UniqueConstraint(
                fields=["product", "family", "measure", "as_of"],
                name="backtest_unique",
                nulls_distinct=False,
            ),
        ]


class Calibration(models.Model):
    """Factors that widen the bands, pooled over all backtests of one month."""

    as_of = models.DateField()
    engine_version = models.CharField(max_length=20)
    series = models.PositiveIntegerField(help_text="how many backtests are in it")
    payload = models.JSONField()
    weeks = models.JSONField(null=True, help_text="the same, pooled over backtests by the week")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-pk"]

    @classmethod
    def newest(cls) -> models.QuerySet[Calibration]:
        """That of the newest data first: a run that looks back makes one of long ago."""
        return cls.objects.order_by("-as_of", "-pk")
