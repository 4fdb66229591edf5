"""Terms said and taken back, and bonuses settled."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.errors import DomainError, right_require
from accounts.versions import check, row_lock
from core import formats
from core.organisation import today
from pricing.engine.terms import Step
from pricing.models import BonusSettlement, Term, TermStep
from products.models import Channel, Measure, ProductLine
from products.selectors.access import visible_channel_ids, visible_line_ids
from products.selectors.lines import line_tree
from products.services.scope import line_within

Kind, Basis = Term.Kind, Term.Basis
TAKEN_BACK = datetime.timedelta(days=1)
"""How long a slip can be taken back, also of a term that holds already; the trigger has it too."""


def _within(user: Any, channel: Channel | None, line: ProductLine | None) -> None:
    """Refuse a place that is not all within the person's limits."""
    right_require(user, "pricing.edit")
    if line is not None:
        line_within(user, line)
    elif visible_line_ids(user) is not None:
        message = _("This is of all product lines; you are limited to some of them.")
        raise DomainError("limited", message, "line", status=403)
    channels = visible_channel_ids(user)
    if channels is not None and (channel is None or channel.pk not in channels):
        message = _("This is of all channels; you are limited to some of them.")
        raise DomainError("limited", message, "channel", status=403)


@transaction.atomic
def term_set(
    *,
    user: Any,
    kind: str,
    channel: Channel | None,
    line: ProductLine | None,
    start_date: datetime.date,
    rate: Decimal | None = None,
    amount: Decimal | None = None,
    days: int | None = None,
    basis: str = "",
    steps: Sequence[Step] = (),
) -> Term:
    """From this date the channel, or everybody, gets this; neither rate, amount nor steps: no more. The same
    again writes nothing, something else from the same date is refused."""
    _within(user, channel, line)
    if kind == Kind.PAYMENT and rate and days is None:
        raise DomainError("days_missing", _("Say within how many days it has to be paid."), "days")
    if kind == Kind.BONUS:
        scale_check(channel, line, basis, steps)
    key = {"kind": kind, "channel": channel, "line": line, "start_date": start_date}
    said = {"rate": rate, "amount": amount, "days": days, "basis": basis}
    there = Term.objects.filter(**key).first()
    if there is not None:
        same = all(getattr(there, name) == value for name, value in said.items())
        if same and [(row.from_amount, row.rate) for row in there.steps.all()] == sorted(steps):
            return there
        message = _("There is one from %(day)s already: withdraw that one first.")
        raise DomainError("date_taken", message % {"day": formats.day(start_date)}, "start_date")
    term = Term(**key, **said, created_by=user)
    check(term)
    term.save()
    for step in sorted(steps):
        row = TermStep(term=term, from_amount=step.begin, rate=step.rate)
        check(row)
        row.save()
    return term


def scale_check(channel: Channel | None, line: ProductLine | None, basis: str, steps: Sequence[Step]) -> None:
    """Refuse a scale that nobody could work out, or that gives less for more."""
    if channel is None:
        message = _("A bonus is agreed with somebody: choose the channel.")
        raise DomainError("bonus_of_nobody", message, "channel")
    ordered = sorted(steps)
    begins, rates = [step.begin for step in ordered], [step.rate for step in ordered]
    if len(set(begins)) < len(begins):
        raise DomainError("step_twice", _("Two steps begin at the same amount."), "steps")
    if rates != sorted(rates):
        raise DomainError("step_down", _("A higher step gives less than the one before it."), "steps")
    if basis == Basis.VOLUME:
        if line is None:
            message = _("Volumes of all lines cannot be added: choose the product line.")
            raise DomainError("volume_of_all", message, "line")
        if line_tree().lead_measure(line.pk).kind == Measure.Kind.LEVEL:
            message = _("What is in force cannot be added over a year: take the revenue.")
            raise DomainError("volume_of_level", message, "basis")


def withdrawable(term: Term) -> bool:
    return term.start_date >= today() or term.created_at >= timezone.now() - TAKEN_BACK


@transaction.atomic
def term_withdraw(*, user: Any, term: Term) -> None:
    """Take back a term that lies ahead, or a slip of today; what it followed goes on. What held stays."""
    _within(user, term.channel, term.line)
    current = row_lock(term)
    if not withdrawable(current):
        message = _("It has held: what customers got stays. Say from when it is something else.")
        raise DomainError("term_held", message)
    current.delete()


@transaction.atomic
def bonus_settle(
    *,
    user: Any,
    channel: Channel,
    line: ProductLine | None,
    year: int,
    amount: Decimal,
    settled_date: datetime.date,
    reference: str,
) -> BonusSettlement:
    """So much of the year's bonus was paid or credited; below nothing puts a mistake right. A reference that
    the channel has already is refused."""
    _within(user, channel, line)
    if settled_date > today():
        raise DomainError("not_settled_yet", _("That day is still to come."), "settled_date")
    if settled_date.year < year:
        message = _("That day is before the year of the bonus.")
        raise DomainError("settled_too_early", message, "settled_date")
    if not Term.objects.filter(
        kind=Kind.BONUS, channel=channel, line=line, start_date__lte=datetime.date(year, 12, 31)
    ).exists():
        message = _("No bonus was agreed there for that year.")
        raise DomainError("no_bonus", message, "channel")
    reference = reference.strip()
    there = BonusSettlement.objects.filter(channel=channel, reference__iexact=reference).first()
    if there is not None:
        message = _("%(reference)s was entered on %(day)s already.")
        details = {"reference": there.reference, "day": formats.day(there.created_at.date())}
        raise DomainError("settled_already", message % details, "reference")
    row = BonusSettlement(
        channel=channel,
        line=line,
        year=year,
        amount=amount,
        settled_date=settled_date,
        reference=reference,
        created_by=user,
    )
    check(row)
    row.save()
    return row
