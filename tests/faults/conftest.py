"""Real Celery workers and beats on the test's database and a queue of its own."""

from __future__ import annotations

import datetime
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from kombu import Connection

from collaboration.models import Alert
from core.models import Job
from core.months import month_add, month_start
from core.organisation import organisation_forget, today
from forecasting.models import (
    Backtest,
    Calibration,
    Forecast,
    ForecastMonth,
    NightlyRun,
    ProductNews,
    StageEstimate,
    TotalForecast,
)
from products.models import Measure, Product, ProductFigures, SalesFact
from products.services.figures import figures_refresh
from products.services.rollup import rollup_rebuild
from tests.factories import channel_factory, line_factory, organisation_factory, product_factory

PRODUCTS = 8
ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Process:
    """A worker group or a beat; ``returncode`` once it ended, negative where by a signal."""

    pid: int
    returncode: int | None = None

    def poll(self) -> int | None:
        return self.returncode

    def wait(self, seconds: float = 30) -> None:
        until = time.monotonic() + seconds
        while self.poll() is None:
            assert time.monotonic() < until, f"{self.pid} does not end"
            time.sleep(0.01)


class Nursery:
    """What processes are forked from, see tests/faults/nursery.py; started when first asked."""

    def __init__(self) -> None:
        self._running: subprocess.Popen[str] | None = None
        self._found: dict[int, Process] = {}
        self._began: queue.Queue[Process] = queue.Queue()

    def fork(self, **told: Any) -> Process:
        if self._running is None:
            self._running = self._start()
        assert self._running.stdin is not None
        self._running.stdin.write(f"{json.dumps(told)}\n")
        self._running.stdin.flush()
        return self._began.get(timeout=120)

    def _start(self) -> subprocess.Popen[str]:
        environment = os.environ | {"DJANGO_SETTINGS_MODULE": "tests.faults.worker_settings"}
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        command = [sys.executable, "-m", "tests.faults.nursery"]
        running = subprocess.Popen(command, cwd=ROOT, env=environment, text=True, **pipes)
        threading.Thread(target=self._hear, args=(running.stdout,), daemon=True).start()
        return running

    def _hear(self, said: Iterable[str]) -> None:
        for line in said:
            what, pid, *code = json.loads(line)
            if what == "began":
                self._found[pid] = Process(pid)
                self._began.put(self._found[pid])
            else:
                self._found.pop(pid).returncode = code[0]

    def end(self) -> None:
        if self._running is not None:
            self._running.kill()
            self._running.wait()


class Processes:
    """Starts worker groups and beats, each in a process group of its own, and ends them by id."""

    def __init__(self, folder: Path, nursery: Nursery) -> None:
        self._folder, self._nursery = folder, nursery
        self._started: list[Process] = []

    def worker(self, failpoint: str = "", deliveries: int = 1, queues: str = "night,short") -> Process:
        arguments = [
            "worker",
            "--concurrency=2",
            f"--queues={queues}",
            "--without-gossip",
            "--without-mingle",
        ]
        return self._start(
            [*arguments, "--loglevel=WARNING"],
            {"PMTOOL_FAILPOINT": failpoint, "PMTOOL_FAULT_DELIVERIES": str(deliveries)},
        )

    def beat(self, deliveries: int = 1) -> Process:
        schedule = self._folder / f"beat-{len(self._started)}"
        return self._start(
            ["beat", f"--schedule={schedule}", "--pidfile=", "--max-interval=1", "--loglevel=WARNING"],
            {"PMTOOL_FAULT_DELIVERIES": str(deliveries)},
        )

    def _start(self, arguments: list[str], environment: dict[str, str]) -> Process:
        process = self._nursery.fork(
            arguments=arguments,
            environment=environment,
            database=connection.settings_dict["NAME"],
            files=str(settings.MEDIA_ROOT),
            log=str(self._folder / f"process-{len(self._started)}.log"),
        )
        self._started.append(process)
        return process

    def logs(self) -> str:
        return "\n".join(path.read_text()[-2000:] for path in sorted(self._folder.glob("*.log")))

    def wait_until(self, true: Callable[[], Any], what: str, seconds: float = 60) -> None:
        until = time.monotonic() + seconds
        while not true():
            assert time.monotonic() < until, f"not within {seconds} s: {what}\n{self.logs()}"
            time.sleep(0.05)

    def end(self) -> None:
        for process in self._started:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    found = Nursery()
    yield found
    found.end()


@pytest.fixture
def processes(transactional_db: Any, tmp_path: Path, broker: Any, nursery: Nursery) -> Iterator[Processes]:
    found = Processes(tmp_path, nursery)
    try:
        yield found
    finally:
        found.end()


@pytest.fixture
def broker() -> Any:
    """The queue of this test process, emptied; another's on the same server stays."""
    with Connection(settings.CELERY_BROKER_URL) as found:
        client = found.default_channel.client
        client.flushdb()
        yield client


@pytest.fixture
def company(transactional_db: Any) -> list[Product]:
    """Products of two lines, young and grown, the same figures each time; a night is due from midnight on."""
    organisation_factory(nightly_at=datetime.time(0))
    organisation_forget()
    last = month_add(month_start(today()), -1)
    lines = [line_factory(code=f"fault-{number}") for number in range(2)]
    found = [product_factory(code=f"FAULT-{n}", line=lines[n % 2]) for n in range(PRODUCTS)]
    channel, units = channel_factory(), Measure.objects.get(code="units")
    SalesFact.objects.bulk_create(
        SalesFact(
            product_id=product.pk,
            channel_id=channel.pk,
            measure_id=units.pk,
            start_date=month_add(last, -step),
            period="M",
            volume=Decimal(400 + 17 * number - 3 * step + 37 * ((last.month - step) % 12) % 101),
            revenue=Decimal(950 + 40 * number - 9 * step),
        )
        for number, product in enumerate(found)
        for step in range(40 if number % 2 else 4)
    )
    rollup_rebuild()
    figures_refresh()
    return found


def nights_done(count: int = 1) -> bool:
    return NightlyRun.objects.filter(state=NightlyRun.State.DONE).count() == count


def chunks_open() -> bool:
    return Job.objects.filter(kind="night.chunk", state=Job.State.QUEUED).exists()


# Keys that are drawn anew, times, and which run it was.
_NOT_COMPARED = {"id", "run", "computed_at", "created_at", "forecast", "content_hash", "first_at", "seen_at"}
_DERIVED: tuple[Any, ...] = (
    *(Backtest, Calibration, Forecast, StageEstimate),
    *(TotalForecast, ProductNews, ProductFigures),
)


def content() -> dict[str, list[tuple[Any, ...]]]:
    """Every column of every derived table to the digit, without keys of their own, times and runs."""
    found = {
        model.__name__: sorted(
            model._default_manager.values_list(
                *(f.name for f in model._meta.concrete_fields if f.name not in _NOT_COMPARED)
            ),
            key=repr,
        )
        for model in _DERIVED
    }
    months = [f.name for f in ForecastMonth._meta.concrete_fields if f.name not in _NOT_COMPARED]
    by_product = ("forecast__product__code", "forecast__as_of")
    found["ForecastMonth"] = sorted(ForecastMonth.objects.values_list(*by_product, *months), key=repr)
    alerts = Alert.objects.values_list("kind", "subject", "fingerprint", "state", "evidence", "stake_amount")
    found["Alert"] = sorted(alerts, key=repr)
    return found


def forget_results() -> None:
    """As if no night had ever run."""
    for model in (Alert, *_DERIVED):
        model._default_manager.all().delete()
    figures_refresh()
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE forecasting_nightlyrun, core_job CASCADE")
