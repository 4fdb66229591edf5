"""Who is told that the margin of a product will be under its floor."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Mapping
from decimal import Decimal

from collaboration.models import Alert
from collaboration.selectors.recipients import Recipients
from collaboration.services.alerts import LIVE, Candidate, alerts_settle
from pricing.selectors.margins_ahead import LEVEL, Fall
from products.models import Product
from products.selectors.lines import LineTree

ALERT = "margin_floor"
TOLD = 3


def alerts_there() -> set[int]:
    """The products somebody is told of now."""
    rows = Alert.objects.filter(kind=ALERT, state__in=LIVE, product__isnull=False)
    return {pk for pk in rows.values_list("product_id", flat=True) if pk}


def floor_recipients(
    products: Collection[Product], tree: LineTree, local_date: datetime.date
) -> dict[int, int | None]:
    """Whom the alert of each product (by id) goes to that day; ``None``: everybody who may deal with it."""
    recipients = Recipients(tree, local_date)
    return {row.pk: recipients.of(ALERT, row.line_id, row.owner_id) for row in products}


def floor_alerts_settle(
    *,
    products: Collection[int],
    falls: Mapping[Product, Fall],
    recipients: Mapping[int, int | None],
    local_date: datetime.date,
) -> int:
    """Bring the alerts of these products in line with what is true now; says how many were raised."""
    return alerts_settle(
        kind=ALERT,
        products=products,
        candidates=[_candidate(product, fall, recipients[product.pk]) for product, fall in falls.items()],
        local_date=local_date,
        ignore_threshold=True,
    ).raised


def _candidate(product: Product, fall: Fall, recipient: int | None) -> Candidate:
    rate = fall.month.statement.rate(LEVEL) or Decimal(0)
    return Candidate(
        subject=f"product:{product.pk}",
        fingerprint="now" if fall.months == 1 else "ahead",
        stake_amount=round(fall.gap, 2),
        evidence={
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
        product_id=product.pk,
        line_id=product.line_id,
        recipient_id=recipient,
    )
