"""Pages of paper, tagged, with charts as vectors. The figures behind the charts stand at the end; of a
product sheet, which is one page, they are what the charts say in words."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _

from core import formats
from core.reports.blocks import Block, KeyFigures, ReportChart, Section, Table, Text
from core.typeset import pdf_bytes, readable
from reporting.reports.markdown import markdown_tree

from .behind import Behind, tables_behind, targets
from .document import Document, Progress, column_widths
from .drawings import charts_drawn

TEMPLATE = Path(__file__).parent.parent / "typst" / "report.typ"
UPRIGHT, ACROSS, TURNED = 105, 155, 130
"""How many letters of ``SIZE`` fit beside each other on paper, and from how many on it is turned."""
SIZE, LEAST, NARROW = 8.5, 5.0, 16
"""Of letters, in points; after how many words of a sheet's table wrap."""
BESIDE, HALF, LOWER = 3, 415, 0.7
"""Of so many charts in a row on they stand beside each other: how wide each is drawn then, in pixels, and how
much lower."""
MOMENT = ("year", "month", "day", "hour", "minute", "second")


def report_pdf(report: Document, progress: Progress) -> bytes:
    charts = [
        _half(block) if is_half else block
        for section in report.sections
        for block, is_half in _halved(report, section)
        if isinstance(block, ReportChart)
    ]
    files: dict[str, bytes] = {}
    progress(0, len(charts) + 1)
    with tempfile.TemporaryDirectory() as folder:
        for place, drawn in enumerate(charts_drawn(charts, report.language, "svg", Path(folder))):
            files[f"chart-{place}.svg"] = readable(drawn.read_text(encoding="utf-8")).encode()
            progress(place + 1, len(charts) + 1)
    return pdf_bytes(TEMPLATE, _data(report), files)


def _data(report: Document) -> Mapping[str, Any]:
    behind = tables_behind(report)
    moment, places = report.published_at, targets(report, behind)
    with translation.override(report.language):
        words = {
            "contents": _("Contents"),
            "behind": _("Figures behind the charts"),
            "see": _("Figures on page"),
        }
    return {
        "title": report.title,
        "language": report.language,
        "footer": f"{report.title} · {report.line}",
        "author": report.author,
        "date": {name: getattr(moment, name) for name in MOMENT},
        "about": report.about,
        "words": words,
        "sections": [
            {"title": section.title, "runs": _runs(report, section, places)} for section in report.sections
        ],
        "one_page": report.one_page,
        "behind": _behind(behind),
    }


def _halved(report: Document, section: Section) -> Iterator[tuple[Any, bool]]:
    """Each block, and whether it is a chart that stands beside another: of many in a row, but the first where
    their number is odd."""
    for is_chart, run in itertools.groupby(section.blocks, _is_fluid):
        blocks = list(run)
        first = len(blocks) % 2
        many = is_chart and len(blocks) >= BESIDE and not report.one_page
        yield from ((block, many and place >= first) for place, block in enumerate(blocks))


def _half(chart: ReportChart) -> ReportChart:
    height = chart.spec.get("height")
    lower = {"height": round(height * LOWER)} if isinstance(height, int) else {}
    return replace(chart, spec={**chart.spec, "width": HALF, **lower})


def _is_fluid(block: Block) -> bool:
    return isinstance(block, ReportChart) and block.spec.get("width") == "container"


def _runs(report: Document, section: Section, places: Iterator[tuple[int, str]]) -> list[Mapping[str, Any]]:
    """Its blocks in their order, those that lie on their side beside each other on one sheet."""
    blocks: list[Mapping[str, Any]] = []
    for is_half, each in itertools.groupby(_halved(report, section), lambda pair: pair[1]):
        run = [block for block, _is_half in each]
        made = [
            _block(block, places, _room(report, before)) for before, block in itertools.pairwise([None, *run])
        ]
        blocks += [{"kind": "charts", "charts": made}] if is_half else made
    return [
        {"wide": wide, "blocks": list(run)}
        for wide, run in itertools.groupby(blocks, lambda each: bool(each.get("wide")))
    ]


def _room(report: Document, before: Block | None) -> int:
    """How many letters across a table of a sheet has, half of them beside the chart that is before it; 0: it
    takes what it needs."""
    if not report.one_page:
        return 0
    return UPRIGHT // 2 if isinstance(before, ReportChart) else UPRIGHT


def _behind(behind: Sequence[Behind]) -> list[Mapping[str, Any]]:
    """Several narrow tables stand in two columns."""
    tables = [
        {**_table(table), "target": "" if place else each.target}
        for each in behind
        for place, table in enumerate(each.tables)
    ]
    runs = itertools.groupby(tables, lambda each: (each["wide"], sum(each["widths"]) <= UPRIGHT // 2))
    told = [(wide, narrow, list(run)) for (wide, narrow), run in runs]
    return [
        {"wide": wide, "columns": 2 if narrow and len(run) > 1 else 1, "tables": run}
        for wide, narrow, run in told
    ]


def _block(block: Block, places: Iterator[tuple[int, str]], room: int) -> Mapping[str, Any]:
    if isinstance(block, Text):
        return {"kind": block.kind, "nodes": markdown_tree(block.markdown), "author": block.author}
    if isinstance(block, KeyFigures):
        figures = [[each.label, each.figure.text] for each in block.figures]
        return {"kind": block.kind, "figures": figures}
    if isinstance(block, Table):
        return _table(block, room)
    place, target = next(places)
    return {
        "kind": block.kind,
        "title": block.title,
        "subtitle": block.subtitle,
        "alt": _said(block) if room else block.description or block.title,
        "name": f"chart-{place}.svg",
        "target": target,
    }


def _said(chart: ReportChart) -> str:
    """What a chart shows, with its figures, in one sentence."""
    rows = (" ".join(cell.text for cell in row if cell.text != formats.MISSING) for row in chart.table.rows)
    return f"{chart.description or chart.title}: {'; '.join(rows)}"


def _table(table: Table, room: int = 0) -> Mapping[str, Any]:
    """Turned, and smaller, where it needs that; smaller only, and words on more lines, where it has so much
    ``room``."""
    widths = column_widths(table, NARROW if room else 32)
    whole = sum(widths)
    wide = not room and whole > TURNED
    return {
        "kind": table.kind,
        "title": table.title,
        "note": table.note,
        "heads": list(table.heads),
        "numeric": list(table.numeric),
        "rows": [
            {"cells": [cell.text for cell, _numeric in cells], "strong": strong}
            for cells, strong in table.lines
        ],
        "widths": widths,
        "wide": wide,
        "size": max(LEAST, SIZE * min(1.0, (room or (ACROSS if wide else UPRIGHT)) / whole)),
    }
