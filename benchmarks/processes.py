"""Start-up time and memory of web, worker and beat, as ``make run`` starts them.

Memory is PSS: what processes share is divided among them, so that the numbers may be added. A start lasts
until the web server answers, the worker has done its first job, and beat has opened its schedule.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator

import psutil
from django.conf import settings
from django.utils import timezone

from benchmarks.tools import Bench, median, tell
from core.models import Heartbeat
from core.tasks import heartbeat
from pmtool.run import CELERY, _web

WAIT_SECONDS = 120


def run(bench: Bench) -> None:
    rounds = bench.rounds
    _tell("web, 2 processes", [_web_once() for _ in range(rounds)])
    _tell("worker, 2 processes, with the numerics", [_worker_once() for _ in range(rounds)])
    _tell("beat", [_beat_once() for _ in range(rounds)])


def _tell(name: str, found: list[tuple[float, float, float]]) -> None:
    starts, pss, rss = zip(*found, strict=True)
    tell(f"{name}: starts in {median(starts):.1f} s; {median(pss):.0f} MB PSS, {median(rss):.0f} MB RSS")


def _web_once() -> tuple[float, float, float]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address = f"http://127.0.0.1:{port}/account/login/"

    def answers() -> bool:
        with contextlib.suppress(urllib.error.URLError, ConnectionError, TimeoutError):
            urllib.request.urlopen(address, timeout=20).close()
            return True
        return False

    with _started(_web("127.0.0.1", port)) as (process, begun):
        _wait(answers, process)
        took = time.monotonic() - begun
        for _ in range(8):  # each process has answered
            answers()
        return took, *memory(psutil.Process(process.pid))


def _worker_once() -> tuple[float, float, float]:
    with worker(2) as (process, took):
        return took, *memory(process)


@contextlib.contextmanager
def worker(processes: int) -> Iterator[tuple[psutil.Process, float]]:
    """A worker group that has done its first job, and how long it took until then."""
    asked = timezone.now()
    heartbeat.delay()
    command = [
        *(*CELERY, "worker", "--concurrency", str(processes), "--queues", "night,exports,short"),
        *("--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel", "ERROR"),
    ]

    def worked() -> bool:
        return Heartbeat.objects.filter(name="worker", beat_at__gte=asked).exists()

    with _started(command) as (process, begun):
        _wait(worked, process)
        yield psutil.Process(process.pid), time.monotonic() - begun


def _beat_once() -> tuple[float, float, float]:
    with tempfile.TemporaryDirectory(dir=settings.VAR) as folder:
        schedule = os.path.join(folder, "beat")
        command = [*CELERY, "beat", "--pidfile", "", "--schedule", schedule, "--loglevel", "ERROR"]
        with _started(command) as (process, begun):
            _wait(lambda: bool(os.listdir(folder)), process)
            return time.monotonic() - begun, *memory(psutil.Process(process.pid))


@contextlib.contextmanager
def _started(command: list[str]) -> Iterator[tuple[subprocess.Popen[bytes], float]]:
    """The process in a group of its own, and when it began; ended in order afterwards."""
    begun = time.monotonic()
    quietly = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen(command, start_new_session=True, **quietly)
    try:
        yield process, begun
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(30)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _wait(ready: Callable[[], bool], process: subprocess.Popen[bytes]) -> None:
    give_up = time.monotonic() + WAIT_SECONDS
    while not ready():
        if process.poll() is not None or time.monotonic() > give_up:
            raise RuntimeError(f"{process.args} was not ready within {WAIT_SECONDS} s")
        time.sleep(0.05)


def memory(parent: psutil.Process) -> tuple[float, float]:
    """PSS and RSS in MB of the process and all its children; one that ends meanwhile counts no more."""
    pss = rss = 0
    for one in (parent, *parent.children(recursive=True)):
        with contextlib.suppress(psutil.NoSuchProcess):
            found = one.memory_full_info()
            pss, rss = pss + found.pss, rss + found.rss
    return pss / 2**20, rss / 2**20
