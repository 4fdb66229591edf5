"""Prices, price lists and proposals."""

from __future__ import annotations

import datetime
from typing import Any

from core.organisation import today
from pricing.models import Bound, Levy, Perishable, PriceList, Proposal, VatCode, VatRate
from products.models import Channel, FourEyesRule, Product
from tests.factories import price_factory, price_list_factory

from .rules import Rule
from .world import MARK, World

VIEW, EDIT, APPROVE = "pricing.view", "pricing.edit", "pricing.approve"
CLOSE = "products.close_months"


def _list(world: World, name: str, channel: Channel) -> PriceList:
    make = lambda: price_list_factory(code=name, name_en=name, name_nl=name, channel=channel)  # noqa: E731
    return world.made(f"price list {name}", make)


def _proposal(world: World, product: Product) -> Proposal:
    """Of a product with a price in force, on the list of the own channel."""
    mine, day = _list(world, "own-list", world.own_channel), today()

    def make() -> Proposal:
        price_factory(product=product, price_list=mine, start_date=day - datetime.timedelta(9))
        start = day + datetime.timedelta(9)
        made = Proposal.objects.create(
            price_list=mine, start_date=start, reason=product.name, author=world.somebody, state="proposed"
        )
        price_factory(
            product=product, price_list=mine, start_date=start, state="proposed", proposal=made, amount=11
        )
        return made

    return world.made(f"price proposal {product.code}", make)


def a_list(world: World) -> dict[str, Any]:
    return {"pk": _list(world, "own-list", world.own_channel).pk}


def a_foreign_list(world: World) -> dict[str, Any]:
    return {"pk": _list(world, world.foreign_channel.name, world.foreign_channel).pk}


def a_proposal(world: World) -> dict[str, Any]:
    return {"pk": _proposal(world, world.own_product).pk}


def a_foreign_proposal(world: World) -> dict[str, Any]:
    return {"pk": _proposal(world, world.foreign_product).pk}


def own_product(world: World) -> dict[str, Any]:
    a_proposal(world), a_foreign_proposal(world), a_foreign_list(world)
    return {"code": world.own_product.code}


def foreign_product(world: World) -> dict[str, Any]:
    return {"code": world.foreign_product.code}


def everything(world: World) -> dict[str, Any]:
    """Prices, lists, proposals and levies inside and outside the limits."""
    own_product(world)
    world.made("levies", lambda: _levies(world))
    return {}


def _levies(world: World) -> None:
    for line, name in ((world.own_line, "Own"), (world.foreign_line, MARK)):
        Levy.objects.create(line=line, name=name, start_date=today(), amount="0.1")
        Bound.objects.create(line=line, source=name, start_date=today(), least=1, currency="EUR")
        VatCode.objects.create(line=line, code="low", start_date=today())
        Perishable.objects.create(line=line, start_date=today(), perishable=True)


def one_person(world: World) -> dict[str, Any]:
    """Who proposes prices of the line may set their bounds as well: rights alone count."""
    make = lambda: FourEyesRule.objects.create(line=world.own_line, decision_kind="price", mode="off")  # noqa: E731
    world.made("four eyes off", make)
    return everything(world)


def a_vat_rate(world: World) -> dict[str, Any]:
    start = datetime.date.today() + datetime.timedelta(30)
    make = lambda: VatRate.objects.create(code="high", start_date=start, rate="0.22")  # noqa: E731
    return {"pk": world.made("VAT rate", make).pk}


def a_file(make: Any) -> Any:
    return lambda world: {**make(world), "kind": "csv"}


LIST = {"code": "new", "name_nl": "Nieuw", "name_en": "New", "kind": "advised", "currency": "EUR"}
NEW = {
    "start_date": (datetime.date.today() + datetime.timedelta(20)).isoformat(),
    "kind": "target",
    "value": "9",
    "rounding": "none",
    "component": "unit",
    "reason": "Dearer",
}


def proposing(world: World) -> dict[str, Any]:
    return {
        "price_list": "own-list",
        "start_date": NEW["start_date"],
        "reason": "Dearer",
        "prices": [{"product": world.own_product.code, "amount": "9"}],
    }


of_proposal: dict[str, Any] = {"args": a_proposal, "foreign": a_foreign_proposal, "api": True}

