"""Positioning."""

from __future__ import annotations

import datetime
from typing import Any

from pricing.models import Positioning
from products.models import Product

from .rules import Rule
from .world import MARK, World

SEE, EDIT, APPROVE = "pricing.view", "pricing.edit", "pricing.approve"
TODAY = datetime.date(2026, 11, 1)


def a_positioning(world: World) -> Positioning:
    return _positioning(world, world.own_product, "that foams")


def a_foreign_positioning(world: World) -> Positioning:
    return _positioning(world, world.foreign_product, f"{MARK} benefit")


def _positioning(world: World, product: Product, benefit: str) -> Positioning:
    make = lambda: Positioning.objects.create(  # noqa: E731
        product=product,
        number=1,
        start_date=TODAY,
        author=world.somebody,
        target_group="bakers",
        category="the milk",
        benefit=benefit,
    )
    return world.made(f"positioning {product.code}", make)


def api(name: str, **rest: Any) -> Rule:
    return Rule(f"api:{name}", api=True, **rest)


def api_of_version(name: str, **rest: Any) -> Rule:
    return api(
        name,
        args=lambda world: {"pk": a_positioning(world).pk},
        foreign=lambda world: {"pk": a_foreign_positioning(world).pk},
        **rest,
    )


def of_product(name: str, **rest: Any) -> Rule:
    return Rule(
        f"pricing:{name}",
        args=lambda world: {"code": world.own_product.code},
        foreign=lambda world: {"code": world.foreign_product.code},
        **rest,
    )


def of_version(name: str, **rest: Any) -> Rule:
    return Rule(
        f"pricing:{name}",
        args=lambda world: {"code": world.own_product.code, "pk": a_positioning(world).pk},
        foreign=lambda world: {"code": world.foreign_product.code, "pk": a_foreign_positioning(world).pk},
        **rest,
    )


DRAFT = {"start_date": "2026-12-01", "points-TOTAL_FORMS": 0, "points-INITIAL_FORMS": 0, "benefit": "x"}


def both(world: World) -> dict[str, Any]:
    a_positioning(world), a_foreign_positioning(world)
    return {}


OFFER_RULES = [
    Rule("pricing:positioning_list", get=SEE, args=both, query={"show": "all"}),
    Rule(
        "pricing:positionings_export",
        get="exchange.export",
        args=lambda world: both(world) | {"kind": "csv"},
        query={"show": "all"},
    ),
    of_product("positionings", get=SEE),
    of_product("positioning_new", get=EDIT, post=EDIT, data=DRAFT),
    of_product("positioning_compare", get=SEE),
    of_version("positioning", get=SEE),
    of_version("positioning_edit", get=EDIT, post=EDIT, data=DRAFT),
    of_version("positioning_propose", post=EDIT, data={"action": "take_back"}),
    of_version("positioning_decide", post=APPROVE, data={"action": "reject"}),
    api(
        "positioning-list",
        get=SEE,
        post=EDIT,
        data=lambda world: {"product": world.own_product.code, "start_date": "2026-12-01"},
    ),
    api_of_version("positioning-detail", get=SEE, patch=EDIT, data={"version": 1, "tone": "dry"}),
    api_of_version("positioning-propose", post=EDIT, data={"version": 1}),
    api_of_version("positioning-take-back", post=EDIT),
    api_of_version("positioning-approve", post=APPROVE, data={"version": 1}),
    api_of_version("positioning-reject", post=APPROVE, data={"version": 1, "note": "No"}),
]
