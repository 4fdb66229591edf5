"""Shared links for who makes them: the list, a new one, and one with what was done by it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core import signing
from django.db.models import F, Q
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from accounts.errors import DomainError, VersionConflict
from accounts.versions import form_conflict
from core.errors import form_refuse
from core.organisation import organisation_get
from core.pages import Sort, page_render, paginate, with_right
from reporting.forms.share import ShareForm
from reporting.models import Report, Share
from reporting.selectors.reports import reports_visible
from reporting.selectors.shares import ALL, SHARE, STATES, share_versions, shareable, shares_visible
from reporting.services.shares import share_change, share_create, share_mail, shares_act, token_new
from reporting.words.exposure import exposure_sentence

SORTS = {"label": "label", "report": "report__title", "until": "expires_on", "opened": "opened_at"}
_signer = signing.TimestampSigner(salt="reporting.share_new")


@with_right(SHARE)
@require_http_methods(["GET", "HEAD", "POST"])
def shares(request: HttpRequest) -> HttpResponseBase:
    """All links one manages, found by words, state and report; some of them renewed, paused or revoked."""
    user = request.user
    if request.method == "POST":
        ids = [int(each) for each in request.POST.getlist("share") if each.isdigit()]
        count = shares_act(user=user, ids=ids, act=request.POST.get("act", ""))
        messages.success(
            request, ngettext("%(n)s link changed.", "%(n)s links changed.", count) % {"n": count}
        )
        return redirect(request.get_full_path())
    rows, asked = shares_visible(user), request.GET
    if words := asked.get("q", "").strip():
        rows = rows.filter(Q(label__icontains=words) | Q(email__icontains=words) | Q(note__icontains=words))
    if (state := asked.get("state", "")) in STATES:
        rows = rows.filter(state=state)
    if (about := asked.get("report", "")).isdigit():
        rows = rows.filter(report=int(about))
    sort = Sort.read(request, tuple(SORTS), "-opened")
    by = F(SORTS[sort.field])
    order = by.desc(nulls_last=True) if sort.descending else by.asc(nulls_last=True)
    context = {
        "page": paginate(request, rows.order_by(order, "-pk")),
        "sort": sort,
        "states": STATES,
        "state": state,
        "words": words,
        "about": Report.objects.filter(pk=int(about)).first() if about.isdigit() else None,
        "everybody": user.has_perm(ALL),
        "sharing": organisation_get().sharing,
    }
    return page_render(request, "reporting/shares.html", context)


@with_right(SHARE)
@require_http_methods(["GET", "HEAD", "POST"])
def share_new(request: HttpRequest, pk: int) -> HttpResponse:
    """A link of one's own report. Its token is in the form before it opens anything, so that sending the form
    twice makes one link and shows it both times."""
    user, status = request.user, 200
    report = get_object_or_404(reports_visible(user), pk=pk, author=user.pk)
    form = ShareForm(request.POST or None, snapshots=shareable(report))
    nonce = _signer.sign(f"{user.pk}:{report.pk}:{token_new()}")
    if request.method == "POST":
        status, sent = 422, request.POST.get("nonce", "")
        if form.is_valid():
            try:
                share, token = share_create(
                    user=user, report=report, values=form.values(), token=_token(sent, user, report)
                )
            except DomainError as error:
                if error.status == 403:
                    raise
                form_refuse(form, error)
            else:
                url = request.build_absolute_uri(reverse("shared:report", args=[token]))
                mailed = share_mail(share=share, url=url)
                context = {"share": share, "report": report, "url": url, "mailed": mailed}
                return _unkept(page_render(request, "reporting/share_made.html", context))
    context = {"form": form, "report": report, "nonce": nonce, "sharing": organisation_get().sharing}
    if newest := shareable(report).first():
        until = form.initial.get("expires_on")
        context |= {"snapshot": newest, "sentence": exposure_sentence(newest, until)}
    return _unkept(page_render(request, "reporting/share_form.html", context, status=status))


@with_right(SHARE)
@require_http_methods(["GET", "HEAD", "POST"])
def share(request: HttpRequest, pk: int) -> HttpResponse:
    """One link: who opened it when, what they asked, and its settings."""
    user, status = request.user, 200
    found = get_object_or_404(shares_visible(user), pk=pk)
    form = ShareForm(request.POST or None, instance=found, initial={"version": found.version})
    context: dict[str, Any] = {"form": form, "share": found}
    if request.method == "POST":
        status = 422
        if form.is_valid():
            row = Share.objects.get(pk=found.pk)
            try:
                share_change(user=user, share=row, values=form.values(), version=form.cleaned_data["version"])
            except VersionConflict as error:
                context["conflict"], status = form_conflict(form, error, error.details["version"]), 409
            except DomainError as error:
                form_refuse(form, error)
            else:
                messages.success(request, _("Saved."))
                return redirect(found)
        found.refresh_from_db(fields=["label"])
    shown = share_versions(found).first()
    context |= {
        "accesses": found.accesses.all()[:50],
        "questions": found.questions.all()[:50],
        "shown": shown,
        "behind": found.snapshot_id is None and shown != shareable(found.report).first(),
    }
    return page_render(request, "reporting/share.html", context, status=status)


def _token(nonce: str, user: Any, report: Report) -> str:
    try:
        who, _sep, token = _signer.unsign(nonce, max_age=8 * 60 * 60).rpartition(":")
    except signing.BadSignature:
        who = token = ""
    if who != f"{user.pk}:{report.pk}":
        raise DomainError("nonce", _("The form was open too long. Send it again."))
    return token


def _unkept(answer: HttpResponse) -> HttpResponse:
    answer.headers["Cache-Control"] = "no-store"
    return answer
