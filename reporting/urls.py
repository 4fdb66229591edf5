from __future__ import annotations

from django.urls import path

from products import converters  # noqa: F401  registers <product_code:…>

from .views import (
    cost_report_files,
    cost_reports,
    grants,
    product,
    report_choices,
    report_jobs,
    report_list,
    reports,
    sales_rows,
    schedules,
    shares,
    snapshot_files,
    today,
)

app_name = "reporting"

urlpatterns = [
    path("", today.today_page, name="today"),
    path("products/<product_code:code>/", product.product_overview, name="product"),
    path("costs/reports/", cost_reports.cost_report, name="cost_report"),
    path("costs/reports/views/<int:pk>/end/", cost_reports.view_end, name="cost_report_view_end"),
    path("costs/reports/made/<int:pk>/", cost_report_files.cost_report_made, name="cost_report_made"),
    path("costs/reports/sales/", sales_rows.sales_rows, name="sales_rows"),
    path("costs/reports/sales/<str:kind>/", sales_rows.sales_rows_export, name="sales_rows_export"),
    path("costs/reports/<str:kind>/", cost_report_files.cost_report_file, name="cost_report_file"),
    path("reports/", report_list.reports, name="reports"),
    path("reports/new/", reports.report_new, name="report_new"),
    path("reports/new/<slug:template>/", reports.report_edit, name="report_new_from"),
    path("reports/sheet/<slug:of>/<product_code:code>/", reports.report_sheet, name="report_sheet"),
    path("reports/<int:pk>/", reports.report, name="report"),
    path("reports/links/", shares.shares, name="shares"),
    path("reports/links/<int:pk>/", shares.share, name="share"),
    path("reports/<int:pk>/share/", shares.share_new, name="share_new"),
    path("reports/<int:pk>/edit/", reports.report_edit, name="report_edit"),
    path("reports/<int:pk>/preview/", reports.report_preview, name="report_preview"),
    path("reports/<int:pk>/publishing/", report_jobs.report_publishing, name="report_publishing"),
    path("reports/<int:pk>/schedule/", schedules.report_schedule, name="report_schedule"),
    path("reports/<int:pk>/schedule/<slug:act>/", schedules.report_schedule_act, name="report_schedule_act"),
    path("reports/<int:pk>/choose/", report_choices.report_choose, name="report_choose"),
    path("reports/<int:pk>/history/", reports.report_history, name="report_history"),
    path("reports/<int:pk>/parts/", reports.report_parts, name="report_parts"),
    path("reports/<int:pk>/<int:number>/", reports.snapshot, name="snapshot"),
    path("reports/<int:pk>/<int:number>/<str:kind>/", snapshot_files.snapshot_as_file, name="snapshot_file"),
    path("reports/<int:pk>/act/<str:act>/", reports.report_act, name="report_act"),
    path("reports/<int:pk>/grants/", grants.report_grant, name="report_grant"),
    path("reports/grants/<int:pk>/", grants.grant, name="grant"),
    path("reports/grants/<int:pk>/preview/", grants.grant_preview, name="grant_preview"),
    path("reports/grants/<int:pk>/act/<str:act>/", grants.grant_act, name="grant_act"),
]
