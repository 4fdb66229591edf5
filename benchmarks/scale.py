"""Many products on real workers: a month's first night, a night in which one product in twenty changed, the
rows that are left, and the same rows from one worker process and from four.

CPU and memory are those of the worker group and of the database with all its processes. Memory is PSS: what
processes share is divided among them. 20,000 products have 60 months each, one in eight sells now and then.
"""

from __future__ import annotations

import contextlib
import datetime
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

import psutil
from celery import current_app
from django.db import connection

from benchmarks.database import fresh
from benchmarks.processes import memory, worker
from benchmarks.tools import Bench, quiet, tell
from forecasting.models import NightlyRun, NightlyStep
from forecasting.services.night import night_start
from products.models import Measure, ProductLine
from products.services.figures import figures_refresh

AS_OF = datetime.date(2026, 10, 1)
TONIGHT = datetime.date(2026, 11, 24)
MONTHS = 60
LINES = 40

_PRODUCTS = """
    SELECT setseed(0.42);
    INSERT INTO products_product (code, name, kind, line_id, unit, description, temporary, launched,
                                  created_at, version)
    SELECT 'P' || lpad(n::text, 7, '0'), 'Product ' || n, 'good',
           (%(lines)s::bigint[])[1 + n %% %(of_lines)s], '', '', false, '2020-01-01', now(), 1
    FROM generate_series(1, %(products)s) drawn(number)
    CROSS JOIN LATERAL (SELECT CASE WHEN %(backwards)s THEN %(products)s + 1 - number ELSE number END) o(n)
    ORDER BY number
"""
# By the number in its code, so that the order in which products were made changes nothing.
_MONTHS = """
    CREATE TEMP TABLE drawn AS
    SELECT code, 20 * 100 ^ random() AS size, -0.01 + 0.03 * random() AS slope, 0.4 * random() AS swing
    FROM (SELECT code FROM products_product ORDER BY code) p;
    INSERT INTO products_productmonth (product_id, measure_id, month, volume, average_volume, revenue, days)
    SELECT p.id, %(measure)s, month, v, v, v * 3,
           extract(day FROM month + interval '1 month' - interval '1 day')
    FROM (
        SELECT code, (date '2026-10-01' - make_interval(months => ago))::date AS month,
               CASE WHEN right(code, 1) = '3' AND random() < 0.7 THEN 0
                    ELSE round((size * (1 + slope * (59 - ago)) * exp(0.15 * random_normal())
                         * (1 + swing * sin((10 - ago) * pi() / 6)))::numeric, 2) END AS v
        FROM (SELECT * FROM drawn ORDER BY code) d CROSS JOIN generate_series(0, %(months)s - 1) ago
        ORDER BY code, ago
    ) m JOIN products_product p USING (code);
    DROP TABLE drawn
"""
# What a night says of every product, without keys of its own and times.
_SAID = """
    SELECT md5(string_agg(md5(row(f.*)::text), '' ORDER BY f.*))
    FROM (
        SELECT p.code, f.as_of, f.method, f.reason_code, f.reason_params::text AS params, f.wape, f.bias,
               f.mase, m.month, m.mean, m.median, m.lo80, m.hi80, m.lo95, m.hi95, m.naive,
               s.stage, s.stage_start, s.p_introduction, s.p_growth, s.p_maturity, s.p_decline, s.p_revival
        FROM forecasting_forecast f JOIN forecasting_forecastmonth m ON m.forecast_id = f.id
        JOIN products_product p ON p.id = f.product_id
        JOIN forecasting_stageestimate s ON s.product_id = p.id AND s.as_of = f.as_of
    ) f
"""
_TABLES = """
    SELECT relname, pg_total_relation_size(oid) AS size FROM pg_class
    WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY size DESC LIMIT 12
"""


@dataclass
class Usage:
    """What the worker group and the database took: seconds, and the most memory at once in MB."""

    wall: float = 0.0
    workers_cpu: float = 0.0
    database_cpu: float = 0.0
    workers_memory: float = 0.0
    database_memory: float = 0.0

    @property
    def cpu(self) -> float:
        return self.workers_cpu + self.database_cpu


def run(bench: Bench) -> None:
    products, processes = bench.size(20_000, 24), 2
    _make(products)
    with _workers(processes) as group:
        first, run_ = _night(group, TONIGHT)
        rows = _said()
        _tell(f"a month's first night, {products:,} products × {MONTHS} months, {processes} processes", first)
        tell(f"   rows {rows}")
        per_thousand = first.cpu / products * 1000
        tell(f"   {per_thousand:.1f} s of CPU per 1,000 series; its steps: {_steps(run_)}")
        same, _ = _night(group, TONIGHT + datetime.timedelta(days=1))
        _tell("the next night, nothing changed", same, first)
        _change(every=20)
        few, run_ = _night(group, TONIGHT + datetime.timedelta(days=2))
        _tell("the night after it, one product in twenty changed (goal ≤ 8 % of the first)", few, first)
        tell(f"   its steps: {_steps(run_)}")
    _tell_tables(products)
    # The night above stands for the one in order where it is tried out: a worker's start takes longer.
    count, said = (products, {rows}) if bench.small else (1000, set())
    for processes, backwards in ((4, True),) if bench.small else ((1, False), (4, True)):
        fresh()
        _make(count, backwards=backwards)
        with _workers(processes) as group:
            took, _ = _night(group, TONIGHT)
        rows = _said()
        said.add(rows)
        order = "made in the opposite order" if backwards else "in order"
        _tell(f"{count:,} products {order}, {processes} processes", took)
        tell(f"   rows {rows}")
    tell(f"the same rows each time: {'yes' if len(said) == 1 else 'NO'}")


