"""REST API: products, what they hang on, sales and budgets. Each goes by its code."""

from __future__ import annotations

from rest_framework.routers import SimpleRouter

from .budgets import BudgetViewSet
from .product import ProductViewSet
from .sales import SalesFactViewSet, SalesMonthViewSet
from .structure import ChannelViewSet, FamilyViewSet, LineViewSet, MeasureViewSet

router = SimpleRouter(use_regex_path=False)
router.register("products", ProductViewSet, "product")
router.register("lines", LineViewSet, "line")
router.register("channels", ChannelViewSet, "channel")
router.register("families", FamilyViewSet, "family")
router.register("measures", MeasureViewSet, "measure")
router.register("sales/months", SalesMonthViewSet, "sales-month")
router.register("sales/facts", SalesFactViewSet, "sales-fact")
router.register("budgets", BudgetViewSet, "budget")
