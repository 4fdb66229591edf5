"""Cells of one column to what COPY takes: text, with '' for an empty cell.

Each converter works on a whole chunk. The quick way handles a chunk whose cells are all plain with a few
calls in C; only a chunk with something unusual in it is looked at cell by cell.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Sequence
from typing import Any

from core.number_texts import decimal_evidence, float_read, number_read, without_percent

from . import limits
from .dates import date_read, order_evidence
from .tables import Cell, cell_text

Wrong = list[tuple[int, str, dict[str, Any]]]
"""Positions in the chunk whose cell cannot be read, each with code and values."""
Converter = Callable[[Sequence[Cell]], tuple[list[str], Wrong]]

_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
_TO_ESCAPE = re.compile(r"[\\\t\r]")
_FORMULA = re.compile(r"''*[=+\-@\t\r]")
_PLAIN = {
    ".": re.compile(r"(?:(?:-?\d{1,14}(?:\.\d+)?)?\n)*+", re.ASCII),
    ",": re.compile(r"(?:(?:-?(?:\d{1,14}|[1-9]\d{0,2}(?:\.\d{3}){1,3})(?:,\d+)?)?\n)*+", re.ASCII),
}
_WHOLE = re.compile(r"(?:(?:-?\d{1,14})?\n)*+", re.ASCII)
_YES = {"1", "true", "yes", "y", "ja", "j", "waar", "x"}
_NO = {"0", "false", "no", "n", "nee", "onwaar"}
_CACHE = 50_000


def _as_texts(cells: Sequence[Cell]) -> list[str]:
    try:
        return list(map(str.strip, cells))
    except TypeError:  # XLSX
        return list(map(cell_text, cells))


def text_column(limit: int) -> Converter:
    """Text and codes: blanks around it go, and the ``'`` that keeps a spreadsheet from reading a formula."""

    def convert(cells: Sequence[Cell]) -> tuple[list[str], Wrong]:
        texts = _as_texts(cells)
        joined = "\n".join(texts)
        is_plain = (
            joined.count("\n") == len(texts) - 1
            and "\x00" not in joined
            and "'" not in joined
            and not _TO_ESCAPE.search(joined)
            and max(map(len, texts), default=0) <= limit
        )
        if is_plain:
            return texts, []
        wrong: Wrong = []
        for position, text in enumerate(texts):
            if "\x00" in text:
                wrong.append((position, "text_unreadable", {}))
                text = ""
            elif _FORMULA.match(text):
                text = text[1:]
            if len(text) > limit:
                wrong.append((position, "text_too_long", {"limit": limit}))
            texts[position] = text.translate(_ESCAPES)
        return texts, wrong

    return convert


def number_column(decimal: str, *, in_percent: bool = False) -> Converter:
    """Numbers under this decimal mark, ``in_percent`` also with a % behind them; cells that are numbers
    already (XLSX) are taken as they are.

    With '' for the mark whole numbers are read, and a mark raises :class:`Undecided`.
    """
    plain = _PLAIN.get(decimal, _WHOLE)

    def convert(cells: Sequence[Cell]) -> tuple[list[str], Wrong]:
        try:
            joined = "\n".join(cells) + "\n"
        except TypeError:
            joined = "no"
        if plain.fullmatch(joined) and joined.count("\n") == len(cells):
            if decimal == ",":
                joined = joined.replace(".", "").replace(",", ".")
            return joined.split("\n")[:-1], []
        numbers: list[str] = []
        wrong: Wrong = []
        for position, cell in enumerate(cells):
            number, code = _number(cell, decimal, in_percent)
            numbers.append(number)
            if code:
                wrong.append((position, code, {}))
        return numbers, wrong

    return convert


def _number(cell: Cell, decimal: str, in_percent: bool) -> tuple[str, str]:
    if isinstance(cell, str):
        text = cell.strip()
        if not decimal and decimal_evidence(text):
            raise Undecided
        if not text:
            return "", ""
        return number_read(without_percent(text) if in_percent else text, decimal or ".")
    if isinstance(cell, bool):
        return "", "number_unreadable"
    if isinstance(cell, int | float):
        return float_read(float(cell))
    return ("", "") if cell is None else ("", "number_unreadable")


class Undecided(Exception):
    """A value turned up that needs the decimal mark or the order of dates, which nothing before it
    settled."""


class _Remembered(dict[Cell, tuple[str, str]]):
    """A column with few different values is read once a value."""

    def __init__(self, read: Callable[[Cell], tuple[str, str]]) -> None:
        super().__init__()
        self._read = read

    def __missing__(self, cell: Cell) -> tuple[str, str]:
        if len(self) > _CACHE:
            self.clear()
        found = self[cell] = self._read(cell)
        return found


def _remembering(read: Callable[[Cell], tuple[str, str]]) -> Converter:
    known = _Remembered(read)

    def convert(cells: Sequence[Cell]) -> tuple[list[str], Wrong]:
        pairs = list(map(known.__getitem__, cells))
        texts = [text for text, _ in pairs]
        if not any(code for _, code in pairs):
            return texts, []
        return texts, [(position, code, {}) for position, (_, code) in enumerate(pairs) if code]

    return convert


def date_column(order: str, *, to_month: bool) -> Converter:
    """Dates; with ``to_month`` the first of their month. With '' for the order a date that needs it raises
    :class:`Undecided`."""

    def read(cell: Cell) -> tuple[str, str]:
        if isinstance(cell, datetime.datetime):
            cell = cell.date()
        if isinstance(cell, datetime.date):
            found, code = date_read(cell.isoformat(), order)
        else:
            text = cell_text(cell)
            if not text:
                return "", ""
            if not order and order_evidence(text):
                raise Undecided
            found, code = date_read(text, order)
        if found is None:
            return "", code
        return (found.replace(day=1) if to_month else found).isoformat(), ""

    return _remembering(read)


def flag_column() -> Converter:
    """Yes and no."""

    def read(cell: Cell) -> tuple[str, str]:
        text = cell_text(cell).lower()
        if not text:
            return "", ""
        if text in _YES:
            return "t", ""
        return ("f", "") if text in _NO else ("", "flag_unreadable")

    return _remembering(read)


def converter_for(kind: str, *, decimal: str, order: str, in_percent: bool = False) -> Converter:
    """The converter of a field's kind (``exchange.sheets.KINDS``)."""
    if kind in ("number", "amount", "exact"):
        return number_column(decimal, in_percent=in_percent)
    if kind in ("date", "month"):
        return date_column(order, to_month=kind == "month")
    if kind == "flag":
        return flag_column()
    return text_column(limits.CODE_LENGTH if kind == "code" else limits.TEXT_LENGTH)
