from __future__ import annotations

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from .report import Snapshot


class SnapshotFile(models.Model):
    """A snapshot as a file that a worker made of its blocks. It may be thrown away, as it is made again with
    the same bytes; it is never changed."""

    class Kind(models.TextChoices):
        PDF = "pdf", "PDF"
        PPTX = "pptx", "PPTX"
        XLSX = "xlsx", "XLSX"

    snapshot = models.ForeignKey(Snapshot, models.PROTECT, related_name="files")
    kind = models.CharField(max_length=4, choices=Kind.choices)
    content = models.BinaryField()
    bytes = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    made_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("file of a report")
        constraints = [
            models.UniqueConstraint(fields=["snapshot", "kind"], name="snapshot_file_once"),
            models.CheckConstraint(
                condition=Q(kind__in=["pdf", "pptx", "xlsx"]), name="snapshot_file_kind_known"
            ),
        ]
        triggers = [pgtrigger.Protect(name="snapshot_file_stays", operation=pgtrigger.Update)]
