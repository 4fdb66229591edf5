"""Listings, distribution, and where segments buy."""

from __future__ import annotations

from typing import Any

from core.months import month_start
from core.organisation import today
from pricing.models import DistributionMonth, Listing, SegmentChannel
from products.models import Segment

from .pricing_prices import a_file
from .rules import Rule
from .world import MARK, World

VIEW, EDIT = "pricing.view", "pricing.edit"


def _everywhere(world: World) -> Segment:
    """Both products in both channels, and a segment that buys in both."""
    segment = Segment.objects.create(code="home", name="Home")
    for channel in (world.own_channel, world.foreign_channel):
        terms = MARK if channel == world.foreign_channel else "Own"
        SegmentChannel.objects.create(segment=segment, channel=channel, start_date=today(), share_rate="0.25")
        for product in (world.own_product, world.foreign_product):
            said: dict[str, Any] = {"product": product, "channel": channel}
            Listing.objects.create(**said, start_date=today(), terms=terms)
            DistributionMonth.objects.create(**said, month=month_start(today()), points=7)
    return segment


def everywhere(world: World) -> dict[str, Any]:
    world.made("place", lambda: _everywhere(world))
    return {}


def own(world: World) -> dict[str, Any]:
    everywhere(world)
    return {"code": world.own_product.code}


def foreign(world: World) -> dict[str, Any]:
    return {"code": world.foreign_product.code}


def listing(world: World) -> dict[str, Any]:
    return {"channel": world.own_channel.code, "start_date": str(today()), "status": "announced"}


def listing_for_machines(world: World) -> dict[str, Any]:
    return listing(world) | {"product": world.own_product.code}


def share(world: World) -> dict[str, Any]:
    said = {"segment": "home", "channel": world.own_channel.code, "start_date": str(today())}
    return said | {"share_rate": "30", "version": 1}


PLACE_RULES = [
    Rule("pricing:product_place", get=VIEW, post=EDIT, args=own, foreign=foreign, data=listing),
    Rule("pricing:segments", get=VIEW, post=EDIT, args=everywhere, data=share, whole=True),
    Rule("pricing:listings", get=VIEW, args=everywhere),
    Rule("pricing:distribution_paste", get=EDIT, post=EDIT),
    Rule("pricing:listings_export", get="exchange.export", args=a_file(everywhere)),
    Rule("pricing:segment_shares_export", get="exchange.export", args=a_file(everywhere)),
    Rule("api:listing-list", get=VIEW, post=EDIT, args=everywhere, data=listing_for_machines, api=True),
    Rule("api:distribution-list", get=VIEW, args=everywhere, api=True),
]
