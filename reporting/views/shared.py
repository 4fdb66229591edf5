"""What a recipient sees of a shared link: without account, session or anything beyond that link.

The views are exempt from the check against forged forms: who could forge one has to know the link, and is
then let in anyway; and under ``no-referrer`` browsers do not say where a form came from.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial, wraps
from typing import Any

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotAllowed
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import translation
from django.views.decorators.csrf import csrf_exempt

from accounts.errors import DomainError
from core.clients import client_address, client_kind
from core.rate_limit import Limit, attempt
from reporting.middleware import LANGUAGE
from reporting.models import Share
from reporting.reports.page import frozen_shown
from reporting.selectors.share_versions import share_file, share_snapshot
from reporting.selectors.shares import share_find
from reporting.services.share_opening import access_note, share_ask, share_open, share_password
from reporting.services.snapshot_files import snapshot_file_reask

from .cost_report_files import file_answer

COOKIE = "share"
SECONDS = 60 * 60
"""Who opened a link opens it again after so long."""
OPENED, ADMITTED = "opened", "admitted"
KINDS = ("pdf", "xlsx")
LANGUAGES = ("nl", "en")
_signer = signing.TimestampSigner(salt="reporting.share")
View = Callable[..., HttpResponseBase]


def link(*methods: str) -> Callable[[View], View]:
    """A view of a link that may be read now; any other token gets one and the same answer."""

    def decorate(view: View) -> View:
        @csrf_exempt
        @wraps(view)
        def found(request: HttpRequest, token: str, **kwargs: Any) -> HttpResponseBase:
            if request.method not in methods:
                return HttpResponseNotAllowed(methods)
            share = share_find(token)
            return view(request, token, share, **kwargs) if share else _none(request)

        return found

    return decorate


@csrf_exempt
def nothing(request: HttpRequest) -> HttpResponse:
    if request.method not in ("GET", "HEAD"):
        return HttpResponseNotAllowed(["GET", "HEAD"])
    return _none(request)


def _none(request: HttpRequest) -> HttpResponse:
    return render(request, "shared/nothing.html", status=404)


@link("GET", "HEAD")
def report(request: HttpRequest, token: str, share: Share) -> HttpResponse:
    """A page that says nothing of what is shared, until its button was pressed; then the report. Neither is
    counted: programs that look at links only get this far."""
    step = _step(request, share)
    if step != ADMITTED:
        return _door(request, token, step)
    snapshot = share_snapshot(share)
    shown = partial(frozen_shown, snapshot.language, snapshot.sections_text)  # where it is not drawn yet
    context = {"share": share, "token": token, "snapshot": snapshot, "shown": shown}
    context["no_files"] = not share.downloads
    return render(request, "shared/report.html", context)


@link("POST")
def opened(request: HttpRequest, token: str, share: Share) -> HttpResponse:
    share_open(share=share, **_client(request))
    return _let_in(request, token, share, OPENED if share.password else ADMITTED)


@link("POST")
def password(request: HttpRequest, token: str, share: Share) -> HttpResponseBase:
    """Five wrong ones in five minutes for a link from an address, thirty for all links from there, and twenty
    an hour for a link: readers behind one address do not stand in each other's way."""
    if not share.password or _step(request, share) is None:
        return _back(request, token, None)
    place = client_address(request, v6=64)
    tried = attempt(
        Limit(f"share-password-{share.pk}-{place}", 5, 5 * 60),
        Limit(f"share-password-from-{place}", 30, 5 * 60),
        Limit(f"share-password-of-{share.pk}", 20, 60 * 60),
    )
    if tried.wait:
        minutes = math.ceil(tried.wait / 60)
        answer = _door(request, token, OPENED, status=429, minutes=minutes)
        answer.headers["Retry-After"] = str(tried.wait)
        return answer
    said = request.POST.get("password", "").strip()  # as its maker's form does
    if not share_password(share=share, password=said, **_client(request)):
        return _door(request, token, OPENED, status=422, wrong=True)
    tried.take_back()
    return _let_in(request, token, share, ADMITTED)


@link("GET", "HEAD")
def language(request: HttpRequest, token: str, share: Share, language: str) -> HttpResponseBase:
    """The language of what is around the report, in a cookie of this link alone: nothing else changes."""
    answer = redirect("shared:report", token)
    _cookie(answer, token, LANGUAGE, language)
    return answer


