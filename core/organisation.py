"""The organisation and its clock: the only places that know its time zone, currency and months."""

from __future__ import annotations

import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from asgiref.local import Local
from django.core.signals import request_started
from django.utils import timezone

from . import formats
from .models import Organisation
from .months import financial_year_start

_local = Local()


def organisation_get() -> Organisation:
    """The one organisation; read once a request, task or job."""
    found: Organisation | None = getattr(_local, "organisation", None)
    if found is None:
        found = Organisation.objects.get(pk=1)
        _local.organisation = found
    return found


def money_text(amount: Decimal) -> str:
    """An amount in the organisation's currency, as pages write it."""
    return formats.money(amount, organisation_get().currency)


def organisation_forget(**_signal: object) -> None:
    """Read it anew next time: at the start of a request, task or job, and after it was changed."""
    if hasattr(_local, "organisation"):
        del _local.organisation


def organisation_take(found: Organisation) -> None:
    """Somebody read it already in this request."""
    _local.organisation = found


request_started.connect(organisation_forget, dispatch_uid="organisation_forget")


def local_now() -> datetime.datetime:
    """Now, in the organisation's time zone."""
    return timezone.now().astimezone(ZoneInfo(organisation_get().time_zone))


def local_date(moment: datetime.datetime) -> datetime.date:
    """The day of that moment where the organisation is."""
    return moment.astimezone(ZoneInfo(organisation_get().time_zone)).date()


def today() -> datetime.date:
    """Today where the organisation is."""
    return local_now().date()


def year_start(day: datetime.date) -> datetime.date:
    """The first month of the financial year that the day is in."""
    return financial_year_start(day, organisation_get().financial_year_first_month)
