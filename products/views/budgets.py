"""Budgets: the versions of each year, what they add up to, and freezing one."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from accounts.errors import DomainError
from core.errors import form_refuse
from core.organisation import organisation_get, today
from core.pages import page_render, with_right
from products.models import BudgetVersion
from products.selectors.budget import budget_year
from products.selectors.budget_totals import budget_totals
from products.services.budget import budget_create, budget_delete, budget_freeze


class BudgetForm(forms.Form):
    code = forms.SlugField(
        label=gettext_lazy("Code"),
        max_length=40,
        help_text=gettext_lazy("The file with the budget names it, for example B2027."),
    )
    name = forms.CharField(label=gettext_lazy("Name"), max_length=120)
    year = forms.IntegerField(label=gettext_lazy("Financial year"), min_value=1990, max_value=2200)


def _page(request: HttpRequest, form: BudgetForm, status: int = 200) -> HttpResponse:
    context = {
        "rows": budget_totals(request.user),
        "form": form,
        "opened": form.is_bound,
        "currency": organisation_get().currency,
        "can_edit": request.user.has_perm("products.edit_budget"),
        "can_import": request.user.has_perm("exchange.import"),
    }
    return page_render(request, "products/budgets.html", context, status=status)


@with_right("products.view")
@require_safe
def budgets(request: HttpRequest) -> HttpResponse:
    return _page(request, BudgetForm(initial={"year": budget_year(today()) + 1}))


@with_right("products.edit_budget")
@require_POST
def budget_new(request: HttpRequest) -> HttpResponse:
    """A new, empty version; a refusal brings the page back with what was typed."""
    form = BudgetForm(request.POST)
    if form.is_valid():
        try:
            version = budget_create(user=request.user, **form.cleaned_data)
        except DomainError as error:
            if error.status == 403:
                raise
            form_refuse(form, error)
        else:
            messages.success(request, _("%(name)s was created.") % {"name": version.name})
            return redirect("products:budgets")
    return _page(request, form, status=400)


@with_right("products.edit_budget")
@require_POST
def budget_change(request: HttpRequest, pk: int) -> HttpResponse:
    """Freeze for good, or delete a draft."""
    version = get_object_or_404(BudgetVersion, pk=pk)
    if request.POST.get("action") == "delete":
        budget_delete(user=request.user, version=version)
        messages.success(request, _("%(name)s is gone.") % {"name": version.name})
    elif request.POST.get("action") == "freeze":
        budget_freeze(user=request.user, version=version)
        messages.success(request, _("%(name)s is frozen.") % {"name": version.name})
    return redirect("products:budgets")
