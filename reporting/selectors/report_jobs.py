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


def preview_job(report: Report) -> Job | None:
    return _last(PREVIEW, report)


def preview_fresh(report: Report) -> ReportPreview | None:
    """The preview, if the report is still what it was made of, and figures are not of long ago."""
    found = ReportPreview.objects.filter(report=report, made_at__gt=timezone.now() - FRESH).first()
    return found if found is not None and found.fingerprint == report_fingerprint(report) else None


def job_group(kind: str, report: Report) -> str:
    return f"{kind}:{report.pk}"


def _last(kind: str, report: Report) -> Job | None:
    return Job.objects.filter(group=job_group(kind, report)).first()
