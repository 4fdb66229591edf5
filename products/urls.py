from __future__ import annotations

from django.urls import path

from . import converters  # noqa: F401  registers <product_code:…>
from .views import budget, budgets, bulk, details, export, four_eyes, limits, list, product, structure

app_name = "products"

urlpatterns = [
    path("", list.product_list, name="list"),
    path("filters/<slug:key>/", list.filters, name="filters"),
    path("export/<str:kind>/", export.export, name="export"),
    path("columns/", list.columns, name="columns"),
    path("views/", list.view_new, name="view_new"),
    path("views/<int:pk>/", list.view_edit, name="view_edit"),
    path("new/", product.create, name="new"),
    path("bulk/", bulk.bulk, name="bulk"),
    path("bulk/<int:pk>/", bulk.undo, name="bulk_undo"),
    path("lines/", structure.lines, name="lines"),
    path("lines/+/", structure.line_edit, name="line_new"),  # no code is it: a line may be called new
    path("lines/<slug:code>/", structure.line_edit, name="line_edit"),
    path("channels/", structure.channels, name="channels"),
    path("channels/new/", structure.channel_edit, name="channel_new"),
    path("channels/<int:pk>/", structure.channel_edit, name="channel_edit"),
    path("suppliers/", structure.named, {"what": "suppliers"}, name="suppliers"),
    path("suppliers/new/", structure.named_edit, {"what": "suppliers"}, name="suppliers_new"),
    path("suppliers/<int:pk>/", structure.named_edit, {"what": "suppliers"}, name="suppliers_edit"),
    path("segments/", structure.named, {"what": "segments"}, name="segments"),
    path("segments/new/", structure.named_edit, {"what": "segments"}, name="segments_new"),
    path("segments/<int:pk>/", structure.named_edit, {"what": "segments"}, name="segments_edit"),
    path("families/", structure.families, name="families"),
    path("families/new/", structure.family_edit, name="family_new"),
    path("families/<product_code:code>/", structure.family, name="family"),
    path("families/<product_code:code>/edit/", structure.family_edit, name="family_edit"),
    path("measures/", structure.measures, name="measures"),
    path("measures/new/", structure.measure_edit, name="measure_new"),
    path("measures/<slug:code>/", structure.measure_edit, name="measure_edit"),
    path("budgets/", budgets.budgets, name="budgets"),
    path("budgets/new/", budgets.budget_new, name="budget_new"),
    path("budgets/compare/", budget.budget_compare, name="budget_compare"),
    path("budgets/<int:pk>/", budget.budget, name="budget"),
    path("budgets/<int:pk>/state/", budgets.budget_change, name="budget_change"),
    path("budgets/<int:pk>/put-back/", budgets.budget_put_back, name="budget_put_back"),
    path("budgets/<int:pk>/name/", budget.budget_name, name="budget_name"),
    path("budgets/<int:pk>/edit/", budget.budget_edit, name="budget_edit"),
    path("budgets/<int:pk>/history/", budget.budget_history, name="budget_history"),
    path("budgets/<int:pk>/undo/", budget.budget_undo, name="budget_undo"),
    path("budgets/<int:pk>/export/<str:kind>/", budget.budget_export, name="budget_export"),
    path("limits/<int:pk>/", limits.limits_edit, name="limits"),
    path("four-eyes/", four_eyes.four_eyes_edit, name="four_eyes"),
    path("<product_code:code>/edit/", product.edit, name="edit"),
    path("<product_code:code>/end/", product.end, name="end"),
    path("<product_code:code>/reopen/", product.reopen, name="reopen"),
    path("<product_code:code>/reviewed/", product.reviewed, name="reviewed"),
    path("<product_code:code>/activity/", product.activity, name="activity"),
    path("<product_code:code>/details/", details.details, name="details"),
    path("<product_code:code>/details/<slug:part>/", details.add, name="details_add"),
    path("<product_code:code>/details/<slug:part>/<int:pk>/", details.remove, name="details_remove"),
]
