from __future__ import annotations

import uuid
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_http_methods

from accounts.errors import DomainError
from core.errors import form_refuse
from core.idempotency import once
from core.pages import page_render, paginate, with_right
from core.search import folded, with_words
from exchange.forms import UploadForm
from exchange.models import Import
from exchange.selectors import imports_visible, sheets_for
from exchange.services.imports import import_start

STATES = [
    ("waiting", _("waiting for somebody"), Import.OPEN),
    ("moving", _("under way"), Import.MOVING),
    ("applied", _("applied"), (Import.State.APPLIED,)),
    ("undone", _("undone"), (Import.State.UNDONE,)),
    ("failed", _("failed"), (Import.State.FAILED,)),
    ("discarded", _("discarded"), (Import.State.DISCARDED,)),
]


@require_GET
@with_right("exchange.import")
def import_list(request: HttpRequest) -> HttpResponse:
    """The imports, newest first; state, kind, mine and file name in the address."""
    rows = imports_visible(request.user)
    is_empty = not rows.exists()
    states = {key: found for key, _label, found in STATES}.get(request.GET.get("state", ""))
    if states:
        rows = rows.filter(state__in=states)
    elif not request.GET.get("state"):
        rows = rows.exclude(state=Import.State.DISCARDED)
    allowed = sheets_for(request.user)
    if request.GET.get("sheet") in [sheet.key for sheet in allowed]:
        rows = rows.filter(sheet=request.GET["sheet"])
    if request.GET.get("mine"):
        rows = rows.filter(created_by=request.user)
    rows = with_words(rows, folded("file_name"), request.GET.get("q", "").strip()[:100])
    context = {
        "page": paginate(request, rows),
        "is_empty": is_empty,
        "states": [(key, label) for key, label, _states in STATES],
        "sheets": allowed,
        "sheet_labels": {sheet.key: sheet.label for sheet in allowed},
        "can_undo": request.user.has_perm("exchange.undo"),
    }
    return page_render(request, "exchange/import_list.html", context, fragment="exchange/_import_table.html")


@require_http_methods(["GET", "POST"])
@with_right("exchange.import")
def import_upload(request: HttpRequest) -> HttpResponse:
    """Choose a file; then its own page follows it."""
    allowed = sheets_for(request.user)
    if request.method != "POST":
        form = UploadForm(
            allowed=allowed, initial={"nonce": uuid.uuid4().hex, "sheet": request.GET.get("sheet", "")}
        )
        return page_render(request, "exchange/import_upload.html", {"form": form, "sheets": allowed})
    form = UploadForm(request.POST, request.FILES, allowed=allowed)
    if form.is_valid():
        try:
            return redirect("exchange:detail", pk=_start(request, form))
        except DomainError as error:
            form_refuse(form, error)
    return page_render(request, "exchange/import_upload.html", {"form": form, "sheets": allowed}, status=422)


def _start(request: HttpRequest, form: UploadForm) -> Any:
    file = form.cleaned_data["file"]
    return once(
        request.user,
        "exchange.upload",
        form.cleaned_data["nonce"],
        lambda: (
            import_start(
                user=request.user,
                source=Import.Source.PAGE,
                file=file,
                file_name=file.name,
                sheet=form.cleaned_data["sheet"],
            ).pk
        ),
    )
