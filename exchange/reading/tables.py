"""A file as a table: its columns' names, and its rows in chunks of columns."""

from __future__ import annotations

import csv
import datetime
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

from exchange.messages import refuse

from . import limits
from .encoding import python_name

SEPARATORS = (",", ";", "\t", "|")
CHUNK_ROWS = 20_000
_HEADER_WITHIN = 20
_LINE_BREAK = re.compile("\r\n|\r|\n")

Cell = Any
"""str; from XLSX also int, float, bool, date, datetime, time, timedelta."""


@dataclass
class Chunk:
    """``lines`` and ``columns`` belong together; ``odd`` rows have another number of cells than the
    header."""

    lines: Sequence[int]
    columns: list[Sequence[Cell]]
    odd: list[tuple[int, str, dict[str, int]]] = field(default_factory=list)


@dataclass(frozen=True)
class Position:
    """A place in a text file: the byte, and the line that starts there."""

    offset: int
    line: int


class Table(Protocol):
    """A file opened with known settings. ``headers`` are the first line's names, made unique."""

    headers: list[str]
    header_line: int

    def chunks(self, rows: int = CHUNK_ROWS, start: Position | None = None) -> Iterator[Chunk]:
        """The rows below the header, blank ones left out; from ``start`` in a text file."""


def unique_headers(cells: Sequence[Cell]) -> list[str]:
    """The names as text; nameless columns are called by their number, twins get one."""
    names: list[str] = []
    for position, cell in enumerate(cells, start=1):
        name = cell_text(cell)[:120] or f"#{position}"
        names.append(name if name not in names else f"{name} ({position})")
    return names


def cell_text(cell: Cell) -> str:
    """A cell as the text a person sees in it."""
    if isinstance(cell, str):
        return cell.strip()
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, datetime.datetime):
        return cell.date().isoformat() if cell.time() == datetime.time() else cell.isoformat(sep=" ")
    return str(cell)


def _is_blank(row: Sequence[Cell]) -> bool:
    return not any(cell_text(cell) for cell in row)


def _trim(row: Sequence[Cell]) -> list[Cell]:
    """Without the empty cells at the end."""
    cells = list(row)
    while cells and not cell_text(cells[-1]):
        cells.pop()
    return cells


@dataclass
class CsvTable:
    path: Path
    encoding: str
    separator: str
    header_line: int
    headers: list[str] = field(init=False)

    def __post_init__(self) -> None:
        for line, row in csv_head(self.path, self.encoding, self.separator, limits.HEADER_LINE):
            if line == self.header_line:
                self.headers = unique_headers(_trim(row))
                return
        raise refuse("header_line_missing", line=self.header_line)

    def chunks(self, rows: int = CHUNK_ROWS, start: Position | None = None) -> Iterator[Chunk]:
        width = len(self.headers)
        with self.path.open("rb") as raw:
            raw.seek(start.offset if start else 0)
            file = io.TextIOWrapper(raw, encoding=python_name(self.encoding), newline="")
            reader = csv.reader(file, delimiter=self.separator, strict=True)
            before = start.line - 1 if start else 0
            skipped = before
            try:
                while before < self.header_line:
                    next(reader)
                    before = reader.line_num
                while cells := list(islice(reader, rows)):
                    lines = _lines(cells, before, skipped + reader.line_num)
                    before = skipped + reader.line_num
                    yield _chunk(lines, cells, width)
            except csv.Error as error:
                raise refuse("csv_broken", line=before + 1) from error


def _lines(rows: Sequence[Sequence[str]], before: int, after: int) -> Sequence[int]:
    """The line each row starts on; a quoted cell may go over several."""
    if after - before == len(rows):
        return range(before + 1, after + 1)
    starts = []
    for row in rows:
        starts.append(before + 1)
        before += 1 + sum(len(_LINE_BREAK.findall(cell)) for cell in row)
    return starts


def _chunk(lines: Sequence[int], cells: list[list[Cell]], width: int) -> Chunk:
    odd: list[tuple[int, str, dict[str, int]]] = []
    if set(map(len, cells)) != {width} or any(not row[0] and _is_blank(row) for row in cells):
        lines, cells, odd = _fit(lines, cells, width)
    return Chunk(lines, list(zip(*cells, strict=True)) if cells else [()] * width, odd)


def _fit(
    lines: Sequence[int], rows: Sequence[Sequence[Cell]], width: int
) -> tuple[list[int], list[list[Cell]], list[tuple[int, str, dict[str, int]]]]:
    """Rows of the header's width; empty cells at the end do not count, other differences are refused."""
    kept_lines: list[int] = []
    kept: list[list[Cell]] = []
    odd: list[tuple[int, str, dict[str, int]]] = []
    for line, row in zip(lines, rows, strict=True):
        if len(row) != width:
            cells = _trim(row)
            if not cells:
                continue
            if len(cells) > width:
                odd.append((line, "row_too_long", {"found": len(cells), "expected": width}))
                continue
            if len(row) < width:
                odd.append((line, "row_too_short", {"found": len(row), "expected": width}))
                continue
            row = cells + [""] * (width - len(cells))
        elif _is_blank(row):
            continue
        kept_lines.append(line)
        kept.append(list(row))
    return kept_lines, kept, odd


