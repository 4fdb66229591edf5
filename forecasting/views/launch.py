"""How a new product starts: the form with its preview, and taking it back."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.errors import DomainError
from core.errors import form_refuse, require
from core.pages import page_render, with_right
from forecasting.cards.launches import Preview, launch_preview, launch_url
from forecasting.forms.launch import LaunchForm, launch_initial
from forecasting.models import NightlyRun
from forecasting.selectors.launches import (
    PlanSeen,
    Said,
    borrowed,
    launch_plans_of,
    like_items_search,
    said_by,
    until_now,
)
from forecasting.services.launches import launch_plan_set, launch_plan_withdraw
from forecasting.services.night import night_start
from products.models import Measure, Product
from products.selectors.access import products_visible
from products.selectors.head import product_head
from products.selectors.lines import line_tree
from products.selectors.units import unit_of

from .subject import forecast_tab, product_and_measure

EDIT = "forecasting.edit"


@with_right("forecasting.view")
@require_http_methods(["GET", "POST"])
def launch(request: HttpRequest, code: str) -> HttpResponse:
    """Choose what it borrows; ``step=preview`` shows what would be expected, anything else saves. Who may
    only look finds it on the forecast tab; ``?from=`` fills in an earlier plan."""
    product, measure = product_and_measure(request, code)
    if request.method == "POST":
        require(request.user, EDIT)
    elif not request.user.has_perm(EDIT):
        return redirect(forecast_tab(product, measure))
    plans = launch_plans_of(request.user, product, measure)
    form = LaunchForm(
        request.POST or None,
        user=request.user,
        choices_url=launch_url(product, measure, "launch_choices"),
        initial=launch_initial(product, _chosen(request, plans)),
    )
    preview, status = None, 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            if request.POST.get("step") == "preview":
                preview, status = _preview(product, measure, form), 200
            else:
                try:
                    launch_plan_set(user=request.user, product=product, measure=measure, **form.values())
                except DomainError as error:
                    form_refuse(form, error)
                else:
                    _run(request, product)
                    return redirect(forecast_tab(product, measure))
        elif request.POST.get("step") == "preview":
            status = 200  # while one is typing
    elif plans and plans[0].plan.withdrawn_at is None:
        preview = _saved_preview(request.user, product, measure, plans[0])
    context = {
        "head": product_head(request.user, product, "forecast", tree=line_tree()),
        "product": product,
        "measure": measure,
        "unit": unit_of(line_tree(), product, measure),
        "form": form,
        "preview": preview,
        "plans": plans,
        "back": forecast_tab(product, measure),
        "address": launch_url(product, measure),
        "choices": like_items_search(request.user, product, measure, ""),
    }
    return page_render(
        request,
        "forecasting/launch_form.html",
        context,
        fragment="forecasting/_launch_preview.html",
        status=status,
    )


def _chosen(request: HttpRequest, plans: list[PlanSeen]) -> PlanSeen | None:
    asked = request.GET.get("from", "")
    chosen = next((seen for seen in plans if str(seen.plan.pk) == asked), None)
    return chosen or (plans[0] if plans and plans[0].plan.withdrawn_at is None else None)


def _preview(product: Product, measure: Measure, form: LaunchForm) -> Preview | None:
    values = form.values()
    references = values.pop("references")
    values.pop("note")
    weights = {other.pk: float(weight) for other, weight in references if weight > 0}
    values["scale"] = float(values["scale"])
    said = Said(**values, references=tuple(borrowed(weights, measure.pk, until_now)))
    return launch_preview(
        product, measure, unit_of(line_tree(), product, measure), said, [other for other, _w in references]
    )


def _saved_preview(user: Any, product: Product, measure: Measure, seen: PlanSeen) -> Preview | None:
    weights = {reference.product_id: reference.weight for reference in seen.references}
    said = said_by(seen.plan, borrowed(weights, measure.pk, until_now))
    named = list(products_visible(user).filter(pk__in=weights))
    return launch_preview(product, measure, unit_of(line_tree(), product, measure), said, named)


def _run(request: HttpRequest, product: Product) -> None:
    if request.user.has_perm("forecasting.run"):
        night_start(kind=NightlyRun.Kind.SINGLE, scope=[product.pk], requested_by=request.user)
        messages.success(request, _("Saved. The forecast is being made; reload the page in a moment."))
    else:
        messages.success(request, _("Saved. The next night makes the forecast."))


@with_right(EDIT)
@require_POST
def launch_withdraw(request: HttpRequest, code: str) -> HttpResponse:
    """Back to what its own months say; the plan can be taken up again from the form."""
    product, measure = product_and_measure(request, code)
    if launch_plan_withdraw(user=request.user, product=product, measure=measure):
        _run(request, product)
    else:
        messages.info(request, _("There was no launch plan any more."))
    return redirect(forecast_tab(product, measure))


@with_right(EDIT)
@require_safe
def launch_choices(request: HttpRequest, code: str) -> HttpResponse:
    """Products to borrow from, as options for the text typed into the field that asks."""
    product, measure = product_and_measure(request, code)
    text = next((value for name, value in request.GET.items() if name.startswith("reference_")), "")
    found = like_items_search(request.user, product, measure, text)
    return render(request, "forecasting/_launch_choices.html", {"choices": found})
