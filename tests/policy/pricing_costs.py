"""Costs: seen by who may see costs, kept by finance."""

from __future__ import annotations

import datetime
from typing import Any

from django.utils import timezone

from core.organisation import today
from pricing.models import CostChange, CostChangeEffect, CostCorrection, CostKind, CostLine, CostRate
from tests.factories import cost_line_factory, cost_rate_factory

from .rules import Rule
from .world import MARK, World

SEE, EDIT, CLOSE = "pricing.view_costs", "pricing.edit_costs", "products.close_months"
AHEAD = datetime.timedelta(days=20)


def _line(world: World, product: Any, channel: Any, name: str) -> CostLine:
    def make() -> CostLine:
        made = cost_line_factory(product=product, channel=channel, name=name)
        for days in (-9, 20):
            cost_rate_factory(cost_line=made, start_date=today() + datetime.timedelta(days))
        return made

    return world.made(f"cost line {name}", make)


def _own(world: World) -> CostLine:
    return _line(world, world.own_product, world.own_channel, "Own cost")


def _foreign(world: World) -> CostLine:
    _line(world, world.own_product, world.foreign_channel, f"{MARK} there")  # of another channel
    return _line(world, world.foreign_product, None, f"{MARK} cost")


def own(world: World) -> dict[str, Any]:
    _foreign(world)  # it must not be found
    return {"pk": _own(world).pk}


def foreign(world: World) -> dict[str, Any]:
    return {"pk": _foreign(world).pk}


def _ahead(line: CostLine) -> dict[str, Any]:
    return {"pk": CostRate.objects.get(cost_line=line, start_date=today() + AHEAD).pk}


def own_product(world: World) -> dict[str, Any]:
    own(world)
    return {"code": world.own_product.code}


def everything(world: World) -> dict[str, Any]:
    own(world)
    return {}


def new(world: World) -> dict[str, Any]:
    return {
        "whose": "product",
        "product": world.own_product.code,
        "kind": "purchase",
        "basis": "unit",
        "channel": world.own_channel.code,
        "currency": "EUR",
        "start_date": (today() + AHEAD).isoformat(),
        "amount": "2",
    }


def _begun(line: CostLine) -> CostRate:
    return CostRate.objects.get(cost_line=line, start_date__lte=today())


def _correction(world: World, line: CostLine) -> dict[str, Any]:
    def make() -> CostCorrection:
        said = {"amount": 9, "reason": "Typed wrong", "proposed_by": world.somebody}
        return CostCorrection.objects.create(rate=_begun(line), **said)

    return {"pk": world.made(f"correction of {line.pk}", make).pk}


of_begun: dict[str, Any] = {
    "args": lambda world: {"pk": _begun(_own(world)).pk},
    "foreign": lambda world: {"pk": _begun(_foreign(world)).pk},
}
of_correction: dict[str, Any] = {
    "args": lambda world: _correction(world, _own(world)),
    "foreign": lambda world: _correction(world, _foreign(world)),
}
KIND = {"code": "co2", "name_nl": "Koolstof", "name_en": "Carbon", "level": "cm1", "place": 9}


def rate(_world: World) -> dict[str, Any]:
    return {"what": "rate", "start_date": (today() + 2 * AHEAD).isoformat(), "amount": "3"}


MAPPING = {
    "account": "7000",
    "start_month": "2026-01",
    "parts-TOTAL_FORMS": "1",
    "parts-INITIAL_FORMS": "0",
    "parts-0-kind": "energy",
    "parts-0-key": "revenue",
}


def a_month(_world: World) -> dict[str, Any]:
    """Long over."""
    return {"year": today().year - 2, "month": 1}


def _change(world: World, product: Any, name: str) -> CostChange:
    """A change that was written, of one product that sold."""

    def make() -> CostChange:
        made = CostChange.objects.create(
            author=world.somebody,
            reason=name,
            start_date=today() + AHEAD,
            chosen={"product": product.pk},
            how="percentage",
            value="0.04",
            state="applied",
            decided_at=timezone.now(),
        )
        margins = dict.fromkeys(("cm1", "cm2", "cm3", "cm1_was", "cm2_was", "cm3_was", "tied"), 1)
        CostChangeEffect.objects.create(cost_change=made, product=product, net=9, **margins)
        return made

    return world.made(f"change of costs {name}", make)


def own_change(world: World) -> dict[str, Any]:
    foreign_change(world)  # it must not be found
    return {"pk": _change(world, world.own_product, "Mill asks more").pk}


def foreign_change(world: World) -> dict[str, Any]:
    return {"pk": _change(world, world.foreign_product, f"{MARK} asks more").pk}


