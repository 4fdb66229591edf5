"""How a refusal becomes an answer: for a page, a fragment and the API, each in one place."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from rest_framework.response import Response
from rest_framework.views import exception_handler

from accounts.errors import DomainError


def form_refuse(form: BaseForm, error: DomainError) -> None:
    """Put a service's refusal at its field, so that the page comes back with the input filled in."""
    field = error.field if error.field in form.fields else None
    form.add_error(field, str(error.message))


class DomainErrorMiddleware:
    """Answers a :class:`DomainError` that no view caught: a page, or a message for htmx to show."""

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, DomainError):
            return None
        template = "core/_error.html" if getattr(request, "htmx", False) else "core/error.html"
        return render(request, template, {"error": error}, status=error.status)


def api_exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """``{"code", "message", "field", "details"}`` for a refusal; DRF's own answer otherwise."""
    if isinstance(error, DomainError):
        body = {
            "code": error.code,
            "message": str(error.message),
            "field": error.field,
            "details": error.details,
        }
        return Response(body, status=error.status)
    return exception_handler(error, context)


def require(user: Any, permission: str) -> None:
    """403 unless the person has the right."""
    if not user.has_perm(permission):
        raise PermissionDenied(permission)
