"""Reports: the list, making one with its preview beside it, publishing, and reading what was published."""

from __future__ import annotations

from itertools import zip_longest
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.errors import DomainError, VersionConflict
from accounts.versions import form_conflict
from core import formats, registries
from core.errors import form_refuse
from core.idempotency import once
from core.pages import page_render, paginate, with_right
from core.registries import ReportSection
from core.reports.blocks import sections_from_json
from products.selectors.access import product_get
from reporting.forms.report import ReportForm
from reporting.models import Report, Snapshot, SnapshotFile
from reporting.report_page import SectionShown, sections_shown
from reporting.selectors.reports import (
    EDIT,
    VIEW,
    problems,
    report_build,
    reports_visible,
    snapshots_visible,
)
from reporting.selectors.shares import SHARE, shares_live
from reporting.services.reports import (
    Part,
    report_change,
    report_copy,
    report_create,
    report_end,
    report_parts_set,
    report_publish,
)


@with_right(VIEW)
@require_safe
def reports(request: HttpRequest) -> HttpResponse:
    page = paginate(request, reports_visible(request.user))
    live = shares_live([row.pk for row in page])
    for row in page:
        row.live_shares = live.get(row.pk, 0)
    context = {
        "page": page,
        "can_edit": request.user.has_perm(EDIT),
        "can_share": request.user.has_perm(SHARE),
    }
    return page_render(request, "reporting/reports.html", context)


@with_right(EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def report_edit(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """A new report, or what one's own is called, for whom it is and what about."""
    user, status = request.user, 200
    found = _own(request, pk) if pk else None
    initial = {
        "version": found.version if found else None,
        "language": found.language if found else translation.get_language(),
        **({} if found else {"products": request.GET.get("product", "")}),
    }
    form = ReportForm(request.POST or None, instance=found, initial=initial, user=user)
    context: dict[str, Any] = {"form": form, "report": found}
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                if found is None:
                    parts = [Part("key_figures"), Part("sales")]
                    saved = report_create(user=user, values=form.values(), parts=parts)
                else:
                    row = Report.objects.get(pk=found.pk)
                    version = form.cleaned_data["version"]
                    saved = report_change(user=user, report=row, values=form.values(), version=version)
            except VersionConflict as error:
                context["conflict"], status = form_conflict(form, error, error.details["version"]), 409
            except DomainError as error:
                if error.status == 403:
                    raise
                form_refuse(form, error)
            else:
                return redirect(saved)
    return page_render(request, "reporting/report_form.html", context, status=status)


@with_right(EDIT)
@require_POST
def report_sheet(request: HttpRequest, code: str) -> HttpResponseBase:
    """A product on one page: a report of its own, ready to be looked at, changed and published."""
    user, product = request.user, product_get(request.user, code)
    wanted = ("key_figures", "sales", "lifecycle", "channels", "margin")
    offered = [key for key in wanted if _offered(user, registries.report_sections.get(key))]
    values = {
        "title": product.name[:120],
        "language": "nl" if formats.is_dutch() else "en",
        "audience": Report.Audience.INTERNAL,
        "products": [product],
    }
    return redirect(report_create(user=user, values=values, parts=[Part(key) for key in offered]))


@with_right(VIEW)
@require_safe
def report(request: HttpRequest, pk: int) -> HttpResponse:
    """Its sections and, for its author, how it would look now; for others what was published of it."""
    found = get_object_or_404(reports_visible(request.user), pk=pk)
    mine = found.author_id == request.user.pk and request.user.has_perm(EDIT)
    context: dict[str, Any] = {
        "report": found,
        "mine": mine,
        "can_edit": request.user.has_perm(EDIT),
        "can_share": request.user.has_perm(SHARE),
        "live_shares": shares_live([found.pk]).get(found.pk, 0),
        "snapshots": snapshots_visible(request.user).filter(report=found)[:20],
    }
    if mine:
        context |= {
            "parts": [(part, registries.report_sections.get(part.section)) for part in found.parts.all()],
            "sections_offered": [each for each in registries.report_sections if _offered(request.user, each)],
            "nonce": f"{found.pk}-{found.snapshot_count}",
        }
    return page_render(request, "reporting/report.html", context)


@with_right(EDIT)
@require_safe
def report_preview(request: HttpRequest, pk: int) -> HttpResponse:
    """What one's own report tells and how it would look now; a part of its page: it reads every product."""
    found = _own(request, pk)
    built = report_build(found)
    context = {
        "report": found,
        "exposure": built.exposure,
        "problems": problems(found, built),
        "shown": _shown(found.language, built.sections),
    }
    return page_render(request, "reporting/_report_preview.html", context)


@with_right(EDIT)
@require_POST
def report_parts(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The sections as they stand in the form, in its order; one may be added, moved or taken out by its
    button."""
    said = zip_longest(request.POST.getlist("section"), request.POST.getlist("comment"), fillvalue="")
    parts = [Part(section, comment.strip()) for section, comment in said]
    act, _sep, place = request.POST.get("act", "").partition(":")
    if act == "add" and place:
        parts.append(Part(place))
    elif place.isdigit() and int(place) < len(parts):
        at = int(place)
        if act == "remove":
            del parts[at]
        elif act in ("up", "down"):
            to = at + (-1 if act == "up" else 1)
            if 0 <= to < len(parts):
                parts[at], parts[to] = parts[to], parts[at]
    report_parts_set(user=request.user, report=_own(request, pk), parts=parts)
    return redirect("reporting:report", pk)


@with_right(EDIT)
@require_POST
def report_act(request: HttpRequest, pk: int, act: str) -> HttpResponseBase:
    """Publish, copy or end."""
    if act not in ("publish", "copy", "end"):
        raise Http404(act)
    user = request.user
    if act == "copy":
        made = report_copy(user=user, report=get_object_or_404(reports_visible(user), pk=pk))
        return redirect(made)
    found = _own(request, pk)
    if act == "end":
        report_end(user=user, report=found)
        messages.success(request, _("The report has left the list. What was published stays."))
        return redirect("reporting:reports")
    try:
        key = once(
            user, "report", request.POST.get("nonce", ""), lambda: report_publish(user=user, report=found).pk
        )
    except DomainError as error:
        if error.status == 403:
            raise
        messages.error(request, str(error))
        return redirect(found)
    return redirect(Snapshot.objects.get(pk=key))


@with_right(VIEW)
@require_safe
def snapshot(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """What was published, in the words and figures of then."""
    found = get_object_or_404(snapshots_visible(request.user), report=pk, number=number)
    context = {
        "snapshot": found,
        "kinds": SnapshotFile.Kind.values,
        "shown": _shown(found.language, sections_from_json(found.sections)),
    }
    return page_render(request, "reporting/snapshot.html", context)


def _offered(user: Any, section: ReportSection) -> bool:
    return not section.permission or user.has_perm(section.permission)


def _own(request: HttpRequest, pk: int) -> Report:
    return get_object_or_404(reports_visible(request.user), pk=pk, author=request.user.pk)


def _shown(language: str, sections: Any) -> list[SectionShown]:
    with translation.override(language):
        return sections_shown(sections)
