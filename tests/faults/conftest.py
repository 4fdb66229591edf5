"""Real Celery workers and beats on the test's database and a queue of its own."""

from __future__ import annotations

import datetime
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from kombu import Connection

from core.models import Job
from core.months import month_add, month_start
from core.organisation import organisation_forget, today
from forecasting.models import Forecast, ForecastMonth, NightlyRun, StageEstimate
from products.models import Measure, Product, SalesFact
from products.services.figures import figures_refresh
from products.services.rollup import rollup_rebuild
from tests.factories import channel_factory, line_factory, organisation_factory, product_factory

PRODUCTS = 8
ROOT = Path(__file__).resolve().parents[2]


class Processes:
    """Starts worker groups and beats, each in a process group of its own, and ends them by id."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._started: list[subprocess.Popen[bytes]] = []

    def worker(self, failpoint: str = "", deliveries: int = 1) -> subprocess.Popen[bytes]:
        arguments = [
            "worker",
            "--concurrency=2",
            "--queues=night,short",
            "--without-gossip",
            "--without-mingle",
        ]
        return self._start(
            [*arguments, "--loglevel=WARNING"],
            {"PMTOOL_FAILPOINT": failpoint, "PMTOOL_FAULT_DELIVERIES": str(deliveries)},
        )

    def beat(self, deliveries: int = 1) -> subprocess.Popen[bytes]:
        schedule = self._folder / f"beat-{len(self._started)}"
        return self._start(
            ["beat", f"--schedule={schedule}", "--pidfile=", "--max-interval=1", "--loglevel=WARNING"],
            {"PMTOOL_FAULT_DELIVERIES": str(deliveries)},
        )

    def _start(self, arguments: list[str], environment: dict[str, str]) -> subprocess.Popen[bytes]:
        log = (self._folder / f"process-{len(self._started)}.log").open("wb")
        process = subprocess.Popen(
            [sys.executable, "-m", "celery", "-A", "pmtool", *arguments],
            cwd=ROOT,
            env=os.environ
            | {
                "DJANGO_SETTINGS_MODULE": "tests.faults.worker_settings",
                "PMTOOL_FAULT_DATABASE": connection.settings_dict["NAME"],
                "PMTOOL_FAULT_FILES": str(settings.MEDIA_ROOT),
            }
            | environment,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
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


@pytest.fixture
def processes(transactional_db: Any, tmp_path: Path, broker: Any) -> Iterator[Processes]:
    found = Processes(tmp_path)
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
    """Young products of two lines, the same figures each time; a night is due from midnight on."""
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
            volume=Decimal(100 + 17 * number - 3 * step),
            revenue=Decimal(250 + 40 * number - 9 * step),
        )
        for number, product in enumerate(found)
        for step in range(4)
    )
    rollup_rebuild()
    figures_refresh()
    return found


def nights_done(count: int = 1) -> bool:
    return NightlyRun.objects.filter(state=NightlyRun.State.DONE).count() == count


def chunks_open() -> bool:
    return Job.objects.filter(kind="night.chunk", state=Job.State.QUEUED).exists()


def content() -> dict[str, list[tuple[Any, ...]]]:
    """Every result to the digit, by code, without keys, times and runs."""
    subject = ("product__code", "measure__code", "as_of")
    return {
        "forecasts": list(
            Forecast.objects.order_by(*subject).values_list(
                *subject, "current", "stale", "method", "content_hash", "data_month"
            )
        ),
        "months": list(
            ForecastMonth.objects.order_by("forecast__product__code", "month").values_list(
                "forecast__product__code", "month", "mean", "lo80", "hi80", "lo95", "hi95"
            )
        ),
        "stages": list(
            StageEstimate.objects.order_by(*subject).values_list(
                *subject, "current", "stage", "p_growth", "p_maturity", "stage_start", "evidence_code", "path"
            )
        ),
    }


def forget_results() -> None:
    for model in (Forecast, StageEstimate):
        model.objects.all().delete()
