"""Building blocks of a page's view."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render

from core.numbers import int_read

PAGE_SIZES = (50, 200)


def page_render(
    request: HttpRequest,
    template: str,
    context: Mapping[str, Any],
    *,
    fragment: str | None = None,
    status: int = 200,
) -> HttpResponse:
    """The whole page, or only its fragment when htmx asked for a part of it. Same context, same address."""
    htmx = getattr(request, "htmx", None)
    partial = bool(htmx) and not htmx.boosted and not htmx.history_restore_request
    return render(request, fragment if fragment and partial else template, dict(context), status=status)


def with_right(permission: str) -> Callable:
    """The view needs a signed-in person with this right: sign-in page or 403 otherwise."""

    def decorate(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
        @login_required
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not request.user.has_perm(permission):
                raise PermissionDenied(permission)
            return view(request, *args, **kwargs)

        guarded.permission = permission  # type: ignore[attr-defined]
        return guarded

    return decorate


@dataclass(frozen=True)
class Sort:
    """What a table is sorted by, from ``?sort=field`` or ``?sort=-field``; only what is allowed."""

    field: str
    descending: bool

    @classmethod
    def read(cls, request: HttpRequest, allowed: Sequence[str], default: str) -> Sort:
        asked = request.GET.get("sort", default)
        if asked.lstrip("-") not in allowed:
            asked = default
        return cls(asked.lstrip("-"), asked.startswith("-"))

    @property
    def text(self) -> str:
        """As the address says it."""
        return f"-{self.field}" if self.descending else self.field


class Counted:
    """Rows with a known count, for the paginator; ``part`` reads those from one place to another."""

    ordered = True

    def __init__(self, count: int, part: Callable[[int, int], Any]) -> None:
        self._count, self._part = count, part

    def count(self) -> int:
        return self._count

    def __getitem__(self, part: slice) -> Any:
        return self._part(part.start, part.stop)


def paginate(request: HttpRequest, rows: Any, *, turned: str = "") -> Page:
    """The page of ``?page=`` with 50 rows, or 200 with ``?size=200``; out of range gives the nearest. Of more
    lists on a page each has its name: the one of ``?turned=`` is turned, the others show their first page."""
    size = int_read(request.GET.get("size", ""))
    rows_a_page = size if size in PAGE_SIZES else PAGE_SIZES[0]
    paginator = Paginator(ordered_whole(rows), rows_a_page)
    return paginator.get_page(request.GET.get("page") if request.GET.get("turned", "") == turned else 1)


def ordered_whole(rows: Any) -> Any:
    """The rows in their order, and by id where it takes two for alike: or one would stand on two pages and
    another on none. Chosen values, combined queries and what is no query keep the order they have."""
    if not isinstance(rows, QuerySet):
        return rows
    query = rows.query
    if query.is_sliced or query.combinator or query.values_select:
        return rows
    return rows.order_by(*(query.order_by or rows.model._meta.ordering), "pk")
