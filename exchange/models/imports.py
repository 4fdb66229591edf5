from __future__ import annotations

import pghistory
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


@pghistory.track(exclude=["counts", "questions", "reading", "preview"])
class Import(models.Model):
    """One file on its way in: uploaded, read and checked, shown, applied, perhaps undone.

    The row is the journal of facts: who, when, from where, which file. ``counts`` are new, changed,
    unchanged and refused rows as last checked (and as applied). Undo goes newest first.

    ``reading`` is how the file was read last (``reading.plan.Reading.as_json``, decimal mark and order of
    dates, the columns' fields), ``preview`` some rows as they would be written.
    """

    class State(models.TextChoices):
        UPLOADED = "uploaded", _("uploaded")
        CHECKING = "checking", _("being checked")
        ASKING = "asking", _("needs an answer")
        READY = "ready", _("ready to apply")
        APPLYING = "applying", _("being applied")
        APPLIED = "applied", _("applied")
        UNDOING = "undoing", _("being undone")
        UNDONE = "undone", _("undone")
        FAILED = "failed", _("failed")
        DISCARDED = "discarded", _("discarded")

    class Source(models.TextChoices):
        PAGE = "page", _("page")
        API = "api", _("API")
        FOLDER = "folder", _("watched folder")
        SHELL = "shell", _("command")

    sheet = models.CharField(max_length=40)
    layout = models.ForeignKey("exchange.Layout", models.PROTECT, null=True, related_name="imports")
    source = models.CharField(max_length=6, choices=Source.choices)
    file_name = models.CharField(max_length=255)
    file = models.FileField(upload_to="imports/%Y/%m/", max_length=255)
    file_size = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    state = models.CharField(max_length=10, choices=State.choices, default=State.UPLOADED)
    mapping = models.JSONField(default=dict)
    options = models.JSONField(default=dict)
    reading = models.JSONField(default=dict)
    preview = models.JSONField(default=list)
    questions = models.JSONField(default=list, help_text="what a person must answer before it can go on")
    counts = models.JSONField(default=dict)
    totals = models.JSONField(default=dict, help_text="sums of the rows that count, as strings")
    months_from = models.DateField(null=True)
    months_to = models.DateField(null=True)
    error_code = models.CharField(max_length=60, blank=True)
    error_params = models.JSONField(default=dict)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    applied_at = models.DateTimeField(null=True)
    applied_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    undone_at = models.DateTimeField(null=True)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        verbose_name = _("import")
        ordering = ["-pk"]
        indexes = [models.Index(fields=["sheet", "state", "-id"], name="import_by_sheet")]
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="failed") | ~Q(error_code=""), name="import_failed_has_reason"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["applied", "undone"]) | Q(applied_at__isnull=False),
                name="import_applied_has_date",
            ),
            models.CheckConstraint(
                condition=~Q(state="undone") | Q(undone_at__isnull=False), name="import_undone_has_date"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pk} {self.file_name}"

    MOVING = (State.UPLOADED, State.CHECKING, State.APPLYING, State.UNDOING)
    """A worker has it, or will."""
    OPEN = (State.ASKING, State.READY)
    """Waits for a person."""

    @property
    def is_moving(self) -> bool:
        return self.state in self.MOVING

    @property
    def is_open(self) -> bool:
        return self.state in self.OPEN

    @property
    def is_all_refused(self) -> bool:
        """Whether there is no row left to apply."""
        return not any(self.counts.get(name) for name in ("new", "changed", "unchanged"))

    @property
    def has_effect(self) -> bool:
        """Whether applying it changes, or changed, anything."""
        return bool(self.counts.get("new") or self.counts.get("changed"))


class ImportCreation(models.Model):
    """Something the file names that is made on the way when it is applied, or was: all of them."""

    owner = models.ForeignKey(Import, models.CASCADE, related_name="creations")
    kind = models.CharField(max_length=20)
    code = models.CharField(max_length=80, blank=True)
    name = models.CharField(max_length=160)
    under = models.CharField(max_length=160, blank=True)

    class Meta:
        ordering = ["pk"]


class ImportRefusal(models.Model):
    """One refused row: line and column in the file, the value found there and why, as code and numbers.

    At most the first 10,000 are kept; ``Import.counts['refused']`` counts all.
    """

    owner = models.ForeignKey(Import, models.CASCADE, related_name="refusals")
    line = models.PositiveIntegerField()
    column = models.CharField(max_length=120, blank=True)
    value = models.CharField(max_length=200, blank=True)
    code = models.CharField(max_length=60)
    params = models.JSONField(default=dict)

    class Meta:
        ordering = ["line", "pk"]
        indexes = [models.Index(fields=["owner", "line"], name="refusal_by_line")]
