"""Jobs with leases: the row in the database is the truth, the broker only wakes workers.

``job_enqueue`` writes the row and wakes a worker on commit. A worker claims the best queued row of its queue
by one conditional update, works outside a transaction while a thread renews the lease, and writes the effect
and the final state in one transaction that holds only where the lease token is still its own. ``sweep`` puts
expired leases back and wakes workers for what waits, so that a lost message or a dead worker costs time,
never work. A message delivered twice finds nothing to claim.
"""

from __future__ import annotations

import datetime
import json
import logging
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.db import Error, connection, transaction
from django.db.models import Q
from django.utils import timezone

from accounts.errors import DomainError

from . import registries
from .failpoints import passing
from .models import Heartbeat, Job
from .organisation import organisation_forget

logger = logging.getLogger(__name__)

RETRY_AFTER = datetime.timedelta(seconds=5)
WAKES = 8
WORKER_SEEN, WORKER_SILENT = datetime.timedelta(minutes=1), datetime.timedelta(minutes=2)
"""A worker tells of itself every 30 s; where all are busy it may skip one or two."""
PURGED_AT_ONCE = 5000
KEPT = datetime.timedelta(days=90)
"""How long a job that is over can be looked up; what it did is kept by the room it worked for."""


def lease_seconds(kind: registries.JobKind) -> float:
    """How long a silent worker keeps a job of this kind; ``JOB_LEASE_SECONDS`` overrides all (tests)."""
    return float(getattr(settings, "JOB_LEASE_SECONDS", None) or kind.lease_seconds)


class LeaseLost(Exception):
    """Another worker has the job now, or somebody stopped it: what this one did is dropped."""


class RetryLater(Exception):
    """The work cannot be done now for a reason outside; try again after this time. Counts as an attempt."""

    def __init__(self, reason: str, after: datetime.timedelta) -> None:
        super().__init__(reason)
        self.after = after


def job_enqueue(
    *,
    kind: str,
    key: str,
    payload: Mapping[str, Any] | None = None,
    queue: str = "short",
    group: str = "",
    priority: int = 0,
    created_by: Any = None,
    run_after: datetime.datetime | None = None,
    max_attempts: int = 3,
) -> Job:
    """The job with this key, made now unless it exists. Wakes a worker after the transaction commits."""
    registries.job_kinds.get(kind)
    job, created = Job.objects.get_or_create(
        key=key,
        defaults={
            "kind": kind,
            "payload": dict(payload or {}),
            "queue": queue,
            "group": group,
            "priority": priority,
            "created_by": created_by,
            "run_after": run_after,
            "max_attempts": max_attempts,
        },
    )
    if created and run_after is None:
        wake_on_commit(queue)
    return job


def jobs_enqueue_many(
    *,
    kind: str,
    group: str,
    queue: str,
    jobs: Sequence[tuple[str, Mapping[str, Any]]],
    totals: Sequence[int] | None = None,
    priority: int = 0,
) -> int:
    """Many jobs of one group as ``(key, payload)``; keys that exist are left as they are. Returns how many.

    ``totals`` says how much work each holds, so that progress can be told before a worker has opened it.
    """
    registries.job_kinds.get(kind)
    rows = [
        Job(
            kind=kind,
            group=group,
            queue=queue,
            key=key,
            payload=dict(payload),
            progress_total=total,
            priority=priority,
        )
        for (key, payload), total in zip(jobs, totals or [0] * len(jobs), strict=True)
    ]
    Job.objects.bulk_create(rows, ignore_conflicts=True, batch_size=1000)
    if rows:
        wake_on_commit(queue, count=min(len(rows), WAKES))
    return len(rows)


def wake_on_commit(queue: str, count: int = 1) -> None:
    """Tell the broker after the commit; a dead broker is logged and left to the sweeper."""

    def wake() -> None:
        from .tasks import work

        try:
            for _ in range(count):
                work.apply_async(args=[queue], queue=queue)
        except Exception as error:
            logger.warning("broker did not take a wake for %s: %s", queue, error)

    transaction.on_commit(wake)


def claimable(now: datetime.datetime) -> Q:
    """Waiting, and its time has come."""
    return Q(state=Job.State.QUEUED) & (Q(run_after=None) | Q(run_after__lte=now))


