"""How a section makes its blocks: by columns and figures that each name their field."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from core import formats, registries
from core.charts import Chart

from .blocks import Block, Cell, KeyFigure, KeyFigures, ReportChart, Table, Text


@dataclass(frozen=True)
class Volume:
    """A volume: with as many decimals as the others of its column in the same unit."""

    value: Decimal | float | None
    unit: str = ""


@dataclass(frozen=True)
class Column:
    """One column of a table: its field, its head, and how a row's cell is made, asked only where the field is
    allowed."""

    field: str
    head: str
    cell: Callable[[Any], Cell | Volume]
    numeric: bool = True


@dataclass(frozen=True)
class Figure:
    """One key figure, likewise."""

    field: str
    label: str
    cell: Callable[[], Cell | Volume]


@dataclass
class Builder:
    """Collects a section's blocks. ``allowed``: the keys of the fields that may be told; ``shown`` the ones
    that were, ``asked`` and ``refused`` those that were asked for. A field that nobody registered is a
    LookupError: it could not be allowed or refused. ``channels`` and ``suppliers``: the ids of those whose
    figures its tables and charts carry. ``only``: the name of the one kind of blocks that was chosen, others
    are left out. ``title``: what a section is called for what it tells here, where that is less than its
    label says. ``of_all``: it tells of all products of the report, also those that are not told one by
    one."""

    allowed: Collection[str]
    only: str = ""
    blocks: list[Block] = field(default_factory=list)
    shown: set[str] = field(default_factory=set)
    asked: set[str] = field(default_factory=set)
    channels: set[int] = field(default_factory=set)
    suppliers: set[int] = field(default_factory=set)
    title: str = ""
    of_all: bool = False

    def may(self, key: str) -> bool:
        registries.report_fields.get(key)
        self.asked.add(key)
        return key in self.allowed

    @property
    def refused(self) -> set[str]:
        return self.asked.difference(self.allowed)

    def text(self, markdown: str, author: str = "", *, about: str, beside: bool = False) -> None:
        """``about``: the field that the words tell of."""
        if (beside or not self.only) and markdown and self.may(about):
            self.shown.add(about)
            self.blocks.append(Text(markdown, author, beside))

    def figures(self, figures: Iterable[Figure], *, name: str = "table") -> None:
        if self.only not in ("", name):
            return
        found = []
        for figure in figures:
            if self.may(figure.field):
                [cell] = _cells([figure.cell()])
                if _says(cell):
                    self.shown.add(figure.field)
                    found.append(KeyFigure(figure.label, cell))
        if found:
            self.blocks.append(KeyFigures(tuple(found)))

    def table(
        self,
        title: str,
        columns: Sequence[Column],
        rows: Iterable[Any],
        *,
        note: str = "",
        strong: Callable[[Any], bool] = lambda row: False,
        name: str = "table",
        channels: Iterable[int] = (),
        suppliers: Iterable[int] = (),
    ) -> None:
        """``strong`` says which rows are totals, ``channels`` and ``suppliers`` whose figures these are. A
        column without a single figure is left out, and a table of which but one column is left."""
        if self.only not in ("", name):
            return
        asked, rows = [column for column in columns if self.may(column.field)], list(rows)
        cells = [(column, _cells([column.cell(row) for row in rows])) for column in asked]
        told = [(column, own) for column, own in cells if any(map(_says, own))]
        if len(told) < 2:
            return
        self.shown |= {column.field for column, _own in told}
        self.channels.update(channels)
        self.suppliers.update(suppliers)
        self.blocks.append(
            Table(
                title,
                heads=tuple(column.head for column, _own in told),
                fields=tuple(column.field for column, _own in told),
                numeric=tuple(column.numeric for column, _own in told),
                rows=tuple(zip(*(own for _column, own in told), strict=True)),
                note=note,
                strong=tuple(place for place, row in enumerate(rows) if strong(row)),
            )
        )

    def chart(
        self,
        chart: Chart | None,
        fields: Sequence[str],
        *,
        title: str = "",
        name: str = "chart",
        channels: Iterable[int] = (),
        suppliers: Iterable[int] = (),
    ) -> None:
        """A chart as a page draws it, its table without the rows and columns that have no figure; left out
        whole where one of the ``fields`` it shows is refused.
        ``title``: in the place of the question that it answers. ``channels`` and ``suppliers`` as of a
        table."""
        if chart is None or self.only not in ("", name) or {*map(self.may, fields)} != {True}:
            return
        self.shown |= set(fields)
        self.channels.update(channels)
        self.suppliers.update(suppliers)
        heads, title = list(chart.table.headers), title or chart.title
        rows = [[Cell(text or formats.MISSING) for text in row] for row in chart.table.rows]
        told = [place for place in range(len(heads)) if not place or any(_says(row[place]) for row in rows)]
        figures = Table(
            title,
            tuple(heads[place] for place in told),
            tuple(fields[:1]) * len(told),
            tuple(place > 0 for place in told),
            tuple(tuple(row[place] for place in told) for row in rows if any(map(_says, row[1:]))),
        )
        legend = tuple({"label": key.label, "css": key.css, "shape": key.shape} for key in chart.legend)
        self.blocks.append(
            ReportChart(
                title, chart.subtitle, chart.description, dict(chart.spec), legend, figures, chart.css
            )
        )


def _cells(column: Sequence[Cell | Volume]) -> list[Cell]:
    """Volumes of one unit alike."""
    volumes = [each for each in column if isinstance(each, Volume)]
    decimals = {
        unit: formats.volume_decimals(each.value for each in volumes if each.unit == unit)
        for unit in {each.unit for each in volumes}
    }
    return [
        number(each.value, decimals[each.unit], each.unit) if isinstance(each, Volume) else each
        for each in column
    ]


def _says(cell: Cell) -> bool:
    return cell.text not in ("", formats.MISSING)


def words(text: Any, day: datetime.date | None = None) -> Cell:
    """``day``: that the text tells of, or begins with."""
    return Cell(str(text), day=day.isoformat() if day else "")


def number(value: Decimal | float | None, decimals: int = 0, unit: str = "") -> Cell:
    """A count, or what has these decimals."""
    return _figure(value, lambda found: formats.volume(found, unit, decimals), decimals)


def money(value: Decimal | float | None, currency: str, decimals: int = 0) -> Cell:
    return _figure(value, lambda found: formats.money(found, currency, decimals), decimals)


def rate(value: Decimal | float | None, decimals: int = 1) -> Cell:
    """A part of a whole: 0.41 is 41 %."""
    return _figure(value, lambda found: formats.percent(found, decimals), decimals, percent=True)


def _figure(
    value: Decimal | float | None, text: Callable[[Decimal], str], decimals: int, *, percent: bool = False
) -> Cell:
    found = formats.exact(value)
    if found is None:
        return Cell(formats.MISSING)
    return Cell(text(found), str(found), decimals, percent)


@dataclass(frozen=True)
class ReportContext:
    """What a section builds from. ``viewer`` is the author with the rights and limits of the audience and the
    scope, so that every selector leaves out what the report may not tell; ``scope`` is the one of
    :mod:`products.selectors.report_scope`. ``query`` is what a section that asks for it is asked, as in an
    address. ``kept`` holds what a room read for one section and needs in the next. ``cost_viewer``: the
    viewer, with the right to costs where it lacks that because others than the suppliers of the scope charge
    too; for what is of these suppliers alone."""

    viewer: Any
    scope: Any
    currency: str
    cost_viewer: Any
    query: str = ""
    kept: dict[Any, Any] = field(default_factory=dict)
