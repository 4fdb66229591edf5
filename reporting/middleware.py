from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from core.hidden import SHARED

LANGUAGE = "share_language"
HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow, noarchive",
}


class SharedLinkMiddleware:
    """What is under ``/r/`` knows its link and nothing else: not who is signed in, no query. Every answer
    says that it is not to be kept, found or followed."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not request.path_info.startswith(SHARED):
            return self.get_response(request)
        request.META["QUERY_STRING"] = ""
        request.COOKIES.pop(settings.SESSION_COOKIE_NAME, None)
        request.COOKIES[settings.LANGUAGE_COOKIE_NAME] = request.COOKIES.get(LANGUAGE, "")
        response = self.get_response(request)
        for name, value in HEADERS.items():
            response.headers[name] = value
        response._csp_replace = {"form-action": ["'self'"]}  # type: ignore[attr-defined]
        return response
