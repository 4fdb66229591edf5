from __future__ import annotations

import pghistory
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

REASONS = {"answered": _("Answered")}
"""Reasons that a button gives."""


@pghistory.track()
class Alert(models.Model):
    """Something about a product (or a line, or the data) that needs its owner, raised once per state.

    ``kind`` names a registered alert kind; ``evidence`` holds its numbers, put into words at display.
    ``fingerprint`` says what state was alerted: the same kind and subject with the same fingerprint does not
    alert again, not even after it was closed. ``stake_amount`` (organisation's currency) ranks alerts.
    """

    of_people = Q(pk__in=())

    class State(models.TextChoices):
        OPEN = "open", _("open")
        SNOOZED = "snoozed", _("later")
        CLOSED = "closed", _("closed")
        GONE = "gone", _("no longer true")

    kind = models.CharField(max_length=40)
    subject = models.CharField(max_length=80, help_text="what it is about: 'product:12', 'run:4'")
    product = models.ForeignKey(
        "products.Product", models.CASCADE, null=True, blank=True, related_name="alerts"
    )
    line = models.ForeignKey(
        "products.ProductLine", models.CASCADE, null=True, blank=True, related_name="alerts"
    )
    recipient = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="alerts"
    )
    fingerprint = models.CharField(max_length=80)
    evidence = models.JSONField(default=dict)
    stake_amount = models.DecimalField(max_digits=18, decimal_places=2, default=0)
    state = models.CharField(max_length=8, choices=State.choices, default=State.OPEN)
    raised_at = models.DateTimeField()
    raised_date = models.DateField(help_text="the local date of the night that raised it")
    snoozed_until = models.DateField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    reason = models.CharField(_("reason"), max_length=400, blank=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        verbose_name = _("alert")
        ordering = ["-stake_amount", "-pk"]
        indexes = [
            models.Index(
                fields=["recipient", "-stake_amount"],
                condition=Q(state__in=["open", "snoozed"]),
                name="alert_for_person",
            ),
            models.Index(fields=["product", "state"], name="alert_of_product"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["kind", "subject", "fingerprint"], name="alert_once_per_state"),
            models.CheckConstraint(
                condition=~Q(state="closed") | (Q(closed_at__isnull=False) & ~Q(reason="")),
                name="alert_closed_with_reason",
            ),
            models.CheckConstraint(
                condition=~Q(state="snoozed") | Q(snoozed_until__isnull=False), name="alert_snoozed_until"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}"

    def get_absolute_url(self) -> str:
        return reverse("collaboration:alert", args=[self.pk])

    @property
    def reason_told(self) -> str:
        """As who closed it said; what a button said in the language of who reads it."""
        return str(REASONS.get(self.reason, self.reason))
