"""Reports: making one with its preview beside it, publishing, and reading what was published."""

from __future__ import annotations

import uuid
from itertools import zip_longest
from typing import Any

from django.contrib import messages
from django.db.models import Exists, OuterRef
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.errors import DomainError, VersionConflict
from accounts.selectors.people import stands_for
from accounts.versions import form_conflict
from core import formats
from core.errors import form_refuse
from core.history import history_of
from core.idempotency import key_said, once
from core.models import Job
from core.numbers import int_read
from core.organisation import organisation_get, today
from core.pages import Counted, page_render, paginate, with_right
from core.texts import text_read
from products.models import Family, Product, ProductLine
from products.selectors.access import product_get
from products.selectors.structure import family_get, line_get
from reporting.forms.report import ReportForm
from reporting.models import Report, Snapshot, SnapshotFile
from reporting.reports.page import frozen_shown, part_shown
from reporting.reports.templates import (
    SHEET,
    TEMPLATES,
    ReportTemplate,
    sections_offered,
    template_sections,
    templates_offered,
)
from reporting.selectors.grants import fields_grantable, grants_standing
from reporting.selectors.report_choices import Choice
from reporting.selectors.report_jobs import publish_job
from reporting.selectors.reports import EDIT, VIEW, reports_kept, reports_visible, snapshots_visible
from reporting.selectors.schedules import schedule_of, sendings_last
from reporting.selectors.share_versions import snapshot_showing
from reporting.selectors.shares import SHARE, count_of, live_labels, shareable
from reporting.services.report_ends import report_end, report_reopen
from reporting.services.report_jobs import report_publish_start
from reporting.services.reports import (
    Part,
    parts_hash,
    report_change,
    report_copy,
    report_create,
    report_parts_set,
)
from reporting.words.exposure import exposure_sentence, field_label
from reporting.words.schedules import sending_shown, when_words

from .report_jobs import report_previewed


@with_right(EDIT)
@require_safe
def report_new(request: HttpRequest) -> HttpResponse:
    """What a new report starts from."""
    context = {"templates": templates_offered(request.user), "audiences": dict(Report.Audience.choices)}
    return page_render(request, "reporting/report_new.html", context)


