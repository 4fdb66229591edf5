from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

LAGS = (1, 2, 3, 6, 12)
PERIODS = (3, 12, 24)
WINDOW_LAYERS = ("naive", "statistical", "agreed")


def _three() -> Any:
    return ArrayField(models.FloatField(), size=3)


class AccuracyRow(models.Model):
    """What one frozen vintage said of one month, beside what that month became.

    ``lag`` is how many months the forecast looked ahead: from the vintage's data to ``month``. All values are
    in the measure's unit; layers that are empty say what the one before says, as in ``ForecastMonth``.
    ``scale`` is the in-sample error of seasonal naive up to the vintage (for MASE; none of a product that
    sells only now and then), ``price`` the revenue per
    unit over the 12 months up to ``month``. ``reason_code`` and ``author`` are those of the change by hand
    that was in force. ``afterwards``: the vintage was computed when the month was already over, from figures
    as they were known then. Written by the step ``accuracy``; rewritten when figures are corrected, gone when
    they are taken back.
    """

    product = models.ForeignKey("products.Product", models.CASCADE, related_name="+", db_index=False)
    measure = models.ForeignKey("products.Measure", models.PROTECT, related_name="+", db_index=False)
    month = models.DateField(help_text="the month that was forecast, first day")
    lag = models.PositiveSmallIntegerField()
    vintage = models.ForeignKey("forecasting.Forecast", models.CASCADE, related_name="+")
    actual = models.FloatField()
    naive = models.FloatField(null=True)
    statistical = models.FloatField()
    driven = models.FloatField(null=True)
    overridden = models.FloatField(null=True)
    agreed = models.FloatField(null=True)
    lo80 = models.FloatField()
    hi80 = models.FloatField()
    lo95 = models.FloatField()
    hi95 = models.FloatField()
    scale = models.FloatField(null=True)
    price = models.FloatField(null=True)
    reason_code = models.CharField(max_length=40, blank=True)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False
    )
    afterwards = models.BooleanField(default=False)
    run = models.ForeignKey("forecasting.NightlyRun", models.PROTECT, related_name="+", db_index=False)

    class Meta:
        ordering = ["-month", "lag", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["product", "measure", "month", "lag"], name="accuracy_unique"),
            models.CheckConstraint(condition=Q(month__day=1), name="accuracy_is_a_month"),
            models.CheckConstraint(condition=Q(lag__in=LAGS), name="accuracy_lag"),
            models.CheckConstraint(
                condition=Q(lo95__lte=F("lo80"), lo80__lte=F("hi80"), hi80__lte=F("hi95")),
                name="accuracy_bands_nested",
            ),
            models.CheckConstraint(condition=Q(scale=None) | Q(scale__gt=0), name="accuracy_scale_positive"),
            models.CheckConstraint(
                condition=Q(overridden__isnull=False) | Q(reason_code="", author=None),
                name="accuracy_judged_only_if_changed",
            ),
        ]
        indexes = [
            models.Index(fields=["month", "lag"], include=["run"], name="accuracy_month_lag"),
            models.Index(
                fields=["lag", "author", "month"],
                condition=Q(overridden__isnull=False),
                name="accuracy_changed_by_hand",
            ),
        ]


class AccuracyState(models.Model):
    """What a product's accuracy rows in one measure were last computed from: the same hash is skipped."""

    product = models.ForeignKey("products.Product", models.CASCADE, related_name="+", db_index=False)
    measure = models.ForeignKey("products.Measure", models.PROTECT, related_name="+", db_index=False)
    input_hash = models.CharField(max_length=64)
    run = models.ForeignKey("forecasting.NightlyRun", models.PROTECT, related_name="+", db_index=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["product", "measure"], name="accuracy_state_unique"),
        ]


class AccuracyWindow(models.Model):
    """One product's errors at one lag over the last ``months`` up to ``until``, for lists: three figures
    each, of the layers ``WINDOW_LAYERS``. Errors regardless of sign (``off``, in money ``amount``) and with
    it (``over``), what was sold likewise (``size``, ``net``), and the same over as many months before
    (``before_off``, ``before_size``)."""

    product = models.ForeignKey("products.Product", models.CASCADE, related_name="+", db_index=False)
    measure = models.ForeignKey("products.Measure", models.PROTECT, related_name="+", db_index=False)
    lag = models.PositiveSmallIntegerField()
    months = models.PositiveSmallIntegerField()
    until = models.DateField()
    n = models.PositiveSmallIntegerField()
    off = _three()
    over = _three()
    size = _three()
    net = _three()
    amount = _three()
    before_off = _three()
    before_size = _three()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["lag", "months", "product", "measure"], name="accuracy_window_unique"
            ),
            models.CheckConstraint(condition=Q(months__in=PERIODS), name="accuracy_window_period"),
        ]
        indexes = [models.Index(fields=["product"], name="accuracy_window_product")]


class AccuracySum(models.Model):
    """The errors of one month at one lag, added up over a line with its sub-lines (null: over everything), of
    products by their own line's leading measure.

    ``measure`` and ``unit`` say what is added where all products count the same; null where they do not, and
    then only ``priced`` means something: errors times revenue per unit, of rows that have one (all but
    ``unpriced``). What the numbers are: ``selectors.accuracy_sums``. ``structure`` is a hash of the lines,
    units and measures they rest on; ``stale``: rows of the month changed since.
    """

    line = models.ForeignKey("products.ProductLine", models.CASCADE, null=True, related_name="+")
    month = models.DateField()
    lag = models.PositiveSmallIntegerField()
    measure = models.ForeignKey("products.Measure", models.PROTECT, null=True, related_name="+")
    unit = models.CharField(max_length=40, blank=True)
    rows = models.PositiveIntegerField()
    unpriced = models.PositiveIntegerField()
    afterwards = models.PositiveIntegerField()
    plain = ArrayField(models.FloatField())
    priced = ArrayField(models.FloatField())
    structure = models.CharField(max_length=64)
    stale = models.BooleanField(default=False)
    run = models.ForeignKey("forecasting.NightlyRun", models.PROTECT, related_name="+", db_index=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["line", "month", "lag"], name="accuracy_sum_unique", nulls_distinct=False
            ),
        ]
