"""Alerts: raised once per state, settled when no longer true, snoozed or closed by a person with a reason."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from operator import attrgetter
from typing import Any

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.errors import DomainError, VersionConflict
from collaboration.kinds import alert_kinds
from collaboration.models import Alert
from core.locks import lock_until_commit
from core.lookups import many
from core.organisation import organisation_get, today

from .follows import followers_tell

LIVE = (Alert.State.OPEN, Alert.State.SNOOZED)
SNOOZE_DAYS = 366
REASON_LENGTH = 400
_NUMBERS = ["evidence", "stake_amount", "recipient", "line", "product"]
_RAISED = [
    *_NUMBERS,
    "state",
    "raised_at",
    "raised_date",
    "reason",
    "closed_at",
    "closed_by",
    "snoozed_until",
]


@dataclass(frozen=True)
class Candidate:
    """A state worth an alert, as found tonight.

    ``stake_amount`` in the organisation's currency; ``None`` is not known, which is not *little*: such an
    alert is raised and ranks last. ``min_amount`` is the line's own threshold, besides the organisation's.
    """

    subject: str
    fingerprint: str
    stake_amount: Decimal | None
    evidence: Mapping[str, Any]
    product_id: int | None = None
    line_id: int | None = None
    recipient_id: int | None = None
    min_amount: Decimal = Decimal(0)

    @property
    def key(self) -> tuple[str, str]:
        return (self.subject, self.fingerprint)


@dataclass
class Settled:
    """What became of one kind's candidates."""

    raised: int = 0
    unchanged: int = 0
    gone: int = 0
    below_threshold: int = 0
    alerts: list[Alert] = field(default_factory=list)


@transaction.atomic
def alerts_settle(
    *,
    kind: str,
    subjects: Collection[str] | None = None,
    products: Collection[int] | None = None,
    candidates: Sequence[Candidate],
    local_date: datetime.date,
    ignore_threshold: bool = False,
) -> Settled:
    """Bring one kind's alerts about these subjects, or products (neither: all there are), in line with what
    is true now.

    A candidate whose state was alerted before (same fingerprint) does not alert again, nor when a person
    closed it; its numbers are brought up to date. Alerts that no candidate confirms are *gone*, also closed
    ones (they keep who closed them and why): when the same state comes back after that, it is raised anew.
    Below the money threshold nothing is raised. Sending it twice changes nothing. Some ten statements,
    however many.
    """
    alert_kinds.get(kind)
    threshold = Decimal(0) if ignore_threshold else organisation_get().alert_min_amount
    wanted = {
        c.key: c
        for c in candidates
        if ignore_threshold or c.stake_amount is None or c.stake_amount >= max(threshold, c.min_amount)
    }
    outcome = Settled(below_threshold=len(candidates) - len(wanted))
    known = _known(kind, subjects, products, wanted)
    now = timezone.now()
    gone = [a.pk for key, a in known.items() if a.state != Alert.State.GONE and key not in wanted]
    outcome.gone = sum(1 for key, a in known.items() if a.state in LIVE and key not in wanted)
    Alert.objects.filter(pk__in=gone).update(
        state=Alert.State.GONE, snoozed_until=None, version=F("version") + 1
    )
    back = [_raise(a, wanted[key], now, local_date) for key, a in known.items() if _is_back(a, key, wanted)]
    Alert.objects.bulk_update(back, [*_RAISED, "version"], batch_size=500)
    returned = {a.pk for a in back}
    stays = [a for key, a in known.items() if key in wanted and a.pk not in returned]
    moved = [a for a in stays if a.state in LIVE and _fill(a, wanted[a.subject, a.fingerprint])]
    Alert.objects.bulk_update(moved, _NUMBERS, batch_size=500)
    outcome.unchanged = len(stays)
    fresh = [
        _raise(Alert(kind=kind, subject=key[0], fingerprint=key[1], version=0), candidate, now, local_date)
        for key, candidate in wanted.items()
        if key not in known
    ]
    Alert.objects.bulk_create(fresh, batch_size=500)
    outcome.alerts = back + fresh
    outcome.raised = len(outcome.alerts)
    followers_tell(alerts=outcome.alerts)
    return outcome


