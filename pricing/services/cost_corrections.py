"""Rates that have begun, corrected while the month they began in is open.

Proposed with a reason, and decided by a second person where costs need one.
"""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import QuerySet, Sum
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.errors import DomainError
from accounts.versions import check, row_lock
from collaboration.services.alerts import Candidate, alerts_settle
from collaboration.services.notifications import notify
from core import formats
from core.organisation import today
from exchange.models import Import
from pricing.models import CostChange, CostCorrection, CostRate
from pricing.selectors.cost_months import cost_months
from products.models import ProductLine
from products.selectors.closing import is_closed, open_from
from products.selectors.four_eyes import four_eyes_needed
from products.services.closing import figures_writing
from products.services.four_eyes import decided

from .costs import RateValues, cost_line_within, rate_check
from .standard_costs import standard_costs_later

KIND, ALERT, TOLD = "cost", "cost_correction", "cost_correction_decided"
State = CostCorrection.State
_KEPT = ("cost_line", "start_date", "from_quantity", "source_import")
"""With the file, or the change of many, a correction goes too where that is undone; not with one that was
undone before and had put the rate back."""
_SAID = ("amount", "times", "least_quantity", "exchange_rate", "vat_rate")


@transaction.atomic
def cost_rate_correct(*, user: Any, rate: CostRate, reason: str, values: RateValues | None) -> CostCorrection:
    """Propose what a rate that has begun should have been, of the same tier and from the same day; without
    ``values`` it should not have been at all. Where one person may decide, it holds at once."""
    cost_line_within(user, rate.cost_line)
    figures_writing()
    current = row_lock(rate)
    correctable_check(current)
    if current.corrections.filter(state=State.PROPOSED).exists():
        raise DomainError("waits", _("A correction of this rate waits for approval."), status=409)
    row = CostCorrection(rate=current, reason=reason.strip(), proposed_by=user, is_void=values is None)
    if values is not None:
        values = rate_check(rate.cost_line, values._replace(from_quantity=current.from_quantity))
        if all(getattr(current, name) == getattr(values, name) for name in _SAID):
            raise DomainError("unchanged", _("That is what the rate says already."), "amount")
        for name in _SAID:
            setattr(row, name, getattr(values, name))
    check(row)
    row.save()
    if four_eyes_needed(_line(current), KIND, moved_amount(row)):
        _settle(row)
        return row
    return _approve(row, user)


@transaction.atomic
def cost_correction_decide(*, user: Any, correction: CostCorrection, approve: bool) -> CostCorrection:
    """Approve or refuse what was proposed; who proposed it may take it back, not approve it where two are
    needed."""
    cost_line_within(user, correction.rate.cost_line)
    figures_writing()
    current = row_lock(correction)
    if current.state != State.PROPOSED:
        raise DomainError("decided", _("This was decided already."), status=409)
    if approve:
        return _approve(current, user)
    _decide(current, user, State.REFUSED)
    return current


def moved_amount(correction: CostCorrection) -> Decimal | None:
    """How much of what the line is booked with since the rate began it would move; ``None``: not known, as
    there was no amount."""
    rate = correction.rate
    begin = rate.start_date.replace(day=1)
    rows = cost_months().filter(cost_line=rate.cost_line_id, source="standard", month__gte=begin)
    booked: Decimal = rows.aggregate(whole=Sum("amount", default=Decimal(0)))["whole"]
    if correction.is_void or correction.amount is None:
        return booked
    was = (rate.amount or 0) * rate.times * rate.exchange_rate * (1 + rate.vat_rate)
    becomes = correction.amount * correction.times * correction.exchange_rate * (1 + correction.vat_rate)
    return booked * (becomes / was - 1) if was else None


def correctable_check(rate: CostRate) -> None:
    """Refuse a rate that cannot be corrected, and say what to do instead."""
    if rate.withdrawn_at is not None:
        raise DomainError("withdrawn", _("This rate was withdrawn."), status=409)
    if rate.start_date > today():
        raise DomainError("ahead", _("It lies ahead: withdraw it, and write another."), status=409)
    begin = open_from()
    if is_closed(rate.start_date) and begin is not None:
        message = _(
            "It began in %(month)s, which is closed. Write a rate from %(day)s on; for closed months import"
            " one from a day later as a correction."
        )
        details = {"month": formats.month(rate.start_date), "day": formats.day(begin)}
        raise DomainError("month_closed", message % details, status=409)


def _approve(row: CostCorrection, user: Any) -> CostCorrection:
    rate, amount = row_lock(row.rate), moved_amount(row)
    correctable_check(rate)
    with decided(proposer=row.proposed_by, decider=user, line=_line(rate), kind=KIND, amount=amount):
        rate.withdrawn_at, rate.withdrawn_reason = timezone.now(), row.reason
        rate.save(update_fields=["withdrawn_at", "withdrawn_reason"])
        if not row.is_void:
            of = {name: getattr(rate, name) for name in _KEPT} | {name: getattr(row, name) for name in _SAID}
            if rate.source_import and rate.source_import.state == Import.State.UNDONE:
                of["source_import"] = None
            row.replacement = CostRate.objects.create(**of, created_by=row.proposed_by)
            row.replacement.changes.set(rate.changes.exclude(state=CostChange.State.WITHDRAWN))
        _decide(row, user, State.APPROVED)
    standard_costs_later(cost_lines=[rate.cost_line_id])
    return row


def _decide(row: CostCorrection, user: Any, state: str, closed: datetime.date | None = None) -> None:
    """``closed``: the month that was closed, which refused it."""
    row.state, row.decided_by, row.decided_at = state, user, timezone.now()
    row.save()
    _settle(row)
    notify(
        users=[row.proposed_by],
        kind=TOLD,
        key=f"cost_correction:{row.pk}:{state}",
        params={
            "state": state,
            "who": user.name,
            "reason": row.reason,
            **({"closed": closed.isoformat()} if closed else {}),
        },
        url=reverse("pricing:cost_line", args=[row.rate.cost_line_id]),
        but_not=user,
    )


def corrections_close(
    *, user: Any, corrections: QuerySet[CostCorrection], closed: datetime.date | None = None
) -> None:
    """Refuse those that wait for rates that are about to be withdrawn, or whose month was ``closed``; without
    a user, as who proposed it."""
    for row in corrections:
        _decide(row_lock(row), user or row.proposed_by, State.REFUSED, closed)


def _line(rate: CostRate) -> ProductLine | None:
    """Whose rule of two people holds."""
    line = rate.cost_line
    return line.product.line if line.product else line.line


def _settle(row: CostCorrection) -> None:
    """What waits stands on the page Today of everybody who keeps costs, until it is decided."""
    line = row.rate.cost_line
    subject = f"correction:{row.pk}"
    waiting = Candidate(
        subject=subject,
        fingerprint="waiting",
        stake_amount=None,
        evidence={
            "cost_line": line.pk,
            "author": row.proposed_by.name,
            "author_id": row.proposed_by_id,
            "kind_en": line.kind.name_en,
            "kind_nl": line.kind.name_nl,
            "of": str(line.product or line.line or ""),
            "start_date": row.rate.start_date.isoformat(),
            "reason": row.reason,
        },
        product_id=line.product_id,
        line_id=line.line_id,
        recipient_id=None,
    )
    alerts_settle(
        kind=ALERT,
        subjects=[subject],
        candidates=[waiting] if row.state == State.PROPOSED else [],
        local_date=today(),
        ignore_threshold=True,
    )
