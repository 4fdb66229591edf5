"""Promotions. Seen by who sees one of their products and channels; changed by who sees them whole."""

from __future__ import annotations

import datetime
from typing import Any

from core.organisation import today
from pricing.models import ForbiddenPeriod, Promotion
from products.models import Channel, Product

from .rules import Rule
from .world import MARK, World

VIEW, EDIT, APPROVE = (f"pricing.{verb}" for verb in ("view", "edit", "approve"))
LATER = datetime.timedelta(days=30)


def _make(world: World, product: Product, channel: Channel, name: str) -> Promotion:
    row = Promotion.objects.create(
        name=name,
        mechanic="one_plus_one",
        store_start=today() + LATER,
        store_end=today() + 2 * LATER,
        author=world.somebody,
    )
    row.rows.create(product=product)
    row.channel_rows.create(channel=channel)
    return row


def _foreign(world: World) -> Promotion:
    return world.made(
        "foreign promotion",
        lambda: _make(world, world.foreign_product, world.foreign_channel, f"{MARK} offer"),
    )


def own(world: World) -> dict[str, Any]:
    _foreign(world)  # it must not be found
    make = lambda: _make(world, world.own_product, world.own_channel, "Own offer")  # noqa: E731
    return {"pk": world.made("promotion", make).pk}


def foreign(world: World) -> dict[str, Any]:
    return {"pk": _foreign(world).pk}


def both_there(world: World) -> dict[str, Any]:
    own(world)
    period(world), foreign_period(world)
    return {}


def _period(channel: Channel, reason: str) -> ForbiddenPeriod:
    return ForbiddenPeriod.objects.create(
        channel=channel, start_date=today(), end_date=today() + LATER, reason=reason
    )


def period(world: World) -> dict[str, Any]:
    return {"pk": world.made("period", lambda: _period(world.own_channel, "Own count")).pk}


def foreign_period(world: World) -> dict[str, Any]:
    return {"pk": world.made("foreign period", lambda: _period(world.foreign_channel, f"{MARK} count")).pk}


def new(world: World) -> dict[str, Any]:
    return {
        "name": "New",
        "mechanic": "display",
        "product_1": world.own_product.code,
        "channels": world.own_channel.pk,
        "store_start": str(today()),
        "store_end": str(today()),
        "own_share_rate": "100",
        "exception_note": "Agreed",
        "confirmed": "on",
    }


def new_for_machines(world: World) -> dict[str, Any]:
    return {
        "name": "New",
        "mechanic": "display",
        "products": [{"product": world.own_product.code}],
        "channels": [world.own_channel.code],
        "store_start": str(today()),
        "store_end": str(today()),
        "exception_note": "Agreed",
    }


def moved(world: World) -> dict[str, Any]:
    day = today() + 3 * LATER
    return {"store_start": str(day), "store_end": str(day + LATER), "version": 1}


def new_period(world: World) -> dict[str, Any]:
    day = str(today())
    return {"channel": world.own_channel.pk, "start_date": day, "end_date": day, "reason": "Stock count"}


ONE = {"args": own, "foreign": foreign}
WHY = {"note": "Because", "decision": "reject"}

PROMOTION_RULES = [
    Rule(
        "pricing:promotions_card",
        get=VIEW,
        args=lambda world: {"code": world.own_product.code},
        foreign=lambda world: {"code": world.foreign_product.code},
    ),
    Rule("pricing:promotions", get=VIEW, args=both_there, query={"scale": "year"}),
    Rule(
        "pricing:promotions_export",
        get="exchange.export",
        args=lambda world: both_there(world) | {"kind": "csv"},
        query={"scale": "year"},
    ),
    Rule("pricing:promotion_new", get=EDIT, post=EDIT, data=new),
    Rule("pricing:promotion", get=VIEW, **ONE),
    Rule("pricing:promotion_edit", get=EDIT, post=EDIT, data=new, **ONE),
    Rule("pricing:promotion_propose", post=EDIT, **ONE),
    Rule("pricing:promotion_decide", post=APPROVE, data=WHY, **ONE),
    Rule("pricing:promotion_cancel", post=EDIT, data=WHY, **ONE),
    Rule("pricing:promotion_cost", post=EDIT, data={"amount": "9", "known_date": "2026-01-01"}, **ONE),
    Rule("pricing:promotion_move", post=EDIT, data=moved, **ONE),
    Rule("pricing:promotion_move_undo", post=EDIT, data={"version": 2}, **ONE),
    Rule("pricing:forbidden", get=VIEW, post=APPROVE, args=both_there, data=new_period),
    Rule("pricing:forbidden_end", post=APPROVE, args=period, foreign=foreign_period),
    Rule("api:promotion-list", get=VIEW, post=EDIT, args=both_there, data=new_for_machines, api=True),
    Rule("api:promotion-detail", get=VIEW, put=EDIT, data=new_for_machines, api=True, **ONE),
    Rule("api:promotion-propose", post=EDIT, api=True, **ONE),
    Rule("api:promotion-approve", post=APPROVE, api=True, **ONE),
    Rule("api:promotion-reject", post=APPROVE, data={"note": "No"}, api=True, **ONE),
    Rule(
        "api:promotion-cost",
        get=VIEW,
        post=EDIT,
        data={"amount": "9", "known_date": "2026-01-01"},
        api=True,
        **ONE,
    ),
    Rule("api:promotion-cancel", post=EDIT, data={"note": "No"}, api=True, **ONE),
]
