"""What a worker makes of a long report: its preview, and how far publishing is."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_safe

from core.models import Job
from core.pages import page_render, with_right
from reporting.models import Report
from reporting.reports.page import preview_content, preview_context
from reporting.selectors.report_jobs import preview_fresh, preview_job, publish_job
from reporting.selectors.reports import EDIT, report_build, report_is_long, reports_kept
from reporting.services.report_jobs import preview_start


def report_previewed(request: HttpRequest, report: Report, *, waiting: bool = False) -> HttpResponse:
    """How a report would look now, as a part of a page; of a long one as a worker made it within the hour, or
    how far it is with that: asked for anew with ``again``. ``waiting``: with the fields that wait for
    approval."""
    made, again = None, "again" in request.GET
    if not report_is_long(report):
        content = preview_content(report, report_build(report, waiting=waiting))
    elif not again and (made := preview_fresh(report, waiting=waiting)):
        content = made.content
    else:
        job = preview_job(report, waiting=waiting)
        if job is None or job.state != Job.State.FAILED or again:
            job = preview_start(report=report, waiting=waiting)
        return page_render(request, "reporting/_report_preview_waits.html", {"job": job})
    context = {**preview_context(report, content), "made_at": made.made_at if made else None}
    return page_render(request, "reporting/_report_preview.html", context)


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
