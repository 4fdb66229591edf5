"""Shared links: 10,000 tokens and where they are found, what 1,000 of each kind that cannot be read answer
and how fast; a report of twelve charts as a shared page, beside a static file, and as PDF by a worker."""

from __future__ import annotations

import http.client
import io
import logging
import random
import time
from collections import defaultdict
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.forms.models import model_to_dict
from django.test import Client
from django.utils import timezone

from accounts.models import Role, User
from benchmarks.pages import gunicorn
from benchmarks.processes import memory, worker
from benchmarks.report_files import CHARTS, pages_counted, sections_made, watched
from benchmarks.tools import Bench, median, percentile, tell
from core.models import Job, Organisation
from core.organisation import organisation_forget, today
from core.reports.blocks import sections_to_json
from pmtool.logs import JsonFormatter
from reporting.models import Report, Share, ShareAddress, Snapshot, SnapshotFile
from reporting.selectors.shares import token_hash
from reporting.services.shares import share_create, shares_act, token_new, token_of
from reporting.services.snapshot_files import snapshot_files_ask


def run(bench: Bench) -> None:
    count, each = bench.size(10_000, 40), bench.size(1_000, 10)
    author = User.objects.create_user("author@bench.example", "a long password", name="Author")
    author.roles.set(Role.objects.filter(code="product-manager"))
    Organisation.objects.update(sharing=True)
    organisation_forget()
    report = _report(author, bench.size(CHARTS, 1))
    links = _links(author, report, count, 4 * each)
    tokens = [token for _share, token in links]
    tell(
        f"{count:,} links: {len(set(tokens)):,} tokens, {Share.objects.values('token_hash').count():,} hashes"
    )
    log = io.StringIO()
    _alike(author, links, each, log)
    _found(tokens, log.getvalue())
    _pages(tokens[-1], bench.size(300, 5))
    _pdf(report)


def _report(author: Any, charts: int) -> Report:
    said = {"title": "Category review", "language": "en", "audience": "external"}
    report = Report.objects.create(author=author, **said)
    Snapshot.objects.create(
        report=report,
        number=1,
        author=author,
        author_name=author.name,
        published_at=timezone.now(),
        fields=["volume"],
        sections=sections_to_json(sections_made(charts)),
        **said,
    )
    return report


def _links(author: Any, report: Report, count: int, served: int) -> list[tuple[Share, str]]:
    """So many; the first ``served`` as the page makes them, the others in bulk like these."""
    values = {"label": "R", "email": "r@bench.example"}
    with transaction.atomic():
        links = [
            share_create(user=author, report=report, values=values, token=token_of(token_new()))
            for _number in range(served)
        ]
    like = model_to_dict(links[0][0], exclude=["id", "token_hash", "report", "author", "snapshot", "granted"])
    like["granted"], more = links[0][0].granted, []
    for _number in range(count - served):
        token = token_of(token_new())
        more.append((Share(report=report, author=author, token_hash=token_hash(token), **like), token))
    Share.objects.bulk_create([share for share, _token in more], batch_size=1000)
    return links + more


def _alike(author: Any, links: list[tuple[Share, str]], each: int, log: io.StringIO) -> None:
    """In turns, each in another order, so that what else the machine does falls on all of them."""
    names = ("expired", "revoked", "paused")
    parts = {name: links[place * each : (place + 1) * each] for place, name in enumerate(names)}
    Share.objects.filter(pk__in=[share.pk for share, _token in parts["expired"]]).update(
        expires_on=today().replace(year=2020)
    )
    for name, act in (("revoked", "revoke"), ("paused", "pause")):
        shares_act(user=author, ids=[share.pk for share, _token in parts[name]], act=act)
    asked = {name: [token for _share, token in found] for name, found in parts.items()}
    asked["revoked by a later mail's address"] = _mailed(parts["revoked"])
    asked["random"] = [token_new() for _number in range(each)]
    asked["live"] = [token for _share, token in links[3 * each : 4 * each]]
    handler, root = logging.StreamHandler(log), logging.getLogger()
    handler.setFormatter(JsonFormatter())
    kept, root.handlers = root.handlers, [handler]
    level = root.level, logging.getLogger("django").level
    root.setLevel("DEBUG")
    logging.getLogger("django").setLevel("DEBUG")
    client, answers = Client(headers={"Host": "localhost"}), set()
    took: dict[str, list[float]] = defaultdict(list)
    spent: dict[str, list[float]] = defaultdict(list)
    for turn in range(each):
        for name in random.sample(list(asked), len(asked)):
            started, cpu = time.perf_counter(), time.process_time()
            answer = client.get(f"/r/{asked[name][turn]}/")
            took[name].append((time.perf_counter() - started) * 1000)
            spent[name].append((time.process_time() - cpu) * 1000)
            headers = sorted((key, value) for key, value in answer.headers.items() if key != "X-Request-ID")
            if name != "live":
                answers.add((answer.status_code, answer.content, tuple(headers)))
    root.handlers = kept
    root.setLevel(level[0])
    logging.getLogger("django").setLevel(level[1])
    tell(f"{each:,} each of {', '.join(asked)}; but for the live ones {len(answers)} different answer(s)")
    for what, found in (("wall clock", took), ("CPU of this process", spent)):
        medians = {name: median(values) for name, values in found.items()}
        closed = [value for name, value in medians.items() if name != "live"]
        said = ", ".join(f"{name} {value:.2f}" for name, value in medians.items())
        tell(
            f"   medians of {what}: {said} ms; but for live {max(closed) - min(closed):.2f} apart (goal ≤ 5)"
        )