@with_right(EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def report_edit(request: HttpRequest, pk: int | None = None, template: str = "") -> HttpResponse:
    """What one's own report is called, for whom it is and what about; or a new one, from a template."""
    user, status = request.user, 200
    found = _own(request, pk) if pk else None
    if found is None and template not in TEMPLATES:
        raise Http404(template)
    start = TEMPLATES[template] if found is None else None
    initial: dict[str, Any] = {"version": found.version} if found else {"language": _language()}
    if start is not None:
        initial |= {"period": start.period, "months": start.months}
    if start is not None and start.sections:
        initial |= {"title": start.title, "audience": start.audience}
    form = ReportForm(request.POST or None, instance=found, initial=initial, user=user)
    nonce = request.POST.get("nonce") or uuid.uuid4().hex
    context: dict[str, Any] = {"form": form, "report": found, "template": start, "nonce": nonce}
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                if start is not None:
                    key = key_said(nonce, sorted(request.POST.lists()))
                    return redirect(_made_once(user, key, start, form.values()))
                row = Report.objects.get(pk=pk)
                version = form.cleaned_data["version"]
                return redirect(report_change(user=user, report=row, values=form.values(), version=version))
            except VersionConflict as error:
                context["conflict"], status = form_conflict(form, error, error.details["version"]), 409
            except DomainError as error:
                form_refuse(form, error)
    return page_render(request, "reporting/report_form.html", context, status=status)


@with_right(EDIT)
@require_POST
def report_sheet(request: HttpRequest, of: str, code: str) -> HttpResponseBase:
    """A product, family or line on one page: a report of its own, ready to be looked at, changed and
    published."""
    user = request.user
    if of == "product":
        subject: Product | Family | ProductLine = product_get(user, code)
        scope: dict[str, Any] = {"products": [subject]}
    elif of == "family":
        subject = family_get(user, code)
        scope = {"families": [subject]}
    elif of == "line":
        subject = line_get(user, code)
        scope = {"lines": [subject]}
    else:
        raise Http404(of)
    values = {"title": subject.name[:120], "language": _language(), "audience": SHEET.audience, **scope}
    return redirect(_made_once(user, request.POST.get("nonce", ""), SHEET, values))


@with_right(VIEW)
@require_safe
def report(request: HttpRequest, pk: int) -> HttpResponse:
    """Its sections and, for its author, how it would look now; for others what was published of it, the
    newest version at once, and for who is deputy for its author how it was sent."""
    user, readable = request.user, snapshots_visible(request.user)
    owners = stands_for(user, today()) if user.has_perm(EDIT) else set()
    counted: dict[str, Any] = {
        "readable_count": count_of(readable, "report"),
        "live_labels": live_labels(),
        "is_shareable": Exists(shareable(OuterRef("pk"))),
    }
    found = get_object_or_404(reports_kept(user, owners=owners).annotate(**counted), pk=pk)
    own = found.author_id == user.pk and user.has_perm(EDIT)
    mine = own and found.ended_at is None
    versions = readable.filter(report=found).defer("sections")
    context: dict[str, Any] = {
        "report": found,
        "own": own,
        "mine": mine,
        "can_copy": user.has_perm(EDIT) and (own or found.readable_count),
        "copy_nonce": uuid.uuid4().hex,
        "can_share": user.has_perm(SHARE),
        "can_link": user.has_perm(SHARE) and found.is_shareable and organisation_get().sharing,
        "snapshots": paginate(request, Counted(found.readable_count, lambda *at: versions[slice(*at)])),
    }
    if mine:
        publishing = publish_job(found)
        over = publishing is not None and publishing.is_final
        parts = list(found.parts.select_related("product"))
        context |= {
            "parts": list(map(part_shown, parts)),
            "seen": parts_hash(parts),
            "sections_offered": sections_offered(request.user),
            # Anew when a version was made, or when one could not be.
            "nonce": f"{found.pk}-{found.snapshot_count}-{publishing.pk if over else ''}",
            "fields_grantable": fields_grantable(found),
            "grants": [(grant, field_label(grant.field)) for grant in grants_standing(found)],
            "publishing": publishing is not None and not over,
        }
    if found.ended_at is None and found.author_id in owners and (schedule := schedule_of(found)):
        context |= {
            "schedule": schedule,
            "schedule_when": when_words(schedule),
            "sendings": list(map(sending_shown, sendings_last(found))),
        }
    if not mine and (newest := readable.filter(report=found).first()):
        context |= _shown(newest)
    return page_render(request, "reporting/report.html", context)


@with_right(EDIT)
@require_safe
def report_preview(request: HttpRequest, pk: int) -> HttpResponse:
    """What one's own report tells and how it would look now: it reads every product."""
    return report_previewed(request, _own(request, pk))


@with_right(EDIT)
@require_POST
def report_parts(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The sections as they stand in the form, in its order; one may be added, moved or taken out by its
    button. A script that saves by itself asks for JSON, and gets what to say it has seen next time."""
    said = zip_longest(*map(request.POST.getlist, ("section", "comment", "choice")), fillvalue="")
    parts = [Part(section, text_read(comment), Choice.read(choice)) for section, comment, choice in said]
    act, _sep, place = request.POST.get("act", "").partition(":")
    if act == "add" and place:
        parts.append(Part(place))
    elif (at := int_read(place)) is not None and at < len(parts):
        if act == "remove":
            del parts[at]
        elif act in ("up", "down"):
            to = at + (-1 if act == "up" else 1)
            if 0 <= to < len(parts):
                parts[at], parts[to] = parts[to], parts[at]
    scripted = request.get_preferred_type(["text/html", "application/json"]) == "application/json"
    try:
        report_parts_set(
            user=request.user, report=_own(request, pk), parts=parts, seen=request.POST.get("seen", "")
        )
    except DomainError as error:
        if not scripted:
            raise
        return JsonResponse({"message": str(error)}, status=error.status)
    return JsonResponse({"seen": parts_hash(parts)}) if scripted else redirect("reporting:report", pk)


@with_right(EDIT)
@require_POST
def report_act(request: HttpRequest, pk: int, act: str) -> HttpResponseBase:
    """Publish, copy, end or bring back."""
    if act not in ("publish", "copy", "end", "reopen"):
        raise Http404(act)
    user = request.user
    if act == "copy":
        model, nonce = get_object_or_404(reports_kept(user), pk=pk), request.POST.get("nonce", "")
        made = once(user, "report copy", nonce, lambda: report_copy(user=user, report=model).pk)
        return redirect("reporting:report", made)
    if act == "reopen":
        ended = get_object_or_404(reports_kept(user), pk=pk, author=user.pk)
        report_reopen(user=user, report=ended)
        messages.success(request, _("The report is back in the list."))
        return redirect(ended)
    found = _own(request, pk)
    if act == "end":
        report_end(user=user, report=found)
        messages.success(request, _("The report has left the list. What was published stays."))
        return redirect(found)
    try:
        at = once(
            user,
            "report",
            key_said(request.POST.get("nonce", ""), parts_hash(found.parts.select_related("product"))),
            lambda: _published_at(report_publish_start(user=user, report=found)),
        )
    except DomainError as error:
        if error.status == 403:
            raise
        messages.error(request, str(error))
        return redirect(found)
    return redirect(at)


@with_right(VIEW)
@require_safe
def snapshot(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """What was published, in the words and figures of then."""
    found = get_object_or_404(snapshots_visible(request.user), report=pk, number=number)
    context = {
        **_shown(found),
        "sentence": exposure_sentence(found),
        "showing": snapshot_showing(found),
        "can_share": request.user.has_perm(SHARE),
    }
    return page_render(request, "reporting/snapshot.html", context)


def _shown(snapshot: Snapshot) -> dict[str, Any]:
    return {
        "snapshot": snapshot,
        "kinds": SnapshotFile.Kind.values,
        "shown": frozen_shown(snapshot.language, snapshot.sections),
    }


@with_right(EDIT)
@require_safe
def report_history(request: HttpRequest, pk: int) -> HttpResponse:
    """What was changed of one's own report, its sections and its fields on purpose; a part of its page.
    Others do not read it: it tells what was never published."""
    found = get_object_or_404(reports_kept(request.user), pk=pk, author=request.user.pk)
    context = {"report": found, "history": history_of(found)}
    return page_render(request, "reporting/report_history.html", context, fragment="core/_history.html")


def _made_once(user: Any, key: str, template: ReportTemplate, values: dict[str, Any]) -> str:
    """The address of the report made of a template; posting twice makes one."""
    with translation.override(values["language"]):
        parts = [Part(section.key, choice=choice) for section, choice in template_sections(user, template)]
    values = {**values, "sheet": template is SHEET}
    make = lambda: report_create(user=user, values=values, parts=parts).get_absolute_url()  # noqa: E731
    address: str = once(user, "report new", key, make)
    return address


def _language() -> str:
    return "nl" if formats.is_dutch() else "en"


def _published_at(made: Snapshot | Job) -> str:
    if isinstance(made, Snapshot):
        return made.get_absolute_url()
    return reverse("reporting:report_publishing", args=[made.payload["report"]])


def _own(request: HttpRequest, pk: int) -> Report:
    return get_object_or_404(reports_visible(request.user), pk=pk, author=request.user.pk)
