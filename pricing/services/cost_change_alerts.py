"""Who is told that a change of costs brings products under their margin floor."""

from __future__ import annotations

from collections import defaultdict

from collaboration.models import Alert
from collaboration.selectors.recipients import Recipients
from collaboration.services.alerts import Candidate, alerts_settle
from collaboration.services.notifications import notify
from core.organisation import today
from pricing.models import CostChange
from products.models import Product
from products.selectors.lines import LineTree

ALERT = "cost_change"
WORKED_OUT = "cost_change_ready"


def change_settle(change: CostChange) -> None:
    """An alert for each owner while the change is written; none any more once it is withdrawn."""
    there = Alert.objects.filter(kind=ALERT, subject__startswith=f"change:{change.pk}:")
    candidates = _candidates(change) if change.state == CostChange.State.APPLIED else []
    alerts_settle(
        kind=ALERT,
        subjects={*there.values_list("subject", flat=True), *(each.subject for each in candidates)},
        candidates=candidates,
        local_date=today(),
        ignore_threshold=True,
    )


def _candidates(change: CostChange) -> list[Candidate]:
    recipients, by_owner = Recipients(LineTree(), today()), defaultdict[int | None, list[Product]](list)
    for product in Product.objects.filter(pk__in=change.effects.filter(is_under=True).values("product")):
        by_owner[recipients.of(ALERT, product.line_id, product.owner_id)].append(product)
    return [_candidate(change, owner, products) for owner, products in by_owner.items()]


def _candidate(change: CostChange, owner: int | None, products: list[Product]) -> Candidate:
    lines = {product.line_id for product in products}
    return Candidate(
        subject=f"change:{change.pk}:{owner or ''}",
        fingerprint="under",
        stake_amount=None,
        evidence={
            "change": change.pk,
            "reason": change.reason,
            "start_date": change.start_date.isoformat(),
            "count": len(products),
            "product": products[0].name,
        },
        product_id=products[0].pk if len(products) == 1 else None,
        line_id=lines.pop() if len(lines) == 1 else None,
        recipient_id=owner,
    )


def draft_tell(change: CostChange) -> None:
    """What their draft does is worked out."""
    notify(
        users=[change.author],
        kind=WORKED_OUT,
        key=f"cost_change:{change.pk}:{change.said[:16]}",
        params={"reason": change.reason},
        url=change.get_absolute_url(),
    )
