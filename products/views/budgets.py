"""Budgets: the versions of each year, what they add up to, and freezing one."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.errors import DomainError
from core.errors import form_refuse
from core.organisation import organisation_get, today
from core.pages import page_render, with_right
from products.forms.budget import BudgetForm
from products.models import BudgetVersion
from products.selectors.budget import budget_year
from products.selectors.budget_history import budgets_deleted
from products.selectors.budget_totals import budget_totals
from products.services.budget import budget_create, budget_delete, budget_freeze, budget_restore


def _page(request: HttpRequest, form: BudgetForm, status: int = 200, *, opened: bool = False) -> HttpResponse:
    context = {
        "rows": budget_totals(request.user),
        "form": form,
        "opened": opened or form.is_bound,
        "deleted": budgets_deleted() if request.user.has_perm("products.edit_budget") else [],
        "currency": organisation_get().currency,
        "can_edit": request.user.has_perm("products.edit_budget"),
        "can_import": request.user.has_perm("exchange.import"),
    }
    return page_render(request, "products/budgets.html", context, status=status)


@with_right("products.view")
@require_safe
def budgets(request: HttpRequest) -> HttpResponse:
    """All of them; ``?copy=`` opens the form for a new one that starts from that one."""
    start = BudgetVersion.objects.filter(code=request.GET.get("copy", "")).first()
    year = start.year if start else budget_year(today()) + 1
    form = BudgetForm(initial={"year": year, "copy_of": start})
    return _page(request, form, opened=start is not None)


@with_right("products.edit_budget")
@require_POST
def budget_new(request: HttpRequest) -> HttpResponse:
    """A new version, empty or copied; a refusal brings the page back with what was typed."""
    form = BudgetForm(request.POST)
    if form.is_valid():
        try:
            version = budget_create(user=request.user, **form.cleaned_data)
        except DomainError as error:
            form_refuse(form, error)
        else:
            messages.success(request, _("%(name)s was created.") % {"name": version.name})
            return redirect("products:budget", pk=version.pk)
    return _page(request, form, status=422)


@with_right("products.edit_budget")
@require_POST
def budget_change(request: HttpRequest, pk: int) -> HttpResponse:
    """Freeze for good, or delete a draft."""
    version = get_object_or_404(BudgetVersion, pk=pk)
    if request.POST.get("action") == "delete":
        budget_delete(user=request.user, version=version)
        messages.success(request, _("%(name)s is gone; below you can put it back.") % {"name": version.name})
    elif request.POST.get("action") == "freeze":
        budget_freeze(user=request.user, version=version)
        messages.success(request, _("%(name)s is frozen.") % {"name": version.name})
    return redirect("products:budgets")


@with_right("products.edit_budget")
@require_POST
def budget_put_back(request: HttpRequest, pk: int) -> HttpResponse:
    """Put back a draft that was deleted."""
    version = budget_restore(user=request.user, pk=pk)
    messages.success(request, _("%(name)s is back, with its rows.") % {"name": version.name})
    return redirect("products:budget", pk=version.pk)
