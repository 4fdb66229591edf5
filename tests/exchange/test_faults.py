"""Twice, at once, killed, out of order: nothing lost, nothing double."""

from __future__ import annotations

import os
import signal
import threading
import traceback
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from accounts.errors import DomainError
from core import failpoints, jobs
from core.models import Job
from exchange.doctor import import_problems
from exchange.models import Import
from exchange.selectors import import_later, import_repeated
from exchange.services import imports
from tests.factories import user_factory

from .conftest import PLAIN
from .fake import facts

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def user(fake: Any) -> Any:
    return user_factory()


@pytest.fixture
def applied(start: Any, work: Any, user: Any) -> Any:
    """`applied(content)` brings a file in to the end."""

    def bring(content: str = PLAIN) -> Import:
        row = ready(start, work, user, content)
        imports.import_apply(row=row, user=user)
        work()
        row.refresh_from_db()
        assert row.state == "applied"
        return row

    return bring


def ready(start: Any, work: Any, user: Any, content: str = PLAIN) -> Import:
    row = start(user, content)
    work()
    row.refresh_from_db()
    assert row.state == "ready"
    return row


def test_applying_at_once_from_many_sides_applies_once(start: Any, work: Any, user: Any) -> None:
    row = ready(start, work, user)
    barrier, answers = threading.Barrier(8), []

    def press() -> None:
        barrier.wait()
        try:
            mine = imports.import_apply(row=Import.objects.get(pk=row.pk), user=user)
            answers.append(mine.state)
        finally:
            connection.close()

    threads = [threading.Thread(target=press) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == ["applying"] * 8
    assert Job.objects.filter(kind="exchange.apply").count() == 1
    work()
    assert len(facts()) == 2
    imports.import_apply(row=row, user=user)
    assert Job.objects.filter(kind="exchange.apply").count() == 1


def test_the_same_file_twice_changes_nothing(applied: Any) -> None:
    first = applied()
    before = facts()
    second = applied()
    assert first.counts == {"new": 2, "changed": 0, "unchanged": 0, "refused": 0}
    assert second.counts == {"new": 0, "changed": 0, "unchanged": 2, "refused": 0}
    assert facts() == before


def test_undo_goes_newest_first_and_names_the_later_one(applied: Any, work: Any, user: Any) -> None:
    first = applied()
    between = facts()
    second = applied(PLAIN.replace(",10,", ",11,"))
    after = facts()
    with pytest.raises(DomainError) as refused:
        imports.import_undo(row=first, user=user)
    assert refused.value.code == "undo_newest_first"
    assert refused.value.details == {"later": second.pk, "file": "figures.csv"}
    assert facts() == after
    imports.import_undo(row=second, user=user)
    work()
    assert facts() == between
    imports.import_undo(row=first, user=user)
    work()
    assert facts() == []


def test_a_later_import_without_effect_does_not_bar_the_undo(applied: Any, work: Any, user: Any) -> None:
    first = applied()
    again = applied()
    assert (import_later(first), import_repeated(first)) == (None, again)
    imports.import_undo(row=first, user=user)
    work()
    assert facts() == []


def test_one_without_effect_on_top_of_one_with_it_hides_neither(applied: Any, user: Any) -> None:
    first = applied()
    changed = applied(PLAIN.replace(",10,", ",11,"))
    assert import_repeated(first) is None
    repeated = applied(PLAIN.replace(",10,", ",11,"))
    assert (import_later(first), import_repeated(changed)) == (changed, repeated)
    with pytest.raises(DomainError) as refused:
        imports.import_undo(row=first, user=user)
    assert refused.value.details["later"] == changed.pk


def test_an_undo_that_fails_leaves_it_applied_with_the_reason(applied: Any, work: Any, user: Any) -> None:
    row = applied(PLAIN.replace(",A,", ",stuck,"))
    imports.import_undo(row=row, user=user)
    work()
    row.refresh_from_db()
    assert (row.state, row.error_code) == ("applied", "stuck")
    assert len(facts()) == 2


@pytest.mark.parametrize("point", ["exchange.before_write", "exchange.after_write", "job.before_finish"])
def test_a_worker_killed_in_the_middle_leaves_nothing_and_the_next_does_it_all(
    start: Any, work: Any, user: Any, point: str
) -> None:
    row = ready(start, work, user)
    imports.import_apply(row=row, user=user)
    assert _killed_worker(point) == signal.SIGKILL
    assert facts() == []
    row.refresh_from_db()
    assert row.state == "applying"
    Job.objects.filter(state="running").update(lease_until=timezone.now())
    assert jobs.sweep()["requeued"] == 1
    work()
    row.refresh_from_db()
    assert (row.state, row.counts["new"], len(facts())) == ("applied", 2, 2)


def test_a_worker_killed_after_the_write_has_written_it_all_once(start: Any, work: Any, user: Any) -> None:
    row = ready(start, work, user)
    imports.import_apply(row=row, user=user)
    assert _killed_worker("exchange.applied") == signal.SIGKILL
    row.refresh_from_db()
    assert (row.state, len(facts())) == ("applied", 2)
    work()
    assert len(facts()) == 2


@pytest.mark.parametrize("moment", ["waiting", "before_write", "after_write"])
def test_a_stopped_apply_writes_nothing_and_can_be_applied_again(
    fake: Any, start: Any, work: Any, user: Any, monkeypatch: Any, moment: str
) -> None:
    row = ready(start, work, user)
    imports.import_apply(row=row, user=user)
    if moment == "waiting":
        imports.import_stop(row=row, user=user)
    else:
        _stop_in_the_middle(monkeypatch, fake, "check" if moment == "before_write" else "apply", row, user)
    work()
    row.refresh_from_db()
    assert (row.state, row.error_code, row.applied_by, facts()) == ("ready", "stopped", None, [])
    assert Job.objects.get(kind="exchange.apply").state == "cancelled"
    assert list(import_problems()) == []

    monkeypatch.undo()
    imports.import_apply(row=row, user=user)
    assert (row.state, row.error_code) == ("applying", "")
    work()
    row.refresh_from_db()
    assert (row.state, len(facts())) == ("applied", 2)


def test_a_stop_ends_the_work_before_it_writes(
    fake: Any, start: Any, work: Any, user: Any, monkeypatch: Any
) -> None:
    row = ready(start, work, user)
    imports.import_apply(row=row, user=user)
    _stop_in_the_middle(monkeypatch, fake, "check", row, user)
    written: list[int] = []
    monkeypatch.setattr(fake, "apply", lambda cursor, import_id, options: written.append(import_id))
    work()
    assert written == []


def test_a_stopped_check_and_a_stopped_undo(applied: Any, start: Any, work: Any, user: Any) -> None:
    row = start(user)
    imports.import_stop(row=row, user=user)
    work()
    row.refresh_from_db()
    assert (row.state, row.error_code) == ("failed", "stopped")

    done = applied()
    imports.import_undo(row=done, user=user)
    imports.import_stop(row=done, user=user)
    work()
    done.refresh_from_db()
    assert (done.state, done.error_code, done.undone_by, len(facts())) == ("applied", "stopped", None, 2)


def test_a_check_that_goes_on_by_itself_just_then_is_stopped_too(
    start: Any, work: Any, user: Any, monkeypatch: Any
) -> None:
    row = start(user, options={"meaning": "net", "apply_when_clean": True})
    cancel = imports.jobs_cancel

    def check_first(**group: Any) -> int:
        job = jobs.job_claim("short")
        assert job is not None
        jobs.job_run(job)
        return cancel(**group)

    monkeypatch.setattr(imports, "jobs_cancel", check_first)
    imports.import_stop(row=row, user=user)
    work()
    row.refresh_from_db()
    assert (row.state, row.error_code, facts()) == ("ready", "stopped", [])
    assert list(import_problems()) == []


def test_who_stops_too_late_finds_it_done(applied: Any, user: Any) -> None:
    row = applied()
    stale = Import.objects.get(pk=row.pk)
    stale.state = "applying"
    assert imports.import_stop(row=stale, user=user).state == "applied"
    row.refresh_from_db()
    assert (row.state, row.error_code, len(facts())) == ("applied", "", 2)


def _stop_in_the_middle(monkeypatch: Any, fake: Any, method: str, row: Import, user: Any) -> None:
    """Somebody presses Stop, from elsewhere, while the sheet's method is at work."""
    original = getattr(fake, method)

    def stop() -> None:
        try:
            imports.import_stop(row=Import.objects.get(pk=row.pk), user=user)
        finally:
            connection.close()

    def stopped(*given: Any) -> Any:
        found = original(*given)
        thread = threading.Thread(target=stop)
        thread.start()
        thread.join()
        return found

    monkeypatch.setattr(fake, method, stopped)


def _killed_worker(point: str) -> int:
    """Do the next job in a process of its own that dies at the fail-point; the signal that ended it.

    Forked from a fresh thread, which has no connection to inherit: the session of a connection that two
    processes hold outlives the one that is killed, with its locks.
    """
    with ThreadPoolExecutor(max_workers=1) as pool:
        status = pool.submit(_fork_and_wait, point).result()
    return os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0


def _fork_and_wait(point: str) -> int:
    child = os.fork()
    if child == 0:
        try:
            os.environ["PMTOOL_FAILPOINT"] = f"{point}:kill"
            failpoints._passed.clear()
            job = jobs.job_claim("short")
            assert job is not None
            jobs.job_run(job)
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(0)  # whatever happened: never on into the tests that follow
    _pid, status = os.waitpid(child, 0)
    return status


def test_data_that_changed_after_the_preview_is_checked_again(
    fake: Any, start: Any, work: Any, user: Any, monkeypatch: Any
) -> None:
    row = ready(start, work, user)
    imports.import_apply(row=row, user=user)
    for _ in range(imports.RUNNING_LIMIT):  # what goes on by itself is no other import of the person
        Import.objects.create(state="checking", created_by=user, file_size=1)

    def check(cursor: Any, options: Any, user: Any) -> None:
        cursor.execute("INSERT INTO refused (line, code) VALUES (3, 'unknown_code')")

    monkeypatch.setattr(fake, "check", check)
    work()
    row.refresh_from_db()
    assert (row.state, row.counts["refused"]) == ("ready", 1)
    assert facts() == []


def test_nothing_is_kept_of_an_upload_whose_transaction_fails(
    fake: Any, start: Any, user: Any, monkeypatch: Any, settings: Any
) -> None:
    def broken(**_given: Any) -> None:
        raise RuntimeError("no queue")

    monkeypatch.setattr(imports, "job_enqueue", broken)
    with pytest.raises(RuntimeError):
        start(user)
    assert not Import.objects.exists()
    assert [path for path in settings.MEDIA_ROOT.rglob("*") if path.is_file()] == []


def test_a_state_moved_by_somebody_else_is_not_written_over(start: Any, work: Any, user: Any) -> None:
    row = ready(start, work, user)
    imports.import_apply(row=row, user=user)
    with transaction.atomic():
        Import.objects.filter(pk=row.pk).update(state="discarded")
    work()
    assert facts() == []
    with pytest.raises(DomainError) as refused:
        imports.import_configure(row=row, user=user, options={}, mapping={})
    assert refused.value.code == "not_now"
