"""Who is asked to decide a proposal, and told what came of it."""

from __future__ import annotations

from typing import Any

from collaboration.services.alerts import Candidate, alerts_settle
from collaboration.services.notifications import notify
from core.organisation import today
from pricing.models import Proposal
from pricing.models.price import State
from pricing.selectors.proposals import proposal_products
from products.selectors.lines import LineTree

ALERT, TOLD, DRAFTED = "price_proposal", "price_decided", "price_draft"


def proposal_settle(proposal: Proposal) -> None:
    """A proposal that waits stands on the page Today of whoever answers for its products, until it is
    decided; where they proposed it themselves, or nobody answers, of everybody who may approve."""
    subject = f"proposal:{proposal.pk}"
    waits = proposal.state == State.PROPOSED
    alerts_settle(
        kind=ALERT,
        subjects=[subject],
        candidates=[_candidate(proposal, subject)] if waits else [],
        local_date=today(),
        ignore_threshold=True,
    )


def _candidate(proposal: Proposal, subject: str) -> Candidate:
    products = list(proposal_products(proposal).only("pk", "name", "line_id", "owner_id"))
    first = products[0]
    lines = {product.line_id for product in products}
    tree = LineTree()
    owners = {product.owner_id or tree.inherited(product.line_id, "owner_id").value for product in products}
    owner = owners.pop() if len(owners) == 1 else None
    return Candidate(
        subject=subject,
        fingerprint="waiting",
        stake_amount=None,
        evidence={
            "proposal": proposal.pk,
            "reason": proposal.reason,
            "author": proposal.author.name,
            "count": len(products),
            "product": first.name,
            "start_date": proposal.start_date.isoformat(),
        },
        product_id=first.pk if len(products) == 1 else None,
        line_id=lines.pop() if len(lines) == 1 else None,
        recipient_id=None if owner == proposal.author_id else owner,
    )


def author_tell(proposal: Proposal, *, by: Any) -> None:
    """What became of their proposal."""
    notify(
        users=[proposal.author],
        kind=TOLD,
        key=f"proposal:{proposal.pk}:{proposal.state}",
        params={"state": proposal.state, "who": by.name, "reason": proposal.reason, "note": proposal.note},
        url=proposal.get_absolute_url(),
        but_not=by,
    )


def draft_tell(proposal: Proposal, *, ready: bool) -> None:
    """The prices of their draft are worked out, or could not be."""
    notify(
        users=[proposal.author],
        kind=DRAFTED,
        key=f"proposal:{proposal.pk}:{ready}",
        params={"ready": ready, "reason": proposal.reason},
        url=proposal.get_absolute_url(),
    )
