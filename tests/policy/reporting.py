"""The product overview; Today is with collaboration, whose alerts it shows."""

from __future__ import annotations

from .rules import Rule

RULES = [
    Rule(
        "reporting:product",
        get="products.view",
        args=lambda world: {"code": world.own_product.code},
        foreign=lambda world: {"code": world.foreign_product.code},
    ),
]
