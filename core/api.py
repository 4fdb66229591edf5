"""What every endpoint of the REST API is built from.

An endpoint names its rights, reads through a selector that takes the user, writes through a service, and uses
:class:`StrictSerializer` for what comes in. Refusals (:class:`accounts.errors.DomainError`) are answered by
``core.errors.api_exception_handler``.
"""

from __future__ import annotations

import base64
import binascii
import datetime
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ImproperlyConfigured
from django.core.validators import ProhibitNullCharactersValidator
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_filters import BooleanFilter
from django_filters.rest_framework import DjangoFilterBackend
from drf_spectacular.utils import extend_schema_field
from knox.auth import TokenAuthentication as KnoxAuthentication
from rest_framework import pagination, parsers, serializers, throttling
from rest_framework.exceptions import AuthenticationFailed, MethodNotAllowed, ParseError
from rest_framework.permissions import SAFE_METHODS, IsAuthenticated

from accounts.errors import VersionConflict
from core.months import parse_month_start
from core.pages import ordered_whole
from core.texts import holds_nul

if TYPE_CHECKING:  # rest_framework.views reads the settings that name this file
    from rest_framework.request import Request
    from rest_framework.views import APIView

API_RIGHT = "accounts.api"
USED_EVERY = datetime.timedelta(minutes=5)


class TokenAuthentication(KnoxAuthentication):
    """``Authorization: Token pmt_…``: the token's owner, in the owner's language.

    Notes at most every five minutes that the token was used. A person who is deactivated, and a token that is
    revoked or expired, are refused at once: nothing is cached.
    """

    def authenticate_credentials(self, token: bytes) -> tuple[Any, Any]:
        user, auth_token = super().authenticate_credentials(token)
        # LocaleMiddleware chooses the language anew for every request, so this does not outlive it.
        translation.activate(user.language)
        now = timezone.now()
        if auth_token.last_used_at is None or auth_token.last_used_at < now - USED_EVERY:
            type(auth_token).objects.filter(pk=auth_token.pk).update(last_used_at=now)
        return user, auth_token


class BasicTokenAuthentication(TokenAuthentication):
    """``Authorization: Basic …`` with a token as the password and any name, for programs that know nothing
    else; only on addresses that say so, and only to read."""

    def authenticate(self, request: Request) -> Any:
        scheme, _space, said = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "basic" or request.method not in SAFE_METHODS:
            return None
        try:
            token = base64.b64decode(said, validate=True).decode().partition(":")[2]
        except (binascii.Error, UnicodeDecodeError):
            token = ""
        if not token:
            raise AuthenticationFailed(_("The password has to be a token."))
        user, auth_token = self.authenticate_credentials(token.encode())
        return user, auth_token

    def authenticate_header(self, request: Request) -> str:
        return 'Basic realm="pmtool"'


class JSONParser(parsers.JSONParser):
    """Refuses what no text of the database can hold, in whatever field, and what is too deep to be read."""

    def parse(self, *args: Any, **kwargs: Any) -> Any:
        try:
            said = super().parse(*args, **kwargs)
        except RecursionError as error:
            raise ParseError(_("This is nested too deeply.")) from error
        if holds_nul(said):
            raise ParseError(ProhibitNullCharactersValidator.message)
        return said


class HasRight(IsAuthenticated):
    """The person may use the API and has the right the view names.

    ``rights`` on the view is one code or one a method: ``{"GET": "products.view", "POST": "products.edit"}``.
    A view without ``rights`` is a programming error. A method without one is not allowed (405).
    """

    message = gettext_lazy("Your role does not include this.")

    def has_permission(self, request: Request, view: APIView) -> bool:
        if not super().has_permission(request, view):
            return False
        right = right_of(view, request.method or "GET")
        if right is None:
            raise MethodNotAllowed(request.method or "")
        return request.user.has_perm(API_RIGHT) and request.user.has_perm(right)


def right_of(view: APIView, method: str) -> str | None:
    """The right a method of the view asks for; ``None`` where it does not have the method."""
    rights = getattr(view, "rights", None)
    if not rights:
        raise ImproperlyConfigured(f"{type(view).__name__} names no rights")
    if isinstance(rights, str):
        return rights
    method = "GET" if method in {"HEAD", "OPTIONS"} else method
    return rights.get(method)


class Pagination(pagination.PageNumberPagination):
    """``?page=2&page_size=200``: 50 a page, at most 200, with the total count.

    Each row stands on one page: see :func:`core.pages.ordered_whole`.
    """

    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 200

    def paginate_queryset(self, queryset: Any, request: Request, view: APIView | None = None) -> Any:
        return super().paginate_queryset(ordered_whole(queryset), request, view)


