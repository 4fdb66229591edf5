from __future__ import annotations

from django.urls import path

from products import converters  # noqa: F401  registers <product_code:…>

from .views import accuracy, consensus, drivers, findings, launch, overrides, product, runs, totals

app_name = "forecasting"
PRODUCT, FAMILY = {"of": "product"}, {"of": "family"}

urlpatterns = [
    path("forecasting/", runs.runs, name="runs"),
    path("forecasting/totals/", totals.totals, name="totals"),
    path("forecasting/accuracy/", accuracy.accuracy, name="accuracy"),
    path("forecasting/overrides/", overrides.overrides, name="overrides"),
    path("forecasting/overrides/channel/", overrides.override_channel, name="override_channel"),
    path("forecasting/overrides/<int:pk>/withdraw/", overrides.override_end, name="override_withdraw"),
    path("forecasting/overrides/<int:pk>/renew/", overrides.override_again, name="override_renew"),
    path("forecasting/lines/<slug:code>/override/", overrides.override_line, name="override_line"),
    path("forecasting/findings/", findings.findings, name="findings"),
    path("forecasting/findings/judge/", findings.findings_judge, name="findings_judge"),
    path("forecasting/findings/<int:pk>/judge/", findings.finding_decide, name="finding_decide"),
    path("products/<product_code:code>/forecast/unusual/", findings.flag, PRODUCT, name="flag"),
    path(
        "products/families/<product_code:code>/forecast/unusual/", findings.flag, FAMILY, name="family_flag"
    ),
    path("forecasting/drivers/", drivers.drivers, name="drivers"),
    path("forecasting/drivers/calendar/", drivers.driver_calendar, name="driver_calendar"),
    path("forecasting/drivers/<int:pk>/", drivers.driver, name="driver"),
    path("forecasting/drivers/<int:pk>/edit/", drivers.driver_edit, name="driver_edit"),
    path("forecasting/start/", runs.run_start, name="run_start"),
    path("forecasting/runs/<int:pk>/", runs.run, name="run"),
    path("products/<product_code:code>/forecast/", product.forecast, PRODUCT, name="product"),
    path("products/<product_code:code>/forecast/run/", runs.subject_run, PRODUCT, name="product_run"),
    path("products/families/<product_code:code>/forecast/run/", runs.subject_run, FAMILY, name="family_run"),
    path("products/<product_code:code>/forecast/launch/", launch.launch, name="launch"),
    path(
        "products/<product_code:code>/forecast/launch/withdraw/",
        launch.launch_withdraw,
        name="launch_withdraw",
    ),
    path(
        "products/<product_code:code>/forecast/launch/choices/", launch.launch_choices, name="launch_choices"
    ),
    path("products/<product_code:code>/stage/", product.stage, PRODUCT, name="stage"),
    path("products/<product_code:code>/forecast/override/", overrides.override, name="override"),
    path(
        "products/<product_code:code>/forecast/override/months/",
        overrides.override_months,
        name="override_months",
    ),
    path("products/<product_code:code>/forecast/consensus/", consensus.consensus, name="consensus"),
    path(
        "products/<product_code:code>/stage/withdraw/",
        product.stage_take_back,
        PRODUCT,
        name="stage_withdraw",
    ),
    path("products/families/<product_code:code>/forecast/", product.forecast, FAMILY, name="family"),
    path("products/families/<product_code:code>/stage/", product.stage, FAMILY, name="family_stage"),
    path(
        "products/families/<product_code:code>/stage/withdraw/",
        product.stage_take_back,
        FAMILY,
        name="family_stage_withdraw",
    ),
]
