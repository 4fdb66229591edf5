"""Price sensitivity and what-ifs: with the right to prices, and the sight of forecasts: of all channels."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from core.organisation import today
from pricing.models import Elasticity, PriceList, RecommendedPrice, Scenario
from products.models import Product
from tests.factories import price_list_factory
from tests.pricing.elasticities import elasticity_factory

from .rules import Rule
from .world import MARK, World

VIEW, EDIT, COSTS = "pricing.view", "pricing.edit", "pricing.view_costs"


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


def rooms(world: World) -> dict[str, Any]:
    """What a night found, inside and outside the limits."""
    for product in (world.own_product, world.foreign_product):
        world.made(f"room {product.pk}", lambda product=product: _room(product))
    return {}


def file_of_rooms(world: World) -> dict[str, Any]:
    return {**rooms(world), "kind": "csv"}


def _room(product: Product) -> RecommendedPrice:
    mine = PriceList.objects.filter(channel=None).first() or price_list_factory()
    return RecommendedPrice.objects.create(
        product=product,
        price_list=mine,
        price=11,
        price_now=10,
        margin=2,
        margin_now=1,
        margin_lo80=1,
        margin_hi80=3,
        start_date=today(),
        computed_at=timezone.now(),
    )


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
    Rule("pricing:room", get=COSTS, args=rooms, all_channels=True),
    Rule(
        "pricing:room_export",
        get=COSTS,
        args=lambda world: {**rooms(world), "kind": "csv"},
        all_channels=True,
    ),
    Rule("api:elasticity-list", get=VIEW, args=there, api=True),
]
