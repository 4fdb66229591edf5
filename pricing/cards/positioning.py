"""The card Positioning of the mix page."""

from __future__ import annotations

from typing import Any

from pricing.models import Positioning, PositioningPoint
from pricing.selectors.offer import in_force, positionings_now, versions
from products.models import Product


def positioning_card(user: Any, product: Product) -> dict[str, Any]:
    """What holds today for everybody (else for the first segment), what else holds, and what waits."""
    found = versions(positionings_now(product))
    held = in_force(found)
    shown = next(iter(held), None)
    claims = [point for point in shown.points if point.kind == PositioningPoint.Kind.CLAIM] if shown else []
    return {
        "shown": shown,
        "others": held[1:],
        "proof": next((point for point in claims if point.evidence), None),
        "waiting": [each for each in found if each.row.state == Positioning.State.PROPOSED],
        "drafts": [each for each in found if each.row.state == Positioning.State.DRAFT],
        "can_edit": user.has_perm("pricing.edit"),
    }
