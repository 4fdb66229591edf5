from __future__ import annotations

import pghistory
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


@pghistory.track()
class ReferenceUse(models.Model):
    """What a reference customer of a line uses of one tier in a year; no tier: of the price per unit without
    one. Rows of one name are one customer. A line without customers has those of the nearest line above."""

    line = models.ForeignKey(
        "products.ProductLine", models.CASCADE, related_name="+", verbose_name=_("product line")
    )
    customer = models.CharField(_("reference customer"), max_length=80)
    tier = models.CharField(_("tier"), max_length=40, blank=True, default="")
    amount = models.DecimalField(_("a year"), max_digits=18, decimal_places=4)

    class Meta:
        verbose_name = _("reference customer")
        ordering = ["customer", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["line", "customer", "tier"], name="reference_use_once"),
            models.CheckConstraint(condition=~Q(customer=""), name="reference_use_of_somebody"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="reference_use_of_something"),
        ]

    def __str__(self) -> str:
        return self.customer
