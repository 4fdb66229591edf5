"""Cost reports of 5,000 products × 24 months × 8 kinds: standard costs booked, pages, XLSX in a worker; and
a supplier who asks more for all of them.

Goals: a report page within 2 s of server time, XLSX within 20 s, 512 MB; the preview of a change within 10 s.
"""

from __future__ import annotations

import datetime
import multiprocessing
import resource
import subprocess
import sys
import time
from decimal import Decimal
from typing import Any

from django.db import connection, connections
from django.http import QueryDict
from django.test import Client

from accounts.models import Role, User
from benchmarks.tools import Bench, clock, median, quiet, tell
from core.jobs import job_claim, job_run
from core.organisation import today
from pricing.models import CostKind, CostLine, CostMonth, CostRate
from pricing.selectors.cost_changes import JOB
from pricing.selectors.standard_costs import SplitLines
from pricing.services.cost_changes import cost_change_apply, cost_change_draft, cost_change_withdraw
from pricing.services.standard_costs import changed_costs, standard_costs_write
from products.models import Channel, Measure, Product, ProductLine, Supplier

LAST = datetime.date(2026, 10, 1)
MONTHS, LINES = 24, 40
KINDS = ("purchase", "inbound", "production", "energy", "payment", "commission", "fulfilment", "service")
PROCESSES = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
FILES = (
    ("xlsx", "month=2026-10"),
    ("xlsx", "month=2026-10&layout=margin&by=product"),
    ("xlsx", "month=2026-10&layout=units&of=standard"),
    ("xlsx", "month=2026-10&layout=bridge&of=standard"),
    ("xlsx", "month=2026-10&layout=variance"),
    ("xlsx", "month=2026-10&layout=trend&of=standard&by=product"),
    ("csv", "month=2026-10&layout=bridge&of=standard"),
    ("pdf", "month=2026-10&layout=margin&by=product&line=line-3"),
    ("pdf", "month=2026-10&layout=bridge&of=standard&line=line-3"),
)
MEMORY = (
    "costs by product and kind, defaults",
    "margin by product",
    "a unit of each product",
    "bridge from last year",
    "price variance by product",
    "cost trend by product",
)
"""Pages whose memory is measured too, in a process of their own."""
_SOLD = """
    INSERT INTO products_salesmonth (product_id, measure_id, channel_id, month, volume, revenue, days)
    SELECT p.id, %(measure)s, %(channel)s, (%(last)s::date - make_interval(months => ago))::date,
           100 + (p.id * 7 + ago * 13) %% 900, (100 + (p.id * 7 + ago * 13) %% 900) * 9.37, 30
    FROM products_product p CROSS JOIN generate_series(0, %(months)s - 1) ago;
    INSERT INTO products_productmonth (product_id, measure_id, month, volume, revenue, days)
    SELECT product_id, measure_id, month, volume, revenue, days FROM products_salesmonth;
    ANALYZE;
"""


# Actual costs of the months of this year, three in a hundred dearer than agreed.
_ACTUAL = """
    INSERT INTO pricing_costmonth (product_id, month, kind_id, channel_id, supplier_id, cost_centre, source,
                                   amount, currency, currency_amount, recorded_at)
    SELECT product_id, month, kind_id, channel_id, supplier_id, cost_centre, 'actual',
           round(amount * 1.03, 2) + 0.01, '', NULL, recorded_at
    FROM pricing_costmonth WHERE source = 'standard' AND replaced_at IS NULL AND month >= '2026-01-01';
    ANALYZE pricing_costmonth;
"""
# A tenth more planned of every product in every month of this year than was sold.
_BUDGET = """
    INSERT INTO products_budgetversion (code, name, year, created_at) VALUES ('2026', '2026', 2026, now());
    INSERT INTO products_budgetrow (version_id, product_id, measure_id, month, volume)
    SELECT v.id, s.product_id, s.measure_id, s.month, s.volume * 1.1
    FROM products_budgetversion v, products_salesmonth s WHERE s.month >= '2026-01-01';
    ANALYZE;
"""
# Forecast of every product as it sold a year before, and its costs then as those ahead.
_AHEAD = """
    INSERT INTO forecasting_forecast (product_id, measure_id, as_of, engine_version, input_hash, computed_at,
        current, stale, method, reason_code, reason_params, content_hash, by_week, monthly_because)
    SELECT id, %(measure)s, %(last)s, 'bench', '', now(), true, false, 'x', '', '{}', '', false, ''
    FROM products_product;
    INSERT INTO forecasting_forecastmonth (forecast_id, month, mean, median, lo80, hi80, lo95, hi95)
    SELECT f.id, s.month + interval '1 year', s.volume, s.volume, s.volume * 0.8, s.volume * 1.2,
           s.volume * 0.7, s.volume * 1.3
    FROM forecasting_forecast f JOIN products_salesmonth s ON s.product_id = f.product_id
    WHERE s.month > %(last)s::date - interval '1 year';
    INSERT INTO pricing_costmonth (product_id, month, kind_id, channel_id, supplier_id, cost_centre, source,
                                   cost_line_id, amount, currency, recorded_at)
    SELECT product_id, month + interval '1 year', kind_id, channel_id, supplier_id, cost_centre, 'forecast',
           cost_line_id, amount, '', recorded_at
    FROM pricing_costmonth
    WHERE source = 'standard' AND replaced_at IS NULL AND month > %(last)s::date - interval '1 year';
    UPDATE products_productline SET floor_rate = 0.7;
    ANALYZE;
"""


