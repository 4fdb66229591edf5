"""From list price to pocket price of a product, by channel."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from core.pages import page_render, with_right
from pricing.selectors.pocket import own_rows, product_pockets
from pricing.selectors.price_rows import price_history, price_rows
from pricing.words.terms import pocket_chart, pocket_key, pocket_lines, pocket_summary
from products.selectors.access import product_get
from products.selectors.head import product_head


@with_right("pricing.view")
@require_safe
def product_pocket(request: HttpRequest, code: str) -> HttpResponse:
    """The waterfall of one channel (``?channel=``, else the first that gets something off), and all of them
    side by side."""
    user = request.user
    product = product_get(user, code)
    prices = price_rows(product, price_history(user, product))
    found = product_pockets(user, product, prices)
    context = {"head": product_head(user, product, "mix"), "product": product}
    context["in_parts"] = bool(own_rows(prices))
    if found:
        asked = request.GET.get("channel", next((pocket_key(one) for one in found if one.terms), ""))
        chosen = next((pocket for pocket in found if pocket_key(pocket) == asked), found[0])
        context |= {
            "chart": pocket_chart(chosen),
            "lines": pocket_lines(chosen),
            "summaries": [pocket_summary(pocket, chosen, request.path) for pocket in found],
        }
    return page_render(request, "pricing/pocket.html", context)