_CLAIM = """
    UPDATE core_job SET state = 'running', token = %(token)s, attempts = attempts + 1,
        lease_until = %(now)s + make_interval(secs => coalesce((%(leases)s::jsonb ->> kind)::float8, 0)),
        started_at = coalesce(started_at, %(now)s)
    WHERE id = (
        SELECT id FROM core_job
        WHERE state = 'queued' AND (run_after IS NULL OR run_after <= %(now)s) AND queue = %(queue)s
            AND starts_with("group", %(prefix)s)
        ORDER BY priority DESC, id LIMIT 1 FOR UPDATE SKIP LOCKED
    )
    RETURNING *
"""


def job_claim(queue: str, *, group_prefix: str = "") -> Job | None:
    """Take the best waiting job of the queue: highest priority, then oldest. ``None`` when there is none.

    ``group_prefix`` limits it to jobs whose group starts so. A job of a kind that no room knows (any more)
    fails here, so that it does not stand in the way of the others.
    """
    leases = {kind.key: lease_seconds(kind) for kind in registries.job_kinds}
    while True:
        values = {
            "queue": queue,
            "prefix": group_prefix,
            "token": uuid.uuid4(),
            "now": timezone.now(),
            "leases": json.dumps(leases),
        }
        job = next(iter(Job.objects.raw(_CLAIM, values)), None)
        if job is None or job.kind in leases:
            return job
        _give_up(job, "unknown_kind", {"kind": job.kind})


def jobs_cancel(*, group: str) -> int:
    """Take the group's waiting and running jobs out of work; how many, 0 when all had come to their end.

    A worker that has one notices when it next says how far it is, at the latest when it wants to write: its
    effect holds only with a lease that is still its own. Waits for a worker that is about to finish.
    """
    return (
        Job.objects.filter(group=group)
        .exclude(state__in=Job.FINAL)
        .update(state=Job.State.CANCELLED, token=None, lease_until=None, finished_at=timezone.now())
    )


def worker_alive(within: datetime.timedelta = WORKER_SEEN) -> bool:
    """A worker did a heartbeat job a moment ago. One query."""
    return Heartbeat.objects.filter(name="worker", beat_at__gte=timezone.now() - within).exists()


def job_stalled(job: Job) -> str:
    """Why nobody is at a job that is not over: ``no_worker`` where none tells of itself, ``worker_died``
    where the one that had it is silent, ``crashed`` where it went wrong and is tried again; empty where it
    only waits, or is at work. At most one query."""
    is_leased = job.lease_until is not None and job.lease_until > timezone.now()
    if job.is_final or is_leased:
        return ""
    if not worker_alive(WORKER_SILENT):
        return "no_worker"
    if job.state == Job.State.RUNNING:
        return "worker_died"
    return job.error_code


_MINE = "WHERE id = %(id)s AND state = 'running' AND token = %(token)s"
_HOLD = f"SELECT FROM core_job {_MINE} FOR UPDATE"
_FINISH = f"""
    UPDATE core_job SET state = 'done', result = nullif(%(result)s::jsonb, 'null'), token = NULL,
        lease_until = NULL, finished_at = %(now)s, progress_done = progress_total
    {_MINE}
"""  # noqa: S608


class JobContext:
    """What a handler gets: the job, its progress, and the one transaction that writes its effect."""

    def __init__(self, job: Job, lease: float) -> None:
        self.job = job
        self.payload: dict[str, Any] = job.payload
        self.finished = False
        self._token = job.token
        self._lease = datetime.timedelta(seconds=lease)

    def _mine(self) -> Any:
        return Job.objects.filter(pk=self.job.pk, state=Job.State.RUNNING, token=self._token)

    def beat(self) -> bool:
        """Renew the lease; ``False`` when it is no longer ours."""
        return bool(self._mine().update(lease_until=timezone.now() + self._lease))

    def check(self) -> None:
        """Raises :class:`LeaseLost` when the job is no longer ours: the rest of the work would be in vain."""
        if not self._mine().exists():
            raise LeaseLost(self.job.key)

    def progress(self, done: int, total: int) -> None:
        """Say how far it is; also renews the lease. Raises :class:`LeaseLost`."""
        changed = self._mine().update(
            progress_done=done, progress_total=total, lease_until=timezone.now() + self._lease
        )
        if not changed:
            raise LeaseLost(self.job.key)

    @contextmanager
    def effect(self, result: Callable[[], Mapping[str, Any] | None] | None = None) -> Iterator[None]:
        """One transaction: what is written inside it and the job's end, or neither.

        The job's row stays locked from the start, so the token that is checked is the one that counts.
        ``result()`` is called at the end for what the job keeps as its result.
        """
        mine = {"id": self.job.pk, "token": self._token}
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_HOLD, mine)
            if not cursor.rowcount:
                raise LeaseLost(self.job.key)
            yield
            passing("job.before_finish")
            said = json.dumps(result() if result else None)
            cursor.execute(_FINISH, {**mine, "result": said, "now": timezone.now()})
            self.finished = True
        passing("job.after_finish")


