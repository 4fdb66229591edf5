"""Long reports are published and previewed by a worker: one of each at a time for a report."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from time import monotonic
from typing import Any

from django.db import transaction
from django.urls import reverse
from django.utils import timezone, translation

from accounts.versions import row_lock
from collaboration.services.notifications import notify
from core.jobs import job_enqueue, jobs_cancel
from core.kept import reading
from core.models import Job
from reporting.models import Report, ReportPreview, Snapshot
from reporting.reports.page import preview_content
from reporting.selectors.report_jobs import PREVIEW, PUBLISH, job_group, preview_job, publish_job
from reporting.selectors.reports import report_build, report_fingerprint, report_is_long

from .report_mine import report_mine
from .reports import report_publish, snapshot_freeze

TELL_EVERY = 0.5
PUBLISHED = "report_published"
BEFORE_FILES = 1
"""Somebody looks on: before the files of what was published already, of which each takes seconds."""


@transaction.atomic
def report_publish_start(*, user: Any, report: Report) -> Snapshot | Job:
    """The next snapshot; of a long report the job that makes it. Asked for again while that is at work, it is
    the same job."""
    current = report_mine(user, report)
    job = publish_job(current)
    if job is not None and not job.is_final:
        return job
    if not report_is_long(current):
        return report_publish(user=user, report=current)
    return _enqueue(PUBLISH, current, user)


@transaction.atomic
def preview_start(*, report: Report, waiting: bool = False) -> Job:
    """A worker builds how the report looks now, ``waiting``: with the fields that wait for approval; what was
    made or asked for earlier is dropped."""
    current = row_lock(report)
    fingerprint = report_fingerprint(current, waiting=waiting)
    job = preview_job(current, waiting=waiting)
    if job is not None and not job.is_final and job.payload["fingerprint"] == fingerprint:
        return job
    jobs_cancel(group=job_group(PREVIEW, current, waiting))
    ReportPreview.objects.filter(report=current, waiting=waiting).delete()
    return _enqueue(PREVIEW, current, current.author, waiting, fingerprint=fingerprint)


def publish_run(context: Any) -> Mapping[str, Any]:
    """The job: built outside a transaction, frozen at its end. It fails with what the author has to mend."""
    report = _report(context)
    with translation.override(report.author.language):
        built = report_build(report, telling(context))
        result: dict[str, Any] = {}
        with context.effect(lambda: result):
            snapshot = snapshot_freeze(user=report.author, report=report, built=built)
            result["number"] = snapshot.number
            _tell(context.job, report, snapshot.get_absolute_url(), number=snapshot.number)
    return result


def publish_failed(job: Job) -> None:
    """Given up: its author hears what has to be mended."""
    report = Report.objects.select_related("author").get(pk=job.payload["report"])
    why = job.error_params.get("message", "") if job.error_code == "not_ready" else ""
    _tell(job, report, reverse("reporting:report_publishing", args=[report.pk]), why=why.rstrip("."))


def _tell(job: Job, report: Report, url: str, **said: Any) -> None:
    params = {"report": report.title, **said}
    notify(users=[report.author], kind=PUBLISHED, key=f"publish:{job.pk}", params=params, url=url)


def preview_run(context: Any) -> Mapping[str, Any]:
    """The job: what the report tells and how it looks, kept for its page."""
    report, waiting = _report(context), bool(context.payload.get("waiting"))
    with translation.override(report.author.language), reading():
        fingerprint = report_fingerprint(report, waiting=waiting)
        content = preview_content(report, report_build(report, telling(context), waiting=waiting))
    with context.effect():
        ReportPreview.objects.update_or_create(
            report=report,
            waiting=waiting,
            defaults={"fingerprint": fingerprint, "content": content, "made_at": timezone.now()},
        )
    return {}


def telling(context: Any) -> Callable[[int, int], None]:
    """Says how far a job is, not more often than anybody looks."""
    told = 0.0

    def tell(done: int, total: int) -> None:
        nonlocal told
        if monotonic() - told >= TELL_EVERY:
            told = monotonic()
            context.progress(done, total)

    return tell


def _report(context: Any) -> Report:
    return Report.objects.select_related("author").get(pk=context.payload["report"])


def _enqueue(kind: str, report: Report, user: Any, waiting: bool = False, **payload: Any) -> Job:
    return job_enqueue(
        kind=kind,
        key=f"{kind}:{report.pk}:{uuid.uuid4().hex}",
        group=job_group(kind, report, waiting),
        queue="exports",
        priority=BEFORE_FILES,
        payload={"report": report.pk, "waiting": waiting, **payload},
        created_by=user,
    )
