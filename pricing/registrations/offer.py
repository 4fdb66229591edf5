"""What positioning adds to other rooms."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core import formats, registries
from core.history import Related, history_extend, history_words
from core.registries import DecisionKind, Event, EventSource, Panel, ProductReading

from .prices import prices_within


def events(user: Any, product: Any, first: datetime.date, last: datetime.date) -> Iterator[Event]:
    """When an approved positioning of the product began to hold."""
    from pricing.selectors.offer import READING, approved_of, positionings_now

    read = hasattr(product, READING)
    rows = positionings_now(product) if read else approved_of(user, product)
    for row in rows:
        if row.state == row.State.APPROVED and first <= row.start_date <= last:
            name = _("Positioning %(number)s") % {"number": row.number}
            about = ": ".join(filter(None, (row.segment.name if row.segment else "", row.benefit)))
            yield Event("decision", row.start_date, name, f"{name}. {about}" if about else name)


def register() -> None:
    from exchange.sheets import sheets
    from pricing.cards.positioning import positioning_card
    from pricing.decision_readings import POSITIONING
    from pricing.models import Positioning, PositioningPoint
    from pricing.selectors.offer import READING, positionings_reading
    from pricing.sheets.positioning import PositioningSheet
    from products.models import Product

    sheets.register(PositioningSheet())
    people = frozenset({"author", "proposed_by", "decided_by", "decided_at"})
    history_extend(
        Product, Related(Positioning, "product", gettext_lazy("Positioning"), people, prices_within)
    )
    history_extend(Positioning, Related(PositioningPoint, "positioning"))
    history_words(Positioning, "expected_rate", lambda rate: formats.delta(rate).text)
    registries.decision_kinds.register(
        DecisionKind("positioning", gettext_lazy("Positioning of a product"), 20, POSITIONING)
    )
    registries.panels.register(
        Panel("positioning", "mix", "pricing/_positioning_card.html", positioning_card, 10, "pricing.view")
    )
    registries.event_sources.register(EventSource("positionings", events, 40))
    registries.product_readings.register(ProductReading(READING, positionings_reading, 80))
