"""Sessions end after SESSION_COOKIE_AGE without a request."""

from __future__ import annotations

import time
from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase

REFRESH_SECONDS = 5 * 60


class IdleSessionMiddleware:
    """Moves the end of a session on while it is used, at most every five minutes.

    SESSION_SAVE_EVERY_REQUEST would do the same with a write in every request.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        # Untouched sessions stay unread: a static file or a health check costs no query.
        if request.session.accessed and not request.session.is_empty():
            now = int(time.time())
            if now - request.session.get("seen", 0) >= REFRESH_SECONDS:
                request.session["seen"] = now
        return response
