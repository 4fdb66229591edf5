"""The REST API: every room's endpoints under one address, ``/api/v1/``."""

from __future__ import annotations

from django.urls import include, path

from collaboration.api import router as collaboration
from collaboration.api_decisions import router as decisions
from exchange.api import router as exchange
from forecasting.api import router as forecasting
from forecasting.api_launches import router as launches
from pricing.api_comparable import router as comparable
from pricing.api_costs import router as costs
from pricing.api_elasticities import router as elasticities
from pricing.api_offer import router as offer
from pricing.api_place import router as place
from pricing.api_prices import router as prices
from pricing.api_promotions import router as promotions
from pricing.api_terms import router as terms
from products.api import router as products
from reporting.api import router as reports

app_name = "api"

ROUTERS = (
    exchange,
    products,
    collaboration,
    decisions,
    forecasting,
    launches,
    prices,
    comparable,
    terms,
    promotions,
    offer,
    place,
    elasticities,
    costs,
    reports,
)
urlpatterns = [path("", include(router.urls)) for router in ROUTERS]
