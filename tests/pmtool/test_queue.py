"""The queue: bounded when the broker is gone, giving work back when a worker is told to end."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from celery import signals
from django.conf import settings
from django.db import connection, connections
from kombu.exceptions import OperationalError

from core.tasks import work
from forecasting import engine
from pmtool.celery import _one_core_a_process, app
from pmtool.servers import Valkey

ROOT = Path(__file__).parent.parent.parent


def test_settings_that_keep_work_safe() -> None:
    conf = app.conf
    assert conf.task_acks_late
    assert conf.task_reject_on_worker_lost
    assert conf.task_ignore_result
    assert conf.worker_prefetch_multiplier == 1
    assert conf.accept_content == ["json"]
    assert conf.task_time_limit < conf.broker_transport_options["visibility_timeout"] / 1.5
    assert set(conf.task_queues) == {"night", "exports", "short"}


@pytest.mark.django_db
def test_a_workers_statements_run_in_one_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(settings.DATABASES["default"], "OPTIONS", {**connection.settings_dict["OPTIONS"]})
    _one_core_a_process()
    session = connections.create_connection("default")
    with session.cursor() as cursor:
        cursor.execute("SHOW max_parallel_workers_per_gather")
        assert cursor.fetchone() == ("0",)
        cursor.execute("SHOW idle_in_transaction_session_timeout")
        assert cursor.fetchone() == ("10min",)
    session.close()


def test_every_scheduled_task_exists() -> None:
    app.loader.import_default_modules()
    tasks = {entry["task"] for entry in app.conf.beat_schedule.values()}
    assert tasks
    assert tasks <= set(app.tasks)


def test_a_dead_broker_costs_a_request_at_most_a_second(tmp_path: Path) -> None:
    nowhere = Valkey(tmp_path, durable=False).broker_url(0)
    began = time.monotonic()
    with app.connection(nowhere) as connection, pytest.raises(OperationalError):
        work.apply_async(["short"], queue="short", connection=connection)
    assert time.monotonic() - began < 1.0


TASKS = """
import sys, time
from pmtool.celery import _one_core_a_process, app
from celery.signals import worker_ready

@app.task(name="test.slow")
def slow(path, seconds):
    open(path, "a").write("began\\n")
    time.sleep(seconds)
    open(path, "a").write("ended\\n")

app.conf.worker_redirect_stdouts = False
app.conf.worker_soft_shutdown_timeout = 6.0  # slept through in full, however soon the work ends
worker_ready.connect(lambda **_: print("ready", flush=True), weak=False)
app.worker_main(["worker", "--concurrency", "1", "--queues", "short", "--without-gossip", "--without-mingle",
                 "--without-heartbeat", "--loglevel", "ERROR"])
"""


@pytest.mark.slow
@pytest.mark.faults
def test_a_worker_told_to_end_finishes_what_runs(tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    environment = {name: value for name, value in os.environ.items() if name != "PYTEST_XDIST_WORKER"}
    environment |= {"PMTOOL_TEST_VAR": str(tmp_path / "var"), "REMAP_SIGTERM": "SIGQUIT"}
    worker = subprocess.Popen(
        [sys.executable, "-c", TASKS], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
    )
    try:
        assert worker.stdout is not None
        assert any(line == "ready\n" for line in worker.stdout)
        with app.connection(Valkey(tmp_path / "var").broker_url(0)) as connection:
            app.send_task("test.slow", [str(notes), 3], queue="short", connection=connection)
        give_up = time.monotonic() + 20
        while not notes.exists() and time.monotonic() < give_up:
            time.sleep(0.05)
        worker.send_signal(signal.SIGTERM)
        worker.wait(30)
        assert notes.read_text() == "began\nended\n"
    finally:
        worker.kill()
        worker.wait()
        worker.stdout.close()
    assert Valkey(tmp_path / "var").wait_stopped()


def test_each_process_of_the_tests_has_a_queue_of_its_own() -> None:
    """They share a server; workers of one test would take what another's wait for."""
    number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    assert settings.CELERY_BROKER_URL.endswith(f"virtual_host={2 * number}")


def test_numeric_libraries_are_imported_once_in_the_workers_parent(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker announces itself before it forks: then they are loaded, and what is loaded is left to its
    children."""
    done: list[str] = []
    monkeypatch.setattr(engine, "warm_up", lambda: done.append("imported"))
    monkeypatch.setattr(gc, "freeze", lambda: done.append("frozen"))
    told = [receiver() for _key, receiver in signals.worker_init.receivers]
    for receiver in told:
        if receiver.__module__ == "pmtool.celery" and receiver is not _one_core_a_process:
            receiver()
    assert done == ["imported", "frozen"]
