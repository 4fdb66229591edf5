from __future__ import annotations

import pghistory
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from .report import Report


@pghistory.track()
class ReportGrant(models.Model):
    """A field that a report may tell although its audience is not told such: asked for by its author with a
    reason, decided by somebody else.

    ``scope`` is what the report is about (ids of products, channels and suppliers, keys of sections, months,
    period): it follows the report while this waits, and for more than was approved it does not hold.
    ``approved`` is empty while it waits; ``ended_at`` is when it was taken back.
    """

    report = models.ForeignKey(Report, models.PROTECT, related_name="grants")
    field = models.CharField(_("field"), max_length=40)
    reason = models.CharField(_("reason"), max_length=400)
    scope = models.JSONField()
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(auto_now_add=True)
    approved = models.BooleanField(_("approved"), null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    note = models.CharField(_("note"), max_length=400, blank=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    ended_at = models.DateTimeField(_("taken back"), null=True, blank=True)

    class Meta:
        verbose_name = _("field on purpose")
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(condition=~Q(reason=""), name="report_grant_has_reason"),
            models.CheckConstraint(
                condition=Q(decided_by=None) | ~Q(decided_by=F("asked_by")), name="report_grant_by_two"
            ),
            models.CheckConstraint(
                condition=Q(approved=None, decided_by=None, decided_at=None)
                | Q(approved__isnull=False, decided_by__isnull=False, decided_at__isnull=False),
                name="report_grant_decided_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(ended_by=None, ended_at=None) | Q(ended_by__isnull=False, ended_at__isnull=False),
                name="report_grant_ended_by_somebody",
            ),
            models.UniqueConstraint(
                fields=["report", "field"],
                condition=Q(ended_at=None) & (Q(approved=None) | Q(approved=True)),
                name="report_grant_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.report}: {self.field}"

    def get_absolute_url(self) -> str:
        return reverse("reporting:grant", args=[self.pk])
