"""File layouts: how files with certain columns are read, remembered from the last one."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.errors import DomainError, VersionConflict
from accounts.versions import form_conflict
from core.errors import form_refuse
from core.history import history_of
from core.pages import page_render, paginate, with_right
from core.search import folded, with_words
from exchange.layout_words import layout_answers, layout_columns
from exchange.models import Layout
from exchange.selectors import imports_visible, layout_get, layouts_visible, sheets_for
from exchange.services.layouts import layout_put_back, layout_rename, layout_retire


class LayoutForm(forms.Form):
    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=80,
        help_text=gettext_lazy("An upload by the API can ask for it by this name."),
    )
    version = forms.IntegerField(widget=forms.HiddenInput)


@with_right("exchange.import")
@require_safe
def layouts(request: HttpRequest) -> HttpResponse:
    """The layouts, last used first; kind, name and ``?deleted=1`` in the address."""
    rows = layouts_visible(request.user)
    deleted = request.GET.get("deleted") == "1"
    is_empty = not rows.exists()
    rows = rows.filter(retired_at__isnull=not deleted)
    allowed = sheets_for(request.user)
    if request.GET.get("sheet") in [sheet.key for sheet in allowed]:
        rows = rows.filter(sheet=request.GET["sheet"])
    rows = with_words(rows, folded("name"), request.GET.get("q", "").strip()[:80])
    page = paginate(request, rows.order_by("-used_at", "name", "pk"))
    context = {
        "page": page,
        "rows": [(row, layout_columns(row), layout_answers(row, request.user)) for row in page],
        "is_empty": is_empty,
        "deleted": deleted,
        "sheets": allowed,
    }
    return page_render(request, "exchange/layouts.html", context)


@with_right("exchange.import")
@require_http_methods(["GET", "POST"])
def layout(request: HttpRequest, pk: int) -> HttpResponse:
    """What one layout remembers, its imports and history; POST gives it another name."""
    row = layout_get(request.user, pk)
    form = LayoutForm(request.POST or None, initial={"name": row.name, "version": row.version})
    conflict, status = None, 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                layout_rename(user=request.user, layout=row, **form.cleaned_data)
            except VersionConflict as error:
                stored = Layout.objects.get(pk=pk)
                conflict, status = form_conflict(form, error, stored.version), 409
            except DomainError as error:
                form_refuse(form, error)
            else:
                messages.success(request, _("Saved."))
                return redirect("exchange:layout", pk=pk)
    context: dict[str, Any] = {
        "layout": row,
        "form": form,
        "conflict": conflict,
        "columns": layout_columns(row),
        "answers": layout_answers(row, request.user),
        "imports": imports_visible(request.user).filter(layout=row)[:10],
        "history": history_of(row),
    }
    return page_render(request, "exchange/layout.html", context, status=status)


@with_right("exchange.import")
@require_POST
def layout_delete(request: HttpRequest, pk: int) -> HttpResponse:
    row = layout_get(request.user, pk)
    layout_retire(user=request.user, layout=row)
    messages.success(request, _("“%(name)s” was deleted; its page can put it back.") % {"name": row.name})
    return redirect("exchange:layouts")


@with_right("exchange.import")
@require_POST
def layout_restore(request: HttpRequest, pk: int) -> HttpResponse:
    row = layout_get(request.user, pk)
    try:
        layout_put_back(user=request.user, layout=row)
    except DomainError as error:
        messages.error(request, str(error.message))
    else:
        messages.success(request, _("“%(name)s” is in use again.") % {"name": row.name})
    return redirect("exchange:layout", pk=pk)
