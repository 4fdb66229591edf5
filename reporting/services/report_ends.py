"""Reports leave the list and come back here."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.versions import row_save
from core.organisation import today
from reporting.models import Report, ReportSchedule
from reporting.selectors.schedules import next_due

from .grants import grants_settle
from .report_mine import report_mine
from .sendings import unsent_settle


@transaction.atomic
def report_end(*, user: Any, report: Report) -> None:
    """It leaves the list, its links rest and its schedule sends nothing; its snapshots stay."""
    current = report_mine(user, report)
    if current.ended_at is None:
        current.ended_at = timezone.now()
        current.save(update_fields=["ended_at"])
        grants_settle(current)
        for schedule in ReportSchedule.objects.filter(report=current).select_related("report__author"):
            unsent_settle(schedule=schedule)


@transaction.atomic
def report_reopen(*, user: Any, report: Report) -> None:
    """It is back in the list, with its links and its schedule. Dates missed are not made up for."""
    current = report_mine(user, report)
    if current.ended_at is not None:
        current.ended_at = None
        current.save(update_fields=["ended_at"])
        for schedule in ReportSchedule.objects.select_for_update().filter(report=current):
            if schedule.next_date < today():
                due = next_due(schedule.every, schedule.day, today() - timedelta(days=1))
                row_save(schedule, version=None, values={"next_date": due})
