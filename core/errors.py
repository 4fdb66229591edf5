"""How a refusal becomes an answer: for a page, a fragment and the API, each in one place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import PermissionDenied
from django.forms import BaseForm
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from rest_framework.response import Response
from rest_framework.views import exception_handler

from accounts.errors import DomainError


def form_refuse(form: BaseForm, error: DomainError) -> None:
    """Put a service's refusal at its field, so that the page comes back with the input filled in. What the
    person may not do at all is raised on; what somebody else may is told at the form."""
    if error.status == 403 and error.code != "four_eyes":
        raise error
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
    """``{"code", "message", "field", "details"}`` for every refusal, but for fields that do not pass: those
    stand by their name, as DRF has it."""
    if isinstance(error, DomainError):
        return Response(_refusal(error.code, error.message, error.field, error.details), status=error.status)
    answer = exception_handler(error, context)
    detail = answer.data.get("detail") if answer is not None and isinstance(answer.data, dict) else None
    if answer is None or not isinstance(detail, str):
        return answer
    code, message = getattr(detail, "code", "error"), detail
    # What Django's own two hold is for the log: the code that was asked for, the right that was missing.
    if isinstance(error, Http404):
        message = _("There is nothing here, or you may not see it.")
    elif isinstance(error, PermissionDenied):
        message = _("Your role does not include this.")
    answer.data = _refusal(code, message)
    return answer


def _refusal(
    code: str, message: Any, field: str = "", details: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    return {"code": code, "message": str(message), "field": field, "details": details or {}}


def require(user: Any, permission: str) -> None:
    """403 unless the person has the right."""
    if not user.has_perm(permission):
        raise PermissionDenied(permission)