class CursorPagination(pagination.CursorPagination):
    """For tables of millions: next and previous, no count. The view may set ``ordering``."""

    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 200
    ordering = "pk"


class StrictFilters(DjangoFilterBackend):
    """Refuses a query parameter that nothing reads, and a yes or no that is neither: a filter with a typing
    error would give everything."""

    def filter_queryset(self, request: Request, queryset: Any, view: APIView) -> Any:
        filterset = self.get_filterset(request, queryset, view)
        filters = filterset.filters if filterset is not None else {}
        known = set(filters)
        pages = ("page_query_param", "page_size_query_param", "cursor_query_param")
        known |= {getattr(view.paginator, name, None) for name in pages}
        problems = {name: [_("This filter does not exist.")] for name in request.query_params.keys() - known}
        for name, each in filters.items():
            said = request.query_params.get(name, "").lower()
            if isinstance(each, BooleanFilter) and said not in ("", "true", "false", "1", "0"):
                problems[name] = [_("This must be true or false.")]
        if problems:
            raise serializers.ValidationError(problems)
        return super().filter_queryset(request, queryset, view)


class PersonThrottle(throttling.SimpleRateThrottle):
    """So many requests a minute for each person, over all their tokens; guests were refused before."""

    scope = "person"
    rate = "600/min"

    def get_cache_key(self, request: Request, view: APIView) -> str | None:
        return self.cache_format % {"scope": self.scope, "ident": request.user.pk}


class StrictMixin:
    """Refuses unknown fields and values of another JSON type; posted read-only fields change nothing.

    A number may be a string only where it is a decimal (``"12.50"`` keeps its cents). NaN and infinity never
    pass. Form data (an upload) is text by nature and only checked for unknown fields.
    """

    fields: Any
    context: Any

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            problems: dict[str, Any] = {
                str(name): [_("This field does not exist.")] for name in data if name not in self.fields
            }
            if _is_json(data):
                for name, field in self.fields.items():
                    if not field.read_only and name in data and (problem := _type_problem(field, data[name])):
                        problems[name] = [problem]
            if problems:
                raise serializers.ValidationError(problems)
        return super().to_internal_value(data)  # type: ignore[misc]


@extend_schema_field({"type": "string", "pattern": r"^\d{4}-(0[1-9]|1[0-2])(-01)?$", "example": "2026-11"})
class MonthField(serializers.Field):  # type: ignore[type-arg]
    """``YYYY-MM``, or the month's first day as answers write it: the first day."""

    default_error_messages = {"invalid": gettext_lazy("A month is written as YYYY-MM.")}

    def to_internal_value(self, data: Any) -> datetime.date:
        try:
            return parse_month_start(data)
        except (ValueError, TypeError, AttributeError):
            self.fail("invalid")

    def to_representation(self, value: datetime.date) -> str:
        return f"{value:%Y-%m}"


class StrictSerializer(StrictMixin, serializers.Serializer):
    """A serializer for what comes in, field by field."""


class StrictModelSerializer(StrictMixin, serializers.ModelSerializer):
    """A serializer for what goes out of a model, and in where the service takes the same fields."""


@contextmanager
def conflict_shown(serializer: serializers.Serializer) -> Iterator[None]:
    """A :class:`VersionConflict` of the service called inside shows both values as the serializer writes
    them: codes in place of rows, dates as text."""
    try:
        yield
    except VersionConflict as error:
        fields = {
            name: {side: _shown(serializer, name, value) for side, value in both.items()}
            for name, both in error.details["fields"].items()
        }
        error.details["fields"] = fields
        raise


def _shown(serializer: serializers.Serializer, name: str, value: Any) -> Any:
    return None if value is None else serializer.fields[name].to_representation(value)


def _is_json(data: Mapping[str, Any]) -> bool:
    return not hasattr(data, "getlist")


def _type_problem(field: serializers.Field, value: Any) -> str:
    """Why the JSON value is not what the field holds, or ``""``."""
    if value is None:
        return ""
    if isinstance(value, float) and not math.isfinite(value):
        return _("This is not a finite number.")
    if isinstance(field, serializers.BooleanField) and not isinstance(value, bool):
        return _("This must be true or false.")
    if isinstance(field, serializers.IntegerField) and (
        isinstance(value, bool) or not isinstance(value, int)
    ):
        return _("This must be a whole number.")
    if isinstance(field, serializers.FloatField) and type(value) not in {int, float}:
        return _("This must be a number.")
    if isinstance(field, serializers.CharField) and not isinstance(value, str):
        return _("This must be text.")
    return ""
