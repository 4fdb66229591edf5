"""Schedules of reports are made, changed, paused and taken up again here, by the report's author."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.errors import DomainError
from accounts.versions import check, row_lock, row_save
from core.organisation import today
from reporting.models import Report, ReportSchedule
from reporting.selectors.reports import VIEW
from reporting.selectors.schedules import next_due

from .report_mine import report_mine
from .sendings import unsent_settle

OWN = ("every", "day")


@transaction.atomic
def schedule_set(
    *, user: Any, report: Report, values: Mapping[str, Any], version: int | None = None
) -> ReportSchedule:
    """``every``, ``day`` and the ``users`` that are told; a paused schedule goes on with it. Its first date
    comes after today. Raises VersionConflict."""
    mine = report_mine(user, report)
    if not values["users"]:
        raise DomainError("nobody", _("Choose whom it is for."), "users")
    if blind := [str(each) for each in values["users"] if not each.has_perm(VIEW)]:
        message = _("May not read reports: %(names)s.") % {"names": ", ".join(blind)}
        raise DomainError("blind", message, "users")
    current = ReportSchedule.objects.select_for_update().filter(report=mine).first()
    own = {name: values[name] for name in OWN}
    due = next_due(own["every"], own["day"], today())
    if current is None:
        current = ReportSchedule(report=mine, next_date=due, **own)
        check(current)
        current.save()
    else:
        moved = (
            {"next_date": due} if {n: getattr(current, n) for n in OWN} != own or not current.active else {}
        )
        row_save(current, version=version, values={**own, **moved, "active": True, "paused": ""})
    current.users.set(values["users"])
    unsent_settle(schedule=current)
    return current


@transaction.atomic
def schedule_pause(*, user: Any, schedule: ReportSchedule) -> None:
    """It sends nothing until it is saved again."""
    report_mine(user, schedule.report)
    current = row_lock(schedule)
    row_save(current, version=None, values={"active": False})
    unsent_settle(schedule=current)
