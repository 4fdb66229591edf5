"""Closing a month: at once, or of many products by a worker that books them part by part first."""

from __future__ import annotations

import datetime
from typing import Any

from django.db import transaction
from django.urls import reverse

from accounts.models import User
from collaboration.services.notifications import notify
from core.jobs import job_enqueue
from core.models import Job
from pricing.selectors.month_closing import JOB, corrections_waiting, month_close_jobs, month_close_key
from products.models import Product
from products.selectors.closing import is_closed
from products.services.closing import month_close, month_close_check

from .cost_corrections import corrections_close
from .standard_costs import standard_costs_due

AT_ONCE = 100
TOLD = "month_close"


@transaction.atomic
def month_close_begin(*, user: Any, month: datetime.date, note: str = "") -> Job | None:
    """Close the month; of many products a job does it, which is returned. Asked again meanwhile it is the
    same job, after one that failed another."""
    month_close_check(user=user, month=month)
    if Product.objects.count() <= AT_ONCE:
        _close(user, month, note)
        return None
    ended = month_close_jobs(month).filter(state__in=Job.FINAL).count()
    return job_enqueue(
        kind=JOB,
        key=f"{month_close_key(month)}{ended}",
        payload={"month": month.isoformat(), "note": note},
        created_by=user,
    )


def month_close_run(context: Any) -> None:
    """The job: what is not booked yet, each part in a transaction of its own; then little is left to be
    booked in the one that closes the month."""
    month, user = _asked(context.job)
    month_close_check(user=user, month=month)
    standard_costs_due(context.progress)
    with context.effect():
        _close(user, month, context.payload["note"])
        _tell(context.job, closed=True)


def _close(user: User, month: datetime.date, note: str) -> None:
    """With it the corrections of rates that began until then are refused: they could not be approved."""
    month_close(user=user, month=month, note=note)
    corrections_close(user=user, corrections=corrections_waiting(month), closed=month)


def month_close_failed(job: Job) -> None:
    """Somebody may have closed it meanwhile."""
    _tell(job, closed=is_closed(_asked(job)[0]))


def _asked(job: Job) -> tuple[datetime.date, User]:
    return datetime.date.fromisoformat(job.payload["month"]), User.objects.get(pk=str(job.created_by_id))


def _tell(job: Job, *, closed: bool) -> None:
    month, user = _asked(job)
    notify(
        users=[user],
        kind=TOLD,
        key=job.key,
        params={"month": job.payload["month"], "closed": closed},
        url=reverse("pricing:month_close", args=[month.year, month.month]),
    )
