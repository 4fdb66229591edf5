from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class Decision(models.Model):
    """Something approved that will move what products sell: why, by whom, from when. ``kind`` is one of
    ``core.registries.decision_kinds``, ``reference`` the id of what was approved in its room."""

    kind = models.CharField(max_length=20)
    reference = models.PositiveBigIntegerField()
    why = models.TextField(_("why"))
    alternatives = models.TextField(_("alternatives"), blank=True)
    effective_date = models.DateField(_("from"))
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    decided_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True, blank=True, help_text="taken back before it began")

    class Meta:
        verbose_name = _("decision")
        ordering = ["-effective_date", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["kind", "reference"], name="decision_once"),
            models.CheckConstraint(condition=~Q(why=""), name="decision_says_why"),
        ]

    def __str__(self) -> str:
        return self.why


class DecisionProduct(models.Model):
    """One product a decision is about, and what it was expected to do to its volume, as a rate; ``None``:
    nothing was expected. ``what`` are the numbers that words are made of. ``unmeasured`` is why a night found
    nothing to measure (empty: it is measured, or will be); ``together``: its outcome is also that of what
    else was decided about the product for the same month."""

    class Unmeasured(models.TextChoices):
        LEVEL = "level", _("a state is counted here, not sales")
        NO_FORECAST = "no_forecast", _("there is no forecast from before it")
        GAP = "gap", _("sales of some of its time are missing")
        OVERTAKEN = "overtaken", _("the next decision followed within three months")
        TOO_LITTLE = "too_little", _("too little sells to say it in per cent")
        OBSERVED = "observed", _("what others ask is seen, not decided")
        NO_SALES = "no_sales", _("there are no sales of its days and channels")
        SHORT_HISTORY = "short_history", _("the history before it is too short")
        FEW_NORMAL = "few_normal", _("too few weeks without a promotion")

    decision = models.ForeignKey(Decision, models.CASCADE, related_name="products")
    product = models.ForeignKey("products.Product", models.CASCADE, related_name="+")
    what = models.JSONField(default=dict)
    expected = models.FloatField(null=True)
    expected_lo80 = models.FloatField(null=True)
    expected_hi80 = models.FloatField(null=True)
    unmeasured = models.CharField(max_length=20, choices=Unmeasured.choices, blank=True, default="")
    together = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["decision", "product"], name="decision_product_once"),
            models.CheckConstraint(
                condition=Q(expected=None, expected_lo80=None, expected_hi80=None)
                | Q(expected__isnull=False, expected_lo80=None, expected_hi80=None)
                | Q(expected_lo80__lte=F("expected"), expected_hi80__gte=F("expected")),
                name="decision_expected_in_band",
            ),
            models.CheckConstraint(
                condition=Q(
                    unmeasured__in=[
                        *("", "level", "no_forecast", "gap", "overtaken", "too_little", "observed"),
                        *("no_sales", "short_history", "few_normal"),
                    ]
                ),
                name="decision_unmeasured_known",
            ),
        ]


class DecisionOutcome(models.Model):
    """What was sold in the first ``months`` whole months of a decision, or (0) of something that is over
    while it ran, beside what was expected without it; ``effect`` is actual / baseline − 1, with its 80 %
    interval. Derived, so without a history."""

    row = models.ForeignKey(DecisionProduct, models.CASCADE, related_name="outcomes")
    months = models.PositiveSmallIntegerField()
    vintage = models.DateField(null=True, help_text="the last month that the forecast from before it knew")
    baseline = models.FloatField()
    actual = models.FloatField()
    effect = models.FloatField()
    lo80 = models.FloatField()
    hi80 = models.FloatField()
    computed_at = models.DateTimeField()

    class Meta:
        ordering = ["row", "months"]
        constraints = [
            models.UniqueConstraint(fields=["row", "months"], name="decision_outcome_once"),
            models.CheckConstraint(condition=Q(months__in=[0, 3, 6, 12]), name="decision_outcome_months"),
            models.CheckConstraint(
                condition=Q(lo80__lte=F("effect"), hi80__gte=F("effect")), name="decision_outcome_in_band"
            ),
        ]
