"""Jobs with leases: claimed by one, done once, put back when their worker is gone."""

from __future__ import annotations

import datetime
import threading
import time
import uuid
from unittest.mock import patch

import pytest
from django.contrib.sessions.models import Session
from django.db import connection
from django.utils import timezone

from accounts.errors import DomainError
from core import jobs
from core.idempotency import once
from core.jobs import LeaseLost, job_claim, job_enqueue, job_run, jobs_cancel, jobs_enqueue_many, sweep
from core.lookups import many
from core.models import IdempotencyKey, Job
from core.registries import JobKind, job_kinds
from core.tasks import purge, work
from tests.factories import user_factory

pytestmark = pytest.mark.django_db

LONG_AGO = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
ONE_DAY = datetime.timedelta(days=1)


class Work:
    """A kind of job whose runs are counted and whose body a test chooses."""

    def __init__(self) -> None:
        self.ran: list[int] = []
        self.failed: list[str] = []
        self.body = lambda context: {"done": True}

    def run(self, context):
        self.ran.append(context.job.pk)
        return self.body(context)

    def give_up(self, job):
        self.failed.append(job.error_code)


@pytest.fixture
def kind(monkeypatch):
    found = Work()
    entry = JobKind("test.work", run=found.run, failed=found.give_up, label="work", lease_seconds=60)
    monkeypatch.setitem(job_kinds._entries, "test.work", entry)
    return found


def enqueue(key: str = "a", **options) -> Job:
    return job_enqueue(kind="test.work", key=key, **options)


def expire(job: Job) -> None:
    Job.objects.filter(pk=job.pk).update(lease_until=LONG_AGO)


def test_the_same_key_is_one_job(kind):
    first = enqueue(payload={"n": 1})
    assert enqueue(payload={"n": 2}) == first
    assert Job.objects.get().payload == {"n": 1}
    jobs_enqueue_many(kind="test.work", group="g", queue="short", jobs=[("a", {}), ("b", {})])
    assert Job.objects.count() == 2


def test_an_unknown_kind_is_refused(kind):
    with pytest.raises(LookupError):
        job_enqueue(kind="no.such", key="a")
    assert not Job.objects.exists()


def test_the_most_urgent_then_the_oldest_comes_first(kind):
    enqueue("old")
    enqueue("urgent", priority=5)
    enqueue("later", run_after=timezone.now() + datetime.timedelta(hours=1))
    enqueue("elsewhere", queue="night")
    assert [job_claim("short").key for _ in range(2)] == ["urgent", "old"]
    assert job_claim("short") is None


def test_of_many_keys_those_that_are_there_are_found(kind):
    keys = ["a,b", 'c"d', "e\\f", "{g}", ""]
    for key in [*keys[:3], "other"]:
        enqueue(key)
    found = Job.objects.filter(key__any=many(keys)).order_by("id").values_list("key", "pk")
    assert [key for key, _pk in found] == keys[:3]
    assert Job.objects.filter(pk__any=[pk for _key, pk in found]).count() == 3
    assert not Job.objects.filter(pk__any=[]).exists()


def test_a_job_of_a_kind_that_is_gone_does_not_block_its_queue(kind):
    Job.objects.create(kind="gone.room", key="gone")
    enqueue("next")
    assert job_claim("short").key == "next"
    assert Job.objects.get(key="gone").error_code == "unknown_kind"


def test_done_with_its_result(kind):
    job = enqueue()
    job_run(job_claim("short"))
    job.refresh_from_db()
    assert (job.state, job.result, job.token, job.lease_until) == ("done", {"done": True}, None, None)


def test_a_message_delivered_thrice_does_it_once(kind):
    enqueue()
    with patch.object(jobs, "wake_on_commit"):
        for _ in range(3):
            work("short")
    assert len(kind.ran) == 1


