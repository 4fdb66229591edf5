from __future__ import annotations

from django.db import models


class ProductNews(models.Model):
    """What the last night found about one product's leading measure beside what was known a month before,
    kept so that Today adds up 20,000 products at once.

    Derived by the step ``alerts``. Amounts are revenue in the organisation's currency: forecasts as planned
    with, each at the price of the 12 months before it and what is decided of prices, errors at that of the
    last 12 months. Empty is not known. ``before_as_of`` is the month of the vintage compared with; both look
    at the same 12 months. ``error_amount`` and ``sold_amount`` are
    the sums of |forecast - actual| and of actuals over the last three final months, each forecast by the
    newest vintage that did not know it.
    """

    product = models.OneToOneField("products.Product", models.CASCADE, primary_key=True, related_name="news")
    run = models.ForeignKey("forecasting.NightlyRun", models.PROTECT, related_name="+", db_index=False)
    as_of = models.DateField()
    before_as_of = models.DateField(null=True)
    amount = models.FloatField(null=True, help_text="revenue expected in the next 12 months")
    amount_before = models.FloatField(null=True)
    why_code = models.CharField(max_length=40, blank=True)
    why_params = models.JSONField(default=dict)
    stage_before = models.CharField(max_length=12, blank=True)
    error_amount = models.FloatField(null=True)
    sold_amount = models.FloatField(null=True)
    error_amount_before = models.FloatField(null=True, help_text="of the three months before those")
    sold_amount_before = models.FloatField(null=True)
    year = models.PositiveSmallIntegerField(null=True, help_text="financial year of the budget")
    year_amount = models.FloatField(null=True, help_text="closed months and forecast")
    year_budget_amount = models.FloatField(null=True)

    @property
    def move_rate(self) -> float | None:
        """Change of the amount expected."""
        if self.amount is None or self.amount_before is None or self.amount_before <= 0:
            return None
        return self.amount / self.amount_before - 1
