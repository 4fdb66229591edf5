"""The product overview and cost reports; Today is with collaboration, whose alerts it shows."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from core.months import month_add, month_start
from core.organisation import today
from pricing.models import CostKind
from pricing.selectors.cost_months import BookedCost
from pricing.services.cost_months import cost_months_book
from products.models import SavedView
from reporting.models import ReportFile

from .pricing_costs import SEE
from .rules import Rule
from .world import MARK, World


def booked(world: World) -> dict[str, Any]:
    """What is inside the limits and what is not."""
    month, kind = month_add(month_start(today()), -1), CostKind.objects.get(code="purchase").pk
    places = ((world.own_product, world.own_channel), (world.foreign_product, None))
    rows = [
        BookedCost(product.pk, month, kind, channel.pk if channel else None, None, "", Decimal(5 + place))
        for place, (product, channel) in enumerate(places)
    ]
    cost_months_book(source="standard", months=[month], rows=rows)
    return {}


def somebodys_view(world: World) -> dict[str, Any]:
    make = lambda: SavedView.objects.create(user=world.somebody, page="cost-report", name=MARK)  # noqa: E731
    return {"pk": world.made("report view", make).pk}


def somebodys_file(world: World) -> dict[str, Any]:
    make = lambda: ReportFile.objects.create(user=world.somebody, kind="csv")  # noqa: E731
    return {"pk": world.made("report file", make).pk}


THEIRS = frozenset({404})

RULES = [
    Rule(
        "reporting:product",
        get="products.view",
        args=lambda world: {"code": world.own_product.code},
        foreign=lambda world: {"code": world.foreign_product.code},
    ),
    Rule("reporting:cost_report", get=SEE, args=booked),
    Rule("reporting:cost_report_view_new", post=SEE, data={"name": "Mine"}),
    Rule("reporting:cost_report_view_end", post=SEE, args=somebodys_view, ok=THEIRS),
    Rule("reporting:cost_report_file", get=SEE, args=lambda world: booked(world) | {"kind": "csv"}),
    Rule("api:cost-report-list", get=SEE, args=booked, api=True),
    Rule("reporting:cost_report_made", get=SEE, args=somebodys_file, ok=THEIRS),
]
