"""The schedule of one's own report: set, changed and paused."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.errors import DomainError, VersionConflict
from accounts.versions import form_conflict
from core.errors import form_refuse
from core.pages import page_render, with_right
from reporting.forms.schedule import ScheduleForm
from reporting.models import ReportSchedule
from reporting.selectors.reports import EDIT, reports_visible
from reporting.selectors.schedules import schedule_of
from reporting.services.schedules import schedule_pause, schedule_resume, schedule_set


@with_right(EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def report_schedule(request: HttpRequest, pk: int) -> HttpResponse:
    """When it sends itself, and to whom. Saving takes a paused one up again."""
    report = get_object_or_404(reports_visible(request.user), pk=pk, author=request.user.pk)
    schedule = schedule_of(report)
    form = ScheduleForm(request.POST or None, user=request.user, report=report, schedule=schedule)
    context: dict[str, Any] = {"form": form, "report": report, "schedule": schedule}
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            version = form.cleaned_data["version"]
            try:
                schedule_set(user=request.user, report=report, values=form.values(), version=version)
            except VersionConflict as error:
                context["conflict"], status = form_conflict(form, error, error.details["version"]), 409
            except DomainError as error:
                form_refuse(form, error)
            else:
                return redirect(report)
    return page_render(request, "reporting/report_schedule_form.html", context, status=status)


@with_right(EDIT)
@require_POST
def report_schedule_act(request: HttpRequest, pk: int, act: str) -> HttpResponseBase:
    """Pause, or take it up again."""
    if act not in ("pause", "resume"):
        raise Http404(act)
    mine = reports_visible(request.user).filter(author=request.user.pk)
    schedule = get_object_or_404(ReportSchedule.objects.filter(report__in=mine), report=pk)
    if act == "pause":
        schedule_pause(user=request.user, schedule=schedule)
        messages.success(request, _("The schedule is paused."))
        return redirect("reporting:report", pk)
    try:
        schedule_resume(user=request.user, schedule=schedule)
    except DomainError as error:
        if error.status == 403:
            raise
        messages.error(request, str(error))
    else:
        messages.success(request, _("The schedule goes on."))
    return redirect("reporting:report", pk)
