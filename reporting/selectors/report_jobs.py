"""How far a worker is with a long report, and the preview it made."""

from __future__ import annotations

import datetime

from django.utils import timezone

from core.models import Job
from reporting.models import Report, ReportPreview

from .reports import report_fingerprint

PUBLISH, PREVIEW = "reporting.publish", "reporting.preview"
FRESH = datetime.timedelta(hours=1)


def publish_job(report: Report) -> Job | None:
    """The last one, also when it is over."""
    return _last(PUBLISH, report)


def preview_job(report: Report, *, waiting: bool = False) -> Job | None:
    return _last(PREVIEW, report, waiting)


def preview_fresh(report: Report, *, waiting: bool = False) -> ReportPreview | None:
    """The preview, if the report is still what it was made of, and figures are not of long ago. ``waiting``:
    the one with the fields that wait for approval."""
    since = timezone.now() - FRESH
    found = ReportPreview.objects.filter(report=report, waiting=waiting, made_at__gt=since).first()
    if found is None or found.fingerprint != report_fingerprint(report, waiting=waiting):
        return None
    return found


def job_group(kind: str, report: Report, waiting: bool = False) -> str:
    return f"{kind}:{report.pk}:waiting" if waiting else f"{kind}:{report.pk}"


def _last(kind: str, report: Report, waiting: bool = False) -> Job | None:
    return Job.objects.filter(group=job_group(kind, report, waiting)).first()
