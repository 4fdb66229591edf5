from __future__ import annotations

import pghistory
import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


@pghistory.track()
class PromotionCost(models.Model):
    """What a promotion cost us in all, as it was known on a day: an ``amount`` in the organisation's
    currency, or what the ledger has booked under a ``dimension``. The newest row counts; none is changed or
    deleted, a mistake is put right by saying it anew.
    """

    promotion = models.ForeignKey("pricing.Promotion", models.PROTECT, related_name="costs")
    amount = models.DecimalField(_("amount"), max_digits=18, decimal_places=2, null=True, blank=True)
    dimension = models.CharField(_("dimension in the ledger"), max_length=40, blank=True)
    known_date = models.DateField(_("known on"))
    source = models.CharField(_("according to"), max_length=200, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("entered by")
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("actual cost")
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(amount__isnull=False, amount__gte=0, dimension="")
                | (Q(amount=None) & ~Q(dimension="")),
                name="promotion_cost_amount_or_dimension",
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="promotion_cost_stays", operation=pgtrigger.Update | pgtrigger.Delete)
        ]

    def __str__(self) -> str:
        return str(self.promotion)