@link("POST")
def question(request: HttpRequest, token: str, share: Share) -> HttpResponseBase:
    """For the author; of who has to open the link again, once they did. ``language``: the page with the
    question in another language, and nothing is asked yet."""
    step, wanted = _step(request, share), request.POST.get("language")
    if wanted in LANGUAGES:
        translation.activate(wanted)
        request.LANGUAGE_CODE = wanted
        answer = _form(request, token, share) if step == ADMITTED else _door(request, token, step)
        _cookie(answer, token, LANGUAGE, wanted)
        return answer
    return _back(request, token, step) if step != ADMITTED else _asked(request, token, share)


@link("GET", "HEAD")
def file(request: HttpRequest, token: str, share: Share, kind: str) -> HttpResponseBase:
    """The snapshot as a file, where the link allows it; where nobody makes it, it is asked for again."""
    if kind not in KINDS or not share.downloads:
        return _none(request)
    if _step(request, share) != ADMITTED:
        return redirect("shared:report", token)
    sought = share_file(share, kind)
    if sought.content is None:
        is_making = snapshot_file_reask(sought=sought, kind=kind)
        said = {"token": token, "is_making": is_making}
        answer = render(request, "shared/not_made.html", said, status=503)
        answer.headers["Retry-After"] = "60" if is_making else "3600"
        return answer
    if request.method == "GET":
        access_note(share=share, what=kind, **_client(request))
    name = f"report-{sought.snapshot.published_on:%Y-%m-%d}-{sought.snapshot.number}"
    return file_answer(sought.content, kind, name)


def _asked(request: HttpRequest, token: str, share: Share) -> HttpResponse:
    """Five questions an hour by a link, thirty from an address."""
    tried = attempt(
        Limit(f"share-question-of-{share.pk}", 5, 60 * 60),
        Limit(f"share-question-from-{client_address(request, v6=64)}", 30, 60 * 60),
    )
    if tried.wait:
        answer = _form(request, token, share, status=429, wait=tried.wait)
        answer.headers["Retry-After"] = str(tried.wait)
        return answer
    try:
        if not share_ask(share=share, text=request.POST.get("question", "")):
            tried.take_back()
    except DomainError:
        tried.take_back()
        return _form(request, token, share, status=422, refused=True)
    return render(request, "shared/asked.html", {"token": token, "share": share, "sent": True})


def _form(request: HttpRequest, token: str, share: Share, *, status: int = 200, **said: Any) -> HttpResponse:
    """The question as it was written, to be sent again."""
    text = request.POST.get("question", "")
    context = {"token": token, "share": share, "question": text, **said}
    return render(request, "shared/asked.html", context, status=status)


def _back(request: HttpRequest, token: str, step: str | None) -> HttpResponse:
    """To the door, with the question that was written meanwhile: it is never in an address."""
    return _door(request, token, step) if request.POST.get("question") else redirect("shared:report", token)


def _door(
    request: HttpRequest, token: str, step: str | None, *, status: int = 200, **said: Any
) -> HttpResponse:
    said["question"] = request.POST.get("question", "")
    context = {"token": token, "asks_password": step == OPENED, **said}
    return render(request, "shared/door.html", context, status=status)


def _step(request: HttpRequest, share: Share) -> str | None:
    """How far this browser got with the link, within the hour and since it was last locked."""
    try:
        said = _signer.unsign(request.COOKIES.get(COOKIE, ""), max_age=SECONDS)
    except signing.BadSignature:
        return None
    key, _sep, step = said.rpartition(":")
    return step if key == _key(share) else None


def _key(share: Share) -> str:
    return f"{share.pk}:{share.access}"


def _let_in(request: HttpRequest, token: str, share: Share, step: str) -> HttpResponse:
    """A step further; a question that was brought along is asked once they are in."""
    is_asking = step == ADMITTED and request.POST.get("question")
    answer = _asked(request, token, share) if is_asking else _back(request, token, step)
    _cookie(answer, token, COOKIE, _signer.sign(f"{_key(share)}:{step}"))
    return answer


def _cookie(answer: HttpResponse, token: str, name: str, value: str) -> None:
    """Only for this link's addresses, for an hour."""
    answer.set_cookie(
        name,
        value,
        max_age=SECONDS,
        path=reverse("shared:report", args=[token]),
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def _client(request: HttpRequest) -> dict[str, str]:
    return {"address": client_address(request, v4=24, v6=48), "client": client_kind(request)}