def _mailed(links: list[tuple[Share, str]]) -> list[str]:
    """The addresses that a mail about the version gave each."""
    tokens = {token_new(): share for share, _token in links}
    ShareAddress.objects.bulk_create(
        ShareAddress(share=share, snapshot=share.granted, token_hash=token_hash(token))
        for token, share in tokens.items()
    )
    return list(tokens)


def _found(tokens: list[str], log: str) -> None:
    dump = _dump()
    in_dump = sum(token in dump for token in tokens)
    in_log = sum(token in log for token in tokens)
    tell(f"tokens in a dump of {len(dump):,} characters: {in_dump}")
    tell(f"tokens in a log of {len(log):,} characters that says {log.count('/r/…')} addresses: {in_log}")


def _dump() -> str:
    """Every row of every table as text."""
    said = io.StringIO()
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.copy_expert(f'COPY "{table}" TO STDOUT', said)
    return said.getvalue()


def _pages(token: str, times: int) -> None:
    took: dict[str, list[float]] = defaultdict(list)
    with gunicorn() as port:
        web = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        web.request("POST", f"/r/{token}/open/", headers={"Host": "localhost"})
        answer = web.getresponse()
        answer.read()
        cookie = (answer.headers["Set-Cookie"] or "").partition(";")[0]
        for turn in range(times + 10):
            for name, address in (
                ("static file", f"/{settings.STATIC_URL.strip('/')}/css/pmtool.css"),
                ("no database", "/livez"),
                ("shared page", f"/r/{token}/"),
            ):
                started = time.perf_counter()
                web.request("GET", address, headers={"Host": "localhost", "Cookie": cookie})
                answer = web.getresponse()
                size = len(answer.read())
                if answer.status != 200:
                    raise RuntimeError(f"{name} answered {answer.status}")
                if turn >= 10:
                    took[name].append((time.perf_counter() - started) * 1000)
                if turn == times:
                    tell(f"{name}: {size:,} bytes")
        web.close()
    base = percentile(took["static file"], 0.95)
    for name, walls in took.items():
        p95 = percentile(walls, 0.95)
        tell(f"{name}: p50 {median(walls):.1f} ms, p95 {p95:.1f} ms, {p95 / base:.1f} × the static file")


def _pdf(report: Report) -> None:
    """The PDF alone, by a worker of one process: until it is there, and what worker and helpers hold."""
    snapshot, said = report.snapshots.get(), set()
    for kind in ("pptx", "xlsx"):
        SnapshotFile.objects.create(snapshot=snapshot, kind=kind, content=b"", bytes=0)
    with worker(1) as (process, _took), watched(lambda: memory(process)[0]) as peak:
        started = time.perf_counter()
        snapshot_files_ask(snapshot=snapshot)
        job = Job.objects.get(payload__snapshot=snapshot.pk)
        while not job.is_final:
            time.sleep(0.02)
            job.refresh_from_db()
            said.add((job.progress_done, job.progress_total))
        took = time.perf_counter() - started
    if job.state != Job.State.DONE:
        raise RuntimeError(f"the PDF was not made: {job.error_code}")
    made = SnapshotFile.objects.get(snapshot=snapshot, kind="pdf")
    pages, size = pages_counted("pdf", bytes(made.content)), made.bytes / 1024
    tell(f"PDF by a worker: {took:.1f} s (goal ≤ 10), {size:.0f} kB{pages}, seen {len(said)} times how far")
    tell(f"   worker, its parent and helpers: at most {peak.megabytes:.0f} MB PSS together (goal ≤ 512)")
