"""The night: when a run is due, how it starts, and how it moves from step to step.

Everything is decided from rows. ``NightlyRun`` is unique per local date where it is scheduled; its steps are
the registered ones, in order; each step's work is cut into chunks, which are jobs of the group
``night:<run>:<step>``. :func:`night_advance` looks at the rows and does what comes next; it may be called by
anybody at any time, also twice at once.
"""

from __future__ import annotations

import datetime
import logging
import uuid
from collections.abc import Collection, Iterable, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from django.db import Error, connection, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.errors import DomainError
from core import registries
from core.failpoints import passing
from core.jobs import job_enqueue, jobs_enqueue_many
from core.models import Job
from core.months import month_add, month_start
from core.organisation import organisation_get, today
from forecasting.models import NightlyRun, NightlyStep

logger = logging.getLogger(__name__)

CHUNK, OPEN, QUEUE = "night.chunk", "night.open", "night"
PRIORITY = {NightlyRun.Kind.SINGLE: 20, NightlyRun.Kind.MANUAL: 10, NightlyRun.Kind.SCHEDULED: 0}


def run_group(run_id: int) -> str:
    """What the groups of all jobs of a run start with."""
    return f"night:{run_id}:"


def step_group(run_id: int, step: str) -> str:
    return f"{run_group(run_id)}{step}"


def last_closed_month(local_date: datetime.date) -> datetime.date:
    """The month before the running one."""
    return month_add(month_start(local_date), -1)


def looks_back(run: NightlyRun) -> bool:
    """A run as of an earlier month than is closed by now forecasts as then; it books and measures nothing."""
    return run.as_of != last_closed_month(run.local_date)


def due_date(*, now: datetime.datetime, at: datetime.time, zone: ZoneInfo) -> datetime.date | None:
    """The local date whose run is due at this moment, or ``None`` before its time.

    A wall-clock time that does not exist that day (the clock springs forward) is the moment it would have
    been, one that exists twice is its first. Only today's run is ever due: nights missed are not made up for,
    since one run does all their work.
    """
    local_date = now.astimezone(zone).date()
    due = datetime.datetime.combine(local_date, at, tzinfo=zone).astimezone(datetime.UTC)
    return local_date if now >= due else None


def night_tick(*, now: datetime.datetime | None = None) -> NightlyRun | None:
    """Start the run of this local date if it is due and not there; give every running run a push.

    Called every minute, by any number of clocks at once. Returns the run it started.
    """
    organisation = organisation_get()
    now = now or timezone.now()
    local_date = due_date(now=now, at=organisation.nightly_at, zone=ZoneInfo(organisation.time_zone))
    started = None
    scheduled = NightlyRun.objects.filter(kind=NightlyRun.Kind.SCHEDULED)
    if local_date is not None and not scheduled.filter(local_date=local_date).exists():
        started = night_start(kind=NightlyRun.Kind.SCHEDULED, local_date=local_date)
    for run_id in NightlyRun.objects.filter(state=NightlyRun.State.RUNNING).values_list("pk", flat=True):
        try:
            night_advance(run_id=run_id)
        except Exception:
            logger.exception("run %s could not be advanced", run_id)
    return started


@transaction.atomic
def night_start(
    *,
    kind: str = NightlyRun.Kind.MANUAL,
    as_of: datetime.date | None = None,
    scope: Iterable[int] | None = None,
    requested_by: Any = None,
    local_date: datetime.date | None = None,
    only: Collection[str] | None = None,
) -> NightlyRun:
    """A run with its steps; its first chunks follow in a worker, or at the next tick.

    ``as_of`` is the last month it may know, the last closed one unless told; ``scope`` limits it to these
    product ids, ``only`` to these steps. The scheduled run of a date exists once: asked for again, that one
    is returned. Raises :class:`DomainError` for a month that is not closed.
    """
    local_date = local_date or today()
    closed = last_closed_month(local_date)
    if as_of is not None and month_start(as_of) > closed:
        raise DomainError("month_not_closed", _("That month is not over yet."), "as_of")
    scheduled = kind == NightlyRun.Kind.SCHEDULED
    run, created = NightlyRun.objects.get_or_create(
        key=f"night:{local_date}" if scheduled else f"{kind}:{uuid.uuid4()}",
        defaults={
            "kind": kind,
            "local_date": local_date,
            "as_of": month_start(as_of) if as_of else closed,
            "scope": sorted(scope) if scope is not None else None,
            "requested_by": requested_by,
            "started_at": timezone.now(),
        },
    )
    if created:
        NightlyStep.objects.bulk_create(
            NightlyStep(run=run, name=step.key, position=position)
            for position, step in enumerate(steps_in_order())
            if only is None or step.key in only
        )
        job_enqueue(
            kind=OPEN,
            key=f"{run_group(run.pk)}open",
            group=f"{run_group(run.pk)}open",
            payload={"run": run.pk},
            queue=QUEUE,
            priority=PRIORITY[NightlyRun.Kind(kind)],
        )
    return run


