from __future__ import annotations

from django.urls import path

from products import converters  # noqa: F401  registers <product_code:…>

from .views import mix, promotion, promotions

app_name = "pricing"

urlpatterns = [
    path("products/<product_code:code>/mix/", mix.mix, name="mix"),
    # Promotions.
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
]
