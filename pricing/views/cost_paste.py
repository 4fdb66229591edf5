"""Costs pasted from a spreadsheet: read, previewed and undone as a file is."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.core.files.base import ContentFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from accounts.errors import DomainError
from core.errors import form_refuse, require
from core.idempotency import once
from core.pages import page_render, with_right
from exchange.models import Import
from exchange.services.imports import import_start
from pricing.selectors.costs import EDIT
from pricing.sheets.costs import CostsSheet


class PasteForm(forms.Form):
    """Cells with the row of column names above them."""

    cells = forms.CharField(
        label=_("Cells of a spreadsheet"),
        widget=forms.Textarea(attrs={"rows": 14, "spellcheck": "false", "wrap": "off"}),
        strip=False,
        help_text=_("Copy them with the row of column names. The file of the page Costs has the right ones."),
    )


@with_right(EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def cost_paste(request: HttpRequest) -> HttpResponse:
    """What was pasted becomes an import; its page shows what would be written."""
    require(request.user, "exchange.import")
    form, status = PasteForm(request.POST or None), 200
    nonce = request.POST.get("nonce", "")
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                made = once(request.user, "cost paste", nonce, lambda: _started(request.user, form))
            except DomainError as error:
                form_refuse(form, error)
            else:
                return redirect("exchange:detail", pk=made)
    context = {"form": form, "nonce": nonce or uuid.uuid4().hex}
    return page_render(request, "pricing/cost_paste.html", context, status=status)


def _started(user: Any, form: PasteForm) -> Any:
    content = form.cleaned_data["cells"].strip("\r\n").encode()
    row = import_start(
        user=user,
        source=Import.Source.PAGE,
        file=ContentFile(content),
        file_name=str(_("pasted costs")) + ".txt",
        sheet=CostsSheet.key,
    )
    return row.pk