@dataclass
class XlsxTable:
    """One sheet of a workbook, read as a whole: dates are dates, numbers numbers, formulas their last
    value."""

    path: Path
    sheet_name: str
    header_line: int
    headers: list[str] = field(init=False)
    _cells: list[list[Cell]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._cells = xlsx_rows(self.path, self.sheet_name)
        if len(self._cells) < self.header_line:
            raise refuse("header_line_missing", line=self.header_line)
        self.headers = unique_headers(_trim(self._cells[self.header_line - 1]))

    def chunks(self, rows: int = CHUNK_ROWS, start: Position | None = None) -> Iterator[Chunk]:
        width = len(self.headers)
        for first in range(self.header_line, len(self._cells), rows):
            part = self._cells[first : first + rows]
            padded = [row if len(row) >= width else [*row, *[""] * (width - len(row))] for row in part]
            yield _chunk(range(first + 1, first + 1 + len(part)), padded, width)


def _workbook(path: Path) -> Any:
    # Workers and commands read workbooks; the web process only where a form takes a small one.
    import python_calamine

    try:
        return python_calamine.CalamineWorkbook.from_path(str(path))
    except Exception as error:
        raise refuse("xlsx_broken") from error


def xlsx_sheet_names(path: Path) -> list[str]:
    """The sheets of a workbook that hold something, in order."""
    book = _workbook(path)
    names: list[str] = book.sheet_names
    return [name for name in names if len(names) == 1 or book.get_sheet_by_name(name).total_height > 0]


def xlsx_rows(path: Path, sheet_name: str) -> list[list[Cell]]:
    """All rows of a sheet from its first line on. Raises ``DomainError``."""
    book = _workbook(path)
    if sheet_name not in book.sheet_names:
        raise refuse("xlsx_no_such_sheet", field="sheet_name", name=sheet_name)
    try:
        rows: list[list[Cell]] = book.get_sheet_by_name(sheet_name).to_python(skip_empty_area=False)
    except Exception as error:
        raise refuse("xlsx_broken") from error
    return rows


def csv_head(path: Path, encoding: str, separator: str, rows: int) -> list[tuple[int, list[str]]]:
    """The first rows with their lines; what comes after is not looked at."""
    with path.open(encoding=python_name(encoding), newline="") as file:
        reader = csv.reader(file, delimiter=separator)
        found: list[tuple[int, list[str]]] = []
        before = 0
        try:
            for row in islice(reader, rows):
                found.append((before + 1, row))
                before = reader.line_num
        except csv.Error as error:
            raise refuse("csv_broken", line=before + 1) from error
    return found


def separator_detect(path: Path, encoding: str) -> str:
    """The separator under which the first lines have the same, largest number of cells, with or without the
    empty ones at the end."""
    with path.open(encoding=python_name(encoding), newline="") as file:
        first = file.readline(1000)
    if first.lower().startswith("sep=") and len(first.strip()) == 5:
        return first.strip()[4]
    best, best_score = SEPARATORS[0], (0, 0)
    for separator in SEPARATORS:
        try:
            rows = [row for _, row in csv_head(path, encoding, separator, 60)]
        except Exception:  # noqa: S112  another separator may read it; the real reading says what is wrong
            continue
        for widths in ([len(_trim(row)) for row in rows], [len(row) for row in rows]):
            widths = [width for width in widths if width > 1]
            common = max(set(widths), key=widths.count, default=0)
            score = (widths.count(common), common)
            if score > best_score:
                best, best_score = separator, score
    return best


def header_line_detect(rows: Sequence[tuple[int, Sequence[Cell]]], known: set[str], fold: Any) -> int:
    """The line with the columns' names: the one with most known names among the first, else the first filled.

    Title lines above the header are skipped that way.
    """
    filled = [(line, row) for line, row in islice(rows, _HEADER_WITHIN) if not _is_blank(row)]
    if not filled:
        raise refuse("file_empty")
    scored = [(sum(fold(cell_text(cell)) in known for cell in row), line) for line, row in filled]
    best = max(score for score, _ in scored)
    if best:
        return next(line for score, line in scored if score == best)
    first_line, first_row = filled[0]
    if cell_text(first_row[0]).lower().startswith("sep=") and len(filled) > 1:
        return filled[1][0]
    return first_line


def check_width(headers: Sequence[str]) -> None:
    if len(headers) > limits.COLUMNS:
        raise refuse("too_many_columns", found=len(headers), limit=limits.COLUMNS)