def run(bench: Bench) -> None:
    products = bench.size(5000, 60)
    user = _company(products)
    tell(f"{products:,} products × {MONTHS} months × {len(KINDS)} kinds, and overhead that is split")
    _book()
    tell(f"{CostMonth.objects.count():,} booked rows")
    with connection.cursor() as cursor:
        cursor.execute(_AHEAD, {"measure": Measure.objects.get(code="units").pk, "last": LAST})
        cursor.execute("VACUUM")  # the database does so by itself soon after that many rows
    quiet()
    client = Client(headers={"Host": "localhost"})
    client.force_login(user)
    weighed = MEMORY[: bench.size(len(MEMORY), 1)]
    for name, address in {
        "costs by product and kind, defaults": "/costs/reports/?month=2026-10",
        "page 50 of it": "/costs/reports/?month=2026-10&page=50",
        "by kind": "/costs/reports/?month=2026-10&by=kind",
        "of a line": "/costs/reports/?month=2026-10&line=line-3",
        "margin by line": "/costs/reports/?month=2026-10&layout=margin&by=line",
        "margin by product": "/costs/reports/?month=2026-10&layout=margin&by=product",
        "margin by channel": "/costs/reports/?month=2026-10&layout=margin&by=channel",
        "a unit of each product": "/costs/reports/?month=2026-10&layout=units&of=standard",
        "bridge from last year": "/costs/reports/?month=2026-10&layout=bridge&of=standard",
        "bridge from another quarter": "/costs/reports/?month=2026-09&layout=bridge"
        "&period=quarter&against=period",
        "price variance by product": "/costs/reports/?month=2026-10&layout=variance",
        "price variance by supplier": "/costs/reports/?month=2026-10&layout=variance&by=supplier",
        "price variance from the budget": "/costs/reports/?month=2026-10&layout=variance&against=budget",
        "the same by kind": "/costs/reports/?month=2026-10&layout=variance&against=budget&by=kind",
        "cost trend by kind": "/costs/reports/?month=2026-10&layout=trend&of=standard",
        "cost trend by product": "/costs/reports/?month=2026-10&layout=trend&of=standard&by=product",
        "break-even of what sells unevenly": "/costs/break-even/?xyz=Y",
        "earned back": "/costs/break-even/?show=earned",
        "margin ahead by line": "/costs/break-even/?show=ahead",
        "margin ahead by channel": "/costs/break-even/?show=ahead&by=channel",
        "API, 1,000 rows": "/api/v1/cost-reports/",
    }.items():
        _page(client, name, address, bench.rounds, user if name in weighed else None)
    for kind, asked in FILES:
        _file(user, kind, asked)
    _change(client, user)


def _company(products: int) -> Any:
    user = User.objects.create_user(email="finance@example.com", name="Finance", password=None)
    user.roles.add(Role.objects.get(code="finance"))
    lines = ProductLine.objects.bulk_create(
        ProductLine(code=f"line-{n}", name=f"Line {n}") for n in range(LINES)
    )
    rows = Product.objects.bulk_create(
        Product(code=f"P{n}", name=f"Product {n}", line=lines[n % LINES]) for n in range(products)
    )
    channel = Channel.objects.create(code="C", name="Shop")
    kinds = [CostKind.objects.get(code=code) for code in KINDS]
    mill = Supplier.objects.create(code="mill", name="Mill")
    costs = CostLine.objects.bulk_create(
        [
            CostLine(
                product=row,
                kind=kind,
                basis="unit",
                currency="EUR",
                supplier=mill if kind.code == "purchase" else None,
            )
            for row in rows
            for kind in kinds
        ],
        batch_size=5000,
    )
    overhead = CostLine.objects.create(
        kind=CostKind.objects.get(code="overhead"), basis="month", key="revenue", currency="EUR"
    )
    start = datetime.date(2024, 1, 1)
    CostRate.objects.bulk_create(
        [
            CostRate(cost_line=line, start_date=start, amount=1000 if line is overhead else "0.4321")
            for line in (*costs, overhead)
        ],
        batch_size=5000,
    )
    said = {"measure": Measure.objects.get(code="units").pk, "channel": channel.pk, "last": LAST}
    with connection.cursor() as cursor:
        cursor.execute(_SOLD, said | {"months": MONTHS})
    return user


