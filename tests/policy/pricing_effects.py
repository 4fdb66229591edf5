"""Price sensitivity and what-ifs: with the right to prices, and the sight of forecasts: of all channels."""

from __future__ import annotations

from typing import Any

from pricing.models import Elasticity, Scenario
from products.models import Product
from tests.pricing.elasticities import elasticity_factory

from .rules import Rule
from .world import MARK, World

VIEW, EDIT = "pricing.view", "pricing.edit"


def _elasticity(world: World, product: Product) -> Elasticity:
    return world.made(f"elasticity {product.pk}", lambda: elasticity_factory(product))


def _scenario(world: World, product: Product, name: str) -> Scenario:
    values = {"price": "11", "start": "2027-01-01"}
    return world.made(
        f"scenario {product.pk}",
        lambda: Scenario.objects.create(
            product=product, name=name, values=values, result={}, author=world.somebody
        ),
    )


def there(world: World) -> dict[str, Any]:
    """Something inside and outside the limits; the address has no arguments."""
    _elasticity(world, world.own_product), _elasticity(world, world.foreign_product)
    product, channel = world.foreign_product, world.foreign_channel
    world.made("elasticity of a channel", lambda: elasticity_factory(product, channel=channel))
    return {}


def own(world: World) -> dict[str, Any]:
    there(world)
    return {"code": world.own_product.code}


def foreign(world: World) -> dict[str, Any]:
    return {"code": world.foreign_product.code}


def file(world: World) -> dict[str, Any]:
    there(world)
    return {"kind": "csv"}


def own_scenario(world: World) -> dict[str, Any]:
    _scenario(world, world.foreign_product, f"{MARK} what if")
    row = _scenario(world, world.own_product, "Own what if")
    return {"code": world.own_product.code, "pk": row.pk}


def foreign_scenario(world: World) -> dict[str, Any]:
    row = _scenario(world, world.foreign_product, f"{MARK} what if")
    return {"code": world.foreign_product.code, "pk": row.pk}


OF_PRODUCT: dict[str, Any] = {"args": own, "foreign": foreign, "all_channels": True}
EFFECT_RULES = [
    Rule("pricing:what_if", get=VIEW, query={"price": "11"}, **OF_PRODUCT),
    Rule(
        "pricing:what_if",
        get=VIEW,
        query={"kind": "promotion", "mechanic": "display", "budget": "9"},
        **OF_PRODUCT,
    ),
    Rule("pricing:what_if", get=VIEW, query={"kind": "distribution", "rate": "0.5"}, **OF_PRODUCT),
    # Without prices and a forecast there is nothing to keep.
    Rule("pricing:what_if_save", post=EDIT, data={"name": "Mine"}, ok=frozenset({302, 404}), **OF_PRODUCT),
    Rule("pricing:scenario_end", post=EDIT, args=own_scenario, foreign=foreign_scenario, all_channels=True),
    Rule("pricing:sensitivity", get=VIEW, args=there, all_channels=True),
    Rule("pricing:sensitivity", get=VIEW, args=there, query={"show": "channels"}, all_channels=True),
    Rule("pricing:sensitivity_export", get="exchange.export", args=file, all_channels=True),
    Rule("api:elasticity-list", get=VIEW, args=there, api=True),
]
