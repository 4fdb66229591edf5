"""Shared links for who makes them: the list, a new one, and one with what was done by it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import quote, urlencode

from django.contrib import messages
from django.core import signing
from django.db.models import F, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from accounts.errors import DomainError, VersionConflict
from accounts.selectors.people import stands_for
from accounts.versions import form_conflict
from collaboration.models import Alert
from collaboration.selectors.alerts import DEAL, alerts_visible
from core.errors import form_refuse
from core.history import history_of
from core.lookups import ordered
from core.numbers import int_read
from core.organisation import organisation_get, today
from core.pages import Counted, Sort, page_render, paginate, with_right
from core.search import folded, with_words
from reporting.forms.share import ShareForm
from reporting.models import Report, Share, ShareAccess, ShareQuestion, Snapshot
from reporting.reports.questions import KIND, subject_of
from reporting.selectors.reports import reports_kept, reports_visible, snapshots_visible
from reporting.selectors.share_versions import share_versions, shares_behind, snapshot_showing
from reporting.selectors.shares import SHARE, STATES, count_of, shareable
from reporting.selectors.shares_managed import ALL, shares_visible
from reporting.services.shares import (
    share_change,
    share_create,
    share_mail,
    share_renew,
    share_url,
    shares_act,
    shares_renew,
    token_new,
    token_of,
)
from reporting.words.exposure import exposure_sentence, more_words

SORTS = {"label": "label", "report": "report__title", "until": "expires_on", "opened": "opened_at"}
_signer = signing.TimestampSigner(salt="reporting.share_new")


@with_right(SHARE)
@require_http_methods(["GET", "HEAD", "POST"])
def shares(request: HttpRequest) -> HttpResponseBase:
    """All links one manages, found by words, state and report; some of them renewed, paused or revoked."""
    user, owners = request.user, stands_for(request.user, today())
    if request.method == "POST":
        return redirect(_acted(request))
    asked, words = request.GET, request.GET.get("q", "").strip()
    rows = with_words(shares_visible(user), folded("label", "email", "note"), words)
    number = int_read(asked.get("version", ""))
    if (state := asked.get("state", "")) in STATES:
        rows = rows.filter(state=state)
    about = int_read(asked.get("report", ""))
    if about is not None:
        rows = rows.filter(report=about)
        if number is not None:
            shown = Snapshot.objects.filter(report=about, number=number).first()
            rows = rows.filter(pk__in=snapshot_showing(shown).shown if shown else ())
    sort = Sort.read(request, tuple(SORTS), "-opened")
    order = ordered(F(SORTS[sort.field]), sort.descending)
    page = paginate(request, rows.order_by(order, "-pk"))
    context = {
        "page": page,
        "behind": shares_behind(page),
        "sort": sort,
        "states": STATES,
        "state": state,
        "number": number,
        "words": words,
        "about": None if about is None else reports_kept(user).filter(pk=about).first(),
        "everybody": user.has_perm(ALL),
        "deputy": len(owners) > 1,
        "sharing": organisation_get().sharing,
    }
    return page_render(request, "reporting/shares.html", context)


@with_right(SHARE)
@require_http_methods(["GET", "HEAD", "POST"])
def share_new(request: HttpRequest, pk: int) -> HttpResponse:
    """A link of one's own report, and what it would tell until when as far as the form says. In the form is
    the key that its token is made of, so that sending the form twice makes one link and shows it both
    times."""
    user, status = request.user, 200
    report = get_object_or_404(reports_visible(user), pk=pk, author=user.pk)
    chosen = {name: request.GET[name] for name in ("expires_on", "snapshot") if name in request.GET}
    form = ShareForm(request.POST or None, snapshots=shareable(report).defer("sections"), initial=chosen)
    newest = shareable(report).defer("sections").first()
    seen = newest.number if newest else 0
    nonce = _signer.sign(f"{user.pk}:{report.pk}:{seen}:{token_new()}")
    if request.method == "POST":
        status, sent = 422, request.POST.get("nonce", "")
        if form.is_valid():
            try:
                token, seen = _said(sent, user, report)
                share, token = share_create(
                    user=user, report=report, values=form.values(), token=token, seen=seen
                )
            except DomainError as error:
                form_refuse(form, error)
            else:
                url = share_url(token)
                mailed = share_mail(share=share, url=url)
                context = {"share": share, "report": report, "url": url, "mailed": mailed}
                return _unkept(page_render(request, "reporting/share_made.html", context))
    context = {"form": form, "report": report, "nonce": nonce, "sharing": organisation_get().sharing}
    fixed = form.fixed()
    told = fixed or newest
    if told is not None:
        sentence = exposure_sentence(told, form.until())
        context |= {"snapshot": told, "sentence": sentence, "follows": fixed is None}
    fragment = "reporting/_share_told.html"
    page = page_render(request, "reporting/share_form.html", context, fragment=fragment, status=status)
    return _unkept(page)


@with_right(SHARE)
@require_http_methods(["GET", "HEAD", "POST"])
def share(request: HttpRequest, pk: int) -> HttpResponse:
    """One link: who opened it when, what they asked, and its settings."""
    user, status = request.user, 200
    counts = {"access_count": count_of(ShareAccess.objects.all(), "share")}
    counts["question_count"] = count_of(ShareQuestion.objects.all(), "share")
    found = get_object_or_404(shares_visible(user).annotate(**counts), pk=pk)
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
    questions = paginate(request, Counted(found.question_count, _rows(found.questions)), turned="questions")
    newer, more = shares_behind([found]).get(found.pk, (None, None))
    in_sight = newer is not None and snapshots_visible(user).filter(pk=newer.pk).exists()
    context |= {
        "accesses": paginate(request, Counted(found.access_count, _rows(found.accesses))),
        "questions": questions,
        "asked": _asked(user, found, questions),
        "is_report_seen": reports_kept(user, owners=stands_for(user, today()))
        .filter(pk=found.report_id)
        .exists(),
        "shown": share_versions(found).defer("sections").first(),
        "newer": newer,
        "more": more_words(more) if more and in_sight else [],
        "in_sight": in_sight,
        "history": history_of(found),
        "can_close": user.has_perm(DEAL),
    }
    return page_render(request, "reporting/share.html", context, status=status)


def _rows(rows: Any) -> Callable[[int, int], QuerySet]:
    return lambda start, stop: rows.all()[start:stop]


def _asked(
    user: Any, share: Share, questions: Sequence[ShareQuestion]
) -> list[tuple[ShareQuestion, Alert | None, str]]:
    """Each with its alert, as far as the person sees it, and the address of an answer by e-mail."""
    subjects = [subject_of(question) for question in questions]
    alerts = alerts_visible(user).filter(kind=KIND, subject__in=subjects).select_related("closed_by")
    found = {alert.subject: alert for alert in alerts} if subjects else {}
    return [(each, found.get(subject_of(each)), _answer_address(share, each)) for each in questions]


def _answer_address(share: Share, question: ShareQuestion) -> str:
    """A mail to who asked, the question quoted, in the language of the report, which it does not name."""
    with translation.override(share.report.language):
        subject = _("Your question")
    body = "\r\n".join(["", "", *(f"> {line}" for line in question.text.splitlines())])
    said = urlencode({"subject": subject, "body": body}, quote_via=quote)
    return f"mailto:{quote(share.email, safe='@')}?{said}"


def _acted(request: HttpRequest) -> str:
    """Do what is asked with the links that are ticked, or with the one that it is asked on the page of; the
    address to go on at."""
    user, act = request.user, request.POST.get("act", "")
    ids = [pk for pk in map(int_read, request.POST.getlist("share")) if pk is not None]
    back = request.get_full_path()
    if request.POST.get("one") and len(ids) == 1:
        back = reverse("reporting:share", args=ids)
    if act != "renew":
        _changed(request, act, shares_act(user=user, ids=ids, act=act))
    elif request.POST.get("one"):
        found = get_object_or_404(shares_visible(user), pk__in=ids[:1])
        seen = request.POST.get("seen", "")
        try:
            share_renew(user=user, share=found, seen=int_read(seen))
        except DomainError as error:
            messages.error(request, str(error))
        else:
            _changed(request, act, 1)
    else:
        done = shares_renew(user=user, ids=ids)
        if done.count or not done.left:
            _changed(request, act, done.count)
        if done.left:
            text = _("Not renewed, as a newer version tells more than they were made for: %(names)s.")
            names = "; ".join(share.label for share in done.left)  # there may be a comma in each
            messages.warning(request, text % {"names": names})
    return back


def _changed(request: HttpRequest, act: str, count: int) -> None:
    text = {
        "renew": ngettext("%(n)s link renewed.", "%(n)s links renewed.", count),
        "pause": ngettext("%(n)s link paused.", "%(n)s links paused.", count),
        "resume": ngettext("%(n)s link resumed.", "%(n)s links resumed.", count),
        "revoke": ngettext("%(n)s link revoked.", "%(n)s links revoked.", count),
    }[act]
    messages.success(request, text % {"n": count})


def _said(nonce: str, user: Any, report: Report) -> tuple[str, int]:
    """The token that the form makes, and the number of the version that it told of."""
    try:
        *who, seen, key = _signer.unsign(nonce, max_age=8 * 60 * 60).split(":")
    except signing.BadSignature:
        who = []
    if who != [str(user.pk), str(report.pk)]:
        raise DomainError("nonce", _("The form was open too long. Send it again."))
    return token_of(key), int(seen)


def _unkept(answer: HttpResponse) -> HttpResponse:
    answer.headers["Cache-Control"] = "no-store"
    return answer
