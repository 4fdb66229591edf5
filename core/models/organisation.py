from __future__ import annotations

import datetime

import pghistory
import pgtrigger
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


@pghistory.track()
class Organisation(models.Model):
    """The one organisation this installation serves; exactly one row, ``pk`` 1.

    Facts are in its currency, months and "today" in its time zone. ``closed_until`` is the last month whose
    figures are fixed (first day), empty while none is; it never moves back, also in the database.
    """

    name = models.CharField(_("name"), max_length=120)
    currency = models.CharField(_("currency"), max_length=3, default="EUR")
    time_zone = models.CharField(_("time zone"), max_length=64, default="Europe/Amsterdam")
    language = models.CharField(_("language"), max_length=2, default="nl")
    financial_year_first_month = models.PositiveSmallIntegerField(
        _("first month of the financial year"),
        default=1,
        validators=[MinValueValidator(1), MaxValueValidator(12)],
    )
    closed_until = models.DateField(_("closed until"), null=True, blank=True)
    nightly_at = models.TimeField(_("nightly run at"), default=datetime.time(2, 0))
    alert_min_amount = models.DecimalField(
        _("no alert below this amount"), max_digits=18, decimal_places=2, default=1000
    )
    watched_folder = models.CharField(_("watched folder"), max_length=400, blank=True)
    show_everyones_accuracy = models.BooleanField(
        _("show everyone's accuracy"),
        default=False,
        help_text="off: of what people changed in forecasts, each sees only whether their own helped",
    )
    sharing = models.BooleanField(_("sharing by link"), default=False)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        verbose_name = _("organisation")
        constraints = [
            models.CheckConstraint(condition=Q(pk=1), name="organisation_is_one"),
            models.CheckConstraint(condition=Q(currency__regex="^[A-Z]{3}$"), name="organisation_currency"),
            models.CheckConstraint(
                condition=Q(financial_year_first_month__range=(1, 12)), name="organisation_first_month"
            ),
            models.CheckConstraint(
                condition=Q(closed_until=None) | Q(closed_until__day=1), name="organisation_closed_a_month"
            ),
        ]
        triggers = [
            pgtrigger.Protect(
                name="closed_months_stay",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "OLD.closed_until IS NOT NULL"
                    " AND (NEW.closed_until IS NULL OR NEW.closed_until < OLD.closed_until)"
                ),
            )
        ]

    def __str__(self) -> str:
        return self.name
