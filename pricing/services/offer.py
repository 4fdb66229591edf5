"""Positionings written: drafted, proposed, decided by somebody else."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.errors import DomainError, right_require
from accounts.versions import check, row_lock, version_check
from collaboration.models import DecisionProduct
from collaboration.services.decisions import decision_record, decision_withdraw
from core import formats
from core.organisation import today
from pricing.models import Positioning, PositioningPoint
from products.models import Product, Segment
from products.selectors.four_eyes import waits_for_other
from products.services.four_eyes import decided
from products.services.scope import product_within

from .approval_alerts import author_tell, waiting_settle

KIND = "positioning"
"""The kind of decision that four eyes are asked for."""
NEEDED = ("target_group", "category", "benefit")
"""Without these there is no sentence to approve."""
State = Positioning.State


class Point(NamedTuple):
    kind: str
    text: str
    evidence: str = ""


def _begin(user: Any, right: str, product: Product) -> None:
    """One change of a product's positionings at a time."""
    right_require(user, right)
    product_within(user, product)
    Product.objects.select_for_update().get(pk=product.pk)


def _current(user: Any, right: str, positioning: Positioning, *wanted: str) -> Positioning:
    """The row as it stands, locked; refused where it is in another state by now."""
    _begin(user, right, positioning.product)
    current = row_lock(positioning)
    if current.state not in wanted:
        message = _("It is %(state)s by now.") % {"state": current.get_state_display()}
        if current.decided_by and current.decided_at:
            details = {"person": current.decided_by, "moment": formats.moment(current.decided_at)}
            message = (
                _("%(person)s approved it already (%(moment)s).")
                if current.state == State.APPROVED
                else _("%(person)s rejected it already (%(moment)s).")
            ) % details
        raise DomainError("state_changed", message, status=409, details={"state": current.state})
    return current


def _points_write(positioning: Positioning, points: Sequence[Point]) -> None:
    if len({(point.kind, point.text) for point in points}) < len(points):
        raise DomainError("point_twice", _("An attribute or claim stands there twice."), "points")
    PositioningPoint.objects.bulk_create(
        PositioningPoint(positioning=positioning, **point._asdict()) for point in points
    )


def _said(points: Sequence[Point]) -> str:
    return "; ".join(f"{point.text} ({point.evidence})" if point.evidence else point.text for point in points)


@transaction.atomic
def positioning_draft(
    *,
    user: Any,
    product: Product,
    start_date: datetime.date,
    segment: Segment | None = None,
    points: Sequence[Point] = (),
    expected_rate: Decimal | None = None,
    **texts: str,
) -> Positioning:
    """Begin a version, as a draft that may lack anything yet."""
    _begin(user, "pricing.edit", product)
    last = Positioning.objects.filter(product=product, segment=segment).order_by("-number").first()
    row = Positioning(
        product=product,
        segment=segment,
        number=last.number + 1 if last else 1,
        start_date=start_date,
        author=user,
        expected_rate=expected_rate,
        **texts,
    )
    check(row)
    row.save()
    _points_write(row, points)
    return row


@transaction.atomic
def positioning_change(
    *,
    user: Any,
    positioning: Positioning,
    version: int | None,
    points: Sequence[Point] | None = None,
    **values: Any,
) -> Positioning:
    """Change a draft: its texts, date or (all of) its points. A lost race shows both values."""
    current = _current(user, "pricing.edit", positioning, State.DRAFT)
    differs = {name: (value, getattr(current, name)) for name, value in values.items()}
    differs = {name: both for name, both in differs.items() if both[0] != both[1]}
    held = [Point(point.kind, point.text, point.evidence) for point in current.points.all()]
    points_differ = points is not None and sorted(points) != sorted(held)
    if points is not None and points_differ:
        differs["points"] = (_said(sorted(points)), _said(sorted(held)))
    if not differs:
        return current
    version_check(current.version, version, differs)
    for name, value in values.items():
        setattr(current, name, value)
    if points is not None and points_differ:
        current.points.all().delete()
        _points_write(current, points)
    _saved(current)
    return current


def _saved(current: Positioning) -> None:
    current.version += 1
    check(current)
    current.save()
    waiting_settle(
        what="positioning",
        pk=current.pk,
        author=current.proposed_by,
        start_date=current.start_date,
        products=[current.product] if current.state == State.PROPOSED else [],
        evidence={"reason": current.benefit, "code": current.product.code},
    )


def _complete(current: Positioning) -> None:
    """Refuse what cannot be approved as it is."""
    for name in NEEDED:
        if not getattr(current, name):
            label = current._meta.get_field(name).verbose_name  # type: ignore[union-attr]
            message = _("Fill in the %(field)s first: without it the sentence says nothing.")
            raise DomainError("incomplete", message % {"field": label}, name)
    if not current.why.strip():
        message = _("Say why this version: who approves it reads that first.")
        raise DomainError("why_missing", message, "why")


