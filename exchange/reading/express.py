"""The quick way for the commonest file: what PostgreSQL's own COPY reads just as we would.

A block of a CSV file whose every row matches one pattern (the header's number of cells, no quotation marks,
plain numbers with a point, dates as 2026-01-31 or 2026-01, text without blanks around it) goes to COPY as it
stands. The first row that is not so ends it: from there on the careful way reads the rest.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

from core.number_texts import INTEGER_DIGITS

from . import limits
from .encoding import python_name
from .plan import Plan
from .tables import CsvTable, Position, unique_headers

# As much as the socket holds: the server reads one block while the next is matched.
_BLOCK = 1 << 17
_YEAR = r"(?:19|20|21)\d\d"
_DAY = (
    rf"(?:{_YEAR}-(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])|(?:0[13-9]|1[0-2])-(?:29|30)"
    r"|(?:0[13578]|1[02])-31))"
)
_MONTH = rf"(?:{_YEAR}-(?:0[1-9]|1[0-2]))"
_ENCODINGS = ("utf-8", "cp1252")


@dataclass(frozen=True)
class _Shape:
    """``row`` matches any number of plain rows; ``months`` are the columns (by position) written as
    2026-01."""

    row: re.Pattern[str]
    months: re.Pattern[str] | None


class Express:
    """One file on the quick way. ``rows`` and ``rest`` are known after :meth:`texts` was read to its end:
    ``rest`` is where the careful way goes on, ``None`` when nothing is left."""

    def __init__(self, plan: Plan, table: CsvTable) -> None:
        self._plan = plan
        self._table = table
        self.rows = 0
        self.rest: Position | None = None
        headers = table.headers
        self.fields = [plan.columns.columns.get(header, "") for header in headers]

    def texts(self) -> Iterator[bytes]:
        """Blocks of plain rows for ``COPY … (FORMAT csv)`` with the file's separator."""
        with self._table.path.open("rb") as file:
            if not self._skip_header(file):
                self.rest = Position(0, 1)
                return
            line, position = self._table.header_line + 1, file.tell()
            shape: _Shape | None = None
            while block := file.read(_BLOCK):
                block += file.readline()
                text = self._decoded(block)
                shape = shape or self._shape(text)
                if shape is None or not shape.row.fullmatch(text):
                    self.rest = Position(position, line)
                    return
                rows = text.count("\n")
                line, position = line + rows, position + len(block)
                self.rows += rows
                yield (shape.months.sub(r"\1-01", text) if shape.months else text).encode()

    def _decoded(self, block: bytes) -> str:
        text = block.decode(self._table.encoding)
        return text if text.endswith("\n") else f"{text}\n"

    def _skip_header(self, file: IO[bytes]) -> bool:
        """Go to the first row; ``False`` when the header is not one line as it stands."""
        head = b""
        for _ in range(self._table.header_line):
            head = file.readline()
        text = head.decode(python_name(self._table.encoding), errors="replace")
        cells = next(csv.reader([text], delimiter=self._table.separator), [])
        while cells and not cells[-1].strip():
            cells.pop()
        return unique_headers(cells) == self._table.headers

    def _shape(self, text: str) -> _Shape | None:
        """The pattern of this file's rows, from its first one."""
        end = text.index("\n") + 1
        first = next(csv.reader([text[:end]], delimiter=self._table.separator), [])
        if len(first) != len(self.fields):
            return None
        separator = re.escape(self._table.separator)
        kinds = {each.name: each for each in self._plan.sheet.fields}
        cells, months = [], []
        for position, (name, cell) in enumerate(zip(self.fields, first, strict=True)):
            pattern = self._cell(kinds[name].kind, cell, separator) if name else rf'[^{separator}"\\\n\r]*+'
            if pattern is None:
                return None
            if pattern == _MONTH:
                months.append(position)
            cells.append(f"(?:{pattern})" if name and kinds[name].required else f"(?:{pattern})?+")
        line_end = r"\r\n" if text[:end].endswith("\r\n") else r"\n"
        row = rf"(?:(?![{separator} \t]*\r?\n){separator.join(cells)}{line_end})*+"
        if len(months) > 1:
            return None
        inserted = None
        if months:
            before = rf"(?:[^{separator}\n]*+{separator}){{{months[0]}}}"
            inserted = re.compile(rf"^({before}\d{{4}}-\d\d)(?=[{separator}\r\n])", re.MULTILINE | re.ASCII)
        return _Shape(re.compile(row.replace(r"\d", "[0-9]")), inserted)

    def _cell(self, kind: str, first: str, separator: str) -> str | None:
        if kind in ("number", "amount", "exact"):
            whole = rf"-?\d{{1,{INTEGER_DIGITS}}}+"
            return {".": rf"{whole}(?:\.\d++)?+", "": whole}.get(self._plan.decimal)
        if kind == "date":
            return _DAY
        if kind == "month":
            return rf"{_MONTH}-01" if len(first) == 10 else _MONTH
        if kind in ("text", "code"):
            limit = limits.CODE_LENGTH if kind == "code" else limits.TEXT_LENGTH
            word = rf"[^\s\x00{separator}\"'\\]++"
            return rf"(?=[^{separator}\n]{{0,{limit}}}+[{separator}\r\n]){word}(?: ++{word})*+"
        return None


def express_for(plan: Plan) -> Express | None:
    """The quick way, where this file may take it at all."""
    table = plan.reading.table
    if not isinstance(table, CsvTable) or plan.columns.months or plan.decimal == ",":
        return None
    if table.encoding not in _ENCODINGS or len(table.headers) < 2:
        return None
    return Express(plan, table)
