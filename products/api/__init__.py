"""REST API: products, what they hang on, sales and budgets. Each goes by its code."""

from __future__ import annotations

from rest_framework.routers import SimpleRouter

from .budgets import BudgetViewSet
from .details import (
    BundlePartViewSet,
    OtherCodeViewSet,
    ProductFamilyViewSet,
    SuccessionViewSet,
    UnitViewSet,
)
from .product import ProductViewSet
from .sales import SalesFactViewSet, SalesMonthViewSet
from .structure import (
    ChannelViewSet,
    FamilyViewSet,
    LineViewSet,
    MeasureViewSet,
    SegmentViewSet,
    SupplierViewSet,
)

router = SimpleRouter(use_regex_path=False)
router.register("products", ProductViewSet, "product")
OF_PRODUCT = "products/<product_code:code>"
router.register(f"{OF_PRODUCT}/codes", OtherCodeViewSet, "product-code")
router.register(f"{OF_PRODUCT}/units", UnitViewSet, "product-unit")
router.register(f"{OF_PRODUCT}/families", ProductFamilyViewSet, "product-family")
router.register(f"{OF_PRODUCT}/parts", BundlePartViewSet, "product-part")
router.register(f"{OF_PRODUCT}/successions", SuccessionViewSet, "product-succession")
router.register("suppliers", SupplierViewSet, "supplier")
router.register("segments", SegmentViewSet, "segment")
router.register("lines", LineViewSet, "line")
router.register("channels", ChannelViewSet, "channel")
router.register("families", FamilyViewSet, "family")
router.register("measures", MeasureViewSet, "measure")
router.register("sales/months", SalesMonthViewSet, "sales-month")
router.register("sales/facts", SalesFactViewSet, "sales-fact")
router.register("budgets", BudgetViewSet, "budget")