def _make(count: int, *, backwards: bool = False) -> None:
    lines = [ProductLine.objects.create(code=f"line-{n}", name=f"Line {n}").pk for n in range(LINES)]
    values = {
        "lines": lines,
        "of_lines": len(lines),
        "products": count,
        "months": MONTHS,
        "measure": Measure.objects.get(code="units").pk,
        "backwards": backwards,
    }
    with connection.cursor() as cursor:
        cursor.execute(_PRODUCTS, values)
        cursor.execute(_MONTHS, values)
        cursor.execute("ANALYZE")
    figures_refresh()


def _change(every: int) -> None:
    """The last month of one product in so many, of every kind there is, is corrected."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE products_productmonth SET volume = volume + 1"
            " WHERE month = %s AND abs(hashint8(product_id)::bigint) %% %s = 0",
            [AS_OF, every],
        )


@contextlib.contextmanager
def _workers(processes: int) -> Iterator[psutil.Process]:
    """A worker group; the queue is empty again afterwards."""
    with worker(processes) as (group, _took):
        yield group
    with current_app.connection_for_write() as broker:  # what the last night left is not the next one's
        broker.default_channel.client.flushdb()


def _night(group: psutil.Process, local_date: datetime.date) -> tuple[Usage, NightlyRun]:
    quiet()
    database = _postmaster()
    over = threading.Event()
    took = Usage()
    watch = threading.Thread(target=_watch, args=(took, group, database, over))
    cpu, database_cpu, began = _cpu(group), _cpu(database), time.perf_counter()
    watch.start()
    try:
        run_ = night_start(local_date=local_date, as_of=AS_OF)
        while run_.state not in (NightlyRun.State.DONE, NightlyRun.State.FAILED):
            time.sleep(0.2)
            run_.refresh_from_db()
        took.wall = time.perf_counter() - began
        took.workers_cpu, took.database_cpu = _cpu(group) - cpu, _cpu(database) - database_cpu
    finally:
        over.set()
        watch.join()
    if run_.state != NightlyRun.State.DONE or run_.failures.exists():
        raise RuntimeError(f"the night ended {run_.state}, with {run_.failures.count()} failures")
    return took, run_


def _watch(took: Usage, group: psutil.Process, database: psutil.Process, over: threading.Event) -> None:
    while not over.wait(1):
        took.workers_memory = max(took.workers_memory, memory(group)[0])
        took.database_memory = max(took.database_memory, memory(database)[0])


def _postmaster() -> psutil.Process:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        found = psutil.Process(cursor.fetchone()[0]).parent()
    assert found is not None
    return found


def _cpu(process: psutil.Process) -> float:
    """Of it, of the children it has seen end, and of those alive."""
    total = 0.0
    for one in (process, *process.children(recursive=True)):
        with contextlib.suppress(psutil.NoSuchProcess):
            times = one.cpu_times()
            total += times.user + times.system + times.children_user + times.children_system
    return total


def _said() -> str:
    with connection.cursor() as cursor:
        cursor.execute(_SAID)
        (found,) = cursor.fetchone()
    return str(found)


def _tell(name: str, took: Usage, first: Usage | None = None) -> None:
    share = f" = {took.cpu / first.cpu:.1%} of the first" if first else ""
    tell(
        f"{name}: {took.wall:.1f} s, CPU {took.workers_cpu:.1f} s in workers + {took.database_cpu:.1f} s in "
        f"the database{share}; at most {took.workers_memory:.0f} MB + {took.database_memory:.0f} MB"
    )


def _tell_tables(products: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_TABLES)
        for name, size in cursor.fetchall():
            cursor.execute(f"SELECT count(*) FROM {name}")  # noqa: S608  a name of the catalogue
            (rows,) = cursor.fetchone()
            tell(f"   {name}: {rows / products:.1f} rows and {size / products / 1000:.1f} kB a product")


def _steps(run_: NightlyRun) -> str:
    return ", ".join(
        f"{step.name} {(step.finished_at - step.started_at).total_seconds():.1f} s of {step.computed:,}"
        for step in NightlyStep.objects.filter(run=run_).order_by("position")
        if step.started_at and step.finished_at
    )
