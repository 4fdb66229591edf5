"""The work of closing a month of many products."""

from __future__ import annotations

import datetime

from django.db.models import QuerySet

from core.models import Job

JOB = "pricing.month_close"


def month_close_key(month: datetime.date) -> str:
    return f"{JOB}:{month:%Y-%m}:"


def month_close_jobs(month: datetime.date) -> QuerySet[Job]:
    """The newest first; only that one may be at work."""
    return Job.objects.filter(key__startswith=month_close_key(month)).order_by("-pk")
