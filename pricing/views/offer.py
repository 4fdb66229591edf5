"""What a product stands for: its versions, one version, two side by side; drafting and deciding."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.errors import DomainError, VersionConflict
from core.errors import form_refuse
from core.idempotency import key_said, once
from core.numbers import int_read
from core.organisation import today
from core.pages import page_render, with_right
from pricing.forms.offer import PositioningForm, points_formset
from pricing.models import Positioning
from pricing.selectors.offer import (
    TEXTS,
    Version,
    compared,
    in_force,
    positioning_get,
    positionings_visible,
    versions,
)
from pricing.services import offer
from products.models import Product
from products.selectors.access import product_get
from products.selectors.head import product_head
from products.views.conflict import conflict_show

MORE_ROWS = 3


def _versions(user: Any, product: Product) -> list[Version]:
    return versions(positionings_visible(user).filter(product=product))


def _chosen(found: list[Version], pk: Any) -> Version | None:
    return next((each for each in found if str(each.row.pk) == str(pk)), None)


@with_right("pricing.view")
@require_safe
def positionings(request: HttpRequest, code: str) -> HttpResponse:
    """All versions, newest first."""
    product = product_get(request.user, code)
    found = _versions(request.user, product)
    context = {
        "head": product_head(request.user, product, "mix"),
        "versions": found,
        "in_force": in_force(found),
        "can_edit": request.user.has_perm("pricing.edit"),
    }
    return page_render(request, "pricing/positionings.html", context)


@with_right("pricing.view")
@require_safe
def compare(request: HttpRequest, code: str) -> HttpResponse:
    """Two versions side by side, the newest two where none are named; the older at the left."""
    product = product_get(request.user, code)
    found = _versions(request.user, product)
    two = [_chosen(found, request.GET.get(name)) for name in ("old", "new")]
    if not request.GET.keys() & {"old", "new"}:
        two = [found[0], found[1]] if len(found) > 1 else [None]
    old, new = sorted(filter(None, two), key=lambda each: each.row.created_at) if all(two) else (None, None)
    context = {
        "head": product_head(request.user, product, "mix"),
        "versions": found,
        "old": old,
        "new": new,
        "fields": compared(old, new) if old and new else [],
    }
    return page_render(request, "pricing/positioning_compare.html", context)


@with_right("pricing.view")
@require_safe
def positioning(request: HttpRequest, code: str, pk: int) -> HttpResponse:
    """One version: what it says, who decided, and what can be done with it."""
    return _version_page(request, product_get(request.user, code), pk)


def _version_page(
    request: HttpRequest, product: Product, pk: int, error: DomainError | None = None
) -> HttpResponse:
    found = _versions(request.user, product)
    shown = _chosen(found, pk)
    if shown is None:
        raise Http404(pk)
    row = shown.row
    holding = next(
        (each for each in in_force(found) if each.row.segment_id == row.segment_id and each.row.pk != pk),
        None,
    )
    context = {
        "head": product_head(request.user, product, "mix"),
        "shown": shown,
        "holding": holding,
        "is_draft": row.state == Positioning.State.DRAFT,
        "is_waiting": row.state == Positioning.State.PROPOSED,
        "is_ahead": row.state == Positioning.State.APPROVED and row.start_date > today(),
        "can_edit": request.user.has_perm("pricing.edit"),
        "can_approve": request.user.has_perm("pricing.approve"),
        "waits_for_other": offer.positioning_waits_for_other(request.user, row),
        "error": error,
        "note": request.POST.get("note", ""),
    }
    return page_render(request, "pricing/positioning.html", context, status=error.status if error else 200)


@with_right("pricing.edit")
@require_http_methods(["GET", "POST"])
def positioning_new(request: HttpRequest, code: str) -> HttpResponse:
    """Begin a version; it starts from the one named, else from what holds for everybody."""
    product = product_get(request.user, code)
    found = _versions(request.user, product)
    start = _chosen(found, request.GET.get("from")) or next(iter(in_force(found)), None)
    initial = {"start_date": today()}
    if start is not None:
        initial |= {name: getattr(start.row, name) for name in TEXTS} | {"segment": start.row.segment_id}
    form = PositioningForm(request.POST or None, initial=initial)
    points = _points(request, start)
    if request.method == "POST" and form.is_valid() and points.is_valid():
        said = {"product": product, "points": points.points, **form.values}
        key = key_said(request.POST.get("nonce", ""), sorted(request.POST.lists()))
        try:
            made = once(
                request.user,
                "positioning",
                key,
                lambda: offer.positioning_draft(user=request.user, **said).pk,
            )
        except DomainError as error:
            form_refuse(form, error)
        else:
            messages.success(request, _("Saved as a draft. Propose it when it is ready."))
            return redirect("pricing:positioning", code=product.code, pk=made)
    nonce = request.POST.get("nonce") or uuid.uuid4().hex
    return _form_page(request, product, form, points, start=start, nonce=nonce)


def _points(request: HttpRequest, shown: Version | None) -> Any:
    initial = [
        {"kind": point.kind, "text": point.text, "evidence": point.evidence}
        for point in (shown.points if shown else [])
    ]
    return points_formset(MORE_ROWS)(request.POST or None, initial=initial, prefix="points")


@with_right("pricing.edit")
@require_http_methods(["GET", "POST"])
def positioning_edit(request: HttpRequest, code: str, pk: int) -> HttpResponse:
    """Change a draft."""
    product = product_get(request.user, code)
    shown = versions([positioning_get(request.user, product, pk)])[0]
    if shown.row.state != Positioning.State.DRAFT:
        return redirect("pricing:positioning", code=product.code, pk=pk)
    form = PositioningForm(request.POST or None, instance=shown.row)
    points = _points(request, shown)
    if request.method == "POST" and form.is_valid() and points.is_valid():
        try:
            offer.positioning_change(
                user=request.user,
                positioning=shown.row,
                version=form.cleaned_data["version"],
                points=points.points,
                **form.values,
            )
        except VersionConflict as error:
            fields = error.details["fields"]
            if "points" in fields:
                fields[_("Attributes and claims")] = fields.pop("points")
            conflict = conflict_show(form, error, shown.row)
            return _form_page(request, product, form, points, shown=shown, conflict=conflict)
        except DomainError as error:
            form_refuse(form, error)
        else:
            messages.success(request, _("Saved."))
            return redirect("pricing:positioning", code=product.code, pk=pk)
    return _form_page(request, product, form, points, shown=shown)


def _form_page(
    request: HttpRequest, product: Product, form: PositioningForm, points: Any, **context: Any
) -> HttpResponse:
    status = 409 if context.get("conflict") else 422 if request.method == "POST" else 200
    context |= {
        "head": product_head(request.user, product, "mix"),
        "form": form,
        "points": points,
        "sentence": [form[name] for name in TEXTS],
    }
    return page_render(request, "pricing/positioning_form.html", context, status=status)


def _asked(request: HttpRequest) -> dict[str, Any]:
    version = request.POST.get("version", "")
    return {"user": request.user, "version": int_read(version)}


@with_right("pricing.edit")
@require_POST
def positioning_propose(request: HttpRequest, code: str, pk: int) -> HttpResponse:
    """Propose a draft, take a proposal back, or throw a draft away."""
    product = product_get(request.user, code)
    row = positioning_get(request.user, product, pk)
    action = request.POST.get("action")
    try:
        if action == "discard":
            offer.positioning_discard(user=request.user, positioning=row)
            messages.success(request, _("The draft is gone. The history keeps it."))
            return redirect("pricing:positionings", code=product.code)
        if action == "take_back":
            offer.positioning_take_back(user=request.user, positioning=row)
            messages.success(request, _("It is a draft again."))
        else:
            offer.positioning_propose(positioning=row, **_asked(request))
            messages.success(request, _("Proposed. Somebody else decides."))
    except DomainError as error:
        return _version_page(request, product, pk, error)
    return redirect("pricing:positioning", code=product.code, pk=pk)


@with_right("pricing.approve")
@require_POST
def positioning_decide(request: HttpRequest, code: str, pk: int) -> HttpResponse:
    """Approve, reject, or let go of what was approved and does not hold yet."""
    product = product_get(request.user, code)
    row = positioning_get(request.user, product, pk)
    action, note = request.POST.get("action"), request.POST.get("note", "")
    try:
        if action == "let_go":
            offer.positioning_let_go(user=request.user, positioning=row, note=note)
            messages.success(request, _("It will not hold. The history says why."))
        else:
            approve = action == "approve"
            offer.positioning_decide(positioning=row, approve=approve, note=note, **_asked(request))
            messages.success(request, _("Approved.") if approve else _("Rejected."))
    except DomainError as error:
        return _version_page(request, product, pk, error)
    return redirect("pricing:positioning", code=product.code, pk=pk)
