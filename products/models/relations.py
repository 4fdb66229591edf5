"""Dated relations between products: a row holds from its date until the next row of the same key."""

from __future__ import annotations

from decimal import Decimal

import pghistory
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower, Upper
from django.utils.translation import gettext_lazy as _


@pghistory.track()
class Family(models.Model):
    """Products that are steered together; a family has a forecast and a stage of its own."""

    code = models.CharField(_("code"), max_length=60)
    name = models.CharField(_("name"), max_length=160)
    line = models.ForeignKey(
        "products.ProductLine", models.PROTECT, related_name="families", verbose_name=_("product line")
    )
    version = models.PositiveIntegerField(default=1)

    class Meta:
        verbose_name = _("family")
        ordering = [Lower("name"), "pk"]
        constraints = [models.UniqueConstraint(Upper("code"), name="family_code_unique")]

    def __str__(self) -> str:
        return self.name


@pghistory.track()
class FamilyMember(models.Model):
    """From ``start_date`` the product belongs to the family; no family: to none."""

    product = models.ForeignKey("products.Product", models.CASCADE, related_name="memberships")
    family = models.ForeignKey(
        Family, models.PROTECT, null=True, blank=True, related_name="members", verbose_name=_("family")
    )
    start_date = models.DateField(_("from"))
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ["start_date"]
        constraints = [models.UniqueConstraint(fields=["product", "start_date"], name="family_member_dated")]

    def __str__(self) -> str:
        return f"{self.product} → {self.family or '—'} ({self.start_date})"


@pghistory.track()
class BundlePart(models.Model):
    """From ``start_date`` the bundle holds ``quantity`` of the part, which gets ``revenue_share`` of its
    revenue; quantity 0 ends it."""

    bundle = models.ForeignKey("products.Product", models.CASCADE, related_name="parts")
    part = models.ForeignKey("products.Product", models.PROTECT, related_name="bundles")
    start_date = models.DateField(_("from"))
    quantity = models.DecimalField(_("quantity"), max_digits=18, decimal_places=4)
    revenue_share = models.DecimalField(_("share of revenue"), max_digits=7, decimal_places=6)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ["start_date", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["bundle", "part", "start_date"], name="bundle_part_dated"),
            models.CheckConstraint(condition=~Q(bundle=F("part")), name="bundle_not_in_itself"),
            models.CheckConstraint(
                condition=Q(quantity__gte=0, revenue_share__gte=0, revenue_share__lte=1),
                name="bundle_part_in_range",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.part} ({self.start_date})"


@pghistory.track()
class Succession(models.Model):
    """From ``start_date`` the successor takes the predecessor's place, with its history.

    One unit of the predecessor was ``factor`` units of the successor. The predecessor's forecast falls to
    zero over ``phase_out_months``; 0: at once.
    """

    predecessor = models.ForeignKey("products.Product", models.PROTECT, related_name="successions")
    successor = models.ForeignKey("products.Product", models.PROTECT, related_name="predecessions")
    start_date = models.DateField(_("from"))
    factor = models.DecimalField(
        _("volume per unit of the predecessor"), max_digits=12, decimal_places=4, default=Decimal(1)
    )
    phase_out_months = models.PositiveSmallIntegerField(_("phase-out (months)"), default=0)
    version = models.PositiveIntegerField(default=1)

    constraint_words = {"succession_factor_positive": ("factor", _("Give more than 0."))}

    class Meta:
        ordering = ["start_date"]
        constraints = [
            models.UniqueConstraint(fields=["predecessor", "successor"], name="succession_once"),
            models.CheckConstraint(condition=~Q(predecessor=F("successor")), name="succession_of_another"),
            models.CheckConstraint(condition=Q(factor__gt=0), name="succession_factor_positive"),
            models.CheckConstraint(
                condition=Q(phase_out_months__lte=60), name="succession_phase_out_in_range"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.predecessor} → {self.successor} ({self.start_date})"
