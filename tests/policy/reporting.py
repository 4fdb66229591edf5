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
from reporting.models import Report, ReportFile, ReportGrant, Snapshot
from tests.reporting.sharing import share_made

from .pricing_costs import SEE
from .rules import PUBLIC, Rule
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


def asked(world: World) -> dict[str, Any]:
    """A field that somebody asks for: not there for who may neither change that report nor decide."""
    products, channels = [world.own_product.pk], [world.own_channel.pk]
    scope = {"products": products, "channels": channels, "sections": [], "months": 24}
    said: dict[str, Any] = {"field": "budget", "reason": "Talks", "asked_by": world.somebody}
    make = lambda: ReportGrant.objects.create(report=published(world), scope=scope, **said)  # noqa: E731
    return {"pk": world.made("grant", make).pk}


def link(world: World) -> dict[str, Any]:
    """Somebody else's link: not there for people, and nobody needs to be one to open it."""
    return {"pk": world.made("link", lambda: share_made()[0]).pk}


READ, MAKE, SHARE = "reporting.view", "reporting.edit", "reporting.share"
NOBODYS = frozenset({404})
THEIRS, NOT_AUTHOR = frozenset({404}), frozenset({403})

RULES = [
    Rule(
        "reporting:product",
        get="products.view",
        args=lambda world: {"code": world.own_product.code},
        foreign=lambda world: {"code": world.foreign_product.code},
    ),
    Rule("reporting:cost_report", get=SEE, post=SEE, args=booked, data={"name": "Mine"}),
    Rule("reporting:cost_report_view_end", post=SEE, args=somebodys_view, ok=THEIRS),
    Rule("reporting:cost_report_file", get=SEE, args=lambda world: booked(world) | {"kind": "csv"}),
    Rule("reporting:sales_rows", get=SEE),
    Rule("reporting:sales_rows_export", get=SEE, args=lambda _world: {"kind": "csv"}),
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
        args=lambda world: {"of": "product", "code": world.own_product.code},
        foreign=lambda world: {"of": "product", "code": world.foreign_product.code},
    ),
    Rule("reporting:report_new", get=MAKE),
    Rule("reporting:report_new_from", get=MAKE, post=MAKE, args=lambda world: {"template": "month"}),
    Rule("reporting:report", get=READ, args=one, foreign=other),
    Rule(
        "reporting:snapshot",
        get=READ,
        args=lambda world: {**one(world), "number": 1},
        foreign=lambda world: {**other(world), "number": 1},
    ),
    Rule(
        "reporting:snapshot_file",
        get=READ,
        post=READ,
        args=lambda world: {**one(world), "number": 1, "kind": "pdf"},
        foreign=lambda world: {**other(world), "number": 1, "kind": "pdf"},
    ),
    # Of somebody else: not there for who may read it either.
    Rule("reporting:report_edit", get=MAKE, post=MAKE, args=one, ok=THEIRS),
    Rule("reporting:report_preview", get=MAKE, args=one, ok=THEIRS),
    Rule("reporting:report_publishing", get=MAKE, args=one, ok=THEIRS),
    Rule("reporting:report_schedule", get=MAKE, post=MAKE, args=one, ok=THEIRS),
    Rule(
        "reporting:report_schedule_act",
        post=MAKE,
        args=lambda world: {**one(world), "act": "pause"},
        ok=THEIRS,
    ),
    Rule("reporting:report_choose", get=MAKE, post=MAKE, args=one, ok=THEIRS),
    Rule("reporting:report_history", get=MAKE, args=one, ok=THEIRS),
    Rule("reporting:report_parts", post=MAKE, args=one, ok=THEIRS),
    Rule(
        "reporting:report_act",
        post=MAKE,
        args=lambda world: {**one(world), "act": "copy"},
        foreign=lambda world: {**other(world), "act": "copy"},
    ),
    Rule("reporting:report_grant", post=MAKE, args=one, ok=THEIRS),
    Rule("reporting:grant", get=READ, args=asked, ok=frozenset({200, 404})),
    Rule("reporting:grant_preview", get=READ, args=asked, ok=frozenset({200, 404})),
    Rule(
        "reporting:grant_act",
        post=READ,
        args=lambda world: {**asked(world), "act": "refuse"},
        ok=frozenset({302, 404}),
    ),
    Rule("reporting:shares", get=SHARE, post=SHARE, data={"act": "revoke"}),
    Rule("reporting:share", get=SHARE, post=SHARE, args=link, ok=frozenset({200, 404, 422})),
    Rule("reporting:share_new", get=SHARE, post=SHARE, args=one, ok=THEIRS),
    # A token that opens nothing: what one does that opens is in tests/reporting/test_shared_pages.py.
    Rule("shared:report", get=PUBLIC, args=lambda world: {"token": "none"}, ok=NOBODYS),
    *(
        Rule(f"shared:{act}", post=PUBLIC, args=lambda world: {"token": "none"}, ok=NOBODYS)
        for act in ("open", "password", "question")
    ),
    Rule("shared:language", get=PUBLIC, args=lambda world: {"token": "none", "language": "nl"}, ok=NOBODYS),
    Rule("shared:file", get=PUBLIC, args=lambda world: {"token": "none", "kind": "pdf"}, ok=NOBODYS),
    Rule("shared:nothing", get=PUBLIC, ok=NOBODYS),
    Rule("reporting:cost_report_made", get=SEE, args=somebodys_file, ok=THEIRS),
]
