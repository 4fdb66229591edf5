"""The product list, its filters, its saved views and its export."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from django.contrib import messages
from django.core.paginator import Page
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.errors import DomainError, VersionConflict
from core.numbers import int_read
from core.organisation import organisation_get
from core.pages import PAGE_SIZES, Counted, page_render, paginate, with_right
from core.texts import query_of
from products.selectors.filter_choices import chips, filter_choices, filter_keys
from products.selectors.lines import LineTree, line_tree
from products.selectors.list_query import FILTERS, ListQuery
from products.selectors.product_list import (
    ALL,
    MINE,
    ListTotals,
    Tab,
    list_page,
    list_rows,
    list_tabs,
    list_totals,
    query_in_words,
    query_read,
)
from products.services.views import view_create, view_delete, view_update


@dataclass(frozen=True)
class ListPage:
    """One page of the list. The count is known from the totals, so that counting is no query of its own."""

    query: ListQuery
    rows: list[Any]
    totals: ListTotals
    tabs: list[Tab]
    page: Page


def _page(request: HttpRequest) -> ListPage:
    user, tree = request.user, line_tree()
    tabs = list_tabs(user, tree)
    if not request.GET:
        # The bare address: one's own products, or all of them for a person who has none.
        request.GET = QueryDict(MINE if tabs[0].count else ALL)  # type: ignore[misc]
    asked = query_in_words(query_read(user, request.GET), tree)
    query, totals = _found(user, asked, tree)
    page = paginate(request, Counted(totals.count, partial(list_page, user, query, tree)))
    return ListPage(query, list_rows(user, page.object_list, tree, query), totals, tabs, page)


def _found(user: Any, query: ListQuery, tree: LineTree) -> tuple[ListQuery, ListTotals]:
    """The question and its totals; where nothing holds the text, the question for what is alike to it. The
    address of that says so, so that file and bulk change have the same rows."""
    query = replace(query, alike=False)
    totals = list_totals(user, query, tree)
    if not totals.count and query.text:
        near = replace(query, alike=True)
        found = list_totals(user, near, tree)
        if found.count:
            return near, found
    return query, totals


@with_right("products.view")
@require_safe
def product_list(request: HttpRequest) -> HttpResponse:
    """Find products: everything asked is in the address, and htmx gets the part that changes."""
    found = _page(request)
    query, user = found.query, request.user
    active = next((tab for tab in found.tabs if tab.key == query.view), None)
    context = {
        "query": query,
        "sort": query.sort,
        "rows": found.rows,
        "totals": found.totals,
        "tabs": found.tabs,
        "active_tab": active,
        "own_view": active.view if active and active.view and active.view.user_id == user.pk else None,
        "all_count": found.tabs[1].count,
        "page": found.page,
        "sizes": PAGE_SIZES,
        "chips": chips(user, query),
        "filters": filter_keys(query),
        "own_filters": FILTERS,
        "address": query.encoded,
        "page_query": _without(request, "page"),
        "currency": organisation_get().currency,
        "can_edit": user.has_perm("products.edit"),
        "can_import": user.has_perm("exchange.import"),
        "can_share": user.has_perm("products.share_views"),
        "can_export": user.has_perm("exchange.export"),
    }
    return page_render(request, "products/product_list.html", context, fragment="products/_product_list.html")


def _without(request: HttpRequest, key: str) -> str:
    query = request.GET.copy()
    query.pop(key, None)
    return query.urlencode()


@with_right("products.view")
@require_safe
def filters(request: HttpRequest, key: str) -> HttpResponse:
    """The values one filter can have, each a link to the list with it; ``?find=`` narrows them."""
    query = query_read(request.user, request.GET)
    choices = filter_choices(request.user, key, request.GET.get("find", ""))
    if choices is None:
        raise Http404(key)
    listing = reverse("products:list")
    items = [
        {"label": choice.label, "url": f"{listing}?{query.having(key, choice.value)}", "depth": choice.depth}
        for choice in choices
        if choice.value not in query.filters.get(key, ())
    ]
    context = {
        "key": key,
        "label": dict(filter_keys(query)).get(key),
        "items": items,
        "address": query.encoded,
    }
    return page_render(
        request, "products/product_filters.html", context, fragment="products/_product_filter_menu.html"
    )


@with_right("products.view")
@require_POST
def view_new(request: HttpRequest) -> HttpResponse:
    """Keep the list as it stands under a name."""
    query = query_read(request.user, query_of(request.POST.get("query", "")))
    try:
        view = view_create(
            user=request.user,
            name=request.POST.get("name", ""),
            query=query.address(view=""),
            shared="shared" in request.POST,
        )
    except DomainError as error:
        return _refused(request, error, query)
    messages.success(request, _("View “%(name)s” is kept.") % {"name": view.name})
    return redirect(f"{reverse('products:list')}?{query.address(view=str(view.pk))}")


def _refused(request: HttpRequest, error: DomainError, query: ListQuery) -> HttpResponse:
    """Back to the list as it stood, where a name will not do."""
    if error.field != "name":
        raise error
    messages.error(request, str(error))
    return redirect(f"{reverse('products:list')}?{query.encoded}")


@with_right("products.view")
@require_POST
def view_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Rename, share, keep the filters as they stand now, or delete; only one's own."""
    listing = reverse("products:list")
    query = query_read(request.user, query_of(request.POST.get("query", "")))
    action = request.POST.get("action", "")
    if action == "delete":
        view_delete(user=request.user, view_id=pk)
        messages.success(request, _("The view is gone; the products are still there."))
        return redirect(f"{listing}?{ALL}")
    seen = request.POST.get("version", "")
    common = {"user": request.user, "view_id": pk, "version": int_read(seen)}
    try:
        if action == "keep":
            view_update(**common, query=query.address(view=""))
        else:
            name = request.POST.get("name", "").strip()
            view_update(**common, name=name, shared="shared" in request.POST)
    except VersionConflict as error:
        raise _in_words(error) from None
    except DomainError as error:
        return _refused(request, error, query)
    messages.success(request, _("Saved."))
    return redirect(f"{listing}?{query.address(view=str(pk))}")


def _in_words(error: VersionConflict) -> VersionConflict:
    """Both values of a view that was saved elsewhere meanwhile, as people read them."""
    labels = {
        "name": _("Name"),
        "shared": _("shared with everybody"),
        "query": _("Filters, sort and columns"),
    }
    for name, both in error.details["fields"].items():
        both["label"] = labels[name]
        if name == "shared":
            both |= {side: _("yes") if both[side] else _("no") for side in ("yours", "theirs")}
    return error


@with_right("products.view")
@require_safe
def columns(request: HttpRequest) -> HttpResponse:
    """The list again, with the columns that were ticked."""
    query = query_read(request.user, query_of(request.GET.get("query", "")))
    keys = request.GET.getlist("col")
    chosen = tuple(column for column in query.available if column.key in keys)
    return redirect(f"{reverse('products:list')}?{query.address(columns=chosen, chosen=bool(chosen))}")
