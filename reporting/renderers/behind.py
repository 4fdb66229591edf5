"""The figures behind the charts, as paper has them: at the end, what is alike beside each other."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from core import formats
from core.reports.blocks import Cell, ReportChart, Table

from .document import Document

ALIKE, ABREAST = 3, 6
"""Of so many charts in a row on their figures stand beside each other, those of so many in one table."""


@dataclass(frozen=True)
class Behind:
    """The figures behind so many charts; ``target``: where these lead to, empty of a further table."""

    tables: Sequence[Table]
    charts: int
    target: str


def tables_behind(report: Document) -> list[Behind]:
    """Of three and more in a row whose tables are alike a table a column, with the charts beside each other;
    of another what was and what is expected below each other, without columns of dashes."""
    found: list[Behind] = []
    for section in () if report.one_page else report.sections:
        charts = [block for block in section.blocks if isinstance(block, ReportChart)]
        for _heads, run in itertools.groupby(charts, lambda chart: chart.table.heads[:2]):
            own = [chart.table for chart in run]
            beside = _beside(own) if len(own) >= ALIKE else []
            for tables, count in [(beside, len(own))] if beside else [(_parted(each), 1) for each in own]:
                found.append(Behind(tables, count, f"figures-{len(found)}"))
    return found


def targets(report: Document, behind: Sequence[Behind]) -> Iterator[tuple[int, str]]:
    """The number of each chart, and where its figures are; a sheet has none."""
    led = itertools.chain.from_iterable([each.target] * each.charts for each in behind)
    return enumerate(itertools.repeat("") if report.one_page else led)


def _beside(tables: Sequence[Table]) -> list[Table]:
    """A table of each column that one of them has, with the rows in the order of all; nothing where their
    rows have nothing in common, or one names two of its rows alike."""
    order: list[str] = []
    for table in tables:
        labels = [row[0].text for row in table.rows]
        if (order and not set(order).intersection(labels)) or len(set(labels)) < len(labels):
            return []
        place = 0
        for label in labels:
            if label not in order:
                order.insert(place, label)
            place = order.index(label) + 1
    heads = dict.fromkeys(head for table in tables for head in table.heads[1:])
    return [
        part
        for head in heads
        for first in range(0, len(tables), ABREAST)
        if (part := _column(head, tables[first : first + ABREAST], order)) is not None
    ]


def _parted(table: Table) -> list[Table]:
    """A part for the rows in a row that have figures in the same columns; the table itself where most of them
    would be of few rows."""
    runs = [
        (told, list(run))
        for told, run in itertools.groupby(
            table.rows, lambda row: tuple(cell.text != formats.MISSING for cell in row)
        )
    ]
    if len(runs) < 2 or any(len(run) < ALIKE for _told, run in runs):
        return [table]

    def some(told: Sequence[bool], values: Sequence[Any]) -> tuple[Any, ...]:
        return tuple(itertools.compress(values, told))

    return [
        replace(
            table,
            heads=some(told, table.heads),
            fields=some(told, table.fields),
            numeric=some(told, table.numeric),
            rows=tuple(some(told, row) for row in run),
        )
        for told, run in runs
    ]


def _column(head: str, tables: Sequence[Table], order: Sequence[str]) -> Table | None:
    """What each of the tables has below this head."""
    with_it = [table for table in tables if head in table.heads]
    cells = [{row[0].text: row[table.heads.index(head)] for row in table.rows} for table in with_it]
    nothing = Cell(formats.MISSING)
    rows = [
        (Cell(label), *(own.get(label, nothing) for own in cells))
        for label in order
        if any(own.get(label, nothing).text != formats.MISSING for own in cells)
    ]
    if not rows:
        return None
    first = with_it[0]
    return Table(
        head,
        heads=(first.heads[0], *(table.title for table in with_it)),
        fields=(first.fields[0],) * (len(with_it) + 1),
        numeric=(False, *(True for _table in with_it)),
        rows=rows,
    )
