"""A published report of twelve charts with long tables as PDF, slides and sheets: time, CPU and memory of the
worker and the processes it starts."""

from __future__ import annotations

import datetime
import resource
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import psutil
from django.utils import translation

from core.reports.blocks import Section

from .tools import Bench, tell

CHARTS, ROWS = 12, 45


@dataclass
class Peak:
    megabytes: float = 0.0


def sections_made(charts: int) -> list[Section]:
    """So many charts, each with a long table and words."""
    from core.reports.build import Builder, Column, money, number, words

    sections = []
    with translation.override("nl"):
        for place in range(charts):
            builder = Builder({"volume", "revenue", "product"})
            builder.text("Een **goede** maand.\n\n- afzet hoger\n- marge gelijk", about="product")
            builder.chart(_chart(place), ["volume"])
            columns = [
                Column("product", "Product", lambda row: words(f"Product {row}"), numeric=False),
                Column("volume", "Afzet", lambda row: number(row * 1013)),
                Column("revenue", "Omzet", lambda row: money(row * 1771, "EUR", 2)),
            ]
            builder.table("Per product", columns, range(1, ROWS + 1))
            sections.append(Section("sales", f"Deel {place + 1}", builder.blocks))
    return sections


def run(bench: Bench) -> None:
    from reporting.renderers.document import Document
    from reporting.services.snapshot_files import RENDERERS

    sections = sections_made(bench.size(CHARTS, 1))
    report = Document(
        "Maandrapport", "nl", "Sanne", datetime.datetime(2026, 11, 1), "", [], sections, one_page=False
    )
    for kind, render in RENDERERS.items():
        steps: list[tuple[int, int]] = []
        cpu, wall = _cpu(), time.perf_counter()
        with watched(_held) as peak:
            content = render(report, lambda done, total, steps=steps: steps.append((done, total)))
        took, used, size = time.perf_counter() - wall, _cpu() - cpu, len(content) / 1024
        tell(f"{kind}: {took:.1f} s, {used:.1f} s CPU, at most {peak.megabytes:.0f} MB together")
        tell(f"      {size:.0f} kB{pages_counted(kind, content)}, said {len(steps)} times how far it is")


def _chart(place: int) -> object:
    from core.charts import Actual, Expected, volume_forecast_chart
    from core.months import month_add

    last = datetime.date(2026, 10, 1)
    past = [
        Actual(month_add(last, -back), 1000.0 + 37 * ((back * 7 + place) % 12)) for back in range(35, -1, -1)
    ]
    ahead = [Expected(month_add(last, step), 1200.0, 1100.0, 1300.0, 1000.0, 1400.0) for step in range(1, 19)]
    return volume_forecast_chart(
        id=f"chart-{place}",
        title="Hoe gaat het verder?",
        history=past,
        forecast=ahead,
        unit_label="stuks per maand",
        measure_label="afzet",
    )


def pages_counted(kind: str, content: bytes) -> str:
    return f", {content.count(b'/Type/Page') - content.count(b'/Type/Pages')} pages" if kind == "pdf" else ""


def _cpu() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


@contextmanager
def watched(held: Callable[[], float]) -> Iterator[Peak]:
    """The most memory that was ``held``, in MB, looked at all the time."""
    peak, over = Peak(), threading.Event()

    def watch() -> None:
        while not over.wait(0.02):
            peak.megabytes = max(peak.megabytes, held())

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield peak
    finally:
        over.set()
        thread.join()


def _held() -> float:
    """By this process and its children together."""
    process, held = psutil.Process(), 0
    for each in (process, *process.children(recursive=True)):
        with suppress(psutil.NoSuchProcess):
            held += each.memory_info().rss
    return held / 2**20