def steps_in_order() -> list[registries.NightlyStep]:
    """The registered steps, each behind those it names; one of a room that is missing is not waited for."""
    waiting = list(registries.nightly_steps)
    known = {step.key for step in waiting}
    done: list[registries.NightlyStep] = []
    while waiting:
        ready = next(
            (s for s in waiting if {a for a in s.after if a in known} <= {d.key for d in done}), None
        )
        if ready is None:
            raise ValueError(f"steps of the night wait for each other: {[s.key for s in waiting]}")
        waiting.remove(ready)
        done.append(ready)
    return done


# Asked behind each chunk: written out, as Django takes ten times as long to put a statement together.
_LOCKED = "SELECT * FROM forecasting_nightlyrun WHERE id = %s AND state = 'running' FOR NO KEY UPDATE"
_TO_DO = "SELECT * FROM forecasting_nightlystep WHERE run_id = %s AND state <> 'done' ORDER BY position"


@transaction.atomic
def night_advance(*, run_id: int) -> None:
    """Close the step whose chunks are all final, open the next, close the run behind the last.

    The run's row is locked, so of many callers one moves it and the others find it moved.
    """
    run = next(iter(NightlyRun.objects.raw(_LOCKED, [run_id])), None)
    if run is None:
        return
    for step in NightlyStep.objects.raw(_TO_DO, [run_id]):
        if step.state == NightlyStep.State.WAITING:
            if not _step_open(run, step) or step.state == NightlyStep.State.RUNNING:
                return
        elif not _step_close(run, step):
            return
        else:
            passing("night.between_steps")
    run.state = NightlyRun.State.DONE
    run.finished_at = timezone.now()
    run.save(update_fields=["state", "finished_at"])


def _step_open(run: NightlyRun, step: NightlyStep) -> bool:
    """Cut the step's work into jobs; without any it is done. ``False`` when that is impossible: the run has
    then failed."""
    payloads: list[Mapping[str, Any]] = []
    if step.name in registries.nightly_steps:
        try:
            payloads = list(registries.nightly_steps.get(step.name).chunks(run))
        except Error:
            raise
        except Exception:
            logger.exception("step %s of run %s could not be cut into chunks", step.name, run.pk)
            _run_fail(run, f"step_broken:{step.name}")
            return False
    group = step_group(run.pk, step.name)
    chunks = [
        (f"{group}:{number}", {"run": run.pk, "step": step.name, **payload})
        for number, payload in enumerate(payloads)
    ]
    subjects = [len(subjects_of(payload)) for _key, payload in chunks]
    jobs_enqueue_many(
        kind=CHUNK,
        group=group,
        queue=QUEUE,
        jobs=chunks,
        # Products and families are counted; only a step about none of them counts its chunks.
        totals=subjects if any(subjects) else [1] * len(chunks),
        priority=PRIORITY[NightlyRun.Kind(run.kind)],
    )
    step.started_at = timezone.now()
    step.state = NightlyStep.State.RUNNING
    if not chunks:
        step.state, step.finished_at = NightlyStep.State.DONE, step.started_at
    step.save(update_fields=["state", "started_at", "finished_at"])
    return True


_CLOSE = """
    UPDATE forecasting_nightlystep step
    SET state = 'done', finished_at = %(now)s, computed = said.computed, skipped = said.skipped,
        failed = (SELECT count(*) FROM forecasting_nightlyfailure f
                  WHERE f.run_id = step.run_id AND f.step = step.name)
    FROM (SELECT coalesce(sum((result ->> 'computed')::int), 0) AS computed,
                 coalesce(sum((result ->> 'skipped')::int), 0) AS skipped,
                 count(*) FILTER (WHERE state <> ALL(%(final)s)) AS waiting
          FROM core_job WHERE "group" = %(group)s) said
    WHERE step.id = %(step)s AND said.waiting = 0
"""


def _step_close(run: NightlyRun, step: NightlyStep) -> bool:
    """The step's totals are those of its chunks; ``False`` while some are not final."""
    with connection.cursor() as cursor:
        cursor.execute(
            _CLOSE,
            {
                "step": step.pk,
                "group": step_group(run.pk, step.name),
                "final": list(Job.FINAL),
                "now": timezone.now(),
            },
        )
        return bool(cursor.rowcount)


def _run_fail(run: NightlyRun, code: str) -> None:
    run.state, run.error_code, run.finished_at = NightlyRun.State.FAILED, code, timezone.now()
    run.save(update_fields=["state", "error_code", "finished_at"])


def subjects_of(payload: Mapping[str, Any]) -> list[tuple[str, int]]:
    """The products and families a chunk is about, as ``("products", id)``."""
    return [(name, pk) for name in ("products", "families") for pk in payload.get(name) or ()]