@contextmanager
def _heartbeat(context: JobContext, every_seconds: float) -> Iterator[None]:
    stop = threading.Event()

    def beat() -> None:
        while not stop.wait(every_seconds):
            try:
                if not context.beat():
                    return
            except Error:
                # The database restarts or is out of reach: the next beat may be in time still.
                logger.warning("heartbeat of job %s missed", context.job.pk, exc_info=True)
                connection.close()
        connection.close()

    thread = threading.Thread(target=beat, name=f"lease-{context.job.pk}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def job_run(job: Job) -> None:
    """Do one claimed job to its end; what goes wrong is kept on the row."""
    kind = registries.job_kinds.get(job.kind)
    lease = lease_seconds(kind)
    context = JobContext(job, lease)
    organisation_forget()
    try:
        passing("job.claimed")
        with _heartbeat(context, lease / 3):
            result = kind.run(context)
        if not context.finished:
            with context.effect(lambda: result):
                pass
    except LeaseLost:
        logger.warning("job %s was stopped, or taken over by another worker", job.pk)
    except DomainError as error:
        _give_up(job, error.code, {**error.details, "message": str(error)})
    except Exception as error:
        after = RETRY_AFTER * job.attempts
        if isinstance(error, RetryLater):
            after = error.after
            logger.warning("job %s cannot be done now: %s", job.pk, error)
        else:
            logger.exception("job %s failed", job.pk)
        params = {"type": type(error).__name__, "message": str(error)[:500]}
        if job.attempts >= job.max_attempts:
            _give_up(job, "crashed", params)
        else:
            Job.objects.filter(pk=job.pk, token=job.token).update(
                state=Job.State.QUEUED,
                token=None,
                lease_until=None,
                run_after=timezone.now() + after,
                error_code="crashed",
                error_params=params,
            )


def _give_up(job: Job, code: str, params: Mapping[str, Any], *, only_expired: bool = False) -> bool:
    """The job has failed: its state and what its kind does about it, in one transaction."""
    now = timezone.now()
    with transaction.atomic():
        mine = Job.objects.filter(pk=job.pk, state=Job.State.RUNNING, token=job.token)
        if only_expired:
            mine = mine.filter(lease_until__lt=now)
        changed = mine.update(
            state=Job.State.FAILED,
            token=None,
            lease_until=None,
            finished_at=now,
            error_code=code,
            error_params=dict(params),
        )
        kind = registries.job_kinds.get(job.kind) if job.kind in registries.job_kinds else None
        if changed and kind is not None and kind.failed is not None:
            job.refresh_from_db()
            kind.failed(job)
    return bool(changed)


def sweep() -> dict[str, int]:
    """Put back what a dead worker left, give up what has had its tries, wake workers for what waits.

    Every change asks again whether the lease has run out: its worker may have renewed it a moment ago.
    """
    now = timezone.now()
    requeued = given_up = 0
    for job in Job.objects.filter(state=Job.State.RUNNING, lease_until__lt=now):
        try:
            if job.attempts >= job.max_attempts:
                given_up += _give_up(job, "worker_died", {"attempts": job.attempts}, only_expired=True)
            else:
                requeued += Job.objects.filter(
                    pk=job.pk, state=Job.State.RUNNING, token=job.token, lease_until__lt=now
                ).update(state=Job.State.QUEUED, token=None, lease_until=None, run_after=None)
        except Exception:
            logger.exception("job %s could not be swept", job.pk)
    for queue in Job.objects.filter(claimable(now)).order_by().values_list("queue", flat=True).distinct():
        wake_on_commit(queue, count=2)
    return {"requeued": requeued, "given_up": given_up}


def jobs_purge() -> int:
    """Delete jobs that have been over for longer than ``KEPT``; how many.

    Where a job of the same group still waits or runs, the group is kept: who counts it has not finished.
    """
    at_work = Job.objects.exclude(state__in=Job.FINAL).exclude(group="").values("group")
    old = Job.objects.filter(finished_at__lt=timezone.now() - KEPT).exclude(group__in=at_work)
    deleted = 0
    while found := list(old.order_by("pk").values_list("pk", flat=True)[:PURGED_AT_ONCE]):
        deleted += Job.objects.filter(pk__in=found).delete()[0]
    return deleted
