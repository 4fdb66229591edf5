"""Alerts: raised once per state, settled when no longer true, snoozed or closed by a person with a reason."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.errors import DomainError, VersionConflict
from collaboration.kinds import alert_kinds
from collaboration.models import Alert
from core.organisation import organisation_get, today

LIVE = (Alert.State.OPEN, Alert.State.SNOOZED)


@dataclass(frozen=True)
class Candidate:
    """A state worth an alert, as found tonight. ``stake_amount`` in the organisation's currency."""

    subject: str
    fingerprint: str
    stake_amount: Decimal
    evidence: Mapping[str, Any]
    product_id: int | None = None
    line_id: int | None = None
    recipient_id: int | None = None


@dataclass
class Settled:
    """What became of one kind's candidates."""

    raised: int = 0
    unchanged: int = 0
    gone: int = 0
    below_threshold: int = 0
    keys: list[tuple[str, str]] = field(default_factory=list)


@transaction.atomic
def alerts_settle(
    *,
    kind: str,
    subjects: Collection[str],
    candidates: Sequence[Candidate],
    local_date: datetime.date,
    ignore_threshold: bool = False,
) -> Settled:
    """Bring one kind's alerts about these subjects in line with what is true now.

    A candidate whose state was alerted before (same fingerprint) does not alert again, nor when a person closed
    it; one that had gone and is back is raised anew. Live alerts about ``subjects`` that no candidate confirms
    are *gone*. Below the organisation's money threshold nothing is raised. Sending it twice changes nothing.
    """
    alert_kinds.get(kind)
    threshold = Decimal(0) if ignore_threshold else organisation_get().alert_min_amount
    wanted = {(c.subject, c.fingerprint): c for c in candidates if c.stake_amount >= threshold}
    outcome = Settled(below_threshold=len(candidates) - len(wanted))
    known = {
        (alert.subject, alert.fingerprint): alert
        for alert in Alert.objects.select_for_update()
        .filter(kind=kind, subject__in=list(subjects))
        .order_by("pk")
    }
    now = timezone.now()
    for key, alert in known.items():
        if alert.state in LIVE and key not in wanted:
            alert.state, alert.snoozed_until = Alert.State.GONE, None
            alert.save(update_fields=["state", "snoozed_until"])
            outcome.gone += 1
        elif alert.state == Alert.State.GONE and key in wanted:
            _fill(alert, wanted[key], now, local_date)
            alert.save()
            outcome.raised += 1
        elif key in wanted:
            outcome.unchanged += 1
    fresh = [
        _fill(Alert(kind=kind, subject=key[0], fingerprint=key[1]), candidate, now, local_date)
        for key, candidate in wanted.items()
        if key not in known
    ]
    Alert.objects.bulk_create(fresh, ignore_conflicts=True, batch_size=500)
    outcome.raised += len(fresh)
    return outcome


def _fill(alert: Alert, candidate: Candidate, now: datetime.datetime, local_date: datetime.date) -> Alert:
    alert.product_id, alert.line_id = candidate.product_id, candidate.line_id
    alert.recipient_id = candidate.recipient_id
    alert.evidence, alert.stake_amount = dict(candidate.evidence), candidate.stake_amount
    alert.state, alert.raised_at, alert.raised_date = Alert.State.OPEN, now, local_date
    alert.reason, alert.closed_at, alert.closed_by, alert.snoozed_until = "", None, None, None
    return alert


def _locked(alert_id: int, version: int) -> Alert:
    alert = Alert.objects.select_for_update().get(pk=alert_id)
    if alert.version != version:
        state = {"yours": "", "theirs": alert.get_state_display()}
        raise VersionConflict(_("Somebody else has just dealt with this alert."), {"state": state})
    alert.version += 1
    return alert


@transaction.atomic
def alert_snooze(*, alert_id: int, version: int, until: datetime.date) -> Alert:
    """Out of sight until that day, at most a year ahead."""
    if not today() < until <= today() + datetime.timedelta(days=366):
        raise DomainError("snooze_date", _("Choose a day after today, within a year."), "until")
    alert = _locked(alert_id, version)
    if alert.state not in LIVE:
        raise DomainError("alert_not_open", _("This alert is not open any more."), status=409)
    alert.state, alert.snoozed_until = Alert.State.SNOOZED, until
    alert.save(update_fields=["state", "snoozed_until", "version"])
    return alert


@transaction.atomic
def alert_close(*, alert_id: int, version: int, reason: str, user: Any) -> Alert:
    """Dealt with; the reason stays in the history."""
    if not reason.strip():
        raise DomainError("reason_missing", _("Say in a few words why it can be closed."), "reason")
    alert = _locked(alert_id, version)
    if alert.state not in LIVE:
        raise DomainError("alert_not_open", _("This alert is not open any more."), status=409)
    alert.state, alert.snoozed_until = Alert.State.CLOSED, None
    alert.closed_at, alert.closed_by, alert.reason = timezone.now(), user, reason.strip()
    alert.save()
    return alert


@transaction.atomic
def alert_reopen(*, alert_id: int, version: int) -> Alert:
    """Undo of snoozing or closing."""
    alert = _locked(alert_id, version)
    if alert.state not in (Alert.State.CLOSED, Alert.State.SNOOZED):
        raise DomainError("alert_not_closed", _("This alert is open already."), status=409)
    alert.state, alert.snoozed_until = Alert.State.OPEN, None
    alert.closed_at, alert.closed_by, alert.reason = None, None, ""
    alert.save()
    return alert


@transaction.atomic
def alerts_wake() -> int:
    """Open what was snoozed until today; the night does this first."""
    due = Alert.objects.filter(state=Alert.State.SNOOZED, snoozed_until__lte=today())
    return due.update(state=Alert.State.OPEN, snoozed_until=None)
