"""Is everything as it must be? Rooms register their checks; operators and fault tests ask."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from dataclasses import dataclass

from django.utils import timezone

from . import registries
from .models import Job
from .registry import Registry

# How long a job may stand with a lease that ran out, or wait, before that is a problem.
SWEPT_WITHIN = datetime.timedelta(minutes=3)
TAKEN_WITHIN = datetime.timedelta(hours=6)


@dataclass(frozen=True)
class Finding:
    """One check with what it found; ``problems`` is empty when all is well."""

    key: str
    label: str
    problems: list[str]


def examine(*, only: str = "") -> list[Finding]:
    """Every registered check, or the one with this key. A check that breaks down is a problem too."""
    findings = []
    for check in registries.doctor_checks:
        if only and check.key != only:
            continue
        try:
            problems = [str(problem) for problem in check.problems()]
        except Exception as error:
            problems = [f"could not be checked: {type(error).__name__}: {error}"]
        findings.append(Finding(check.key, check.label, problems))
    return findings


def registered() -> dict[str, list[str]]:
    """What is registered where, by the registry's name."""
    return {registry.name: [entry.key for entry in registry] for registry in Registry.everything}


def jobs_final_or_leased() -> Iterator[str]:
    """A job waits for its turn, has a worker, or is over; nothing lies about forgotten."""
    now = timezone.now()
    for job in Job.objects.filter(state=Job.State.RUNNING, lease_until__lt=now - SWEPT_WITHIN):
        yield f"job {job.pk} ({job.key}): its lease ran out at {job.lease_until:%Y-%m-%d %H:%M} UTC"
    waiting = Job.objects.filter(state=Job.State.QUEUED, created_at__lt=now - TAKEN_WITHIN)
    for job in waiting.exclude(run_after__gt=now - TAKEN_WITHIN):
        yield f"job {job.pk} ({job.key}): waiting since {job.created_at:%Y-%m-%d %H:%M} UTC"
    known = [kind.key for kind in registries.job_kinds]
    for job in Job.objects.exclude(kind__in=known).exclude(state__in=Job.FINAL):
        yield f"job {job.pk} ({job.key}): no room knows its kind {job.kind}"
