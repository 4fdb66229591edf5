"""Whatever dies, repeats or gets lost: nothing lost, nothing double, the rows of an undisturbed night."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.db import connection
from django.db.models import Q

from core.doctor import examine
from core.models import Job
from forecasting.models import Calibration, Forecast, NightlyFailure, NightlyRun
from forecasting.services.night import night_start
from forecasting.services.night_work import run_work
from tests.faults.conftest import PRODUCTS, Processes, chunks_open, content, forget_results, nights_done

pytestmark = [
    pytest.mark.faults,
    pytest.mark.django_db(transaction=True),
]

# Group after group dies at the next of these points of one night.
POINTS = [
    "job.claimed:killgroup:2",
    "night.computed:killgroup:2",
    "job.before_finish:killgroup:2",
    "job.after_finish:killgroup:2",
    "night.between_steps:killgroup:1",
]


def undisturbed() -> dict[str, list[tuple[Any, ...]]]:
    """What a night that nothing happens to makes of the company; leaves no trace of itself."""
    run = run_work(run=night_start())
    assert run.state == NightlyRun.State.DONE
    assert list(run.failures.values("step", "code", "params")) == []
    found = content()
    counts = {name: len(rows) for name, rows in found.items()}
    assert counts["Forecast"] == counts["StageEstimate"] == counts["Backtest"] == PRODUCTS
    assert counts["ForecastMonth"] == 18 * PRODUCTS
    # Half of them are old enough for the models, for a backtest and for the bands pooled from it.
    assert Forecast.objects.filter(wape__isnull=False).count() == PRODUCTS // 2
    assert Calibration.objects.get().series == PRODUCTS // 2
    forget_results()
    return found


def nothing_lost_nothing_double(expected: dict[str, list[tuple[Any, ...]]]) -> None:
    assert content() == expected
    assert list(NightlyFailure.objects.values("step", "product__code", "code", "params")) == []
    # A chunk that died three times was cut into single products; those are done.
    cut = Q(state=Job.State.FAILED, progress_total__gt=1)
    assert not Job.objects.exclude(state=Job.State.DONE).exclude(cut).exists()
    assert [(finding.key, finding.problems) for finding in examine() if finding.problems] == []


def test_five_worker_groups_are_killed_in_one_night(processes: Processes, company):
    expected = undisturbed()
    processes.beat()
    for point in POINTS:
        group = processes.worker(point)
        processes.wait_until(lambda group=group: group.poll() is not None, point)
        assert group.returncode == -9, processes.logs()
        assert not nights_done()
    processes.worker()
    processes.wait_until(nights_done, "the night")
    assert NightlyRun.objects.get().kind == NightlyRun.Kind.SCHEDULED
    assert Job.objects.filter(attempts__gt=1).exists()
    nothing_lost_nothing_double(expected)


def test_the_queue_is_emptied_every_message_comes_thrice_and_two_beats_tick(
    processes: Processes, company, broker
):
    expected = undisturbed()
    run = night_start(kind="scheduled")
    processes.worker("night.computed:killgroup:3", deliveries=3)
    started = Job.objects.filter(key=f"night:{run.pk}:open", state=Job.State.DONE)
    processes.wait_until(started.exists, "the start")
    processes.wait_until(chunks_open, "chunks waiting")
    broker.flushdb()
    processes.worker(deliveries=3)
    processes.beat(deliveries=3)
    processes.beat(deliveries=3)
    processes.wait_until(nights_done, "the night")
    assert NightlyRun.objects.count() == 1
    nothing_lost_nothing_double(expected)


def test_two_runs_at_once_under_two_beats(processes: Processes, company):
    expected = undisturbed()
    gate = threading.Barrier(2)

    def start() -> None:
        gate.wait()
        night_start()
        connection.close()

    threads = [threading.Thread(target=start) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    processes.worker()
    processes.worker()
    processes.beat()
    processes.beat()
    processes.wait_until(lambda: nights_done(3), "all runs")
    assert NightlyRun.objects.filter(kind=NightlyRun.Kind.SCHEDULED).count() == 1
    nothing_lost_nothing_double(expected)
