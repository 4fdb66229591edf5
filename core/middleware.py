from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone, translation
from pghistory.middleware import HistoryMiddleware as Tracked

from .hidden import address_hide


class PersonMiddleware:
    """Speaks the signed-in person's language and time zone; a guest's come from the browser."""

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        user = request.user
        if not user.is_authenticated:
            return self.get_response(request)
        request.LANGUAGE_CODE = user.language
        with translation.override(user.language), timezone.override(ZoneInfo(user.time_zone)):
            response = self.get_response(request)
            if hasattr(response, "render") and not response.is_rendered:
                response.render()
            response.headers.setdefault("Content-Language", user.language)
            return response


class HistoryMiddleware(Tracked):
    """History says where a change was made; what opens a shared link is no part of that."""

    def get_context(self, request: HttpRequest) -> dict[str, Any]:
        found = super().get_context(request)
        return {**found, "url": address_hide(found["url"])}
