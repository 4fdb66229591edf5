"""What a page of a product's forecast is about."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.urls import reverse

from forecasting.charts.forecasts import ends_words
from forecasting.selectors.forecasts import ForecastNow
from forecasting.selectors.subjects import subject_allowed
from products.models import Measure, Product
from products.selectors.access import product_get
from products.selectors.head import product_head
from products.selectors.lines import line_tree
from products.selectors.units import unit_of


def product_and_measure(request: HttpRequest, code: str) -> tuple[Product, Measure]:
    """The product, for who may see its forecast, and the measure asked for."""
    product = product_get(request.user, code)
    if not subject_allowed(request.user, product):
        raise PermissionDenied("forecasting.view")
    measures = line_tree().measures(product.line_id)
    wanted = request.GET.get("measure")
    return product, next((m for m in measures if m.code == wanted), measures[0])


def forecast_tab(product: Product, measure: Measure) -> str:
    """The address of the product's forecast in this measure."""
    return f"{reverse('forecasting:product', args=[product.code])}?measure={measure.code}"


def forecast_frame(user: Any, product: Product, measure: Measure, now: ForecastNow | None) -> dict[str, Any]:
    """What each page shows on which people change the product's forecast."""
    return {
        "product": product,
        "head": product_head(user, product, "forecast", tree=line_tree()),
        "back": forecast_tab(product, measure),
        "measure": measure,
        "unit": unit_of(line_tree(), product, measure),
        "ends": ends_words(now.ended) if now and now.ended else "",
    }