def _not_taken(current: Positioning, start_date: datetime.date) -> None:
    same = Positioning.objects.filter(
        product=current.product, segment=current.segment, start_date=start_date, state=State.APPROVED
    ).first()
    if same is not None:
        details = {"number": same.number, "day": formats.day(start_date)}
        message = _("Version %(number)s is approved from %(day)s already; choose a later date.")
        raise DomainError("date_taken", message % details, "start_date")


@transaction.atomic
def positioning_propose(*, user: Any, positioning: Positioning, version: int | None) -> Positioning:
    """Ask for a decision; nobody changes it while it waits."""
    current = _current(user, "pricing.edit", positioning, State.DRAFT)
    version_check(current.version, version, {})
    _complete(current)
    _not_taken(current, _holds_from(current))
    current.state, current.proposed_by = State.PROPOSED, user
    _saved(current)
    return current


@transaction.atomic
def positioning_take_back(*, user: Any, positioning: Positioning) -> Positioning:
    """Make a proposal a draft again."""
    current = _current(user, "pricing.edit", positioning, State.PROPOSED)
    current.state, current.proposed_by = State.DRAFT, None
    _saved(current)
    return current


@transaction.atomic
def positioning_discard(*, user: Any, positioning: Positioning) -> None:
    """Throw a draft away; the history keeps it."""
    _current(user, "pricing.edit", positioning, State.DRAFT).delete()


def _holds_from(current: Positioning) -> datetime.date:
    """Its date; today where that has passed, as what held does not change any more. Only the very first
    version may tell of the past."""
    approved = Positioning.objects.filter(
        product=current.product, segment=current.segment, state=State.APPROVED
    )
    return max(current.start_date, today()) if approved.exists() else current.start_date


@transaction.atomic
def positioning_decide(
    *, user: Any, positioning: Positioning, version: int | None, approve: bool, note: str = ""
) -> Positioning:
    """Approve or reject what was proposed, as somebody else than who proposed it; a rejection says why.

    ``version`` is what the decider read. Who decides second is told what the first decided.
    """
    current = _current(user, "pricing.approve", positioning, State.PROPOSED)
    version_check(current.version, version, {})
    if not approve and not note.strip():
        raise DomainError("note_missing", _("Say why, so that the next version can be better."), "note")
    if approve:
        current.start_date = _holds_from(current)
        _not_taken(current, current.start_date)
    assert current.proposed_by is not None  # by the state
    line = current.product.line
    with decided(proposer=current.proposed_by, decider=user, line=line, kind=KIND, amount=None):
        _decided(current, user, State.APPROVED if approve else State.REJECTED, note)
    if approve:
        assert current.decided_at is not None  # just now
        decision_record(
            kind=KIND,
            reference=current.pk,
            why=current.why or current.benefit,
            alternatives=current.alternatives,
            effective_date=current.start_date,
            proposed_by=current.proposed_by,
            decided_by=user,
            decided_at=current.decided_at,
            products=[decision_product(current)],
        )
    return current


def positioning_waits_for_other(user: Any, positioning: Positioning) -> bool:
    """Whether this person may not decide it, having proposed it."""
    if positioning.state != State.PROPOSED:
        return False
    return waits_for_other(user, positioning.proposed_by_id, lambda: [positioning.product.line], KIND)


def decision_product(positioning: Positioning) -> DecisionProduct:
    """What was decided of it, and what its author expects of it; unsaved."""
    expected = positioning.expected_rate
    return DecisionProduct(
        product=positioning.product,
        what={"benefit": positioning.benefit},
        expected=None if expected is None else float(expected),
    )


@transaction.atomic
def positioning_let_go(*, user: Any, positioning: Positioning, note: str) -> Positioning:
    """Take back an approval before its date; what held once stays."""
    current = _current(user, "pricing.approve", positioning, State.APPROVED)
    if current.start_date <= today():
        raise DomainError("holds", _("It holds already: approve a next version instead."), status=409)
    if not note.strip():
        raise DomainError("note_missing", _("Say why."), "note")
    _decided(current, user, State.REJECTED, note)
    decision_withdraw(kind=KIND, reference=current.pk)
    return current


def _decided(current: Positioning, user: Any, state: str, note: str) -> None:
    current.state, current.note = state, note.strip()
    current.decided_by, current.decided_at = user, timezone.now()
    _saved(current)
    author_tell(
        what="positioning",
        pk=current.pk,
        author=current.proposed_by,
        by=user,
        state=current.state,
        reason=current.benefit,
        note=current.note,
        url=reverse("pricing:positioning", args=[current.product.code, current.pk]),
    )
