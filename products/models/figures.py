from django.contrib.postgres.fields import ArrayField
from django.db import models


class ProductFigures(models.Model):
    """The list's row of figures for one product and its leading measure, kept so that 20,000 products sort
    and filter by any of them at once.

    Derived: sales figures by the roll-up, stage and forecast by the night, through
    ``products.services.figures``. Amounts in the organisation's currency, volumes in the measure's unit;
    empty is missing. ``ytd`` is the financial year up to ``data_month``, ``year_before`` the one before it,
    whole; ``months_…``: how many of the months have revenue. ``year_rest_amount`` is the revenue expected
    of the financial year's months after ``forecast_as_of``. ``spark_volumes`` are the 36 months up to
    ``data_month``; the forecast's arrays the months after it.
    """

    product = models.OneToOneField(
        "products.Product", models.CASCADE, primary_key=True, related_name="figures"
    )
    measure = models.ForeignKey("products.Measure", models.PROTECT, related_name="+")
    data_month = models.DateField(null=True)
    volume_12m = models.DecimalField(max_digits=18, decimal_places=4, null=True)
    volume_12m_before = models.DecimalField(max_digits=18, decimal_places=4, null=True)
    revenue_12m = models.DecimalField(max_digits=18, decimal_places=4, null=True)
    revenue_12m_before = models.DecimalField(max_digits=18, decimal_places=4, null=True)
    revenue_month = models.DecimalField(max_digits=18, decimal_places=4, null=True)
    revenue_month_before = models.DecimalField(max_digits=18, decimal_places=4, null=True)
    revenue_ytd = models.DecimalField(max_digits=18, decimal_places=4, null=True)
    revenue_ytd_before = models.DecimalField(max_digits=18, decimal_places=4, null=True)
    revenue_year_before = models.DecimalField(max_digits=18, decimal_places=4, null=True)
    months_12m = models.PositiveSmallIntegerField(null=True)
    months_12m_before = models.PositiveSmallIntegerField(null=True)
    months_ytd = models.PositiveSmallIntegerField(null=True)
    months_ytd_before = models.PositiveSmallIntegerField(null=True)
    months_year_before = models.PositiveSmallIntegerField(null=True)
    growth_rate = models.FloatField(null=True, help_text="revenue (else volume) against the 12 months before")
    spark_volumes = ArrayField(models.FloatField(null=True), default=list)

    forecast_as_of = models.DateField(null=True)
    forecast_stale = models.BooleanField(default=False)
    forecast_12m = models.FloatField(null=True, help_text="volume")
    forecast_12m_lo80 = models.FloatField(null=True)
    forecast_12m_hi80 = models.FloatField(null=True)
    forecast_12m_amount = models.FloatField(null=True, help_text="revenue at the price of the last 12 months")
    year_rest_amount = models.FloatField(null=True)
    spark_forecast = ArrayField(models.FloatField(), default=list)
    spark_lo80 = ArrayField(models.FloatField(), default=list)
    spark_hi80 = ArrayField(models.FloatField(), default=list)

    stage = models.CharField(max_length=12, blank=True)
    stage_since = models.DateField(null=True)
    stage_by_hand = models.BooleanField(default=False)

    class Meta:
        indexes = [
            models.Index(fields=["-revenue_12m"], name="figures_by_revenue"),
            models.Index(fields=["stage"], name="figures_by_stage"),
        ]
