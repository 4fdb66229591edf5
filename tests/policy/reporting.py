"""The product overview and cost reports; Today is with collaboration, whose alerts it shows."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.utils import timezone

from core.months import month_add, month_start
from core.organisation import today
from pricing.models import CostKind
from pricing.selectors.cost_months import BookedCost
from pricing.services.cost_months import cost_months_book
from products.models import Product, SavedView
from reporting.models import Report, ReportFile, Snapshot

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


def published(world: World) -> Report:
    """Somebody's, of what lies inside the limits of everybody here."""
    return world.made("published report", lambda: _frozen(world, "Month", world.own_product))


def foreign(world: World) -> Report:
    return world.made("foreign report", lambda: _frozen(world, MARK, world.foreign_product))


def _frozen(world: World, title: str, product: Product) -> Report:
    said: dict[str, Any] = {"title": title, "language": "en", "audience": "internal"}
    report = Report.objects.create(author=world.somebody, **said)
    about = {"product_ids": [product.pk], "channel_ids": [world.own_channel.pk]}
    Snapshot.objects.create(
        report=report, number=1, author=world.somebody, published_at=timezone.now(), **said, **about
    )
    return report


def one(world: World) -> dict[str, Any]:
    return {"pk": published(world).pk}


def other(world: World) -> dict[str, Any]:
    return {"pk": foreign(world).pk}


READ, MAKE = "reporting.view", "reporting.edit"
THEIRS, NOT_AUTHOR = frozenset({404}), frozenset({403})

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
    Rule("reporting:reports", get=READ),
    Rule("api:report-list", get=READ, args=lambda world: published(world) and {}, api=True),
    Rule("api:report-detail", get=READ, args=one, foreign=other, api=True),
    Rule("api:report-snapshots", get=READ, args=one, foreign=other, api=True),
    Rule(
        "api:report-snapshot",
        get=READ,
        args=lambda world: {**one(world), "number": 1},
        foreign=lambda world: {**other(world), "number": 1},
        api=True,
    ),
    Rule("api:report-publish", post=MAKE, args=one, foreign=other, ok=NOT_AUTHOR, api=True),
    Rule(
        "reporting:report_sheet",
        post=MAKE,
        args=lambda world: {"code": world.own_product.code},
        foreign=lambda world: {"code": world.foreign_product.code},
    ),
    Rule("reporting:report_new", get=MAKE, post=MAKE),
    Rule("reporting:report", get=READ, args=one, foreign=other),
    Rule(
        "reporting:snapshot",
        get=READ,
        args=lambda world: {**one(world), "number": 1},
        foreign=lambda world: {**other(world), "number": 1},
    ),
    # Of somebody else: not there for who may read it either.
    Rule("reporting:report_edit", get=MAKE, post=MAKE, args=one, ok=THEIRS),
    Rule("reporting:report_preview", get=MAKE, args=one, ok=THEIRS),
    Rule("reporting:report_publishing", get=MAKE, args=one, ok=THEIRS),
    Rule("reporting:report_schedule", get=MAKE, post=MAKE, args=one, ok=THEIRS),
    Rule("reporting:report_schedule_pause", post=MAKE, args=one, ok=THEIRS),
    Rule("reporting:report_parts", post=MAKE, args=one, ok=THEIRS),
    Rule(
        "reporting:report_act",
        post=MAKE,
        args=lambda world: {**one(world), "act": "copy"},
        foreign=lambda world: {**other(world), "act": "copy"},
    ),
    Rule("reporting:cost_report_made", get=SEE, args=somebodys_file, ok=THEIRS),
]
