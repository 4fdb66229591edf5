"""Schedules of reports are made, changed, paused and taken up again here, by the report's author."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.errors import DomainError, right_require
from accounts.versions import check, row_lock, row_save
from core.organisation import today
from reporting.models import Report, ReportSchedule
from reporting.selectors.reports import VIEW
from reporting.selectors.schedules import next_due
from reporting.selectors.shares import SHARE

from .report_mine import report_mine
from .sendings import unsent_settle

WHEN = ("every", "day")
OWN = (*WHEN, "attach_pdf", "links")


@transaction.atomic
def schedule_set(
    *, user: Any, report: Report, values: Mapping[str, Any], version: int | None = None
) -> ReportSchedule:
    """``every``, ``day``, the ``users`` that are told, ``attach_pdf``, ``links``; a paused schedule goes on
    with it. Its first date comes after today. Raises VersionConflict."""
    mine = report_mine(user, report)
    if values.get("links"):
        right_require(user, SHARE)
        if mine.audience != Report.Audience.EXTERNAL:
            raise DomainError("inside", _("Only a report to the outside is shared by links."), "links")
    elif not values["users"]:
        raise DomainError("nobody", _("Choose whom it is for."), "users")
    if blind := [str(each) for each in values["users"] if not each.has_perm(VIEW)]:
        message = _("May not read reports: %(names)s.") % {"names": ", ".join(blind)}
        raise DomainError("blind", message, "users")
    current = ReportSchedule.objects.select_for_update().filter(report=mine).first()
    own = {name: values[name] for name in OWN if name in values}
    due = next_due(own["every"], own["day"], today())
    if current is None:
        current = ReportSchedule(report=mine, next_date=due, **own)
        check(current)
        current.save()
    else:
        same = current.active and all(own[name] == getattr(current, name) for name in WHEN)
        moved = {} if same else {"next_date": due}
        row_save(current, version=version, values={**own, **moved, "active": True, "paused": ""})
    current.users.set(values["users"])
    unsent_settle(schedule=current)
    return current


@transaction.atomic
def schedule_pause(*, user: Any, schedule: ReportSchedule) -> None:
    """It sends nothing until it is taken up again."""
    report_mine(user, schedule.report)
    current = row_lock(schedule)
    row_save(current, version=None, values={"active": False})
    unsent_settle(schedule=current)


def schedule_resume(*, user: Any, schedule: ReportSchedule) -> ReportSchedule:
    """As it was, from its next date after today."""
    values = {name: getattr(schedule, name) for name in OWN}
    return schedule_set(
        user=user, report=schedule.report, values={**values, "users": list(schedule.users.all())}
    )
