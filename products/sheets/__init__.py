"""The files that bring in products, sales and budgets; ``register`` makes them known to ``exchange``."""

from __future__ import annotations


def register() -> None:
    from exchange.sheets import sheets

    from .budget import BudgetSheet
    from .products import ProductsSheet
    from .sales import SalesSheet

    sheets.register(ProductsSheet(), SalesSheet(), BudgetSheet())