PRICE_RULES = [
    Rule("pricing:prices", get=VIEW, args=everything),
    Rule("pricing:prices_export", get="exchange.export", args=a_file(everything)),
    Rule(
        "pricing:product_prices",
        get=VIEW,
        post="pricing.bounds",
        args=own_product,
        foreign=foreign_product,
        data={"code": "low", "start_date": "2026-01-01"},
        whole=True,
    ),
    Rule("pricing:price_lists", get=VIEW, args=everything),
    Rule("pricing:price_list_new", get=EDIT, post=EDIT, data=LIST, whole=True),
    Rule(
        "pricing:price_list_edit",
        get=EDIT,
        post=EDIT,
        args=a_list,
        foreign=a_foreign_list,
        data=LIST,
        whole=True,
    ),
    Rule("pricing:price_rules", get=VIEW, args=everything),
    Rule(
        "pricing:price_rule_set",
        post=EDIT,
        args=lambda world: {"what": "perishable"},
        data=lambda world: {
            "line": world.own_line.code,
            "start_date": "2031-01-01",
            "perishable": "on",
        },
        whole=True,
    ),
    Rule(
        "pricing:price_limit_set",
        post="pricing.bounds",
        args=lambda world: {"what": "notice"},
        data={"days": "3"},
        whole=True,
    ),
    Rule("pricing:price_limits_history", get=VIEW, whole_read=True),
    Rule(
        "pricing:reference_customer",
        post=APPROVE,
        data=lambda world: {"line": world.own_line.code, "customer": "A house", "uses": "2500 kWh"},
        whole=True,
    ),
    Rule(
        "pricing:vat_rates",
        get=VIEW,
        post=CLOSE,
        data={
            "code": "low",
            "start_date": (datetime.date.today() + datetime.timedelta(20)).isoformat(),
            "rate": "10",
        },
        whole=True,
    ),
    Rule("pricing:vat_rate_delete", post=CLOSE, args=a_vat_rate, whole=True),
    Rule("pricing:levies_export", get="exchange.export", args=a_file(everything)),
    Rule("pricing:proposals", get=VIEW, args=everything),
    Rule("pricing:proposals_export", get="exchange.export", args=a_file(everything)),
    Rule(
        "pricing:proposal_new",
        get=EDIT,
        post=EDIT,
        args=everything,
        data=lambda world: NEW | {"price_list": "own-list", "product": world.own_product.code},
    ),
    Rule("pricing:proposal", get=VIEW, args=a_proposal, foreign=a_foreign_proposal),
    Rule("pricing:proposal_effect", get=VIEW, args=a_proposal, foreign=a_foreign_proposal, all_channels=True),
    Rule("pricing:proposal_notice", get=VIEW, args=a_proposal, foreign=a_foreign_proposal),
    Rule(
        "pricing:proposal_act",
        post=APPROVE,
        args=a_proposal,
        foreign=a_foreign_proposal,
        data={"act": "reject", "note": "No"},
    ),
    Rule(
        "pricing:proposal_edit",
        post=EDIT,
        args=a_proposal,
        foreign=a_foreign_proposal,
        data=lambda world: {"pasted": f"{world.own_product.code}\t12"},
    ),
    Rule(
        "pricing:proposal_again",
        post=EDIT,
        args=a_proposal,
        foreign=a_foreign_proposal,
        data=lambda world: {"start_date": "2031-01-01", "reason": "Again"},
    ),
    Rule(
        "pricing:proposal_export",
        get="exchange.export",
        args=a_file(a_proposal),
        foreign=a_file(a_foreign_proposal),
    ),
    Rule("api:price-list", get=VIEW, args=everything, api=True),
    Rule("api:price-list-list", get=VIEW, args=everything, api=True),
    Rule("api:reference-customer-list", get=VIEW, args=everything, api=True),
    Rule("api:levy-list", get=VIEW, args=everything, api=True),
    Rule("api:pass-through-list", get=VIEW, args=everything, api=True),
    Rule("api:yearly-amount-list", get=VIEW, args=everything, query={"price_list": "own-list"}, api=True),
    Rule(
        "api:price-bound-list",
        get=VIEW,
        post="pricing.bounds",
        args=one_person,
        data=lambda world: {"line": world.own_line.code, "start_date": NEW["start_date"], "source": "Law"},
        whole=True,
        api=True,
    ),
    Rule(
        "api:vat-code-list",
        get=VIEW,
        post="pricing.bounds",
        args=one_person,
        data=lambda world: {"line": world.own_line.code, "start_date": NEW["start_date"], "code": "low"},
        whole=True,
        api=True,
    ),
    Rule(
        "api:vat-rate-list",
        get=VIEW,
        post=CLOSE,
        data={"code": "low", "start_date": NEW["start_date"], "rate": "0.1"},
        whole=True,
        api=True,
    ),
    Rule("api:vat-rate-detail", delete=CLOSE, args=a_vat_rate, whole=True, api=True),
    Rule(
        "api:perishable-list",
        get=VIEW,
        post=EDIT,
        args=everything,
        data=lambda world: {
            "line": world.own_line.code,
            "start_date": "2031-01-01",
            "perishable": True,
        },
        whole=True,
        api=True,
    ),
    Rule("api:price-proposal-list", get=VIEW, post=EDIT, args=everything, data=proposing, api=True),
    Rule("api:price-proposal-detail", get=VIEW, **of_proposal),
    Rule("api:price-proposal-propose", post=EDIT, **of_proposal),
    Rule("api:price-proposal-leave-out", post=EDIT, **of_proposal),
    Rule("api:price-proposal-again", post=EDIT, data={"start_date": "2031-01-01"}, **of_proposal),
    Rule("api:price-proposal-approve", post=APPROVE, **of_proposal),
    Rule("api:price-proposal-reject", post=APPROVE, data={"note": "No"}, **of_proposal),
    Rule("api:price-proposal-withdraw", post=EDIT, data={"note": "No"}, **of_proposal),
]
