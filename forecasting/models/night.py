from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from .forecast import of_family


class NightlyRun(models.Model):
    """One recomputation. The night's own (*scheduled*) is one a local date; others are asked for by a person.

    ``as_of`` is the last closed month the run may know. Its work is cut into steps and chunks (``core.Job``
    rows with the group ``night:<run>:<step>``). ``scope`` limits a run to some products, and the
    families that have no others.
    """

    class Kind(models.TextChoices):
        SCHEDULED = "scheduled", _("nightly")
        MANUAL = "manual", _("on request")
        SINGLE = "single", _("one product")

    class State(models.TextChoices):
        RUNNING = "running", _("running")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")

    kind = models.CharField(max_length=9, choices=Kind.choices)
    key = models.CharField(max_length=80, unique=True)
    local_date = models.DateField()
    as_of = models.DateField()
    scope = models.JSONField(null=True, help_text="product ids; null is all")
    state = models.CharField(max_length=8, choices=State.choices, default=State.RUNNING)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    error_code = models.CharField(max_length=60, blank=True)

    class Meta:
        verbose_name = _("nightly run")
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["local_date"], condition=Q(kind="scheduled"), name="one_night_a_local_date"
            ),
            models.CheckConstraint(condition=Q(as_of__day=1), name="night_as_of_is_a_month"),
            models.CheckConstraint(
                condition=Q(state="running", finished_at=None)
                | Q(state__in=["done", "failed"], finished_at__isnull=False),
                name="night_final_has_end",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.local_date}"


class NightlyStep(models.Model):
    """One registered step of one run, with the totals of its chunks once they are final."""

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        RUNNING = "running", _("running")
        DONE = "done", _("done")

    run = models.ForeignKey(NightlyRun, models.CASCADE, related_name="steps")
    name = models.CharField(max_length=40)
    position = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    computed = models.PositiveIntegerField(default=0)
    skipped = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["run", "name"], name="night_step_once"),
            models.UniqueConstraint(fields=["run", "position"], name="night_step_order"),
        ]

    def __str__(self) -> str:
        return f"{self.run_id} {self.name}"


class NightlyFailure(models.Model):
    """A product or family that one step of one run could not compute, with its reason."""

    run = models.ForeignKey(NightlyRun, models.CASCADE, related_name="failures")
    step = models.CharField(max_length=40)
    product = models.ForeignKey("products.Product", models.CASCADE, null=True, related_name="+")
    family = models.ForeignKey("products.Family", models.CASCADE, null=True, related_name="+")
    attempts = models.PositiveSmallIntegerField()
    code = models.CharField(max_length=60)
    params = models.JSONField(default=dict)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["run", "step", "product", "family"], name="night_failure_once", nulls_distinct=False
            ),
        ]


class SubjectInputs(models.Model):
    """The hash of all that a night computes a product or family from: as a run last found it, and as the
    results that are there were made from. While they are the same, steps leave it alone."""

    product = models.ForeignKey(
        "products.Product", models.CASCADE, null=True, related_name="+", db_index=False
    )
    family = models.ForeignKey("products.Family", models.CASCADE, null=True, related_name="+", db_index=False)
    run = models.ForeignKey(
        NightlyRun, models.CASCADE, related_name="+", db_index=False, help_text="that found it"
    )
    found = models.CharField(max_length=64)
    settled = models.CharField(max_length=64, blank=True)
    judged = models.CharField(
        max_length=64, blank=True, help_text="what the alerts and news of a product were told from"
    )

    class Meta:
        indexes = [of_family("inputs_of_family")]
        constraints = [
            models.CheckConstraint(
                condition=Q(product__isnull=False, family__isnull=True)
                | Q(product__isnull=True, family__isnull=False),
                name="subject_inputs_one_subject",
            ),
            models.UniqueConstraint(
                fields=["product", "family"], name="subject_inputs_once", nulls_distinct=False
            ),
        ]

    def __str__(self) -> str:
        return f"{self.product_id or self.family_id} {self.found[:8]}"
