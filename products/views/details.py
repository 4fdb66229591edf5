"""The tab Details: master data, other codes, units and dated relations of one product."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.errors import DomainError, VersionConflict
from core.errors import form_refuse
from core.numbers import int_read
from core.organisation import today
from core.pages import page_render, with_right
from products.forms.fields import ProductCodeField
from products.forms.product import (
    BundlePartForm,
    CodeForm,
    FamilyMemberForm,
    SuccessionForm,
    UnitFactorForm,
)
from products.models import Product
from products.selectors.access import product_get
from products.selectors.head import product_head
from products.selectors.lines import line_tree
from products.selectors.relations import Relations, relations_of
from products.selectors.reviews import review_date
from products.services.codes import (
    product_code_add,
    product_code_remove,
    unit_factor_remove,
    unit_factor_set,
)
from products.services.relations import (
    bundle_part_set,
    family_member_set,
    succession_remove,
    succession_set,
)

from .conflict import conflict_words


def _add_succession(user: Any, product: Product, data: dict[str, Any]) -> None:
    first, second = (product, data["other"]) if data["direction"] == "to" else (data["other"], product)
    succession_set(
        user=user,
        predecessor=first,
        successor=second,
        start_date=data["start_date"],
        factor=Decimal(1) if data["factor"] is None else data["factor"],
        phase_out_months=data["phase_out_months"] or 0,
        version=data["version"],
    )


def _facing(row: Any, follows: bool) -> Any:
    row.follows = follows
    return row


@dataclass(frozen=True)
class Part:
    """One card of the tab: its form, what adding and removing do, and the rows that can be changed."""

    form: Callable[..., forms.Form]
    add: Callable[[Any, Product, dict[str, Any]], Any]
    remove: Callable[[Any, Product, int, int | None], Any] | None = None
    dated: bool = False
    rows: Callable[[Relations], Sequence[Any]] = lambda relations: ()


PARTS = {
    "codes": Part(
        CodeForm,
        lambda user, product, data: product_code_add(user=user, product=product, **data),
        lambda user, product, pk, _version: product_code_remove(user=user, product=product, code_id=pk),
    ),
    "units": Part(
        UnitFactorForm,
        lambda user, product, data: unit_factor_set(user=user, product=product, **data),
        lambda user, product, pk, version: unit_factor_remove(
            user=user, product=product, factor_id=pk, version=version
        ),
        rows=lambda relations: relations.unit_factors,
    ),
    "families": Part(
        FamilyMemberForm,
        lambda user, product, data: family_member_set(user=user, product=product, **data),
        dated=True,
        rows=lambda relations: [item.row for item in relations.memberships],
    ),
    "parts": Part(
        BundlePartForm,
        lambda user, product, data: bundle_part_set(user=user, bundle=product, **data),
        dated=True,
        rows=lambda relations: [item.row for item in relations.parts],
    ),
    "successions": Part(
        SuccessionForm,
        _add_succession,
        lambda user, product, pk, version: succession_remove(
            user=user, product=product, succession_id=pk, version=version
        ),
        dated=True,
        rows=lambda relations: [
            *(_facing(row, True) for row in relations.predecessors),
            *(_facing(row, False) for row in relations.successors),
        ],
    ),
}


def _form(key: str, user: Any, data: Any = None, row: Any = None) -> forms.Form:
    part = PARTS[key]
    options: dict[str, Any] = {"initial": {"start_date": today()}} if part.dated else {}
    if part.form is SuccessionForm:
        options["initial"] |= {"factor": Decimal(1), "phase_out_months": 0}
    if part.form is FamilyMemberForm:
        options["user"] = user
    if row is not None:
        options["row"] = row
    form = part.form(data, prefix=key, **options)
    for field in form.fields.values():
        if isinstance(field, ProductCodeField):
            field.user = user
    return form


def _page(
    request: HttpRequest,
    product: Product,
    bound: dict[str, forms.Form],
    status: int = 200,
    conflict: VersionConflict | None = None,
) -> HttpResponse:
    """``?edit=units:7`` opens the form of a card with one of its rows filled in."""
    can_edit = request.user.has_perm("products.edit")
    relations = relations_of(request.user, product)
    key, _colon, pk = request.GET.get("edit", "").partition(":")
    rows = PARTS[key].rows(relations) if key in PARTS and can_edit and not bound else ()
    chosen = next((row for row in rows if str(row.pk) == pk), None)
    if chosen is not None:
        bound = {key: _form(key, request.user, row=chosen)}
    context = {
        "head": product_head(request.user, product, "details"),
        "relations": relations,
        "can_edit": can_edit,
        "next_review": review_date(line_tree(), product),
        "forms": {key: bound.get(key) or _form(key, request.user) for key in PARTS} if can_edit else {},
        "opened": next(iter(bound), ""),
        "changing": chosen is not None,
        "conflict": conflict,
    }
    return page_render(request, "products/product_details.html", context, status=status)


@with_right("products.view")
@require_safe
def details(request: HttpRequest, code: str) -> HttpResponse:
    return _page(request, product_get(request.user, code), {})


def _part(key: str) -> Part:
    if key not in PARTS:
        raise Http404(key)
    return PARTS[key]


@with_right("products.edit")
@require_POST
def add(request: HttpRequest, code: str, part: str) -> HttpResponse:
    """Add to one card; a refusal brings the page back with what was typed."""
    product = product_get(request.user, code)
    found = _part(part)
    form = _form(part, request.user, request.POST)
    if form.is_valid():
        try:
            found.add(request.user, product, form.cleaned_data)
        except VersionConflict as error:
            return _page(request, product, {part: form}, 409, conflict_words(form, error))
        except DomainError as error:
            form_refuse(form, error)
        else:
            messages.success(request, _("Saved."))
            return redirect("products:details", code=product.code)
    return _page(request, product, {part: form}, status=422)


@with_right("products.edit")
@require_POST
def remove(request: HttpRequest, code: str, part: str, pk: int) -> HttpResponse:
    product = product_get(request.user, code)
    found = _part(part)
    if found.remove is None:
        raise Http404(part)
    version = request.POST.get("version", "")
    try:
        found.remove(request.user, product, pk, int_read(version))
    except VersionConflict as error:
        messages.error(request, f"{error.message} " + _("It was not removed: look at what it is now."))
    else:
        messages.success(request, _("Removed. The history keeps it."))
    return redirect("products:details", code=product.code)
