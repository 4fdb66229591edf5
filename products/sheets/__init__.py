"""The files that bring in products, sales and budgets; ``register`` makes them known to ``exchange``."""

from __future__ import annotations


def register() -> None:
    from exchange.sheets import sheets

    from .sales import SalesSheet

    sheets.register(SalesSheet())
