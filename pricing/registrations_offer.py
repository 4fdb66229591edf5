"""What positioning adds to other rooms."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from core import registries
from core.history import Related, history_extend
from core.registries import DecisionKind, Panel, ProductReading


def register() -> None:
    from products.models import Product

    from .decision_readings import POSITIONING
    from .models import Positioning, PositioningPoint
    from .positioning_card import positioning_card
    from .selectors.offer import READING, positionings_reading

    people = frozenset({"author", "proposed_by", "decided_by", "decided_at"})
    history_extend(Product, Related(Positioning, "product", _("Positioning"), skip=people))
    history_extend(Positioning, Related(PositioningPoint, "positioning"))
    registries.decision_kinds.register(
        DecisionKind("positioning", _("Positioning of a product"), 20, POSITIONING)
    )
    registries.panels.register(
        Panel("positioning", "mix", "pricing/_positioning_card.html", positioning_card, 10, "pricing.view")
    )
    registries.product_readings.register(ProductReading(READING, positionings_reading, 80))