def _book() -> None:
    """As the night does, in one process, then once more without a change."""
    from core.months import month_add, month_range

    ids = list(Product.objects.order_by("pk").values_list("pk", flat=True))
    for name in ("booked for the first time", "a night without changes"):
        with clock() as took:
            split, changed = SplitLines(list(month_range(month_add(LAST, 1 - MONTHS), LAST))), 0
            for begin in range(0, len(ids), 200):
                signs, rows = changed_costs(ids[begin : begin + 200], split)
                changed += standard_costs_write(signs=signs, rows=rows, split=split)
        tell(f"{name}: {took.wall:.1f} s, {took.cpu:.1f} s CPU, {changed:,} rows")
    with connection.cursor() as cursor:
        cursor.execute(_ACTUAL)
        cursor.execute(_BUDGET)


def _page(client: Client, name: str, address: str, rounds: int, user: Any = None) -> None:
    """Time; with ``user`` memory too."""
    walls, cpus = [], []
    for _round in range(rounds + 1):
        with clock() as took:
            answer = client.get(address)
        if answer.status_code != 200:
            raise RuntimeError(f"{address} answered {answer.status_code}")
        walls.append(took.wall)
        cpus.append(took.cpu)
    took = f"{median(walls[1:]):.2f} s, {median(cpus[1:]):.2f} s CPU (goal 2 s)"
    tell(f"{name}: {took}" + (f", {_memory(user, address)} MB at most (goal 512 MB)" if user else ""))


def _memory(user: Any, address: str) -> int:
    """Of a server of its own that answers it."""
    command = [sys.executable, "-m", "benchmarks.page_memory", user.email, address]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return int(done.stdout.split()[-1])


def _change(client: Client, user: Any) -> None:
    """All products of a supplier: drafted, worked out by the job, looked at, written, withdrawn."""
    said = {"chosen": {"supplier": Supplier.objects.get().pk}, "how": "percentage", "value": Decimal("0.04")}
    start = today() + datetime.timedelta(days=33)
    with clock() as drafted:
        change = cost_change_draft(user=user, **said, start_date=start, reason="Dearer oats")
    with clock() as worked:
        while (job := job_claim("short")) and job.kind != JOB:
            pass
        if job:
            job_run(job)
    effects = change.effects.count()
    tell(f"preview of {effects:,} products: drafted in {drafted.wall:.1f} s, {drafted.cpu:.1f} s CPU")
    tell(f"worked out by the job in {worked.wall:.1f} s, {worked.cpu:.1f} s CPU (goal 10 s)")
    _page(client, "the page of it", f"/costs/changes/{change.pk}/", 3)
    for name, service in (("written", cost_change_apply), ("withdrawn", cost_change_withdraw)):
        with clock() as took:
            service(user=user, change=change)
        tell(f"{name}: {change.rates.count():,} rates in {took.wall:.1f} s, {took.cpu:.1f} s CPU")


def _file(user: Any, kind: str, asked: str) -> None:
    """In a process of its own, whose memory is measured, and that of the processes it starts."""
    connections.close_all()
    queue: Any = multiprocessing.get_context("fork").Queue()
    child = multiprocessing.get_context("fork").Process(target=_make, args=(user, kind, asked, queue))
    child.start()
    said = queue.get()
    child.join()
    tell(said)


def _make(user: Any, kind: str, asked: str, queue: Any) -> None:
    from reporting.services.report_files import report_bytes

    started, cpu = time.perf_counter(), _cpu()
    content = report_bytes(user=user, kind=kind, query=QueryDict(asked))
    wall, used = time.perf_counter() - started, _cpu() - cpu
    own, others = (resource.getrusage(who).ru_maxrss // 1024 for who in PROCESSES)
    took = f"{wall:.1f} s, {used:.1f} s CPU, {own} + {others} MB at most (goal 20 s, 512 MB)"
    queue.put(f"{kind} {asked}: {len(content):,} bytes, {took}")


def _cpu() -> float:
    return sum(each.ru_utime + each.ru_stime for each in map(resource.getrusage, PROCESSES))
