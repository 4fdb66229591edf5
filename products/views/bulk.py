"""Changing one field of many products: choose, look, apply, take back."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from accounts.errors import DomainError
from core.errors import form_refuse
from core.organisation import today
from core.pages import page_render, with_right
from core.texts import query_of
from products.forms.bulk import LABELS, BulkForm
from products.models import BulkChange
from products.selectors.access import products_visible
from products.selectors.lines import LineTree
from products.selectors.product_filter import products_filtered
from products.selectors.product_list import query_read
from products.services.bulk import (
    MOST,
    BulkPreview,
    products_bulk_preview,
    products_bulk_undo,
    products_bulk_update,
)

SHOWN = 200


def _chosen(request: HttpRequest, tree: LineTree) -> list[int]:
    """The ids of what was chosen: the ticked codes, or all that the list's filters find."""
    if request.POST.get("all"):
        query = query_read(request.user, query_of(request.POST.get("query", "")))
        rows = products_filtered(request.user, query, tree)
    else:
        rows = products_visible(request.user).filter(code__in=request.POST.getlist("code"))
    return list(rows.order_by("pk").values_list("pk", flat=True)[: MOST + 1])


def _codes(user: Any, ids: list[int]) -> list[str]:
    """Of what was ticked only what the person may see goes back to them."""
    return list(products_visible(user).filter(pk__in=ids).order_by("pk").values_list("code", flat=True))


@with_right("products.edit")
@require_POST
def bulk(request: HttpRequest) -> HttpResponse:
    """Three steps at one address: the value, the preview, and apply."""
    user, tree = request.user, LineTree()
    name = request.POST.get("field", "")
    listing = f"{reverse('products:list')}?{request.POST.get('query', '')}"
    ids = _chosen(request, tree)
    if not ids or name not in LABELS:
        messages.warning(request, _("Choose products and what to change about them."))
        return redirect(listing)
    step = request.POST.get("step", "")
    form = BulkForm(request.POST if step else None, user=user, tree=tree, name=name)
    preview: BulkPreview | None = None
    status = 200
    if step and form.is_valid():
        value = form.cleaned_data["value"] or None if name != "temporary" else form.cleaned_data["value"]
        start = form.cleaned_data.get("start_date") or today()
        asked = {"user": user, "product_ids": ids, "field": name, "value": value, "start_date": start}
        try:
            if step == "apply":
                change = products_bulk_update(
                    **asked,
                    fingerprint=request.POST.get("fingerprint", ""),
                    key=request.POST.get("key", "")[:80] or uuid.uuid4().hex,
                )
                _say(request, change.pk, len(change.changes["products"]))
                return redirect(listing)
            preview = products_bulk_preview(**asked)
        except DomainError as error:
            form_refuse(form, error)
            status = error.status
            if error.code == "preview_outdated":
                preview = products_bulk_preview(**asked)
    context = {
        "form": form,
        "name": name,
        "label": LABELS[name],
        "count": len(ids),
        "preview": preview,
        "shown": preview.rows[:SHOWN] if preview else [],
        "key": uuid.uuid4().hex,
        "codes": [] if request.POST.get("all") else _codes(user, ids),
        "query": request.POST.get("query", ""),
        "listing": listing,
    }
    return page_render(request, "products/bulk.html", context, status=status)


def _say(request: HttpRequest, change_id: int, count: int) -> None:
    text = ngettext("%(count)s product changed.", "%(count)s products changed.", count) % {"count": count}
    if not count:
        messages.info(request, text)
        return
    link = reverse("products:bulk_undo", args=[change_id])
    messages.success(request, format_html('{} <a href="{}">{}</a>', text, link, _("Take back")))


@with_right("products.edit")
@require_http_methods(["GET", "POST"])
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask once, then give each product back what it had."""
    if request.method != "POST":
        change = get_object_or_404(BulkChange, pk=pk, user=request.user)
        context = {"change": change, "label": LABELS[change.field], "count": len(change.changes["products"])}
        return page_render(request, "products/bulk_undo.html", context)
    restored, left = products_bulk_undo(user=request.user, change_id=pk)
    text = ngettext("%(count)s product is as before.", "%(count)s products are as before.", restored)
    messages.success(request, text % {"count": restored})
    if left:
        text = ngettext(
            "%(count)s product was changed again in the meantime and stays as it is.",
            "%(count)s products were changed again in the meantime and stay as they are.",
            left,
        )
        messages.warning(request, text % {"count": left})
    return redirect("products:list")
