"""What another price would do to one product: asked while a slider moves, kept when somebody says so."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from accounts.errors import DomainError
from core.pages import page_render, with_right
from pricing.cards.what_if import what_if_context
from pricing.models import Scenario
from pricing.selectors.elasticities import elasticities_allowed
from pricing.selectors.what_if_reading import what_if_ground
from pricing.services.scenarios import scenario_remove, scenario_save
from pricing.what_if_asked import Asker
from products.models import Product
from products.selectors.access import product_get
from products.selectors.head import product_head

CARD, RESULT = "pricing/_what_if.html", "pricing/_what_if_result.html"


def _product(request: HttpRequest, code: str) -> Product:
    product = product_get(request.user, code)
    if not elasticities_allowed(request.user):
        raise PermissionDenied("forecasting.view")
    return product


def _page(
    request: HttpRequest, product: Product, said: Any, error: DomainError | None = None
) -> HttpResponse:
    sliding = request.headers.get("HX-Target", "").endswith("#what-if-result")
    context = {**what_if_context(request.user, product, said, whole=not sliding), "error": error}
    fragment = RESULT if sliding else CARD
    if not getattr(request, "htmx", None):
        context["head"] = product_head(request.user, product, "mix")
    status = 422 if error else 200
    return page_render(request, "pricing/what_if.html", context, fragment=fragment, status=status)


@with_right("pricing.view")
@require_safe
def what_if(request: HttpRequest, code: str) -> HttpResponse:
    """The card, or only what the sliders would do; nothing is kept."""
    return _page(request, _product(request, code), request.GET)


@with_right("pricing.edit")
@require_POST
def what_if_save(request: HttpRequest, code: str) -> HttpResponse:
    """Keep a scenario under a name."""
    product = _product(request, code)
    ground = what_if_ground(request.user, product)
    if isinstance(ground, str):
        raise Http404(code)
    asker = Asker(request.user, ground)
    answer = asker.answer(asker.read(request.POST))
    if answer is None:
        raise Http404(code)
    try:
        row = scenario_save(
            user=request.user, ground=ground, name=request.POST.get("name", ""), answer=answer
        )
    except DomainError as error:
        if error.status == 403:
            raise
        return _page(request, product, request.POST, error)
    if getattr(request, "htmx", None):
        return _page(request, product, request.POST)
    said = urlencode({**row.values, "with": row.pk}, doseq=True)
    return redirect(f"{reverse('pricing:what_if', args=[code])}?{said}")


@with_right("pricing.edit")
@require_POST
def scenario_end(request: HttpRequest, code: str, pk: int) -> HttpResponse:
    """Take a kept scenario away."""
    product = _product(request, code)
    scenario_remove(user=request.user, scenario=get_object_or_404(Scenario, pk=pk, product=product))
    if getattr(request, "htmx", None):
        return _page(request, product, request.POST)
    return redirect("pricing:what_if", code=code)
