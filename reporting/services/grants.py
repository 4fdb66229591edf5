"""Fields that a report tells on purpose: asked for, decided by a second person, taken back."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.errors import DomainError, right_require
from accounts.versions import check, row_lock
from collaboration.services.alerts import Candidate, alerts_settle
from collaboration.services.notifications import notify
from core.organisation import today
from reporting.models import Report, ReportGrant
from reporting.selectors.grants import (
    GRANT,
    fields_grantable,
    grant_covers,
    grant_get,
    grant_scope,
    grants_standing,
    report_scope,
    scope_hash,
)

from .report_mine import report_mine

WAITING, DECIDED = "report_grant", "report_grant_decided"


@transaction.atomic
def grant_ask(*, user: Any, report: Report, field: str, reason: str) -> ReportGrant:
    """Its author asks that a report tells a field that its audience is not told, for what it is about now.
    What was asked for the same field before ends."""
    current = report_mine(user, report)
    if field not in {each.key for each in fields_grantable(current)}:
        raise DomainError("field", _("This field cannot be added."), "field")
    if not reason.strip():
        raise DomainError("reason", _("Say why the reader needs it."), "reason")
    for before in grants_standing(current).filter(field=field):
        _end(before, user)
    grant = ReportGrant(
        report=current,
        field=field,
        reason=reason.strip(),
        scope=grant_scope(current, report_scope(current)),
        asked_by=user,
    )
    check(grant)
    grant.save()
    _settle(grant)
    return grant


@transaction.atomic
def grant_decide(
    *, user: Any, grant: ReportGrant, approve: bool, note: str = "", seen: str | None = None
) -> ReportGrant:
    """A second person, who sees all of what it is about, approves what was asked for, or refuses it and says
    why. ``seen``: the :func:`scope_hash` of what they looked at; where the report is about something else by
    now it is not approved (409)."""
    right_require(user, GRANT)
    grant_get(user, grant.pk)
    current = row_lock(grant)
    if current.asked_by_id == user.pk:
        raise DomainError("four_eyes", _("Somebody else must decide this: you asked for it."), status=403)
    if current.approved is not None or current.ended_at:
        raise DomainError("decided", _("This no longer waits for a decision."), status=409)
    if not approve and not note.strip():
        raise DomainError("note_missing", _("Say why, so that the author can do it better."), "note")
    if approve and seen is not None and seen != scope_hash(current):
        message = _("The report was changed in the meantime: look at what it is about now.")
        raise DomainError("changed", message, status=409)
    if approve and not grant_covers(current, grant_scope(current.report, report_scope(current.report))):
        message = _("The report is about more now than when this was asked for; its author has to ask again.")
        raise DomainError("lapsed", message, status=409)
    current.approved, current.note = approve, note.strip()
    current.decided_by, current.decided_at = user, timezone.now()
    check(current)
    current.save()
    _settle(current)
    _tell(current, user, "approved" if approve else "refused")
    return current


@transaction.atomic
def grant_end(*, user: Any, grant: ReportGrant) -> ReportGrant:
    """Taken back by who asked or by who may decide: the next publication lacks it."""
    current = row_lock(grant_get(user, grant.pk))
    if current.ended_at is None:
        _end(current, user)
        _tell(current, user, "ended")
    return current


@transaction.atomic
def grants_settle(report: Report) -> None:
    """After a change of a report: what waits is asked for what it is about now, or no longer where the report
    was ended."""
    waiting = list(grants_standing(report).filter(approved=None))
    if not waiting:
        return
    now = grant_scope(report, report_scope(report))
    for grant in waiting:
        if report.ended_at:
            _end(grant, report.author)
        elif grant.scope != now:
            grant.scope = now
            grant.save(update_fields=["scope"])


def _end(grant: ReportGrant, user: Any) -> None:
    grant.ended_by, grant.ended_at = user, timezone.now()
    grant.save()
    _settle(grant)


def _settle(grant: ReportGrant) -> None:
    """While it waits it stands on Today of everybody who may decide."""
    subject, candidates = f"grant:{grant.pk}", []
    if grant.approved is None and grant.ended_at is None:
        evidence = {
            "grant": grant.pk,
            "author": grant.asked_by.name,
            "report": grant.report.title,
            "field": grant.field,
            "reason": grant.reason,
        }
        candidates = [Candidate(subject, "waiting", stake_amount=None, evidence=evidence)]
    alerts_settle(
        kind=WAITING,
        subjects=[subject],
        candidates=candidates,
        local_date=today(),
        ignore_threshold=True,
    )


def _tell(grant: ReportGrant, by: Any, state: str) -> None:
    notify(
        users=[grant.asked_by],
        kind=DECIDED,
        key=f"grant:{grant.pk}:{state}",
        params={
            "state": state,
            "who": by.name,
            "field": grant.field,
            "report": grant.report.title,
            "note": grant.note,
        },
        url=grant.get_absolute_url(),
        but_not=by,
    )
