"""Who is asked to decide a proposal, and told what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from accounts.models import User
from collaboration.services.notifications import notify
from pricing.models import Proposal
from pricing.models.price import State
from pricing.selectors.proposals import proposal_products

from .approval_alerts import author_tell, waiting_settle

DRAFTED = "price_draft"


def proposal_settle(proposal: Proposal) -> None:
    """Asks for a decision while it waits."""
    waits = proposal.state == State.PROPOSED
    products = proposal_products(proposal).only("pk", "name", "line_id", "owner_id") if waits else []
    waiting_settle(
        what="proposal",
        pk=proposal.pk,
        author=proposal.author,
        start_date=proposal.start_date,
        products=list(products),
        evidence={"reason": proposal.reason},
    )


def proposal_tell(proposal: Proposal, *, by: User) -> None:
    author_tell(
        what="proposal",
        pk=proposal.pk,
        author=proposal.author,
        by=by,
        state=proposal.state,
        reason=proposal.reason,
        note=proposal.note,
        url=proposal.get_absolute_url(),
    )


def draft_tell(proposal: Proposal, *, ready: bool, nothing_left: Mapping[str, Any] | None = None) -> None:
    """The prices of their draft are worked out, or could not be."""
    params = {"ready": ready, "reason": proposal.reason}
    notify(
        users=[proposal.author],
        kind=DRAFTED,
        key=f"proposal:{proposal.pk}:{ready}",
        params=params if nothing_left is None else params | {"nothing_left": dict(nothing_left)},
        url=proposal.get_absolute_url(),
    )
