from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class Elasticity(models.Model):
    """How the volume of a product answers its price, as the last night found it; derived, so without a
    history. With a ``channel``: how what that channel sells of it answers the price asked there; the
    product's own row is then about the rest and, with its channels, about the product.

    First each alone: ``likelihood`` is what its own periods say, as logarithms over the engine's
    ELASTICITIES; empty where they say nothing, and ``reason_code`` why. Then all together
    (``pending`` until then): ``estimate`` is the median, ``quantiles`` as many evenly spread ones. A measure
    that counts a state is never estimated (reason ``level``). ``lowest_price`` and ``highest_price`` are
    those seen, on lists of the kind ``price_kind``. Without an index that nobody reads: the night writes each
    row twice.
    """

    class Frequency(models.TextChoices):
        WEEKS = "weeks", _("by the week")
        MONTHS = "months", _("by the month")

    product = models.ForeignKey(
        "products.Product", models.CASCADE, related_name="elasticities", db_index=False
    )
    channel = models.ForeignKey(
        "products.Channel", models.CASCADE, null=True, related_name="+", db_index=False
    )
    measure = models.ForeignKey("products.Measure", models.PROTECT, related_name="+", db_index=False)
    as_of = models.DateField(help_text="the last month it may know, first day")
    frequency = models.CharField(max_length=6, choices=Frequency.choices, blank=True)
    price_kind = models.CharField(max_length=8, blank=True)
    observations = models.PositiveIntegerField(default=0)
    lowest_price = models.FloatField(null=True)
    highest_price = models.FloatField(null=True)
    likelihood = ArrayField(models.FloatField(), default=list)
    pending = models.BooleanField(default=True)
    method = models.CharField(max_length=20, blank=True)
    reason_code = models.CharField(max_length=20)
    reason_params = models.JSONField(default=dict)
    estimate = models.FloatField(null=True)
    sd = models.FloatField(null=True)
    lo80 = models.FloatField(null=True)
    hi80 = models.FloatField(null=True)
    lo95 = models.FloatField(null=True)
    hi95 = models.FloatField(null=True)
    quantiles = ArrayField(models.FloatField(), default=list)
    run = models.ForeignKey(
        "forecasting.NightlyRun", models.SET_NULL, null=True, related_name="+", db_index=False
    )
    engine_version = models.CharField(max_length=20)
    input_hash = models.CharField(max_length=64)
    computed_at = models.DateTimeField()

    class Meta:
        ordering = ["product", "channel"]
        indexes = [
            models.Index(
                fields=["channel"], condition=Q(channel__isnull=False), name="elasticity_of_channel"
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["product", "channel"], name="elasticity_once", nulls_distinct=False
            ),
            models.CheckConstraint(
                condition=Q(
                    estimate__isnull=False,
                    estimate__lt=0,
                    sd__isnull=False,
                    lo80__isnull=False,
                    hi80__isnull=False,
                )
                | Q(estimate=None, pending=True)
                | Q(estimate=None, reason_code="level"),
                name="elasticity_estimated_unless_level",
            ),
            models.CheckConstraint(
                condition=Q(estimate=None)
                | Q(
                    lo95__lte=F("lo80"), lo80__lte=F("estimate"), hi80__gte=F("estimate"), hi95__gte=F("hi80")
                ),
                name="elasticity_bands_nested",
            ),
        ]
