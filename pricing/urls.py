from __future__ import annotations

from django.urls import path

from products import converters  # noqa: F401  registers <product_code:…>

from .views import mix

app_name = "pricing"

urlpatterns = [
    path("products/<product_code:code>/mix/", mix.mix, name="mix"),
]
