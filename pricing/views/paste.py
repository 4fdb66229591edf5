"""Cells pasted from a spreadsheet: read, previewed and undone as a file is."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.core.files.base import ContentFile
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from accounts.errors import DomainError
from core.errors import form_refuse, require
from core.idempotency import once
from core.numbers import int_read
from core.pages import page_render, with_right
from exchange.models import Import
from exchange.reading.limits import MB
from exchange.selectors import import_get
from exchange.services.imports import import_path, import_start
from exchange.sheets import PASTED
from pricing.selectors.costs import EDIT
from pricing.sheets.costs import CostsSheet
from pricing.sheets.place import DistributionSheet


class PasteForm(forms.Form):
    """Cells with the row of column names above them."""

    cells = forms.CharField(
        label=gettext_lazy("Cells of a spreadsheet"),
        widget=forms.Textarea(attrs={"rows": 14, "spellcheck": "false", "wrap": "off"}),
        strip=False,
        help_text=gettext_lazy("Copy them with the row of column names."),
    )


@with_right(EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def cost_paste(request: HttpRequest) -> HttpResponse:
    return _pasted(
        request,
        CostsSheet.key,
        {
            "heading": _("Paste costs"),
            "above": _("Costs"),
            "back": reverse("pricing:costs"),
            "columns": _(
                "Columns: product or line, kind, from, amount; also name, basis, of what, currency, "
                "exchange rate, supplier, channel and the others of the file. The file of the page Costs has "
                "the right ones."
            ),
            "file_name": _("pasted costs"),
        },
    )


@with_right("pricing.edit")
@require_http_methods(["GET", "HEAD", "POST"])
def distribution_paste(request: HttpRequest) -> HttpResponse:
    return _pasted(
        request,
        DistributionSheet.key,
        {
            "heading": _("Paste distribution"),
            "above": _("Listings"),
            "back": reverse("pricing:listings"),
            "columns": _(
                "Columns: product, channel, and a column for each month with the weighted distribution in "
                "per cent (2026-09, 2026-10, …); or month, weighted, numeric and points, a month a line."
            ),
            "file_name": _("pasted distribution"),
        },
    )


def _pasted(request: HttpRequest, sheet: str, said: dict[str, str]) -> HttpResponse:
    """What was pasted becomes an import; its page shows what would be written, and what is wrong in which
    line and column."""
    require(request.user, "exchange.import")
    form, status = PasteForm(request.POST or None, initial={"cells": _cells_before(request, sheet)}), 200
    nonce = request.POST.get("nonce", "")
    if request.method == "POST":
        status = 422
        if form.is_valid():
            cells = form.cleaned_data["cells"]
            try:
                made = once(
                    request.user,
                    f"{sheet} paste",
                    nonce,
                    lambda: _started(request.user, cells, sheet, said["file_name"]),
                )
            except DomainError as error:
                form_refuse(form, error)
            else:
                return redirect("exchange:detail", pk=made)
    context = {"form": form, "nonce": nonce or uuid.uuid4().hex, **said}
    return page_render(request, "pricing/paste.html", context, status=status)


def _cells_before(request: HttpRequest, sheet: str) -> str:
    """The cells of the import ``?again=``, to be changed and sent once more."""
    pk = int_read(request.GET.get("again", ""))
    if pk is None:
        return ""
    row = import_get(request.user, pk)
    if row.sheet != sheet or not row.file_name.endswith(PASTED) or row.file_size > MB:
        raise Http404(pk)
    return import_path(row).read_text("utf-8", errors="replace")


def _started(user: Any, cells: str, sheet: str, name: str) -> Any:
    content = cells.strip("\r\n").encode()
    return import_start(
        user=user,
        source=Import.Source.PAGE,
        file=ContentFile(content),
        file_name=f"{name}{PASTED}",
        sheet=sheet,
    ).pk
