"""A product's own pages: new, edit, end, history."""

from __future__ import annotations

import datetime
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.errors import DomainError, VersionConflict
from core.errors import form_refuse
from core.history import history_of
from core.organisation import today
from core.pages import page_render, with_right
from core.panels import panels_build
from products.converters import product_path
from products.forms.product import EndForm, ProductForm, product_initial
from products.models import Product
from products.selectors.access import lines_visible, product_get
from products.selectors.head import product_head
from products.selectors.lines import LineTree
from products.selectors.relations import history_related
from products.services.product import (
    product_create,
    product_end,
    product_reopen,
    product_reviewed,
    product_update,
)
from products.services.relations import succession_set

from .conflict import conflict_show


def _values(form: ProductForm) -> dict[str, Any]:
    return {name: value for name, value in form.cleaned_data.items() if name != "version"}


@with_right("products.edit")
@require_http_methods(["GET", "POST"])
def create(request: HttpRequest) -> HttpResponse:
    """A new product; ``?line=`` and ``?kind=`` fill in what is known."""
    tree = LineTree()
    line = lines_visible(request.user).filter(code=request.GET.get("line", "")).first()
    initial = {"line": line.pk if line else None, "kind": request.GET.get("kind", "good")}
    form = ProductForm(request.POST or None, user=request.user, tree=tree, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            product = product_create(user=request.user, **_values(form))
        except DomainError as error:
            form_refuse(form, error)
        else:
            messages.success(request, _("%(name)s was created.") % {"name": product.name})
            return redirect(product_path(product.code))
    context = {
        "form": form,
        "has_lines": bool(tree.lines),
        "can_structure": request.user.has_perm("products.edit_structure"),
    }
    return page_render(request, "products/product_new.html", context, status=422 if form.errors else 200)


@with_right("products.edit")
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, code: str) -> HttpResponse:
    """Change a product. When somebody saved in between, the page shows both values (409)."""
    product = product_get(request.user, code)
    head = product_head(request.user, product, "details")
    own = {name: head.tree.inherited(product.line_id, name) for name in head.values}
    form = ProductForm(
        request.POST or None,
        user=request.user,
        tree=head.tree,
        inherited=own,
        initial=product_initial(product),
    )
    conflict, status = None, 200
    if request.method == "POST" and form.is_valid():
        try:
            product = product_update(
                user=request.user, product=product, version=form.cleaned_data["version"] or 0, **_values(form)
            )
        except VersionConflict as error:
            conflict, status = conflict_show(form, error, product), 409
        except DomainError as error:
            form_refuse(form, error)
        else:
            messages.success(request, _("Saved."))
            return redirect("products:details", code=product.code)
    if form.errors and not conflict:
        status = 422
    context = {"form": form, "head": head, "conflict": conflict}
    return page_render(request, "products/product_edit.html", context, status=status)


@with_right("products.edit")
@require_http_methods(["GET", "POST"])
def end(request: HttpRequest, code: str) -> HttpResponse:
    """Take a product off sale from a day, with its successor if there is one. When somebody saved in between,
    the page shows both days (409)."""
    product = product_get(request.user, code)
    form = EndForm(request.POST or None, initial={"version": product.version, "ended": today()})
    other: Any = form.fields["successor"]
    other.user = request.user
    conflict, status = None, 200
    if request.method == "POST" and form.is_valid():
        try:
            _end(request.user, product, form.cleaned_data)
        except VersionConflict as error:
            conflict, status = conflict_show(form, error, product), 409
        except DomainError as error:
            form_refuse(form, error)
        else:
            messages.success(request, _("%(name)s ends.") % {"name": product.name})
            return redirect("products:details", code=product.code)
    if form.errors:
        status = 422
    context = {"form": form, "head": product_head(request.user, product, "details"), "conflict": conflict}
    return page_render(request, "products/product_end.html", context, status=status)


@transaction.atomic
def _end(user: Any, product: Product, data: dict[str, Any]) -> None:
    product_end(user=user, product=product, version=data["version"], ended=data["ended"])
    if data["successor"]:
        start = data["ended"] + datetime.timedelta(days=1)
        succession_set(user=user, predecessor=product, successor=data["successor"], start_date=start)


@with_right("products.edit")
@require_POST
def reopen(request: HttpRequest, code: str) -> HttpResponse:
    product = product_get(request.user, code)
    product_reopen(user=request.user, product=product, version=None)
    messages.success(request, _("%(name)s is on sale again.") % {"name": product.name})
    return redirect("products:details", code=product.code)


@with_right("products.edit")
@require_POST
def reviewed(request: HttpRequest, code: str) -> HttpResponse:
    product = product_get(request.user, code)
    product_reviewed(user=request.user, product=product, version=None)
    messages.success(request, _("%(name)s was reviewed today.") % {"name": product.name})
    return redirect("products:details", code=product.code)


@with_right("products.view")
@require_safe
def activity(request: HttpRequest, code: str) -> HttpResponse:
    """What was done to the product: its history, and what rooms add (comments, action items)."""
    product = product_get(request.user, code)
    context = {
        "head": product_head(request.user, product, "activity"),
        "history": history_of(product, 100, related=history_related(request.user), user=request.user),
        "panels": panels_build(request.user, product, "talk"),
    }
    return page_render(request, "products/product_activity.html", context)
