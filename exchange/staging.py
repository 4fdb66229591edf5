"""The file into the database: ``staging`` and ``refused``, as ``exchange.sheets`` promises them to a sheet.

The file is parsed by ``csv`` in chunks of columns, checked by a few calls in C a column, and streamed to one
COPY, so that server and client work at the same time and memory does not grow with the file. Measured against
the alternatives in docs/decisions/0010-reading-files.md.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg2

from .reading.columns import Converter, converter_for
from .reading.plan import Plan
from .reading.tables import Cell, Chunk, cell_text

Progress = Callable[[int], None]
_TYPES = {
    "number": "numeric(18,4)",
    "amount": "numeric(18,4)",
    "date": "date",
    "month": "date",
    "flag": "boolean",
}
_SPOOL_BYTES = 4 << 20
_VALUE_LENGTH = 200


@dataclass
class Staged:
    """``rows`` of the file were read; ``unreadable`` lines of them are not in ``staging``."""

    rows: int
    unreadable: int


def staging_load(cursor: Any, plan: Plan, progress: Progress | None = None) -> Staged:
    """Make and fill the temporary tables. ``progress`` gets the number of rows read so far."""
    _tables_create(cursor, plan.sheet)
    with tempfile.SpooledTemporaryFile(_SPOOL_BYTES, "w+", encoding="utf-8", newline="") as refusals:
        loader = _Loader(plan, refusals, progress)
        names = ", ".join(["line", *(f'"{name}"' for name in loader.fields)])
        stream = _Stream(loader.texts())
        try:
            cursor.copy_expert(f"COPY staging ({names}) FROM STDIN WITH (NULL '')", stream)
        except psycopg2.Error as error:
            # The driver ends a COPY whose source failed with an error of its own.
            raise (stream.error or error) from None
        if loader.unreadable:
            refusals.seek(0)
            cursor.copy_expert('COPY refused (line, "column", value, code, params) FROM STDIN', refusals)
    cursor.execute("ANALYZE staging")
    return Staged(loader.rows, loader.unreadable)


def _tables_create(cursor: Any, sheet: Any) -> None:
    columns = ", ".join(f'"{each.name}" {_TYPES.get(each.kind, "text")}' for each in sheet.fields)
    cursor.execute("DROP TABLE IF EXISTS pg_temp.staging, pg_temp.refused")
    cursor.execute(f"CREATE TEMP TABLE staging (line integer NOT NULL, {columns}) ON COMMIT DROP")
    cursor.execute(
        "CREATE TEMP TABLE refused (line integer NOT NULL, \"column\" text NOT NULL DEFAULT '',"
        " value text NOT NULL DEFAULT '', code text NOT NULL, params jsonb NOT NULL DEFAULT '{}')"
        " ON COMMIT DROP"
    )


class _Stream:
    """What COPY reads: pieces of text as a file."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._rest = b""
        self.error: Exception | None = None

    def read(self, size: int) -> bytes:
        # A piece goes out whole: COPY takes what it gets, and cutting would copy it many times over.
        while not self._rest:
            try:
                piece = next(self._pieces, None)
            except Exception as error:
                self.error = error
                raise
            if piece is None:
                return b""
            self._rest = piece
        if len(self._rest) <= size:
            out, self._rest = self._rest, b""
            return out
        out, self._rest = self._rest[:size], self._rest[size:]
        return out


@dataclass
class _Column:
    position: int
    name: str
    """The field's, or in a file with a column per month the column's own: what a refusal names."""
    convert: Converter
    required: bool


class _Loader:
    """Chunks to lines for COPY; what cannot be read goes to ``refusals`` in the same form."""

    def __init__(self, plan: Plan, refusals: Any, progress: Progress | None) -> None:
        self._table = plan.reading.table
        self._refusals = refusals
        self._progress = progress
        self.rows = 0
        self.unreadable = 0
        by_name = {each.name: each for each in plan.sheet.fields}
        headers = self._table.headers

        def column(header: str, field: str, name: str, required: bool) -> _Column:
            kind = by_name[field].kind
            convert = converter_for(kind, decimal=plan.decimal, order=plan.date_order)
            return _Column(headers.index(header), name, convert, required)

        chosen = plan.columns.columns
        self._columns = [
            column(header, name, name, by_name[name].required) for header, name in chosen.items()
        ]
        self.fields = list(chosen.values())
        self._months = [
            (month, column(header, plan.columns.wide_value, header, False))
            for header, month in plan.columns.months.items()
        ]
        if self._months:
            self.fields += [plan.sheet.wide_field, plan.columns.wide_value]

    def texts(self) -> Iterator[bytes]:
        for chunk in self._table.chunks():
            self.rows += len(chunk.lines) + len(chunk.odd)
            yield "".join(self._chunk_texts(chunk)).encode()
            if self._progress:
                self._progress(self.rows)

    def _chunk_texts(self, chunk: Chunk) -> Iterator[str]:
        for line, code, params in chunk.odd:
            self._refuse(line, "", "", code, params)
        bad: set[int] = set()
        texts = [self._convert(column, chunk, bad) for column in self._columns]
        months = [(month, self._convert(column, chunk, bad)) for month, column in self._months]
        self.unreadable += len(bad) + len(chunk.odd)
        lines: Sequence[str] = list(map(str, chunk.lines))
        if bad:
            keep = [position for position in range(len(lines)) if position not in bad]
            lines = [lines[position] for position in keep]
            texts = [[text[position] for position in keep] for text in texts]
            months = [(month, [text[position] for position in keep]) for month, text in months]
        if not lines:
            return
        if not months:
            yield "\n".join(map("\t".join, zip(lines, *texts, strict=True))) + "\n"
        for month, values in months:
            rows = zip(lines, *texts, values, strict=True)
            # An empty cell below a month says nothing about that month: it gives no row.
            yield from (f"{chr(9).join(row[:-1])}\t{month}\t{row[-1]}\n" for row in rows if row[-1])

    def _convert(self, column: _Column, chunk: Chunk, bad: set[int]) -> list[str]:
        cells = chunk.columns[column.position]
        texts, wrong = column.convert(cells)
        if column.required and "" in texts:
            failed = {position for position, _, _ in wrong}
            wrong = wrong + [
                (position, "required_empty", {})
                for position, text in enumerate(texts)
                if not text and position not in failed
            ]
        for position, code, params in wrong:
            bad.add(position)
            self._refuse(chunk.lines[position], column.name, cells[position], code, params)
        return texts

    def _refuse(self, line: int, column: str, value: Cell, code: str, params: dict[str, Any]) -> None:
        cells = (str(line), column, cell_text(value)[:_VALUE_LENGTH], code, json.dumps(params))
        self._refusals.write("\t".join(map(_escaped, cells)) + "\n")


def _escaped(text: str) -> str:
    text = text.replace("\x00", "\ufffd").replace("\\", "\\\\")
    return text.replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")
