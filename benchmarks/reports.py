"""Reports of all of 20,000 products with three years of sales, budgets, forecasts and costs, published by a
worker: time, memory, and what a version holds.

Goals: 60 s, 512 MB.
"""

from __future__ import annotations

import time
from typing import Any

from django.db import connection
from django.test import Client

from accounts.models import User
from benchmarks.company import company_make
from benchmarks.processes import memory, worker
from benchmarks.report_files import watched
from benchmarks.tools import Bench, clock, quiet, tell
from core.models import Job
from core.months import month_add, month_start
from core.organisation import today
from reporting.models import Report
from reporting.reports.templates import TEMPLATES, sections_offered, template_sections
from reporting.services.report_jobs import report_publish_start
from reporting.services.reports import Part, report_create

MONTHS = 36
KINDS = ("purchase", "inbound", "payment", "fulfilment")
# Of each product its own, and overhead that is split over all; without their history.
_BORNE = """
    SET session_replication_role = replica;
    INSERT INTO pricing_costline (product_id, kind_id, name, basis, base, cost_centre, currency, key,
                                  tail_months, note, created_at, version)
    SELECT p.id, k.id, '', 'unit', '', '', 'EUR', '', 0, '', now(), 1
    FROM products_product p JOIN pricing_costkind k ON k.code = ANY(%(kinds)s)
    UNION ALL
    SELECT NULL, id, '', 'month', '', '', 'EUR', 'revenue', 0, '', now(), 1
    FROM pricing_costkind WHERE code = 'overhead';
    INSERT INTO pricing_costrate (cost_line_id, start_date, from_quantity, amount, times, least_quantity,
                                  exchange_rate, vat_rate, created_at, withdrawn_reason)
    SELECT id, %(start)s, 0, 0.31, 1, 0, 1, 0, now(), '' FROM pricing_costline;
    SET session_replication_role = origin;
"""
# Booked as the night does it, of two years.
_BOOKED = """
    INSERT INTO pricing_costmonth (product_id, month, kind_id, cost_centre, source, cost_line_id, amount,
                                   currency, recorded_at)
    SELECT s.product_id, s.month, l.kind_id, '', 'standard', l.id, round(s.volume * 0.31, 2), '', now()
    FROM products_productmonth s JOIN pricing_costline l ON l.product_id = s.product_id
    WHERE s.month > %(last)s::date - interval '2 years';
    ANALYZE;
"""


def run(bench: Bench) -> None:
    products = bench.size(20_000, 60)
    author = company_make(products=products, months=MONTHS)
    _costs()
    quiet()
    tell(
        f"{products:,} products × {MONTHS} months, {len(KINDS)} kinds of cost each and overhead that is split"
    )
    month = template_sections(author, TEMPLATES["month"])
    _published(author, "month report for management", [Part(each.key, "", how) for each, how in month])
    if not bench.small:
        every = [Part(each.key, "" if each.blocks else "Said.") for each in sections_offered(author)]
        _published(author, "every section", every)


def _costs() -> None:
    with connection.cursor() as cursor:
        cursor.execute(_BORNE, {"kinds": list(KINDS), "start": month_add(month_start(today()), -MONTHS)})
        cursor.execute(_BOOKED, {"last": month_add(month_start(today()), -1)})


def _published(author: User, title: str, parts: list[Part]) -> None:
    """By a worker of one process: until the version is there, and the most that it and its parent hold."""
    values: dict[str, Any] = {"title": title, "language": "en", "audience": "internal", "all_products": True}
    report = report_create(user=author, values=values | {"months": MONTHS}, parts=parts)
    with worker(1) as (process, _took), watched(lambda: memory(process)[0]) as peak:
        before, started = peak.megabytes, time.perf_counter()
        job = report_publish_start(user=author, report=report)
        assert isinstance(job, Job)
        while not job.is_final:
            time.sleep(0.05)
            before = before or peak.megabytes
            job.refresh_from_db()
        took, most = time.perf_counter() - started, peak.megabytes
    if job.state != Job.State.DONE:
        raise RuntimeError(f"it was not published: {job.error_code} {job.error_params}")
    snapshot = report.snapshots.get()
    tell(f"{title}: {took:.1f} s (goal 60 s), {most:.0f} MB PSS at most (goal 512 MB), {before:.0f} idle")
    told = len(snapshot.sections), _bytes(report) / 1024
    tell(f"   {told[0]} sections, the version {told[1]:.0f} kB in the database")
    _page(author, report)


def _bytes(report: Report) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_column_size(sections) + pg_column_size(about) + pg_column_size(product_ids)"
            " FROM reporting_snapshot WHERE report_id = %s",
            [report.pk],
        )
        [(size,)] = cursor.fetchall()
        return int(size)


def _page(author: User, report: Report) -> None:
    client = Client(headers={"Host": "localhost"})
    client.force_login(author)
    at = f"/reports/{report.pk}/"
    for name, address in (("its page", at), ("its preview", f"{at}preview/"), ("the version", f"{at}1/")):
        client.get(address)
        with clock() as took:
            answer = client.get(address)
        if answer.status_code != 200:
            raise RuntimeError(f"{address} answered {answer.status_code}")
        tell(f"   {name}: {took.wall:.2f} s, {took.cpu:.2f} s CPU, {len(answer.content) / 1024:.0f} kB")
