"""The tab Marketing mix of a product: its four Ps, each a card of its own."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from core.pages import page_render, with_right
from core.panels import panels_build
from pricing.cards.promotions import promotion_card
from products.selectors.access import product_get
from products.selectors.head import product_head


@with_right("pricing.view")
@require_safe
def mix(request: HttpRequest, code: str) -> HttpResponse:
    """What is offered, for how much, where and with which promotions; the cards register themselves."""
    product = product_get(request.user, code)
    context = {
        "head": product_head(request.user, product, "mix"),
        "main_panels": panels_build(request.user, product, "mix"),
        "side_panels": panels_build(request.user, product, "mix_side"),
    }
    return page_render(request, "pricing/mix.html", context)


@with_right("pricing.view")
@require_safe
def promotions_card(request: HttpRequest, code: str) -> HttpResponse:
    """The card Promotion, which comes after the page: it asks as much as a page."""
    product = product_get(request.user, code)
    if not getattr(request, "htmx", None):
        return redirect("pricing:mix", product.code)
    context = {"panel": promotion_card(request.user, product), "product": product}
    return render(request, "pricing/_promotion_card.html", context)
