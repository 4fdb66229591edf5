from __future__ import annotations

from django.urls import path

from products import converters  # noqa: F401  registers <product_code:…>

from .views import (
    cost_line,
    costs,
    ledger,
    mix,
    months,
    offer,
    place,
    pocket,
    price_lists,
    price_rules,
    prices,
    promotion,
    promotions,
    proposals,
    sensitivity,
    terms,
    what_if,
)

app_name = "pricing"

urlpatterns = [
    path("products/<product_code:code>/mix/", mix.mix, name="mix"),
    path("products/<product_code:code>/mix/promotions/", mix.promotions_card, name="promotions_card"),
    path("products/<product_code:code>/mix/prices/", prices.product_prices, name="product_prices"),
    path("products/<product_code:code>/mix/what-if/", what_if.what_if, name="what_if"),
    path("products/<product_code:code>/mix/what-if/keep/", what_if.what_if_save, name="what_if_save"),
    path(
        "products/<product_code:code>/mix/what-if/<int:pk>/remove/", what_if.scenario_end, name="scenario_end"
    ),
    path("pricing/sensitivity/", sensitivity.sensitivity, name="sensitivity"),
    path("pricing/sensitivity/export/<str:kind>/", sensitivity.sensitivity_export, name="sensitivity_export"),
    path("products/<product_code:code>/costs/", costs.product_costs, name="product_costs"),
    path("products/<product_code:code>/costs/actual/", costs.product_variance, name="product_variance"),
    path("costs/", costs.costs, name="costs"),
    path("costs/export/<str:kind>/", costs.costs_export, name="costs_export"),
    path("costs/lines/new/", cost_line.cost_line_new, name="cost_line_new"),
    path("costs/lines/<int:pk>/", cost_line.cost_line, name="cost_line"),
    path("costs/rates/<int:pk>/withdraw/", cost_line.cost_rate_end, name="cost_rate_withdraw"),
    path("costs/mapping/", ledger.ledger_mapping, name="ledger_mapping"),
    path("costs/months/", months.months, name="cost_months"),
    path("costs/months/<int:year>-<int:month>/close/", months.month_close, name="month_close"),
    path("costs/kinds/", cost_line.cost_kinds, name="cost_kinds"),
    path("costs/kinds/new/", cost_line.cost_kind_edit, name="cost_kind_new"),
    path("costs/kinds/<int:pk>/", cost_line.cost_kind_edit, name="cost_kind_edit"),
    path("pricing/", prices.prices, name="prices"),
    path("pricing/export/<str:kind>/", prices.prices_export, name="prices_export"),
    path("pricing/lists/", price_lists.price_lists, name="price_lists"),
    path("pricing/lists/new/", price_lists.price_list_edit, name="price_list_new"),
    path("pricing/lists/<int:pk>/", price_lists.price_list_edit, name="price_list_edit"),
    path("pricing/rules/", price_rules.price_rules, name="price_rules"),
    path("pricing/rules/reference-customers/", price_rules.reference_customer, name="reference_customer"),
    path("pricing/rules/<slug:what>/", price_rules.price_rule_set, name="price_rule_set"),
    path("pricing/terms/", terms.terms, name="terms"),
    path("pricing/terms/<int:pk>/withdraw/", terms.term_end, name="term_withdraw"),
    path("pricing/terms/bonuses/", terms.bonus_year, name="bonuses"),
    path("products/<product_code:code>/mix/pocket/", pocket.product_pocket, name="pocket"),
    path("pricing/proposals/", proposals.proposals, name="proposals"),
    path("pricing/proposals/new/", proposals.proposal_new, name="proposal_new"),
    path("pricing/proposals/<int:pk>/", proposals.proposal, name="proposal"),
    path("pricing/proposals/<int:pk>/act/", proposals.proposal_act, name="proposal_act"),
    path("pricing/proposals/<int:pk>/export/<str:kind>/", proposals.proposal_export, name="proposal_export"),
    path("pricing/promotions/", promotions.calendar, name="promotions"),
    path("pricing/promotions/new/", promotion.promotion_new, name="promotion_new"),
    path("pricing/promotions/forbidden/", promotion.forbidden, name="forbidden"),
    path("pricing/promotions/forbidden/<int:pk>/remove/", promotion.forbidden_end, name="forbidden_end"),
    path("pricing/promotions/<int:pk>/", promotion.promotion, name="promotion"),
    path("pricing/promotions/<int:pk>/edit/", promotion.promotion_edit, name="promotion_edit"),
    path("pricing/promotions/<int:pk>/propose/", promotion.propose, name="promotion_propose"),
    path("pricing/promotions/<int:pk>/decide/", promotion.decide, name="promotion_decide"),
    path("pricing/promotions/<int:pk>/cancel/", promotion.cancel, name="promotion_cancel"),
    path("pricing/promotions/<int:pk>/move/", promotions.move, name="promotion_move"),
    path("pricing/promotions/<int:pk>/move/undo/", promotions.move_undo, name="promotion_move_undo"),
    *(
        path(f"products/<product_code:code>/mix/positioning/{address}", view, name=name)
        for address, view, name in (
            ("", offer.positionings, "positionings"),
            ("new/", offer.positioning_new, "positioning_new"),
            ("compare/", offer.compare, "positioning_compare"),
            ("<int:pk>/", offer.positioning, "positioning"),
            ("<int:pk>/edit/", offer.positioning_edit, "positioning_edit"),
            ("<int:pk>/propose/", offer.positioning_propose, "positioning_propose"),
            ("<int:pk>/decide/", offer.positioning_decide, "positioning_decide"),
        )
    ),
    path("products/<product_code:code>/mix/place/", place.product_place, name="product_place"),
    path("pricing/segments/", place.segments, name="segments"),
]
