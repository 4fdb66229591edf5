"""Who is asked to decide what was proposed in the marketing mix, and who is told what came of it."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from typing import Any

from accounts.models import User
from collaboration.selectors.recipients import Recipients
from collaboration.services.alerts import Candidate, alerts_settle
from collaboration.services.notifications import notify
from core.organisation import today
from products.models import Product
from products.selectors.lines import LineTree

ALERTS = {
    "proposal": "price_proposal",
    "promotion": "promotion_proposal",
    "positioning": "positioning_proposal",
}
TOLD = {
    "proposal": "price_decided",
    "promotion": "promotion_decided",
    "positioning": "positioning_decided",
}
"""Kinds of alert and of notification by what was proposed."""


def waiting_settle(
    *,
    what: str,
    pk: int,
    author: User | None,
    start_date: datetime.date,
    products: Sequence[Product],
    evidence: Mapping[str, Any],
) -> None:
    """What waits stands on the page Today of whoever answers for its ``products`` and may approve, until it
    is decided (then there are none); where they proposed it themselves, or there is nobody, of everybody who
    may approve."""
    subject = f"{what}:{pk}"
    candidates = []
    if products:
        assert author is not None
        said = {
            what: pk,
            "author": author.name,
            "author_id": author.pk,
            "count": len(products),
            "product": products[0].name,
            "start_date": start_date.isoformat(),
            **evidence,
        }
        candidates = [_candidate(ALERTS[what], subject, author, products, said)]
    alerts_settle(
        kind=ALERTS[what],
        subjects=[subject],
        candidates=candidates,
        local_date=today(),
        ignore_threshold=True,
    )


def _candidate(
    kind: str, subject: str, author: User, products: Sequence[Product], evidence: Mapping[str, Any]
) -> Candidate:
    recipients = Recipients(LineTree(), today())
    lines = {product.line_id for product in products}
    owners = {recipients.of(kind, product.line_id, product.owner_id) for product in products}
    owner = owners.pop() if len(owners) == 1 else None
    return Candidate(
        subject=subject,
        fingerprint="waiting",
        stake_amount=None,
        evidence=evidence,
        product_id=products[0].pk if len(products) == 1 else None,
        line_id=lines.pop() if len(lines) == 1 else None,
        recipient_id=None if owner == author.pk else owner,
    )


def author_tell(
    *, what: str, pk: int, author: User | None, by: User, state: str, reason: str, note: str, url: str
) -> None:
    """What became of what they proposed, named by its ``reason``."""
    notify(
        users=[author] if author else [],
        kind=TOLD[what],
        key=f"{what}:{pk}:{state}",
        params={"state": state, "who": by.name, "reason": reason, "note": note},
        url=url,
        but_not=by,
    )
