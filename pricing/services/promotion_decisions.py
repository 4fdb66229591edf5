"""From draft to approved or cancelled. Who approves is not who proposed; the first of two decides."""

from __future__ import annotations

from contextlib import ExitStack
from functools import partial
from typing import Any

from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.errors import DomainError
from accounts.versions import row_lock, row_save
from core import formats
from core.errors import require
from pricing.models import Promotion
from pricing.selectors.promotions import (
    begun,
    flags_of,
    over,
    own_cost_here,
    place_of,
    promotion_get,
    sees_whole,
)
from products.models import ProductLine
from products.selectors.four_eyes import waits_for_other
from products.services.four_eyes import decided

from .approval_alerts import author_tell
from .kept_promotions import KIND, promotion_follow
from .promotion_limits import promotion_limits_check
from .promotions import cut_check, forbidden_refuse, promotion_lock, why_ask

State = Promotion.State


@transaction.atomic
def promotion_propose(
    *,
    user: Any,
    promotion: Promotion,
    exception: str = "",
    exception_note: str = "",
    why: str = "",
    version: int | None = None,
) -> Promotion:
    """Ask for approval of a draft, or of one that was rejected; ``why`` becomes its note, without which it is
    refused. Refused as well where a price in it passes a bound, or its days fall in a forbidden period: one
    that asks for a reason is passed with ``exception``, the period with ``exception_note``."""
    current = promotion_lock(user, promotion)
    if current.state not in (State.DRAFT, State.REJECTED):
        raise DomainError("proposed_already", _("It was proposed already."), status=409)
    note = why.strip() or current.note
    why_ask(note)
    _held(user, current, exception, exception_note)
    values = {
        "state": State.PROPOSED,
        "proposed_by": user,
        "exception": exception.strip() or current.exception,
        "exception_note": exception_note.strip() or current.exception_note,
        "note": note,
        "decided_by": None,
        "decided_at": None,
        "decision_note": "",
    }
    row_save(current, version=version, values=values)
    promotion_follow(promotion=current)
    return current


def _held(user: Any, current: Promotion, exception: str, exception_note: str) -> None:
    """``DomainError`` where a forbidden period or a bound stands in its way that nobody gave a reason for."""
    forbidden_refuse(flags_of(user, [place_of(current)])[0], current, exception_note)
    cut_check(current)
    promotion_limits_check(current, exception)


def _behind(current: Promotion, name: str, more: str) -> str:
    """What was said when it was proposed, and behind it what who decides adds."""
    said = "; ".join(filter(None, [getattr(current, name), more]))
    over: int = len(said) - getattr(Promotion, name).field.max_length
    if over > 0:
        message = ngettext(
            "Behind the reason it was proposed with, this one is %(count)s character too long.",
            "Behind the reason it was proposed with, this one is %(count)s characters too long.",
            over,
        )
        raise DomainError("reason_too_long", message % {"count": formats.number(over, 0)}, name)
    return said


@transaction.atomic
def promotion_decide(
    *,
    user: Any,
    promotion: Promotion,
    approve: bool,
    note: str = "",
    exception: str = "",
    exception_note: str = "",
    version: int | None = None,
) -> Promotion:
    """Approve or reject what is proposed. A rejection says why. The second of two is told who was first.
    Approval is refused as well where it passes a bound that was set since, or was changed to, or where its
    days have become a forbidden period; ``exception`` and ``exception_note``, why that may be, come behind
    what was said when it was proposed."""
    require(user, "pricing.approve")
    row_lock(promotion)
    current = promotion_get(user, promotion.pk)
    if not sees_whole(user, current):
        raise DomainError("only_a_part", _("You see only a part of this promotion."), status=403)
    if current.state != State.PROPOSED:
        first = {"state": current.get_state_display(), "who": current.decided_by or current.written_by}
        message = _("There is nothing to decide: it is %(state)s (%(who)s).") % first
        raise DomainError("not_proposed", message, status=409)
    if not approve and not note.strip():
        raise DomainError("note_missing", _("Say why you reject it."), "note")
    said = {}
    if approve:
        for name, more in (("exception", exception), ("exception_note", exception_note)):
            said[name] = _behind(current, name, more.strip())
        _held(user, current, exception, exception_note)
    assert current.proposed_by is not None  # what is proposed was proposed by somebody
    with ExitStack() as eyes:
        for line in _lines(current) if approve else ():
            eyes.enter_context(
                decided(
                    proposer=current.proposed_by,
                    decider=user,
                    line=line,
                    kind=KIND,
                    amount=own_cost_here(current),
                )
            )
        values = {
            "state": State.APPROVED if approve else State.REJECTED,
            "decided_by": user,
            "decided_at": timezone.now(),
            "decision_note": note.strip(),
            **said,
        }
        row_save(current, version=version, values=values)
    promotion_follow(promotion=current)
    author_tell(
        what="promotion",
        pk=current.pk,
        author=current.proposed_by,
        by=user,
        state=current.state,
        reason=current.name,
        note=current.decision_note,
        url=reverse("pricing:promotion", args=[current.pk]),
    )
    return current


def promotion_waits_for_other(user: Any, promotion: Promotion) -> bool:
    """Whether this person may not approve it, having proposed it."""
    if promotion.state != State.PROPOSED:
        return False
    lines, worth = partial(_lines, promotion), partial(own_cost_here, promotion)
    return waits_for_other(user, promotion.proposed_by_id, lines, KIND, worth)


def _lines(promotion: Promotion) -> list[ProductLine]:
    return list({row.product.line_id: row.product.line for row in promotion.rows.all()}.values())


@transaction.atomic
def promotion_cancel(*, user: Any, promotion: Promotion, note: str, version: int | None = None) -> Promotion:
    """It does not happen, or ran until today; says why. It cannot be taken up again, only copied. What one
    that began has done stays: with its decision, and one that is over altogether."""
    current = promotion_lock(user, promotion, may_have_begun=True)
    if over(current):
        raise DomainError("over", _("It is over. What it did stays."), status=409)
    if not note.strip():
        raise DomainError("note_missing", _("Say why it is cancelled."), "note")
    values: dict[str, Any] = {
        "state": State.CANCELLED,
        "cancelled_by": user,
        "cancelled_at": timezone.now(),
        "cancel_note": note.strip(),
    }
    if current.state == State.REJECTED:  # who decided about what was called off, approved it
        values |= {"decided_by": None, "decided_at": None, "decision_note": ""}
    begun_already = begun(current)
    row_save(current, version=version, values=values)
    if not begun_already:
        promotion_follow(promotion=current)
    return current
