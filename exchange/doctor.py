"""What must be true of imports at any time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from core.models import Job

from .models import Import


def import_problems() -> Iterator[str]:
    """Imports under way that no job will move, and applied ones whose file is gone."""
    for row in Import.objects.filter(state__in=Import.MOVING).order_by("pk"):
        waiting = Job.objects.filter(group=f"import:{row.pk}").exclude(state__in=Job.FINAL)
        if not waiting.exists():
            yield f"import {row.pk} is {row.state}, but no job is at it"
    for row in Import.objects.filter(state=Import.State.APPLIED).order_by("pk"):
        if not Path(row.file.path).exists():
            yield f"import {row.pk} is applied, but its file {row.file.name} is gone"
