"""The REST API: every room's endpoints under one address, ``/api/v1/``."""

from __future__ import annotations

from django.urls import include, path

from collaboration.api import router as collaboration
from collaboration.api_decisions import router as decisions
from exchange.api import router as exchange
from forecasting.api.forecasts import router as forecasting
from forecasting.api.launches import router as launches
from pricing.api.break_even import router as break_even
from pricing.api.comparable import router as comparable
from pricing.api.costs import router as costs
from pricing.api.elasticities import router as elasticities
from pricing.api.months import router as months
from pricing.api.offer import router as offer
from pricing.api.place import router as place
from pricing.api.price_rules import router as price_rules
from pricing.api.prices import router as prices
from pricing.api.promotions import router as promotions
from pricing.api.terms import router as terms
from products.api import router as products
from reporting.api.cost_reports import router as cost_reports
from reporting.api.reports import router as reports

app_name = "api"

ROUTERS = (
    exchange,
    products,
    collaboration,
    decisions,
    forecasting,
    launches,
    prices,
    price_rules,
    comparable,
    terms,
    promotions,
    offer,
    place,
    elasticities,
    costs,
    break_even,
    months,
    cost_reports,
    reports,
)
urlpatterns = [path("", include(router.urls)) for router in ROUTERS]
