"""The work of closing a month of many products."""

from __future__ import annotations

import datetime

from django.db.models import QuerySet

from core.models import Job

JOB = "pricing.month_close"


def month_close_key(month: datetime.date) -> str:
    return f"{JOB}:{month:%Y-%m}:"


def month_close_jobs(month: datetime.date | None = None) -> QuerySet[Job]:
    """Of a month, or of all; the newest first, only that one of a month may be at work."""
    key = f"{JOB}:" if month is None else month_close_key(month)
    return Job.objects.filter(key__startswith=key).order_by("-pk")
