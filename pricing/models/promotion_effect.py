from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from .price import PLACES


class PromotionEffect(models.Model):
    """What a promotion that is over did to the sales of one of its products, as a night measured it; derived,
    so without a history. Volumes in the measure's unit.

    ``reason`` says why nothing could be measured, else ``uplift`` is there. ``baseline`` and ``sold`` are of
    the days it ran, ``uplift`` is sold / baseline − 1 with its 80 % interval. ``after`` is what was sold less
    (negative) or more than the baseline in the weeks after, ``sisters`` the same of products beside it while
    it ran, added over ``sister_rows`` ([product, units, lo80, hi80]). ``normal_price`` is what a unit cost
    by the lists on its first day, in its currency, where it takes an amount off and does not say of what.
    ``course`` is what was sold and the baseline by period ([date, units, baseline, lo80, hi80, part of the
    promotion]).
    """

    class Method(models.TextChoices):
        WEEKS = "weeks", _("by the week")
        MONTHS = "months", _("by the month")

    promotion = models.ForeignKey("pricing.Promotion", models.CASCADE, related_name="effects")
    product = models.ForeignKey("products.Product", models.CASCADE, related_name="+")
    measure = models.ForeignKey("products.Measure", models.PROTECT, related_name="+")
    method = models.CharField(max_length=6, choices=Method.choices, blank=True)
    reason = models.CharField(max_length=20, blank=True)
    baseline = models.FloatField(null=True)
    sold = models.FloatField(null=True)
    uplift = models.FloatField(null=True)
    uplift_lo80 = models.FloatField(null=True)
    uplift_hi80 = models.FloatField(null=True)
    after = models.FloatField(null=True)
    after_lo80 = models.FloatField(null=True)
    after_hi80 = models.FloatField(null=True)
    sisters = models.FloatField(null=True)
    sisters_lo80 = models.FloatField(null=True)
    sisters_hi80 = models.FloatField(null=True)
    normal_price = models.DecimalField(max_digits=20, decimal_places=PLACES, null=True)
    sister_rows = models.JSONField(default=list)
    course = models.JSONField(default=list)
    data_until = models.DateField(null=True)
    run = models.ForeignKey("forecasting.NightlyRun", models.SET_NULL, null=True, related_name="+")
    engine_version = models.CharField(max_length=20)
    input_hash = models.CharField(max_length=64)
    computed_at = models.DateTimeField()

    class Meta:
        ordering = ["promotion", "product"]
        constraints = [
            models.UniqueConstraint(fields=["promotion", "product"], name="promotion_effect_once"),
            models.CheckConstraint(
                condition=Q(reason="", uplift__isnull=False, baseline__isnull=False, sold__isnull=False)
                | (~Q(reason="") & Q(uplift=None)),
                name="promotion_effect_or_reason",
            ),
        ]
