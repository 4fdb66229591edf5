"""Terms of channels, pocket prices and bonuses."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

from core.organisation import today
from pricing.models import BonusSettlement, Term, TermStep
from products.models import Channel, Measure, Product, ProductLine, SalesMonth

from .pricing_prices import a_file, foreign_product, own_product
from .rules import Rule
from .world import World

VIEW, EDIT = "pricing.view", "pricing.edit"


def _terms(world: World, channel: Channel, line: ProductLine, product: Product) -> Term:
    """A discount and a bonus, of which something was earned and settled."""

    def make() -> Term:
        day = today()
        place: dict[str, Any] = {"channel": channel, "line": line}
        said = place | {"start_date": day, "created_by": world.somebody}
        bonus = Term.objects.create(kind="bonus", basis="revenue", **said)
        TermStep.objects.create(term=bonus, from_amount=0, rate=Decimal("0.01"))
        BonusSettlement.objects.create(
            **place,
            year=day.year,
            amount=5,
            settled_date=day,
            reference=channel.name,
            created_by=world.somebody,
        )
        units = Measure.objects.get(code="units")
        SalesMonth.objects.get_or_create(
            product=product,
            channel=channel,
            measure=units,
            month=day.replace(day=1),
            defaults={"volume": 9, "revenue": 9, "days": 30},
        )
        return Term.objects.create(kind="invoice", rate=Decimal("0.1"), **said)

    return world.made(f"terms {channel.code}", make)


def own(world: World) -> Term:
    return _terms(world, world.own_channel, world.own_line, world.own_product)


def foreign(world: World) -> Term:
    return _terms(world, world.foreign_channel, world.foreign_line, world.foreign_product)


def everything(world: World) -> dict[str, Any]:
    own(world), foreign(world)
    return {}


def priced(world: World) -> dict[str, Any]:
    return everything(world) | own_product(world)


def place(world: World) -> dict[str, Any]:
    return {"channel": world.own_channel.code, "line": world.own_line.code}


def term(world: World) -> dict[str, Any]:
    day = today() + datetime.timedelta(9)
    return place(world) | {"kind": "payment", "rate": "2", "days": "14", "start_date": str(day)}


def settlement(world: World) -> dict[str, Any]:
    day = today()
    return place(world) | {"year": day.year, "amount": "3", "settled_date": str(day), "reference": "CN-9"}


TERM_RULES = [
    Rule("pricing:terms", get=VIEW, post=EDIT, args=everything, data=term),
    Rule(
        "pricing:term_withdraw",
        post=EDIT,
        args=lambda world: {"pk": own(world).pk},
        foreign=lambda world: {"pk": foreign(world).pk},
    ),
    Rule("pricing:terms_export", get="exchange.export", args=a_file(everything)),
    Rule("pricing:bonuses", get=VIEW, post=EDIT, args=everything, data=settlement),
    Rule("pricing:pocket", get=VIEW, args=priced, foreign=foreign_product),
    Rule("api:term-list", get=VIEW, args=everything, api=True),
    Rule("api:bonus-settlement-list", get=VIEW, args=everything, api=True),
]
