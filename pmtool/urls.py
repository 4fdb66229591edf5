"""Every address. A room's own are in its ``urls.py``."""

from __future__ import annotations

from django.urls import include, path

from core import views
from core.openapi import docs_view, schema_view

handler400 = "core.views.bad_request"
handler403 = "core.views.permission_denied"
handler404 = "core.views.not_found"
handler500 = "core.views.server_error"

urlpatterns = [
    path("", include("accounts.urls")),
    path("", include("core.urls")),
    # Before the rooms with pages of one product: a fixed word there is no product's code.
    path("products/", include("products.urls")),
    path("", include("forecasting.urls")),
    path("", include("pricing.urls")),
    path("data/", include("exchange.urls")),
    path("", include("collaboration.urls")),
    path("", include("reporting.urls")),
    path("r/", include("reporting.shared_urls")),
    path("account/", include("allauth.urls")),
    path("language/", views.language_set, name="set_language"),
    path("api/", docs_view, name="api"),
    path("api/schema/", schema_view, name="schema"),
    path("api/v1/", include("pmtool.api")),
]
