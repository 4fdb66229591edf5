from __future__ import annotations

import datetime

import pghistory
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from .forecast import _Computed, _one_subject, of_family


class Stage(models.TextChoices):
    INTRODUCTION = "introduction", _("introduction")
    GROWTH = "growth", _("growth")
    MATURITY = "maturity", _("maturity")
    DECLINE = "decline", _("decline")
    REVIVAL = "revival", _("revival")


class StageEstimate(_Computed):
    """The stage the night proposes for one subject, as believed in one month; ``stage`` empty: too little
    data, ``evidence_code`` says why.

    ``path`` is the history: ``[[month, stage, shown], …]``, the month a stage began as seen by its last month
    (the present one in ``stage_start``), and the month in which it was first shown. ``months_to_next`` with
    its 80 % range, empty when the next stage is not in sight. ``evidence_params`` are the sentence's numbers.
    """

    current = models.BooleanField(default=True)
    stage = models.CharField(max_length=12, choices=Stage.choices, blank=True)
    p_introduction = models.FloatField(default=0)
    p_growth = models.FloatField(default=0)
    p_maturity = models.FloatField(default=0)
    p_decline = models.FloatField(default=0)
    p_revival = models.FloatField(default=0)
    stage_start = models.DateField(null=True)
    months_to_next = models.FloatField(null=True)
    months_to_next_lo = models.FloatField(null=True)
    months_to_next_hi = models.FloatField(null=True)
    evidence_code = models.CharField(max_length=60)
    evidence_params = models.JSONField(default=dict)
    second_opinion = models.CharField(max_length=12, choices=Stage.choices, blank=True)
    path = models.JSONField(default=list)

    class Meta:
        ordering = ["-as_of", "pk"]
        indexes = [of_family("stage_of_family")]
        constraints = [
            _one_subject("stage_one_subject"),
            models.UniqueConstraint(
                fields=["product", "family", "measure", "as_of"],
                name="stage_vintage_unique",
                nulls_distinct=False,
            ),
            models.UniqueConstraint(
                fields=["product", "family", "measure"],
                condition=Q(current=True),
                name="stage_one_current",
                nulls_distinct=False,
            ),
        ]


@pghistory.track()
class StageSetting(models.Model):
    """A stage a person set, with a reason, from ``start_date`` until and including ``until``.

    While it holds it is the stage that is shown; the night goes on proposing its own beside it. Withdrawn:
    ``withdrawn_at``.
    """

    product = models.ForeignKey("products.Product", models.CASCADE, null=True, related_name="stage_settings")
    family = models.ForeignKey("products.Family", models.CASCADE, null=True, related_name="stage_settings")
    stage = models.CharField(_("stage"), max_length=12, choices=Stage.choices)
    start_date = models.DateField(_("from"))
    until = models.DateField(_("until and including"))
    reason = models.CharField(_("reason"), max_length=400)
    set_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    set_at = models.DateTimeField(auto_now_add=True)
    withdrawn_at = models.DateTimeField(_("withdrawn"), null=True, blank=True)
    withdrawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ["-pk"]
        constraints = [
            _one_subject("stage_setting_one_subject"),
            models.CheckConstraint(condition=Q(until__gte=F("start_date")), name="stage_setting_dates"),
            models.CheckConstraint(condition=~Q(reason=""), name="stage_setting_has_reason"),
            models.UniqueConstraint(
                fields=["product", "family"],
                condition=Q(withdrawn_at=None),
                name="stage_setting_one_in_force",
                nulls_distinct=False,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_stage_display()} ({self.start_date} – {self.until})"

    def holds_on(self, day: datetime.date) -> bool:
        return self.withdrawn_at is None and self.start_date <= day <= self.until