def test_the_effect_and_the_end_are_one(kind):
    def body(context):
        with context.effect():
            Job.objects.create(kind="test.work", key="effect", queue="exports")
            raise RuntimeError("in the middle")

    kind.body = body
    job = enqueue()
    job_run(job_claim("short"))
    job.refresh_from_db()
    assert (job.state, job.error_code) == ("queued", "crashed")
    assert not Job.objects.filter(key="effect").exists()


def test_a_worker_that_lost_its_lease_writes_nothing(kind):
    def body(context):
        Job.objects.filter(pk=context.job.pk).update(token=uuid.uuid4())
        with context.effect():
            Job.objects.create(kind="test.work", key="effect", queue="exports")

    kind.body = body
    job = enqueue()
    job_run(job_claim("short"))
    job.refresh_from_db()
    assert job.state == "running"
    assert not Job.objects.filter(key="effect").exists()


def test_a_job_stopped_while_it_runs_writes_nothing_and_is_not_tried_again(kind):
    def body(context):
        context.check()
        assert jobs_cancel(group="stop me") == 1
        with pytest.raises(LeaseLost):
            context.check()
        with pytest.raises(LeaseLost):
            context.progress(1, 2)
        with context.effect():
            Job.objects.create(kind="test.work", key="effect", queue="exports")

    kind.body = body
    job, other = enqueue(group="stop me"), enqueue("other", run_after=timezone.now() + ONE_DAY)
    job_run(job_claim("short"))
    job.refresh_from_db()
    other.refresh_from_db()
    assert (job.state, other.state, kind.failed) == ("cancelled", "queued", [])
    assert not Job.objects.filter(key="effect").exists()
    assert jobs_cancel(group="stop me") == 0
    assert job_claim("short") is None


def test_a_crash_is_tried_three_times_then_given_up_once(kind, monkeypatch):
    monkeypatch.setattr(jobs, "RETRY_AFTER", datetime.timedelta(0))

    def body(context):
        raise ValueError("odd")

    kind.body = body
    job = enqueue()
    for _ in range(5):
        claimed = job_claim("short")
        if claimed:
            job_run(claimed)
    job.refresh_from_db()
    assert (job.state, job.attempts, job.error_code) == ("failed", 3, "crashed")
    assert job.error_params == {"type": "ValueError", "message": "odd"}
    assert kind.failed == ["crashed"]


def test_a_refusal_is_not_tried_again(kind):
    def body(context):
        raise DomainError("not_allowed", "No.", details={"why": "rule"})

    kind.body = body
    job = enqueue()
    job_run(job_claim("short"))
    job.refresh_from_db()
    assert (job.state, job.attempts, job.error_code) == ("failed", 1, "not_allowed")
    assert job.error_params == {"why": "rule", "message": "No."}


def test_the_sweeper_puts_back_what_a_dead_worker_left_and_gives_up_in_the_end(kind):
    job = enqueue()
    for attempt in range(1, 4):
        assert job_claim("short").attempts == attempt
        assert sweep() == {"requeued": 0, "given_up": 0}
        expire(job)
        sweep()
    job.refresh_from_db()
    assert (job.state, job.error_code, job.error_params) == ("failed", "worker_died", {"attempts": 3})
    assert kind.failed == ["worker_died"]


def test_the_sweeper_leaves_a_lease_that_was_renewed_a_moment_ago(kind):
    job = enqueue()
    for _ in range(3):
        job_claim("short")
        Job.objects.filter(pk=job.pk).update(state="queued", token=None, lease_until=None, attempts=2)
    job_claim("short")
    expire(job)
    really = jobs._give_up

    def renewed_first(found, *args, **options):
        Job.objects.filter(pk=job.pk).update(lease_until=timezone.now() + datetime.timedelta(minutes=1))
        return really(found, *args, **options)

    with patch.object(jobs, "_give_up", renewed_first):
        assert sweep() == {"requeued": 0, "given_up": 0}
    job.refresh_from_db()
    assert job.state == "running"


