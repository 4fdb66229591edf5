from __future__ import annotations

import pghistory
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from .report import Report, Snapshot

LAST_DAY = 31
"""Of every month, however long."""


class ReportPreview(models.Model):
    """How a long report would look, as a worker built it: ``content`` as :mod:`reporting.reports.page` makes
    it, of the report as ``fingerprint`` says it was. ``waiting``: with the fields that wait for approval, for
    who decides on them. Made anew at will."""

    report = models.ForeignKey(Report, models.CASCADE, related_name="previews")
    waiting = models.BooleanField(default=False)
    fingerprint = models.CharField(max_length=64)
    content = models.JSONField()
    made_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["report", "waiting"], name="report_preview_once")]


@pghistory.track()
class ReportSchedule(models.Model):
    """A report that is published and mailed by itself, each week or month, after the night's run of
    ``next_date``. It speaks with the rights of the report's author, whatever they are then.

    ``day``: of the week (Monday is 1) or of the month, where a shorter month has its last day. ``users`` get
    a link to the version, with ``attach_pdf`` also its PDF; with ``links`` whoever outside has a shared link
    that follows the report hears of it. ``paused``: why it was stopped by itself.
    """

    class Every(models.TextChoices):
        WEEK = "week", pgettext_lazy("schedule", "week")
        MONTH = "month", pgettext_lazy("schedule", "month")

    class Paused(models.TextChoices):
        AUTHOR_GONE = "author_gone", _("its author is no longer active")
        AUTHOR_RIGHTS = "author_rights", _("its author may no longer publish reports")

    report = models.OneToOneField(Report, models.CASCADE, related_name="schedule")
    every = models.CharField(_("every"), max_length=5, choices=Every.choices)
    day = models.PositiveSmallIntegerField(_("day"))
    users = models.ManyToManyField(settings.AUTH_USER_MODEL, related_name="+", verbose_name=_("colleagues"))
    attach_pdf = models.BooleanField(_("PDF attached"), default=False)
    links = models.BooleanField(_("tell who has a link"), default=False)
    active = models.BooleanField(_("active"), default=True)
    paused = models.CharField(max_length=20, choices=Paused.choices, blank=True)
    next_date = models.DateField(_("next"))
    version = models.PositiveIntegerField(default=1)

    class Meta:
        verbose_name = _("schedule")
        constraints = [
            models.CheckConstraint(
                condition=Q(every="week", day__range=(1, 7)) | Q(every="month", day__range=(1, 31)),
                name="report_schedule_day_within",
            ),
            models.CheckConstraint(
                condition=Q(paused="") | Q(active=False), name="report_schedule_paused_is_not_active"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.report}, {self.get_every_display()} {self.day}"


class ReportSending(models.Model):
    """What became of a schedule on one of its dates: one row a date, however often the night runs.

    ``reason``: why it was not sent, with ``params`` for its words. ``told``: whom, by name, and why not
    (a key of ``schedule_words.NOT_TOLD``; empty: they were).
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("being made")
        SENT = "sent", _("sent")
        UNSENT = "unsent", _("not sent")

    schedule = models.ForeignKey(ReportSchedule, models.CASCADE, related_name="sendings")
    date = models.DateField()
    state = models.CharField(max_length=7, choices=State.choices, default=State.WAITING)
    reason = models.CharField(max_length=40, blank=True)
    params = models.JSONField(default=dict)
    snapshot = models.ForeignKey(Snapshot, models.PROTECT, null=True, related_name="+")
    told = models.JSONField(default=list)
    decided_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("sending")
        ordering = ["-date"]
        constraints = [
            models.UniqueConstraint(fields=["schedule", "date"], name="report_sending_once"),
            models.CheckConstraint(
                condition=Q(state="sent", snapshot__isnull=False, decided_at__isnull=False)
                | (~Q(state="sent") & Q(snapshot=None)),
                name="report_sending_sent_is_a_version",
            ),
            models.CheckConstraint(
                condition=~Q(state="unsent") | ~Q(reason=""), name="report_sending_unsent_has_reason"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.schedule_id} {self.date}"
