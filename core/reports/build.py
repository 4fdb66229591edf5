"""How a section makes its blocks: by columns and figures that each name their field."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from core import formats, registries
from core.charts import Chart

from .blocks import Block, Cell, KeyFigure, KeyFigures, ReportChart, Table, Text


@dataclass(frozen=True)
class Column:
    """One column of a table: its field, its head, and how a row's cell is made, asked only where the field is
    allowed."""

    field: str
    head: str
    cell: Callable[[Any], Cell]
    numeric: bool = True


@dataclass(frozen=True)
class Figure:
    """One key figure, likewise."""

    field: str
    label: str
    cell: Callable[[], Cell | None]
    note: Callable[[], str] = lambda: ""


@dataclass
class Builder:
    """Collects a section's blocks. ``allowed``: the keys of the fields that may be told; ``shown`` the ones
    that were. A field that nobody registered is a LookupError: it could not be allowed or refused."""

    allowed: Collection[str]
    blocks: list[Block] = field(default_factory=list)
    shown: set[str] = field(default_factory=set)

    def may(self, key: str) -> bool:
        registries.report_fields.get(key)
        return key in self.allowed

    def text(self, markdown: str, author: str = "", *, about: str) -> None:
        """``about``: the field that the words tell of."""
        if markdown and self.may(about):
            self.shown.add(about)
            self.blocks.append(Text(markdown, author))

    def figures(self, figures: Iterable[Figure]) -> None:
        found = []
        for figure in figures:
            if self.may(figure.field) and (cell := figure.cell()) is not None:
                self.shown.add(figure.field)
                found.append(KeyFigure(figure.label, cell, figure.note()))
        if found:
            self.blocks.append(KeyFigures(tuple(found)))

    def table(
        self,
        title: str,
        columns: Sequence[Column],
        rows: Iterable[Any],
        *,
        total: Any = None,
        note: str = "",
    ) -> None:
        """``total`` is what the columns make the last row of. A column without a single
        figure is left out, and a table of which one column is left."""
        told = [column for column in columns if self.may(column.field)]
        if len(told) > 1 and (made := self._table(title, told, list(rows), total, note)):
            self.blocks.append(made)

    def chart(self, chart: Chart | None, fields: Sequence[str]) -> None:
        """A chart as a page draws it; left out whole where one of the ``fields`` it shows is refused."""
        if chart is None or {*map(self.may, fields)} != {True}:
            return
        self.shown |= set(fields)
        heads = list(chart.table.headers)
        figures = Table(
            chart.title,
            tuple(heads),
            tuple(fields[:1]) * len(heads),
            tuple(place > 0 for place in range(len(heads))),
            tuple(tuple(Cell(text or formats.MISSING) for text in row) for row in chart.table.rows),
        )
        legend = tuple({"label": key.label, "css": key.css, "shape": key.shape} for key in chart.legend)
        self.blocks.append(
            ReportChart(chart.title, chart.subtitle, chart.description, dict(chart.spec), legend, figures)
        )

    def _table(
        self, title: str, columns: Sequence[Column], rows: Sequence[Any], total: Any, note: str
    ) -> Table | None:
        cells = [[column.cell(row) for row in rows] for column in columns]
        told = [(column, own) for column, own in zip(columns, cells, strict=True) if any(map(_says, own))]
        if len(told) < 2:
            return None
        columns = [column for column, _cells in told]
        self.shown |= {column.field for column in columns}
        return Table(
            title,
            tuple(column.head for column in columns),
            tuple(column.field for column in columns),
            tuple(column.numeric for column in columns),
            tuple(zip(*(own for _column, own in told), strict=True)),
            () if total is None else tuple(column.cell(total) for column in columns),
            note,
        )


def _says(cell: Cell) -> bool:
    return cell.text not in ("", formats.MISSING)


def words(text: Any) -> Cell:
    return Cell(str(text))


def number(value: Decimal | float | None, decimals: int = 0, unit: str = "") -> Cell:
    """A volume or a count."""
    found = formats.exact(value)
    if found is None:
        return Cell(formats.MISSING)
    return Cell(formats.volume(found, unit, decimals), str(found), decimals)


def money(value: Decimal | float | None, currency: str, decimals: int = 0) -> Cell:
    found = formats.exact(value)
    if found is None:
        return Cell(formats.MISSING)
    return Cell(formats.money(found, currency, decimals), str(found), decimals)


def rate(value: Decimal | float | None, decimals: int = 1) -> Cell:
    """A part of a whole: 0.41 is 41 %."""
    found = formats.exact(value)
    if found is None:
        return Cell(formats.MISSING)
    return Cell(formats.percent(found, decimals), str(found), decimals, percent=True)


def day(value: datetime.date | None) -> Cell:
    return Cell(formats.MISSING if value is None else formats.day(value))


@dataclass(frozen=True)
class ReportContext:
    """What a section builds from. ``viewer`` is the author with the rights and limits of the audience and the
    scope, so that every selector leaves out what the report may not tell; ``scope`` is the one of
    :mod:`products.selectors.report_scope`; ``options`` what was chosen for this section."""

    viewer: Any
    scope: Any
    options: Mapping[str, Any]
    currency: str