def test_one_job_that_cannot_be_swept_does_not_stop_the_others(kind):
    def broken(job):
        raise RuntimeError("its kind breaks")

    for key in ("a", "b"):
        enqueue(key, max_attempts=1)
    for job in (job_claim("short"), job_claim("short")):
        expire(job)
    with patch.object(kind, "give_up", broken):
        entry = JobKind("test.work", run=kind.run, failed=broken, label="work")
        job_kinds._entries["test.work"] = entry
        assert sweep()["given_up"] == 0
    job_kinds._entries["test.work"] = JobKind("test.work", run=kind.run, failed=kind.give_up, label="work")
    assert sweep()["given_up"] == 2


def test_the_sweeper_wakes_workers_for_what_waits(kind):
    enqueue("a")
    enqueue("b", queue="night")
    with patch.object(jobs, "wake_on_commit") as wake:
        sweep()
    assert sorted(call.args[0] for call in wake.call_args_list) == ["night", "short"]


def test_a_dead_broker_does_not_fail_what_was_asked(kind, django_capture_on_commit_callbacks):
    with (
        patch("core.tasks.work.apply_async", side_effect=OSError("no broker")),
        django_capture_on_commit_callbacks(execute=True),
    ):
        enqueue()
    assert Job.objects.get().state == "queued"


def test_jobs_that_were_over_long_ago_go(kind, monkeypatch):
    monkeypatch.setattr(jobs, "PURGED_AT_ONCE", 2)
    for number in range(5):
        enqueue(f"old {number}")
    recent, waiting = enqueue("recent"), enqueue("waiting", run_after=timezone.now() + ONE_DAY)
    half, other_half = enqueue("half", group="night"), enqueue("other half", group="night")
    while job := job_claim("short"):
        job_run(job)
    over = timezone.now() - jobs.KEPT - ONE_DAY
    Job.objects.exclude(pk__in=[recent.pk, waiting.pk]).update(created_at=over, finished_at=over)
    Job.objects.filter(pk=waiting.pk).update(created_at=over)
    Job.objects.filter(pk=recent.pk).update(finished_at=over + 2 * ONE_DAY)
    Job.objects.filter(pk=other_half.pk).update(state="queued", finished_at=None)

    purge()
    assert set(Job.objects.all()) == {recent, waiting, half, other_half}
    Job.objects.filter(pk=other_half.pk).update(state="done", finished_at=over)
    assert jobs.jobs_purge() == 2


def test_answers_of_long_ago_and_sessions_that_ended_go_too():
    user, at = user_factory(), timezone.now()
    for key, before in (("old", jobs.KEPT + ONE_DAY), ("kept", jobs.KEPT - ONE_DAY)):
        once(user, "test", key, lambda: 1)
        IdempotencyKey.objects.filter(key=key).update(created_at=at - before)
        Session.objects.create(session_key=key, expire_date=at + ONE_DAY * (-1 if key == "old" else 1))
    purge()
    assert IdempotencyKey.objects.get().key == Session.objects.get().session_key == "kept"


@pytest.mark.django_db(transaction=True)
def test_many_workers_at_once_do_each_job_once(kind, settings):
    settings.JOB_LEASE_SECONDS = 0.6
    jobs_enqueue_many(
        kind="test.work", group="g", queue="short", jobs=[(f"k{n}", {}) for n in range(12)], totals=[1] * 12
    )
    kind.body = lambda context: time.sleep(0.02)

    def worker() -> None:
        while (job := job_claim("short")) is not None:
            job_run(job)
        connection.close()

    threads = [threading.Thread(target=worker) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(kind.ran) == sorted(Job.objects.values_list("pk", flat=True))
    assert set(Job.objects.values_list("state", "attempts", "progress_done")) == {("done", 1, 1)}


@pytest.mark.django_db(transaction=True)
def test_the_heartbeat_keeps_the_lease_of_long_work(kind, settings):
    settings.JOB_LEASE_SECONDS = 0.6

    def body(context):
        time.sleep(1.5)
        assert sweep() == {"requeued": 0, "given_up": 0}

    kind.body = body
    job = enqueue()
    job_run(job_claim("short"))
    job.refresh_from_db()
    assert (job.state, job.attempts) == ("done", 1)
