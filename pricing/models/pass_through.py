from __future__ import annotations

import pghistory
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from .price import begun_stays


@pghistory.track()
class PassThrough(models.Model):
    """By what part of a change of ours a reseller's price moves, both in per cent, in a channel with those
    below it from a date on; no channel: everywhere without a rate of its own. 1, also where nobody says
    anything: he keeps his margin in per cent. What has begun stays as it is."""

    channel = models.ForeignKey(
        "products.Channel",
        models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("channel"),
    )
    start_date = models.DateField(_("from"))
    rate = models.DecimalField(_("pass-through"), max_digits=5, decimal_places=4)

    class Meta:
        verbose_name = _("pass-through")
        ordering = ["-start_date"]
        constraints = [
            models.UniqueConstraint(
                fields=["channel", "start_date"], name="pass_through_once", nulls_distinct=False
            ),
            models.CheckConstraint(condition=Q(rate__gte=0, rate__lte=2), name="pass_through_rate"),
        ]
        triggers = [begun_stays("pass-through")]

    def __str__(self) -> str:
        return str(self.channel or "")
