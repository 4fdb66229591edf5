"""What place adds to the other rooms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core import registries
from core.history import Related, history_extend
from core.later import later_in
from core.registries import Panel
from products.selectors.access import visible_channel_ids

from .prices import prices_within

later = later_in("pricing")


def _in_sight(user: Any) -> Mapping[str, Any]:
    channels = visible_channel_ids(user)
    return {**prices_within(user), **({} if channels is None else {"channel_id__in": channels})}


def register() -> None:
    from exchange.sheets import sheets
    from pricing.models import Listing
    from pricing.sheets.listings import ListingsSheet
    from pricing.sheets.place import DistributionSheet
    from pricing.sheets.segment_shares import SegmentSharesSheet
    from products.models import Product

    # A fee is a cost: not everybody who reads a history sees those.
    history_extend(Product, Related(Listing, "product", skip=frozenset({"fee"}), within=_in_sight))
    registries.panels.register(
        Panel(
            "place", "mix", "pricing/_place_card.html", later("cards.place.place_panel"), 30, "pricing.view"
        )
    )
    sheets.register(ListingsSheet(), SegmentSharesSheet(), DistributionSheet())
