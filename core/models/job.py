from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Job(models.Model):
    """One piece of long or later work: the row is the truth, the broker only wakes workers.

    A worker *claims* a queued job by one conditional update that sets ``token`` and ``lease_until``, beats at
    a third of the lease, and writes its effect and the final state in one transaction that holds only where
    the token is still its own. A sweeper puts jobs with an expired lease back. ``attempts`` counts claims;
    after ``max_attempts`` the job has failed, with its reason. ``group`` ties the chunks of a step together.
    """

    class State(models.TextChoices):
        QUEUED = "queued", _("waiting")
        RUNNING = "running", _("running")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")
        CANCELLED = "cancelled", _("cancelled")

    FINAL = (State.DONE, State.FAILED, State.CANCELLED)

    kind = models.CharField(max_length=60)
    key = models.CharField(max_length=120, unique=True, help_text="the same work twice has the same key")
    group = models.CharField(max_length=80, blank=True)
    queue = models.CharField(max_length=20, default="short")
    priority = models.SmallIntegerField(default=0, help_text="higher first")
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    payload = models.JSONField(default=dict)
    result = models.JSONField(null=True)
    token = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    max_attempts = models.PositiveSmallIntegerField(default=3)
    run_after = models.DateTimeField(null=True, help_text="not before")
    progress_done = models.PositiveIntegerField(default=0)
    progress_total = models.PositiveIntegerField(default=0)
    error_code = models.CharField(max_length=60, blank=True)
    error_params = models.JSONField(default=dict)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    woken_at = models.DateTimeField(null=True, help_text="when the broker was last told")
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("job")
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["-priority", "id"], condition=Q(state="queued"), name="job_claimable"),
            models.Index(fields=["lease_until"], condition=Q(state="running"), name="job_leased"),
            models.Index(fields=["group", "state"], name="job_group"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(state="running", token__isnull=False, lease_until__isnull=False)
                | (~Q(state="running") & Q(token__isnull=True, lease_until__isnull=True)),
                name="job_leased_while_running",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["queued", "running"], finished_at__isnull=True)
                | Q(state__in=["done", "failed", "cancelled"], finished_at__isnull=False),
                name="job_final_has_end",
            ),
            models.CheckConstraint(
                condition=~Q(state="failed") | ~Q(error_code=""), name="job_failed_has_reason"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"

    @property
    def is_final(self) -> bool:
        return self.state in self.FINAL
