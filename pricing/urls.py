from __future__ import annotations

from django.urls import path

from products import converters  # noqa: F401  registers <product_code:…>

from .views import mix, price_lists, price_rules, prices, proposals

app_name = "pricing"

urlpatterns = [
    path("products/<product_code:code>/mix/", mix.mix, name="mix"),
    # prices
    path("products/<product_code:code>/mix/prices/", prices.product_prices, name="product_prices"),
    path("pricing/", prices.prices, name="prices"),
    path("pricing/export/<str:kind>/", prices.prices_export, name="prices_export"),
    path("pricing/lists/", price_lists.price_lists, name="price_lists"),
    path("pricing/lists/new/", price_lists.price_list_edit, name="price_list_new"),
    path("pricing/lists/<int:pk>/", price_lists.price_list_edit, name="price_list_edit"),
    path("pricing/rules/", price_rules.price_rules, name="price_rules"),
    path("pricing/rules/<slug:what>/", price_rules.price_rule_set, name="price_rule_set"),
    path("pricing/proposals/", proposals.proposals, name="proposals"),
    path("pricing/proposals/new/", proposals.proposal_new, name="proposal_new"),
    path("pricing/proposals/<int:pk>/", proposals.proposal, name="proposal"),
    path("pricing/proposals/<int:pk>/act/", proposals.proposal_act, name="proposal_act"),
    path("pricing/proposals/<int:pk>/export/<str:kind>/", proposals.proposal_export, name="proposal_export"),
]