@transaction.atomic
def alert_raise(*, kind: str, candidate: Candidate) -> Alert:
    """Raise what was never alerted before, as something that just happened: one statement. For a state that
    comes and goes, see :func:`alerts_settle`."""
    subject, fingerprint = candidate.key
    fresh = Alert(kind=alert_kinds.get(kind).key, subject=subject, fingerprint=fingerprint, version=0)
    alert = _raise(fresh, candidate, timezone.now(), today())
    alert.save(force_insert=True)
    followers_tell(alerts=[alert])
    return alert


def _known(
    kind: str,
    subjects: Collection[str] | None,
    products: Collection[int] | None,
    wanted: Iterable[tuple[str, str]],
) -> dict[tuple[str, str], Alert]:
    """The alerts that are not gone, and those of the wanted states. Who settles a kind waits for others."""
    lock_until_commit(f"alerts {kind}")
    rows = Alert.objects.filter(kind=kind).filter(
        ~Q(state=Alert.State.GONE) | Q(fingerprint__in={fingerprint for _subject, fingerprint in wanted})
    )
    if subjects is not None:
        rows = rows.filter(subject__any=many(subjects))
    if products is not None:
        rows = rows.filter(product_id__any=many(products))
    return {(a.subject, a.fingerprint): a for a in rows.select_for_update().order_by("pk")}


def _is_back(alert: Alert, key: tuple[str, str], wanted: Mapping[tuple[str, str], Candidate]) -> bool:
    return alert.state == Alert.State.GONE and key in wanted


def _fill(alert: Alert, candidate: Candidate) -> bool:
    """Take over the numbers; says whether any differed."""
    said = attrgetter("evidence", "stake_amount", "recipient_id", "line_id", "product_id")
    before = said(alert)
    stake = (candidate.stake_amount or Decimal(0)).quantize(Decimal("0.01"))
    alert.evidence, alert.stake_amount = dict(candidate.evidence), stake
    alert.recipient_id, alert.line_id = candidate.recipient_id, candidate.line_id
    alert.product_id = candidate.product_id
    return bool(before != said(alert))


def _raise(alert: Alert, candidate: Candidate, now: datetime.datetime, local_date: datetime.date) -> Alert:
    _fill(alert, candidate)
    alert.product_id = candidate.product_id
    alert.state, alert.raised_at, alert.raised_date = Alert.State.OPEN, now, local_date
    alert.reason, alert.closed_at, alert.closed_by, alert.snoozed_until = "", None, None, None
    alert.version += 1
    return alert


def _locked(alert_id: int, version: int) -> Alert:
    alert = Alert.objects.select_for_update().get(pk=alert_id)
    if alert.version != version:
        state = {"label": _("State"), "yours": "", "theirs": alert.get_state_display()}
        raise VersionConflict(_("Somebody else has just dealt with this alert."), {"state": state})
    alert.version += 1
    return alert


def _require_live(alert: Alert) -> None:
    if alert.state not in LIVE:
        raise DomainError("alert_not_open", _("This alert is not open any more."), status=409)


@transaction.atomic
def alert_snooze(*, alert_id: int, version: int, until: datetime.date) -> Alert:
    """Out of sight until that day, at most a year ahead."""
    if not today() < until <= today() + datetime.timedelta(days=SNOOZE_DAYS):
        raise DomainError("snooze_date", _("Choose a day after today, within a year."), "until")
    alert = _locked(alert_id, version)
    _require_live(alert)
    alert.state, alert.snoozed_until = Alert.State.SNOOZED, until
    alert.save(update_fields=["state", "snoozed_until", "version"])
    return alert


@transaction.atomic
def alert_close(*, alert_id: int, version: int, reason: str, user: Any) -> Alert:
    """Dealt with; the reason stays in the history."""
    if not reason.strip():
        raise DomainError("reason_missing", _("Say in a few words why it can be closed."), "reason")
    if len(reason.strip()) > REASON_LENGTH:
        raise DomainError("reason_long", _("At most 400 characters."), "reason")
    alert = _locked(alert_id, version)
    _require_live(alert)
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
    """Open what was snoozed until today. The night does this; readers do not wait for it."""
    due = Alert.objects.filter(state=Alert.State.SNOOZED, snoozed_until__lte=today())
    return due.update(state=Alert.State.OPEN, snoozed_until=None, version=F("version") + 1)
