from __future__ import annotations

from contextlib import suppress
from typing import Any
from zoneinfo import ZoneInfo

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect, UnreadablePostError
from django.urls import Resolver404, resolve
from django.utils import timezone, translation
from django.utils.encoding import escape_uri_path
from pghistory.middleware import HistoryMiddleware as Tracked

from .hidden import address_hide
from .texts import holds_nul
from .views.errors import API


class NulMiddleware:
    """Refuses an address or a cookie with what no text of the database can hold."""

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if holds_nul([request.path_info, request.COOKIES, dict(request.GET.lists())]):
            raise BadRequest("NUL")
        return self.get_response(request)


class NulFormMiddleware:
    """Refuses a form with that, once it is known to come from our own page: no other is read. What is sent to
    the API is looked at once it is known who asks: see :class:`core.api.JSONParser`."""

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_view: Any) -> None:
        if request.path_info.startswith(API):
            return
        with suppress(UnreadablePostError):  # who sent it is gone
            if holds_nul(dict(request.POST.lists())):
                raise BadRequest("NUL")


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


class FormsOnlyMiddleware:
    """Who opens an address that takes forms only, as after a refused form whose page is asked for again in
    another language, comes to the page above it: there the form stood."""

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        takes_none = response.status_code == 405 and request.method == "GET"
        is_page = not getattr(request, "htmx", False) and not request.path_info.startswith(API)
        if takes_none and is_page and request.user.is_authenticated:
            return HttpResponseRedirect(escape_uri_path(_page_above(request.path_info)))
        return response


def _page_above(path: str) -> str:
    """The nearest address above this one that there is."""
    while path != "/":
        path = path.rstrip("/").rpartition("/")[0] + "/"
        with suppress(Resolver404):
            resolve(path)
            break
    return path


class HistoryMiddleware(Tracked):
    """History says where a change was made; what opens a shared link is no part of that."""

    def get_context(self, request: HttpRequest) -> dict[str, Any]:
        found = super().get_context(request)
        return {**found, "url": address_hide(found["url"])}
