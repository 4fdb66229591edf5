"""Changing the organisation."""

from __future__ import annotations

import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.errors import DomainError, right_require
from accounts.models import User
from accounts.versions import row_lock, row_save

from . import registries
from .models import Organisation
from .months import month_start
from .organisation import organisation_forget, today


def organisation_update(
    *,
    by: User,
    version: int | None,
    name: str,
    currency: str,
    time_zone: str,
    language: str,
    financial_year_first_month: int,
    nightly_at: datetime.time,
    alert_min_amount: Decimal,
    watched_folder: str,
    show_everyones_accuracy: bool,
    sharing: bool,
) -> Organisation:
    """Change the organisation's settings; rooms may refuse what their rows rest on (the currency of facts).

    Holds from the next request and the next night on.
    """
    right_require(by, "core.settings")
    if time_zone not in available_timezones():
        raise DomainError("time_zone_unknown", _("This time zone does not exist."), "time_zone")
    values: dict[str, Any] = {
        "name": name.strip(),
        "currency": currency.strip().upper(),
        "time_zone": time_zone,
        "language": language,
        "financial_year_first_month": financial_year_first_month,
        "nightly_at": nightly_at,
        "alert_min_amount": alert_min_amount,
        "watched_folder": _folder(watched_folder),
        "show_everyones_accuracy": show_everyones_accuracy,
        "sharing": sharing,
    }
    with transaction.atomic():
        current = row_lock(Organisation.objects.get(pk=1))
        changing = {field: value for field, value in values.items() if getattr(current, field) != value}
        for rule in registries.organisation_rules:
            rule.refuse(current, changing)
        row_save(current, version=version, values=values)
        for change in registries.organisation_changes:
            change.act(changing)
        transaction.on_commit(organisation_forget)
    return current


@transaction.atomic
def months_close(*, until: datetime.date) -> None:
    """Fix the figures up to and including a month that is over; whoever calls it says who may and keeps what
    was known. A closed month is not opened again."""
    current = row_lock(Organisation.objects.get(pk=1))
    months_close_check(current, until)
    row_save(current, version=None, values={"closed_until": month_start(until)})
    organisation_forget()
    transaction.on_commit(organisation_forget)


def months_close_check(organisation: Organisation, until: datetime.date) -> None:
    """Refuse to close a month that is not over, or is closed already."""
    if until >= month_start(today()):
        raise DomainError("month_not_over", _("Only a month that is over can be closed."), "month")
    if organisation.closed_until is not None and until <= organisation.closed_until:
        raise DomainError("month_closed_already", _("This month is closed already."), "month", status=409)


def _folder(text: str) -> str:
    """An existing folder by its full path, or nothing."""
    text = text.strip()
    if text and not (Path(text).is_absolute() and Path(text).is_dir()):
        message = _("There is no such folder on the server. Give its full path.")
        raise DomainError("folder_missing", message, "watched_folder")
    return text
