"""What answers when nothing else does: a page, a message for htmx, JSON under ``/api/``."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views import defaults

# Below it answers are for programs; the page of its description is for people.
API = ("/api/v1/", "/api/schema/")


def _answer(
    request: HttpRequest, status: int, code: str, title: str, template: str, text: str = ""
) -> HttpResponse:
    if request.path.startswith(API):
        return JsonResponse({"code": code, "message": title, "field": "", "details": {}}, status=status)
    if getattr(request, "htmx", False):
        return render(request, "core/_problem.html", {"title": title, "text": text}, status=status)
    return render(request, template, status=status)


def bad_request(request: HttpRequest, exception: Any = None) -> HttpResponse:
    return _answer(request, 400, "bad_request", _("The request could not be read."), "400.html")


def permission_denied(request: HttpRequest, exception: Any = None) -> HttpResponse:
    return _answer(request, 403, "not_allowed", _("Your role does not include this."), "403.html")


def not_found(request: HttpRequest, exception: Any = None) -> HttpResponse:
    return _answer(request, 404, "not_found", _("This does not exist."), "404.html")


def server_error(request: HttpRequest) -> HttpResponseBase:
    """Touches no database and no session: those may be what is broken."""
    if request.path.startswith(API):
        message = "Something went wrong. Nothing was saved."
        return JsonResponse({"code": "error", "message": message, "field": "", "details": {}}, status=500)
    return defaults.server_error(request)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The form was open too long, or came from elsewhere."""
    return _answer(
        request,
        403,
        "csrf_failed",
        _("This page was open too long."),
        "403_csrf.html",
        _("Reload it and try again; nothing was saved."),
    )
