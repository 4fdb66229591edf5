from __future__ import annotations

from django.urls import path

from products import converters  # noqa: F401  registers <product_code:…>

from .views import cost_report_files, cost_reports, product, today

app_name = "reporting"

urlpatterns = [
    path("", today.today_page, name="today"),
    path("products/<product_code:code>/", product.product_overview, name="product"),
    path("costs/reports/", cost_reports.cost_report, name="cost_report"),
    path("costs/reports/views/new/", cost_reports.view_new, name="cost_report_view_new"),
    path("costs/reports/views/<int:pk>/end/", cost_reports.view_end, name="cost_report_view_end"),
    path("costs/reports/made/<int:pk>/", cost_report_files.cost_report_made, name="cost_report_made"),
    path("costs/reports/<str:kind>/", cost_report_files.cost_report_file, name="cost_report_file"),
]
