"""When a report is due by its schedule, and whether the night was good enough to send it."""

from __future__ import annotations

import calendar
import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import QuerySet

from core.months import month_add, month_start
from core.organisation import organisation_get
from forecasting.models import NightlyFailure, NightlyRun
from reporting.models import Report, ReportSchedule, ReportSending

from .reports import report_scope

MORNING = datetime.time(9)
NAMED = 3
"""Of so many products that failed the name is kept."""


@dataclass(frozen=True)
class NotYet:
    """Why a report would be stale now."""

    reason: str
    params: Mapping[str, Any] = field(default_factory=dict)


def next_due(every: str, day: int, after: datetime.date) -> datetime.date:
    """The first date after this one; a month without that day has its last."""
    if every == ReportSchedule.Every.WEEK:
        return after + datetime.timedelta(days=(day - after.isoweekday() - 1) % 7 + 1)
    for month in (month_start(after), month_add(month_start(after), 1)):
        last = calendar.monthrange(month.year, month.month)[1]
        date = month.replace(day=min(day, last))
        if date > after:
            return date
    raise AssertionError("one of two months comes after")


def waits_until(date: datetime.date) -> datetime.datetime:
    """Nine o'clock of the next working day: until then a night may still become good."""
    day = date + datetime.timedelta(days=1)
    while day.isoweekday() > 5:
        day += datetime.timedelta(days=1)
    return datetime.datetime.combine(day, MORNING, tzinfo=ZoneInfo(organisation_get().time_zone))


def not_yet(schedule: ReportSchedule) -> NotYet | None:
    """Nothing: a run of that night or later, over all products and the newest month, went through, and for
    every product of the report."""
    date = schedule.next_date
    runs = NightlyRun.objects.filter(
        scope__isnull=True, local_date__gte=date, as_of__gte=month_add(month_start(date), -1)
    )
    run = runs.filter(state=NightlyRun.State.DONE).order_by("-pk").first()
    if run is None:
        states = set(runs.values_list("state", flat=True))
        if not states:
            return NotYet("no_night")
        return NotYet("night_failed" if states == {NightlyRun.State.FAILED} else "night_running")
    failures = NightlyFailure.objects.filter(run=run, product__isnull=False)
    if failed := frozenset(failures.values_list("product_id", flat=True)):
        names = [product.name for product in report_scope(schedule.report, failed).products]
        if names:
            return NotYet("products_failed", {"count": len(names), "names": names[:NAMED]})
    return None


def schedule_of(report: Report) -> ReportSchedule | None:
    return ReportSchedule.objects.filter(report=report).prefetch_related("users").first()


def sendings_last(report: Report) -> QuerySet[ReportSending]:
    """What became of the schedule's last dates."""
    return ReportSending.objects.filter(schedule__report=report).select_related("snapshot")[:6]
