"""Clocks and tables."""

from __future__ import annotations

import os
import platform
import statistics
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import psutil
from django.db import connection


@dataclass(frozen=True)
class Bench:
    """How to run: ``small`` only tries it out, ``verbose`` tells more, what is compared runs so many
    ``rounds``."""

    small: bool
    verbose: bool = False
    rounds: int = 3

    def size(self, full: int, small: int) -> int:
        return small if self.small else full


@dataclass
class Took:
    """Seconds of the wall clock, and of CPU in this process and in its session of the database; ``python``:
    in this process alone."""

    wall: float = 0.0
    cpu: float = 0.0
    python: float = 0.0


@contextmanager
def clock() -> Iterator[Took]:
    """Times what happens inside; the database's other processes (checkpoints, parallel workers) are not in
    the CPU."""
    took = Took()
    session = _session()
    cpu, session_cpu, wall = time.process_time(), _cpu(session), time.perf_counter()
    yield took
    took.wall = time.perf_counter() - wall
    took.python = time.process_time() - cpu
    took.cpu = took.python + _cpu(session) - session_cpu


def _session() -> psutil.Process:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return psutil.Process(cursor.fetchone()[0])


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system


def quiet() -> None:
    """Let the database put away what was written, so that the next measurement does not pay for it."""
    with connection.cursor() as cursor:
        cursor.execute("CHECKPOINT")


def median(values: Sequence[float]) -> float:
    return statistics.median(values)


def percentile(values: Sequence[float], share: float) -> float:
    """The value that this share of them does not exceed."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def tell(text: str) -> None:
    print(f"   {text}", flush=True)


def machine() -> str:
    """What these figures were measured on."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        (version,) = cursor.fetchone()
    load = os.getloadavg()[0]
    memory = psutil.virtual_memory().total / 2**30
    return (
        f"Python {platform.python_version()}, PostgreSQL {version}, {os.cpu_count()} cores, "
        f"{memory:.0f} GB, load {load:.1f}"
    )
