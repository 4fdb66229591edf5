"""Cost reports as files: small ones at once, large ones by a worker."""

from __future__ import annotations

import datetime
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.db import transaction
from django.http import QueryDict
from django.utils import timezone, translation

from core.jobs import job_enqueue
from core.models import Job
from core.typeset import pdf_bytes
from reporting.cost_reports.files import SEPARATORS, Progress, csv_bytes, pdf_data, xlsx_write
from reporting.cost_reports.tables import report_table
from reporting.models import ReportFile
from reporting.selectors.report_query import report_query

JOB = "reporting.file"
TEMPLATE = Path(__file__).parent.parent / "typst" / "cost_report.typ"
KEPT = datetime.timedelta(days=7)


def report_bytes(*, user: Any, kind: str, query: QueryDict, progress: Progress | None = None) -> bytes:
    """The file, as the person may see it now."""
    table = report_table(user, report_query(query), whole=kind == "csv")
    if kind == "csv":
        dutch = translation.get_language() == "nl"
        separator = SEPARATORS.get(query.get("separator", ""), ";" if dutch else ",")
        mark = {"comma": ",", "point": "."}.get(query.get("decimal", ""), "," if dutch else ".")
        return csv_bytes(table, separator, mark)
    if kind == "pdf":
        return pdf_bytes(TEMPLATE, pdf_data(table))
    file = io.BytesIO()
    xlsx_write(file, table, progress)
    return file.getvalue()


@transaction.atomic
def report_file_later(*, user: Any, kind: str, query: QueryDict) -> ReportFile:
    """A worker makes the file; the person's older ones go after a week."""
    ReportFile.objects.filter(user=user, created_at__lt=timezone.now() - KEPT).delete()
    row = ReportFile.objects.create(
        user=user, kind=kind, query=query.urlencode()[:2000], language=translation.get_language() or "en"
    )
    job_enqueue(kind=JOB, key=job_key(row), payload={"file": row.pk}, created_by=user)
    return row


def job_key(row: ReportFile) -> str:
    return f"{JOB}:{row.pk}"


def job_of(row: ReportFile) -> Job | None:
    return Job.objects.filter(key=job_key(row)).first()


def report_file_make(context: Any) -> Mapping[str, Any]:
    """The job. Rights are those of the moment it is made."""
    row = ReportFile.objects.select_related("user").get(pk=context.payload["file"])
    context.progress(0, 1)
    with translation.override(row.language):
        content = report_bytes(
            user=row.user, kind=row.kind, query=QueryDict(row.query), progress=context.progress
        )
    result = {"bytes": len(content)}
    with context.effect(lambda: result):
        ReportFile.objects.filter(pk=row.pk).update(content=content)
    return result
