"""What a worker makes of a long report: its preview, and how far publishing is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_safe

from core.models import Job
from core.pages import page_render, with_right
from reporting.models import Report, ReportGrant
from reporting.reports.page import preview_content, preview_context
from reporting.selectors.report_jobs import preview_fresh, preview_job, publish_job
from reporting.selectors.reports import EDIT, report_build, report_is_long, reports_kept
from reporting.services.report_jobs import preview_start


def report_previewed(
    request: HttpRequest, report: Report, *, grant: ReportGrant | None = None
) -> HttpResponse:
    """How a report would look now; of a long one as a worker made it within the hour, or how far it is with
    that: asked for anew with ``again``. Of a ``grant`` that waits for approval with the fields that do."""
    waiting = grant is not None
    made, again = None, "again" in request.GET
    if not report_is_long(report):
        content = preview_content(report, report_build(report, waiting=waiting))
    elif not again and (made := preview_fresh(report, waiting=waiting)):
        content = made.content
    else:
        job = preview_job(report, waiting=waiting)
        if job is None or job.state != Job.State.FAILED or again:
            job = preview_start(report=report, waiting=waiting)
        return preview_render(request, "reporting/_report_preview_waits.html", report, grant, {"job": job})
    context = {**preview_context(report, content), "made_at": made.made_at if made else None}
    return preview_render(request, "reporting/_report_preview.html", report, grant, context)


def preview_render(
    request: HttpRequest,
    part: str,
    report: Report,
    grant: ReportGrant | None,
    context: Mapping[str, Any] | None = None,
) -> HttpResponse:
    """This part of the report's page, or of its ``grant``'s; alone where it is opened by itself, as without
    JavaScript."""
    told = {**(context or {}), "report": report, "grant": grant, "part": part}
    return page_render(request, "reporting/report_preview.html", told, fragment=part)


@with_right(EDIT)
@require_safe
def report_publishing(request: HttpRequest, pk: int) -> HttpResponse:
    """Of one's own report, also one that was ended meanwhile; with the version when it is there, or why there
    is none."""
    report = get_object_or_404(reports_kept(request.user), pk=pk, author=request.user.pk)
    job = publish_job(report)
    if job is None:
        raise Http404(pk)
    context = {
        "report": report,
        "job": job,
        "failed": job.state in (Job.State.FAILED, Job.State.CANCELLED),
        "problem": job.error_params.get("message") if job.error_code == "not_ready" else "",
        "done_url": reverse("reporting:snapshot", args=[pk, job.result["number"]]) if job.result else "",
    }
    return page_render(
        request,
        "reporting/report_publishing.html",
        context,
        fragment="reporting/_report_publishing.html",
    )
