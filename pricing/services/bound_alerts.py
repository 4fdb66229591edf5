"""Who is told that a bound has overtaken a price."""

from __future__ import annotations

import datetime

from collaboration.services.alerts import Candidate, alerts_settle
from pricing.selectors.beyond_bounds import Overtaken, prices_overtaken
from products.selectors.lines import LineTree

from .owner_alerts import owner_alert

ALERT = "price_bound"


def bound_alerts_settle(local_date: datetime.date) -> int:
    """Bring the alerts of all products in line with what is true on the day; says how many were raised."""
    tree = LineTree()
    return alerts_settle(
        kind=ALERT,
        subjects=None,
        candidates=[_candidate(found, tree) for found in prices_overtaken(local_date, tree)],
        local_date=local_date,
        ignore_threshold=True,
    ).raised


def _candidate(found: Overtaken, tree: LineTree) -> Candidate:
    price, bound = found.passed.price, found.passed.bound
    return owner_alert(
        price.product,
        tree,
        f"bound:{bound.pk}",
        {
            "amount": str(price.amount),
            "currency": bound.currency,
            "component": price.component,
            "tier": price.tier,
            "source": bound.source,
            "least": None if bound.least is None else str(bound.least),
            "most": None if bound.most is None else str(bound.most),
            "with_vat": bound.with_vat,
            "day": found.day.isoformat(),
        },
    )
