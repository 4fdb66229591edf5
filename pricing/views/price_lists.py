"""Price lists, and the rules prices keep to."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.errors import DomainError, VersionConflict
from accounts.versions import form_conflict
from core.errors import form_refuse
from core.organisation import organisation_get
from core.pages import page_render, with_right
from pricing.forms.prices import PriceListForm
from pricing.models import PriceList
from pricing.models.price import State
from pricing.selectors.prices import lists_visible
from pricing.services.price_lists import price_list_create, price_list_update
from pricing.words.prices import list_words
from products.selectors.access import channels_visible


@with_right("pricing.view")
@require_safe
def price_lists(request: HttpRequest) -> HttpResponse:
    """The lists, whom they are for and how many products have a price there."""
    approved = Count("prices__product", filter=Q(prices__state=State.APPROVED), distinct=True)
    rows = [
        {"list": row, "about": list_words(row)}
        for row in lists_visible(request.user).annotate(products=approved)
    ]
    context = {"rows": rows, "can_edit": request.user.has_perm("pricing.edit")}
    return page_render(request, "pricing/price_lists.html", context)


@with_right("pricing.edit")
@require_http_methods(["GET", "HEAD", "POST"])
def price_list_edit(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """A new list, or a change of one."""
    found = get_object_or_404(lists_visible(request.user), pk=pk) if pk else None
    initial = {"version": found.version} if found else {"currency": organisation_get().currency}
    options = {"channels": channels_visible(request.user), "instance": found, "initial": initial}
    form = PriceListForm(request.POST or None, **options)
    context: dict[str, Any] = {"form": form, "price_list": found}
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            values = {name: form.cleaned_data[name] for name in PriceListForm.Meta.fields}
            try:
                if found is None:
                    price_list_create(user=request.user, **values)
                else:
                    row = PriceList.objects.get(pk=found.pk)
                    price_list_update(
                        user=request.user, price_list=row, version=form.cleaned_data["version"], **values
                    )
            except VersionConflict as error:
                context["conflict"], status = form_conflict(form, error, error.details["version"]), 409
            except DomainError as error:
                form_refuse(form, error)
            else:
                messages.success(request, _("Saved."))
                return redirect("pricing:price_lists")
    return page_render(request, "pricing/price_list_form.html", context, status=status)
