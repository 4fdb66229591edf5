"""Who is told that a bound has overtaken a price, or what a promotion leaves of it."""

from __future__ import annotations

import datetime

from collaboration.selectors.recipients import Recipients
from collaboration.services.alerts import Candidate, alerts_settle
from pricing.selectors.beyond_bounds import Overtaken, prices_overtaken
from pricing.selectors.promotions import BOUND_ALERT, bound_subject
from products.selectors.lines import LineTree


def bound_alerts_settle(local_date: datetime.date) -> int:
    """Bring the alerts of all products in line with what is true on the day; says how many were raised."""
    tree = LineTree()
    recipients = Recipients(tree, local_date)
    return alerts_settle(
        kind=BOUND_ALERT,
        candidates=[_candidate(found, recipients) for found in prices_overtaken(local_date, tree)],
        local_date=local_date,
        ignore_threshold=True,
    ).raised


def _candidate(found: Overtaken, recipients: Recipients) -> Candidate:
    price, bound, promotion = found.passed.price, found.passed.bound, found.promotion
    fingerprint = f"bound:{bound.pk}"
    in_promotion = {"promotion": promotion.pk, "name": promotion.name} if promotion else {}
    return Candidate(
        subject=bound_subject(promotion) if promotion else f"product:{price.product_id}",
        fingerprint=f"{fingerprint}:{price.product_id}" if promotion else fingerprint,
        stake_amount=None,
        evidence={
            "amount": str(price.amount),
            "currency": bound.currency,
            "component": price.component,
            "tier": price.tier,
            "source": bound.source,
            "least": None if bound.least is None else str(bound.least),
            "most": None if bound.most is None else str(bound.most),
            "with_vat": bound.with_vat,
            "day": found.day.isoformat(),
            **in_promotion,
        },
        product_id=price.product_id,
        line_id=price.product.line_id,
        recipient_id=recipients.of(BOUND_ALERT, price.product.line_id, price.product.owner_id),
    )
