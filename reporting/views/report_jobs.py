"""How far a worker is with publishing a long report."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_safe

from core.models import Job
from core.pages import page_render, with_right
from reporting.selectors.report_jobs import publish_job
from reporting.selectors.reports import EDIT, reports_visible


@with_right(EDIT)
@require_safe
def report_publishing(request: HttpRequest, pk: int) -> HttpResponse:
    """Of one's own report; with the version when it is there, or why there is none."""
    report = get_object_or_404(reports_visible(request.user), pk=pk, author=request.user.pk)
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
