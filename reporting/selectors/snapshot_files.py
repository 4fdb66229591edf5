"""The files of a snapshot, and how far they are. Who may read the snapshot is for the caller to ask."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from accounts.models import User
from core.models import Job
from core.registries import NotThereYet
from reporting.models import Snapshot, SnapshotFile

from .reports import snapshots_visible

JOB = "reporting.snapshot_file"
PDF_MAIL = "reporting.snapshot_pdf"
MAILED_BYTES = 10_000_000
"""What mail servers take: a bigger file stays behind its link."""


@dataclass(frozen=True)
class FileState:
    """``file`` without its content, once it is made; ``job`` the last one that was to make it."""

    file: SnapshotFile | None
    job: Job | None

    @property
    def failed(self) -> bool:
        """Nobody is making it: it has to be asked for again."""
        return self.file is None and (self.job is None or self.job.is_final)

    @property
    def gone(self) -> bool:
        """It was never asked for, or was made and thrown away."""
        return self.file is None and (self.job is None or self.job.state == Job.State.DONE)


def snapshot_file(snapshot: Snapshot, kind: str) -> SnapshotFile | None:
    """The file with its content; none: it is still being made, or could not be."""
    return SnapshotFile.objects.filter(snapshot=snapshot, kind=kind).first()


def snapshot_file_states(snapshot: Snapshot) -> Mapping[str, FileState]:
    """Every kind."""
    files = {row.kind: row for row in SnapshotFile.objects.filter(snapshot=snapshot).defer("content")}
    jobs = {
        job.payload["kind"]: job for job in Job.objects.filter(group=job_group(snapshot.pk)).order_by("pk")
    }
    return {kind: FileState(files.get(kind), jobs.get(kind)) for kind in SnapshotFile.Kind.values}


def pdf_to_mail(enclosed: Mapping[str, Any]) -> tuple[str, bytes, str] | None:
    """The PDF of a ``snapshot`` for a ``user``, as long as they may read it and it is the newest version."""
    user = User.objects.filter(pk=enclosed["user"], is_active=True).first()
    snapshot = snapshots_visible(user).filter(pk=enclosed["snapshot"]).first() if user else None
    if snapshot is None or snapshot.report.snapshots.filter(number__gt=snapshot.number).exists():
        return None
    state = snapshot_file_states(snapshot)["pdf"]
    if state.file is None and not state.failed:
        raise NotThereYet
    if state.file is None or state.file.bytes > MAILED_BYTES:
        return None
    name = " ".join(snapshot.title.replace("/", " ").split())
    return f"{name} {snapshot.number}.pdf", bytes(state.file.content), "application/pdf"


def job_group(snapshot: int | str) -> str:
    """By the snapshot's key."""
    return f"{JOB}:{snapshot}"