def changes(world: World) -> dict[str, Any]:
    own_change(world)
    return {}


def changing(world: World) -> dict[str, Any]:
    _own(world)
    start = (today() + 2 * AHEAD).isoformat()
    said = {"product": world.own_product.code, "how": "percentage", "value": "4"}
    return said | {"start_date": start, "reason": "More"}


of_change: dict[str, Any] = {"args": own_change, "foreign": foreign_change, "all_channels": True}

COST_RULES = [
    Rule("pricing:cost_paste", get=EDIT, post=EDIT),
    Rule("pricing:break_even", get=SEE, args=everything, all_channels=True),
    Rule(
        "pricing:break_even_export",
        get=SEE,
        args=lambda world: everything(world) | {"kind": "csv"},
        all_channels=True,
    ),
    Rule("pricing:cost_changes", get=SEE, args=changes, all_channels=True),
    Rule("pricing:cost_change_new", get=EDIT, post=EDIT, data=changing, whole_read=True),
    Rule("pricing:cost_change", get=SEE, **of_change),
    Rule("pricing:cost_change_act", post=EDIT, data={"act": "withdraw"}, **of_change),
    Rule("pricing:cost_change_propose", post=SEE, **of_change),
    Rule(
        "pricing:cost_change_export",
        get=SEE,
        args=lambda world: own_change(world) | {"kind": "csv"},
        foreign=lambda world: foreign_change(world) | {"kind": "csv"},
        all_channels=True,
    ),
    Rule("pricing:costs", get=SEE, args=everything, query={"show": "all"}),
    Rule("pricing:costs_export", get=SEE, args=lambda world: everything(world) | {"kind": "csv"}),
    Rule(
        "pricing:product_costs",
        get=SEE,
        args=own_product,
        foreign=lambda world: {"code": world.foreign_product.code},
    ),
    Rule(
        "pricing:product_variance",
        get=SEE,
        args=own_product,
        foreign=lambda world: {"code": world.foreign_product.code},
    ),
    Rule("pricing:cost_correction_new", get=EDIT, post=EDIT, data={"amount": "3"}, **of_begun),
    Rule("pricing:cost_correction_decide", post=EDIT, data={"act": "refuse"}, **of_correction),
    Rule("pricing:cost_shares_new", post=EDIT, args=own, foreign=foreign),
    Rule("pricing:cost_line_new", get=EDIT, post=EDIT, data=new),
    Rule("pricing:cost_line", get=SEE, post=EDIT, args=own, foreign=foreign, data=rate),
    Rule(
        "pricing:cost_rate_withdraw",
        post=EDIT,
        args=lambda world: _ahead(_own(world)),
        foreign=lambda world: _ahead(_foreign(world)),
    ),
    Rule(
        "pricing:ledger_mapping_export",
        get=SEE,
        args=lambda _world: {"kind": "csv"},
        whole_read=True,
    ),
    Rule("pricing:ledger_mapping", get=SEE, post=EDIT, data=MAPPING, whole=True, whole_read=True),
    Rule("pricing:ledger_entries", get=SEE, whole_read=True),
    Rule("pricing:ledger_entries_export", get=SEE, args=lambda _world: {"kind": "csv"}, whole_read=True),
    Rule("pricing:cost_budgets", get=SEE),
    Rule("pricing:cost_budgets_export", get=SEE, args=lambda _world: {"kind": "csv"}),
    Rule("pricing:cost_months", get=SEE),
    Rule("pricing:month_close", get=CLOSE, post=CLOSE, args=a_month, whole=True, whole_read=True),
    Rule("pricing:cost_kinds", get=SEE),
    Rule("pricing:cost_kind_new", get=EDIT, post=EDIT, data=KIND, whole=True),
    Rule(
        "pricing:cost_kind_edit",
        get=EDIT,
        post=EDIT,
        args=lambda _world: {"pk": CostKind.objects.get(code="purchase").pk},
        data=KIND,
        whole=True,
    ),
    Rule("api:break-even-list", get=SEE, all_channels=True, api=True),
    Rule("api:month-list", get=SEE, api=True),
    Rule("api:month-detail", get=SEE, args=lambda _world: {"month": "2024-01"}, api=True),
    Rule("api:month-close", post=CLOSE, args=lambda _world: {"month": "2024-01"}, whole=True, api=True),
    Rule("api:cost-kind-list", get=SEE, api=True),
    Rule("api:cost-line-list", get=SEE, args=everything, api=True),
    Rule("api:cost-rate-list", get=SEE, args=everything, api=True),
]
