from __future__ import annotations

import pghistory
import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from products.models.closing import CLOSE_LOCK

from .cost import CostLine
from .price import TODAY

_WITHDRAWN = "ARRAY['withdrawn_at', 'withdrawn_reason']"


@pghistory.track()
class CostRate(models.Model):
    """What a cost line comes to from a date until its next rate of the same tier; of a line *once*: what is
    paid on that date.

    ``amount`` is in the line's currency, of a share a rate (0.05); empty: none from then on. It counts
    ``times`` a unit, contract or month (visits a contract). The tier of ``from_quantity`` holds for all of a
    month's quantity that reaches it; ``least_quantity`` is charged at least. ``exchange_rate`` makes our
    currency of it, as it was when it was written down; ``vat_rate`` is VAT on it that cannot be reclaimed.
    A rate is never changed. One that lies ahead can be withdrawn, one that has begun for a reason, while the
    month it began in is open; see :class:`CostCorrection`.
    """

    cost_line = models.ForeignKey(
        CostLine, models.PROTECT, related_name="rates", db_index=False, verbose_name=_("cost line")
    )
    start_date = models.DateField(_("from"))
    from_quantity = models.DecimalField(_("from quantity"), max_digits=18, decimal_places=4, default=0)
    amount = models.DecimalField(_("amount"), max_digits=18, decimal_places=6, null=True, blank=True)
    times = models.DecimalField(_("how often"), max_digits=14, decimal_places=6, default=1)
    least_quantity = models.DecimalField(_("minimum order"), max_digits=18, decimal_places=4, default=0)
    exchange_rate = models.DecimalField(_("exchange rate"), max_digits=18, decimal_places=8, default=1)
    vat_rate = models.DecimalField(_("VAT not reclaimed"), max_digits=5, decimal_places=4, default=0)
    source_import = models.ForeignKey(
        "exchange.Import", models.PROTECT, null=True, blank=True, related_name="+"
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("entered by"),
    )
    created_at = models.DateTimeField(auto_now_add=True)
    withdrawn_at = models.DateTimeField(_("withdrawn"), null=True, blank=True)
    withdrawn_reason = models.CharField(_("why it was withdrawn"), max_length=400, blank=True)

    constraint_words = {
        "cost_rate_quantities": (
            "times",
            _("How often is more than 0, and a quantity is not below 0."),
        ),
        "cost_rate_exchange_rate": (
            "exchange_rate",
            _("An exchange rate is more than 0: what 1 of the other currency is in ours."),
        ),
    }

    class Meta:
        verbose_name = _("cost rate")
        ordering = ["start_date", "from_quantity", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["cost_line", "from_quantity", "start_date"],
                condition=Q(withdrawn_at=None),
                name="cost_rate_one_a_day",
            ),
            models.CheckConstraint(
                condition=Q(from_quantity__gte=0, least_quantity__gte=0, times__gt=0),
                name="cost_rate_quantities",
            ),
            models.CheckConstraint(condition=Q(exchange_rate__gt=0), name="cost_rate_exchange_rate"),
            models.CheckConstraint(condition=Q(vat_rate__gte=0, vat_rate__lt=1), name="cost_rate_vat"),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="cost_rate_stays",
                when=pgtrigger.Before,
                operation=pgtrigger.Update | pgtrigger.Delete,
                declare=[("shut", "date")],
                func=f"""
                    IF TG_OP = 'UPDATE' AND OLD.withdrawn_at IS NULL AND NEW.withdrawn_at IS NOT NULL
                       AND to_jsonb(NEW) - {_WITHDRAWN} = to_jsonb(OLD) - {_WITHDRAWN} THEN
                        IF OLD.start_date > {TODAY} THEN
                            RETURN NEW;
                        END IF;
                        PERFORM pg_advisory_xact_lock_shared({CLOSE_LOCK});
                        SELECT closed_until INTO shut FROM core_organisation;
                        IF NEW.withdrawn_reason <> ''
                           AND (shut IS NULL OR OLD.start_date >= shut + interval '1 month') THEN
                            RETURN NEW;
                        END IF;
                    END IF;
                    RAISE EXCEPTION 'cost rate % stays', OLD.id USING ERRCODE = 'check_violation';
                """,  # noqa: S608  made of constants
            )
        ]

    def __str__(self) -> str:
        return f"{self.cost_line} {self.start_date}"


@pghistory.track()
class CostCorrection(models.Model):
    """What a rate that has begun should have been, and why: proposed, then decided. Decided in favour, the
    rate is withdrawn and ``replacement`` holds from the same day; ``is_void``: it should not have been at
    all. Only while the month the rate began in is open. Never changed once it is decided.
    """

    class State(models.TextChoices):
        PROPOSED = "proposed", pgettext_lazy("correction", "waits for approval")
        APPROVED = "approved", pgettext_lazy("correction", "approved")
        REFUSED = "refused", pgettext_lazy("correction", "refused")

    rate = models.ForeignKey(CostRate, models.PROTECT, related_name="corrections", verbose_name=_("rate"))
    is_void = models.BooleanField(_("should not have been"), default=False)
    amount = models.DecimalField(_("amount"), max_digits=18, decimal_places=6, null=True, blank=True)
    times = models.DecimalField(_("how often"), max_digits=14, decimal_places=6, default=1)
    least_quantity = models.DecimalField(_("minimum order"), max_digits=18, decimal_places=4, default=0)
    exchange_rate = models.DecimalField(_("exchange rate"), max_digits=18, decimal_places=8, default=1)
    vat_rate = models.DecimalField(_("VAT not reclaimed"), max_digits=5, decimal_places=4, default=0)
    reason = models.CharField(_("reason"), max_length=400)
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.PROPOSED)
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("proposed by")
    )
    proposed_at = models.DateTimeField(auto_now_add=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("decided by"),
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    replacement = models.OneToOneField(
        CostRate, models.PROTECT, null=True, blank=True, related_name="corrected"
    )

    class Meta:
        verbose_name = _("correction of a cost rate")
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["rate"], condition=Q(state="proposed"), name="cost_correction_one_waits"
            ),
            models.CheckConstraint(
                condition=Q(state="proposed", decided_by=None, decided_at=None)
                | Q(state__in=["approved", "refused"], decided_by__isnull=False, decided_at__isnull=False),
                name="cost_correction_decided",
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="cost_correction_has_a_reason"),
        ]
        triggers = [
            pgtrigger.Protect(
                name="cost_correction_stays",
                operation=pgtrigger.Update | pgtrigger.Delete,
                condition=~pgtrigger.Q(old__state="proposed"),
            )
        ]

    def __str__(self) -> str:
        return f"{self.rate}: {self.reason}"
