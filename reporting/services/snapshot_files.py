"""Snapshots as files, made by a worker: of their blocks alone, so that they come out the same at any time."""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Callable, Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone

from collaboration.services.alerts import Candidate, alerts_settle
from core.jobs import job_enqueue, jobs_enqueue_many
from core.models import Job
from core.organisation import today
from reporting.models import Snapshot, SnapshotFile
from reporting.renderers.document import Document, Progress, document
from reporting.renderers.pdf import report_pdf
from reporting.renderers.pptx import report_pptx
from reporting.renderers.xlsx import report_xlsx
from reporting.selectors.share_versions import SharedFile
from reporting.selectors.snapshot_files import JOB, job_group
from reporting.words.files import FILE_FAILED

RENDERERS: Mapping[str, Callable[[Document, Progress], bytes]] = {
    "pdf": report_pdf,
    "pptx": report_pptx,
    "xlsx": report_xlsx,
}

WAIT = datetime.timedelta(hours=1)


@transaction.atomic
def snapshot_files_ask(*, snapshot: Snapshot, user: Any = None) -> None:
    """A worker makes what is not there yet and nobody is making; how far it is: ``snapshot_file_states``."""
    group = job_group(snapshot.pk)
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


def snapshot_file_reask(*, sought: SharedFile, kind: str) -> bool:
    """Asked for again by somebody who reads by a link; an hour after it failed at the soonest, as it may fail
    again. Whether somebody makes it now. One statement."""
    if sought.is_making:
        return True
    if sought.failed_at is not None and timezone.now() < sought.failed_at + WAIT:
        return False
    group = job_group(sought.snapshot.pk)
    payload = {"snapshot": sought.snapshot.pk, "kind": kind}
    jobs = [(f"{group}:{kind}:{sought.tries}", payload)]
    jobs_enqueue_many(kind=JOB, group=group, queue="exports", jobs=jobs)
    return True


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
        _failed_settle(snapshot, kind)
    return result


def snapshot_file_failed(job: Job) -> None:
    """Given up: its author is told, where it can be asked for again."""
    snapshot = Snapshot.objects.select_related("author").defer("sections").get(pk=job.payload["snapshot"])
    _failed_settle(snapshot, job.payload["kind"], job)


def _failed_settle(snapshot: Snapshot, kind: str, job: Job | None = None) -> None:
    """The alert of a file: with the job that failed it is raised, without it is over."""
    subject, candidates = f"snapshot_file:{snapshot.pk}:{kind}", []
    if job is not None:
        evidence = {
            "report": snapshot.report_id,
            "number": snapshot.number,
            "title": snapshot.title,
            "kind": kind,
        }
        to = snapshot.author_id if snapshot.author.is_active else None
        candidates = [Candidate(subject, str(job.pk), stake_amount=None, evidence=evidence, recipient_id=to)]
    alerts_settle(
        kind=FILE_FAILED.key,
        subjects=[subject],
        candidates=candidates,
        local_date=today(),
        ignore_threshold=True,
    )


def file_bytes(snapshot: Snapshot, kind: str, progress: Progress) -> bytes:
    """The file; the same snapshot gives the same bytes."""
    return RENDERERS[kind](document(snapshot), progress)
