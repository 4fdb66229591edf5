"""A cost report as a file: at once, or by a worker where it is long."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.errors import DomainError
from core import formats
from core.errors import require
from core.pages import page_render, with_right
from pricing.selectors.costs import RIGHT
from reporting.cost_reports.tables import table_size
from reporting.models import ReportFile
from reporting.selectors.report_query import ReportQuery, report_query
from reporting.services.report_files import job_of, report_bytes, report_file_later
from reporting.words.cost_reports import HEADING_WORDS

TYPES = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
    "pdf": "application/pdf",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
}
AT_ONCE = {"xlsx": 3000, "csv": 20_000, "pdf": 200}
PDF_CELLS = 25_000
"""What the typesetter holds at once within 512 MB: these take 504, twice as many 961."""


@with_right(RIGHT)
@require_safe
def cost_report_file(request: HttpRequest, kind: str) -> HttpResponse:
    """The report of this address; a long one is made by a worker and a page shows how far it is."""
    require(request.user, "exchange.export")
    if kind not in AT_ONCE:
        raise Http404(kind)
    query = report_query(request.GET)
    size, width = table_size(request.user, query)
    if kind == "pdf" and size * width > PDF_CELLS:
        message = _("Over %(most)s rows a PDF is no help: choose fewer, or take XLSX.")
        raise DomainError("too_long", message % {"most": formats.number(PDF_CELLS // width)}, status=422)
    if size > AT_ONCE[kind]:
        row = report_file_later(user=request.user, kind=kind, query=request.GET)
        return redirect("reporting:cost_report_made", row.pk)
    content = report_bytes(user=request.user, kind=kind, query=request.GET)
    return file_answer(content, kind, _named(query))


@with_right(RIGHT)
@require_safe
def cost_report_made(request: HttpRequest, pk: int) -> HttpResponse:
    """How far one's own file is, and the file itself with ``?get=1``."""
    require(request.user, "exchange.export")
    row = get_object_or_404(ReportFile.objects.defer("content"), user=request.user, pk=pk)
    job = job_of(row)
    ready = job is not None and job.state == job.State.DONE
    if ready and request.GET.get("get"):
        return file_answer(bytes(row.content or b""), row.kind, _named(report_query(QueryDict(row.query))))
    context = {
        "file": row,
        "kind": row.kind,
        "address": reverse("reporting:cost_report_made", args=[row.pk]),
        "download": "?get=1",
        "job": job,
        "ready": ready,
        "failed": job is None or job.state in ("failed", "cancelled"),
        "kept": _("The file is ready. It is kept for a week."),
        "steps": _("%(done)s of %(total)s rows")
        % {"done": formats.number(job.progress_done), "total": formats.number(job.progress_total)}
        if job
        else "",
        "begun": _("The figures are added up"),
    }
    return page_render(
        request, "reporting/cost_report_made.html", context, fragment="reporting/_file_made.html"
    )


def file_answer(content: bytes, kind: str, name: str) -> HttpResponse:
    """The file, to be saved under this name."""
    response = HttpResponse(content, content_type=TYPES[kind])
    response.headers["Content-Disposition"] = content_disposition_header(True, f"{name}.{kind}") or ""
    return response


def _named(query: ReportQuery) -> str:
    return f"{HEADING_WORDS[query.layout]} {query.month:%Y-%m}"
