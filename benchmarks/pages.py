"""List, product and API pages with 20,000 products and five million sales rows: latency, CPU and queries.

In this process with Django's test client (CPU with the database's), and from outside through gunicorn as
``make run`` starts it.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import random
import socket
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator

from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from benchmarks.company import CHANNELS, MONTHS, company_make, month_text
from benchmarks.tools import Bench, Took, clock, median, percentile, tell

ALL = "/products/?view=all"
COUNTED = {
    "list": (f"{ALL}&q=P17", f"{ALL}&size=200"),
    "API products": ("/api/v1/products/?page_size=10", "/api/v1/products/?page_size=100"),
    "API sales by month": ("/api/v1/sales/months/?page_size=10", "/api/v1/sales/months/?page_size=100"),
    "API forecasts": ("/api/v1/forecasts/?page_size=10", "/api/v1/forecasts/?page_size=100"),
}


def pages(chance: random.Random, products: int) -> dict[str, str]:
    """One address of each kind, of another product each time."""
    code = f"P{chance.randrange(products)}"
    return {
        "list, one's own": "/products/",
        "list, all": ALL,
        "list, searched": f"{ALL}&q={code}",
        "list, line and sort": f"{ALL}&line=line-{chance.randrange(40)}&sort=-forecast_12m",
        "product overview": f"/products/{code}/",
        "API products": f"/api/v1/products/?page_size=50&page={1 + chance.randrange(max(1, products // 50))}",
        "API one product": f"/api/v1/products/{code}/",
        "API sales by month": f"/api/v1/sales/months/?product={code}",
        "API facts of a month": f"/api/v1/sales/facts/?channel=C1&month_from={month_text(3)}",
        "API forecasts": f"/api/v1/forecasts/?product={code}&current=true",
    }


def run(bench: Bench) -> None:
    products = bench.size(20_000, 60)
    times = bench.size(50, 3)
    user = company_make(products=products)
    rows = products * CHANNELS * MONTHS
    tell(f"{products:,} products, {rows:,} sales rows; {times} requests a page, in turns")
    client = Client(headers={"Host": "localhost"})
    client.force_login(user)
    _queries(client, bench, products)
    _inside(client, products, times)
    _outside(client.cookies[settings.SESSION_COOKIE_NAME].value, products, times, bench.size(5, 1))


def _get(client: Client, address: str) -> None:
    answer = client.get(address)
    if answer.status_code != 200:
        raise RuntimeError(f"{address} answered {answer.status_code}")


def _queries(client: Client, bench: Bench, products: int) -> None:
    for address in pages(random.Random(1), products).values():
        _get(client, address)  # templates loaded, first connections made
    tell("queries of a small and a large page (goal ≤ 12, the same for both):")
    for name, addresses in COUNTED.items():
        tell(f"   {name}: {' and '.join(str(_count(client, address, bench)) for address in addresses)}")
    for name, address in pages(random.Random(1), products).items():
        tell(f"   {name}: {_count(client, address, bench)}")


def _count(client: Client, address: str, bench: Bench) -> int:
    with CaptureQueriesContext(connection) as queries:
        _get(client, address)
    if bench.verbose:
        for query in sorted(queries, key=lambda one: -float(one["time"])):
            tell(f"      {float(query['time']) * 1000:6.0f} ms  {' '.join(query['sql'].split())[:400]}")
    return len(queries)


def _inside(client: Client, products: int, times: int) -> None:
    chance = random.Random(2)
    took: dict[str, list[Took]] = defaultdict(list)
    for _ in range(times):
        for name, address in pages(chance, products).items():
            with clock() as one:
                _get(client, address)
            took[name].append(one)
    tell("in this process: p50, p95, CPU a request (with the database's)")
    for name, found in took.items():
        walls = [one.wall * 1000 for one in found]
        cpu = sum(one.cpu for one in found) / len(found) * 1000
        tell(f"   {name}: {median(walls):.0f} ms, {percentile(walls, 0.95):.0f} ms, {cpu:.0f} ms")


def _outside(session: str, products: int, times: int, unseen: int) -> None:
    """After so many turns ``unseen``, in which both processes get their templates."""
    chance = random.Random(3)
    took: dict[str, list[float]] = defaultdict(list)
    with gunicorn() as port:
        web = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        headers = {"Cookie": f"{settings.SESSION_COOKIE_NAME}={session}", "Host": "localhost"}
        for turn in range(times + unseen):
            for name, address in pages(chance, products).items():
                started = time.perf_counter()
                web.request("GET", address, headers=headers)
                answer = web.getresponse()
                answer.read()
                if answer.status != 200:
                    raise RuntimeError(f"{address} answered {answer.status}")
                if turn >= unseen:
                    took[name].append((time.perf_counter() - started) * 1000)
        web.close()
    tell("through gunicorn, one client: p50, p95")
    for name, walls in took.items():
        tell(f"   {name}: {median(walls):.0f} ms, {percentile(walls, 0.95):.0f} ms")


@contextlib.contextmanager
def gunicorn() -> Iterator[int]:
    """The web server as ``make run`` starts it, on a free port."""
    from pmtool.run import _web

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen(_web("127.0.0.1", port), env=dict(os.environ), stdout=sys.stderr)
    try:
        give_up = time.monotonic() + 60
        while time.monotonic() < give_up:
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            time.sleep(0.1)
        yield port
    finally:
        server.terminate()
        server.wait(30)
