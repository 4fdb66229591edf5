"""Who is told that the margin of a product will be under its floor."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Mapping
from decimal import Decimal

from collaboration.models import Alert
from collaboration.services.alerts import LIVE, Candidate, alerts_settle
from pricing.selectors.margins_ahead import LEVEL, Fall
from products.models import Product
from products.selectors.lines import LineTree

from .owner_alerts import owner_alert

ALERT = "margin_floor"
TOLD = 3


def alerts_there() -> set[int]:
    """The products somebody is told of now."""
    rows = Alert.objects.filter(kind=ALERT, state__in=LIVE, product__isnull=False)
    return {pk for pk in rows.values_list("product_id", flat=True) if pk}


def floor_alerts_settle(
    *, products: Collection[int], falls: Mapping[Product, Fall], local_date: datetime.date
) -> int:
    """Bring the alerts of these products in line with what is true now; says how many were raised."""
    tree = LineTree()
    return alerts_settle(
        kind=ALERT,
        subjects=[f"product:{pk}" for pk in products],
        candidates=[_candidate(product, fall, tree) for product, fall in falls.items()],
        local_date=local_date,
        ignore_threshold=True,
    ).raised


def _candidate(product: Product, fall: Fall, tree: LineTree) -> Candidate:
    rate = fall.month.statement.rate(LEVEL) or Decimal(0)
    return owner_alert(
        product,
        tree,
        "now" if fall.months == 1 else "ahead",
        {
            "month": fall.month.month.isoformat(),
            "months": fall.months,
            "under": fall.under,
            "share": str(round(rate, 5)),
            "floor": str(fall.month.floor),
            "moves": [
                {
                    "line": None if move.line is None else str(move.line),
                    "began": move.began and move.began.isoformat(),
                    "points": str(round(move.points, 5)),
                }
                for move in fall.moves[:TOLD]
            ],
        },
        round(fall.gap, 2),
    )
