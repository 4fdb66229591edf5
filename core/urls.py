from django.urls import path

from . import health, views
from .later import later_in

app_name = "core"

urlpatterns = [
    path("livez", health.livez, name="livez"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", later_in("core")("metrics.metrics"), name="metrics"),
    path("search/", views.search, name="search"),
    path("search/suggestions/", views.suggest, name="suggest"),
    path("settings/", views.settings_edit, name="settings"),
]
