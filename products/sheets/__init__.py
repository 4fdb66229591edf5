"""The files that bring in products, sales and budgets; ``register`` makes them known to ``exchange``.

The sheet of budgets is made known by ``pricing``, which adds what is planned of costs.
"""

from __future__ import annotations


def register() -> None:
    from exchange.sheets import sheets

    from .products import ProductsSheet
    from .sales import SalesSheet

    sheets.register(ProductsSheet(), SalesSheet())
