from __future__ import annotations

import pghistory
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


@pghistory.track()
class LaunchPlan(models.Model):
    """How a new product is expected to start, in one measure, as a person said it: as its like-items
    (``scale`` times as much, its start spread over ``phase_in_months``), or as a diffusion (Bass).

    A row is never changed: what is said anew is a new row, and the one before is withdrawn
    (``withdrawn_at``). One is in force. ``p``, ``q`` and ``market`` (buyers in the end) are of the diffusion;
    empty: from the like-items, whose market is taken ``scale`` times. ``launch_month`` is where the
    curve begins while the product has not sold.
    """

    class Method(models.TextChoices):
        LIKE_ITEMS = "like_items", _("as its like-items")
        BASS = "bass", _("diffusion among buyers (Bass)")

    product = models.ForeignKey("products.Product", models.CASCADE, related_name="launch_plans")
    measure = models.ForeignKey("products.Measure", models.PROTECT, related_name="+")
    method = models.CharField(_("method"), max_length=12, choices=Method.choices)
    launch_month = models.DateField(_("first month"))
    scale = models.DecimalField(_("size"), max_digits=9, decimal_places=4, default=1)
    phase_in_months = models.PositiveSmallIntegerField(_("phase-in (months)"), default=0)
    p = models.FloatField(_("innovators (p)"), null=True, blank=True)
    q = models.FloatField(_("imitators (q)"), null=True, blank=True)
    market = models.FloatField(_("buyers in the end"), null=True, blank=True)
    note = models.CharField(_("note"), max_length=400, blank=True)
    set_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    set_at = models.DateTimeField(auto_now_add=True)
    withdrawn_at = models.DateTimeField(_("withdrawn"), null=True, blank=True)
    withdrawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(method__in=["like_items", "bass"]), name="launch_method_known"
            ),
            models.CheckConstraint(condition=Q(launch_month__day=1), name="launch_month_is_a_month"),
            models.CheckConstraint(condition=Q(scale__gt=0, scale__lte=1000), name="launch_scale_in_range"),
            models.CheckConstraint(condition=Q(phase_in_months__lte=36), name="launch_phase_in_in_range"),
            models.CheckConstraint(
                condition=Q(p=None, q=None)
                | Q(method="bass", p__gt=0, p__lte=1, q__gte=0, q__lte=2, p__isnull=False, q__isnull=False),
                name="launch_diffusion_in_range",
            ),
            models.CheckConstraint(
                condition=Q(market=None) | Q(method="bass", market__gt=0), name="launch_market_positive"
            ),
            models.UniqueConstraint(
                fields=["product", "measure"], condition=Q(withdrawn_at=None), name="launch_one_in_force"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.product}: {self.get_method_display()}"


@pghistory.track()
class LaunchReference(models.Model):
    """A like-item of a plan, and how much it counts; the weights of a plan count in proportion."""

    plan = models.ForeignKey(LaunchPlan, models.CASCADE, related_name="references")
    product = models.ForeignKey("products.Product", models.PROTECT, related_name="+")
    weight = models.DecimalField(_("weight"), max_digits=7, decimal_places=2)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["plan", "product"], name="launch_reference_once"),
            models.CheckConstraint(condition=Q(weight__gt=0), name="launch_reference_weight_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.product} ({self.weight})"
