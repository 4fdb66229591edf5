from __future__ import annotations

from django.urls import path

from products import converters  # noqa: F401  registers <product_code:…>

from .views import product, today

app_name = "reporting"

urlpatterns = [
    path("", today.today_page, name="today"),
    path("products/<product_code:code>/", product.product_overview, name="product"),
]
