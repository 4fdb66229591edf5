"""Snapshots as files, made by a worker: of their blocks alone, so that they come out the same at any time."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

from django.db import transaction

from core.jobs import job_enqueue
from core.models import Job
from reporting.models import Snapshot, SnapshotFile
from reporting.renderers.document import Document, Progress, document
from reporting.renderers.pdf import report_pdf
from reporting.renderers.pptx import report_pptx
from reporting.renderers.xlsx import report_xlsx
from reporting.selectors.snapshot_files import JOB, job_group

RENDERERS: Mapping[str, Callable[[Document, Progress], bytes]] = {
    "pdf": report_pdf,
    "pptx": report_pptx,
    "xlsx": report_xlsx,
}


@transaction.atomic
def snapshot_files_ask(*, snapshot: Snapshot, user: Any = None) -> None:
    """A worker makes what is not there yet and nobody is making; how far it is: ``snapshot_file_states``."""
    group = job_group(snapshot)
    made = SnapshotFile.objects.filter(snapshot=snapshot).values_list("kind", flat=True)
    for kind in {*RENDERERS}.difference(made):
        before = Job.objects.filter(group=group, payload__kind=kind)
        if before.exclude(state__in=Job.FINAL).exists():
            continue
        job_enqueue(
            kind=JOB,
            key=f"{group}:{kind}:{before.count()}",
            group=group,
            payload={"snapshot": snapshot.pk, "kind": kind},
            queue="exports",
            created_by=user,
        )


def snapshot_file_make(context: Any) -> Mapping[str, Any]:
    """The job."""
    snapshot = Snapshot.objects.get(pk=context.payload["snapshot"])
    kind = context.payload["kind"]
    content = file_bytes(snapshot, kind, context.progress)
    result = {"bytes": len(content)}
    sha256 = hashlib.sha256(content).hexdigest()
    with context.effect(lambda: result):
        SnapshotFile.objects.get_or_create(
            snapshot=snapshot, kind=kind, defaults={"content": content, "sha256": sha256, **result}
        )
    return result


def file_bytes(snapshot: Snapshot, kind: str, progress: Progress) -> bytes:
    """The file; the same snapshot gives the same bytes."""
    return RENDERERS[kind](document(snapshot), progress)
