"""What who has a link reaches without an account; mounted at ``/r/``."""

from __future__ import annotations

from django.urls import path, re_path

from .views import shared

app_name = "shared"

urlpatterns = [
    path("<str:token>/", shared.report, name="report"),
    path("<str:token>/open/", shared.opened, name="open"),
    path("<str:token>/password/", shared.password, name="password"),
    path("<str:token>/question/", shared.question, name="question"),
    re_path(r"^(?P<token>[^/]+)/(?P<language>nl|en)/$", shared.language, name="language"),
    path("<str:token>/<str:kind>/", shared.file, name="file"),
    re_path(r"^(?:.*/)?$", shared.nothing, name="nothing"),
]
