"""Closing a month, and correcting one that is closed."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _

from accounts.errors import DomainError, right_require
from core import registries
from core.months import month_add, month_start, parse_month
from core.organisation import organisation_get
from core.services import months_close, months_close_check
from core.sql import rows_of
from exchange.messages import refuse
from exchange.models import Import
from products.models import Correction, MonthClosing
from products.models.closing import CLOSE_LOCK
from products.selectors.closing import CLOSE, months_sales

from .closed_names import names_keep
from .scope import unlimited


@transaction.atomic
def month_close(*, user: Any, month: datetime.date, note: str = "") -> MonthClosing:
    """Fix the figures of a month that is over, and of those before it, once every room has booked what they
    come to. For good; what could still move then is kept, and what all that reports name is called. Waits for
    who is writing figures, and whoever comes after finds it closed."""
    month = month_start(month)
    month_close_check(user=user, month=month)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_advisory_xact_lock({CLOSE_LOCK})")
    for each in registries.month_bookings:
        each.book(month)
    months_close(until=month)
    (known,) = months_sales(None, [month])
    made = MonthClosing.objects.create(
        month=month,
        closed_by=user,
        note=note.strip()[:400],
        provisional_products=list(known.provisional),
        missing_products=list(known.missing),
    )
    names_keep(month)
    return made


def may_close_check(user: Any) -> None:
    """Refuse who may not close months."""
    right_require(user, CLOSE)
    unlimited(user, _("This is shared by all lines; you are limited to some of them."))


def month_close_check(*, user: Any, month: datetime.date) -> None:
    """Refuse who may not close months, and a month that cannot be closed."""
    may_close_check(user)
    months_close_check(organisation_get(), month)


@contextmanager
def correction(
    *, user: Any, reason: str, changes: Sequence[dict[str, Any]], source_import: Import | None = None
) -> Iterator[Correction]:
    """Within it, in this transaction, figures of closed months may be written. ``user`` is ``None`` for the
    shell. ``changes``: what comes of it, by month."""
    reason = reason.strip()[:400]
    if not reason:
        raise DomainError("reason_missing", _("Say why a closed month is corrected."), "correction")
    if user is not None:
        right_require(user, CLOSE)
        unlimited(user, _("This is shared by all lines; you are limited to some of them."))
    with transaction.atomic():
        row = Correction.objects.create(
            reason=reason, by=user, source_import=source_import, changes=list(changes)
        )
        _say(str(row.pk))
        yield row
        _say("")
        months = [parse_month(each["month"]) for each in changes]
        if months:
            names_keep(min(months))


def figures_writing() -> None:
    """Said before another lock is taken by who then writes figures of months: a month that is being closed is
    waited for, so that neither waits for the other."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_advisory_xact_lock_shared({CLOSE_LOCK})")


def correcting() -> bool:
    """Whether this transaction is within a correction."""
    ((said,),) = rows_of("SELECT coalesce(current_setting('pmtool.correction', true), '') <> ''")
    return bool(said)


def _say(text: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('pmtool.correction', %s, true)", [text])


def undo_closed_refuse(rows: int, begin: datetime.date, code: str = "undo_closed") -> None:
    """Refuse to undo an import of which so many rows lie before the first open day."""
    if rows:
        raise refuse(code, status=409, until=f"{month_add(begin, -1):%Y-%m}", rows=rows)


@contextmanager
def import_correction(import_id: int, said: Any, changes: Sequence[dict[str, Any]]) -> Iterator[None]:
    """:func:`correction` of an import, if it changes closed months and ``said`` why; else nothing."""
    if not (said and changes):
        yield
        return
    row = Import.objects.get(pk=import_id)
    user = row.applied_by or row.created_by
    with correction(user=user, reason=str(said), changes=changes, source_import=row):
        yield
