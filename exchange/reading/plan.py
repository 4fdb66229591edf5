"""How a file is to be read: what was found in it, what a person said, and what still has to be asked."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from django.utils import translation

from accounts.models.user import LANGUAGES
from core.number_texts import DECIMALS, decimal_evidence, number_read
from exchange.messages import refuse

from . import encoding as encodings
from . import limits, tables
from .dates import ORDERS, date_read, order_evidence
from .kinds import check_contents, file_kind
from .matching import ColumnMap, columns_match, fold, known_names, missing_fields
from .tables import Cell, CsvTable, Table, XlsxTable, cell_text

SHOWN_ROWS = 6
HEAD_LINES, HEAD_WIDTH = 15, 60


@dataclass
class Reading:
    """A file opened as a table, with the settings that were found or chosen. ``lines``: about how many."""

    table: Table
    settings: dict[str, Any]
    lines: int
    first_rows: list[list[str]] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        return {
            **self.settings,
            "headers": self.table.headers,
            "rows": self.first_rows,
            "lines": self.lines,
        }


@dataclass
class Plan:
    """All that is needed to load a file into ``staging``; while ``questions`` stand it must not be loaded.

    ``decimal`` and ``date_order`` are '' while nothing in the file so far needed to know; the loading then
    raises ``columns.Undecided`` where it does. ``in_percent`` are the fields whose figures may have a %
    behind them, ``answered`` the sheet's options that such a figure has answered.

    A question is ``{"code", …}``: ``sheet``, ``missing_column`` (``fields``), ``double_column`` (``field``,
    ``columns``), ``decimal`` and ``date_order`` (``example``; ``conflicting``: no
    answer reads them all), ``option`` (``name``; with ``example`` and ``choices`` when only the rows brought
    it up).
    """

    reading: Reading
    sheet: Any
    columns: ColumnMap
    decimal: str
    date_order: str
    in_percent: set[str] = field(default_factory=set)
    answered: dict[str, str] = field(default_factory=dict)
    questions: list[dict[str, Any]] = field(default_factory=list)


def file_open(path: Path, options: Mapping[str, Any], sheets: Sequence[Any]) -> Reading:
    """Open a file of any kind. ``options`` may fix ``encoding``, ``separator``, ``sheet_name`` and
    ``header_line``; ``sheets`` are those it may be for. Raises ``DomainError`` with what is wrong with it."""
    kind = file_kind(path)
    known = {name for sheet in sheets for name in known_names(sheet)}
    table: Table
    settings: dict[str, Any] = {"kind": kind}
    if kind == "xlsx":
        check_contents(path)
        names = tables.xlsx_sheet_names(path)
        if not names:
            raise refuse("file_empty")
        name = str(options.get("sheet_name") or names[0])
        cells = tables.xlsx_rows(path, name)
        head = list(enumerate(cells[: limits.HEADER_LINE], start=1))
        line = int(options.get("header_line") or _header_line(head, known))
        table = XlsxTable(path, name, line)
        settings |= {"sheet_name": name, "sheet_names": names, "header_line": line}
        lines = len(cells)
    else:
        encoding, lines = encodings.encoding_detect(path, str(options.get("encoding") or ""))
        separator = str(options.get("separator") or tables.separator_detect(path, encoding))
        head = tables.csv_head(path, encoding, separator, limits.HEADER_LINE)
        line = int(options.get("header_line") or _header_line(head, known))
        table = CsvTable(path, encoding, separator, line)
        settings |= {"encoding": encoding, "separator": separator, "header_line": line}
    settings["head"] = _head_shown(head)
    tables.check_width(table.headers)
    reading = Reading(table, settings, max(lines - line, 0))
    first = next(iter(table.chunks(SHOWN_ROWS)), None)
    if first is None:
        _refuse_headless(table.headers, known, sheets)
        raise refuse("no_rows")
    rows = zip(*first.columns, strict=True)
    reading.first_rows = [[cell_text(cell)[:80] for cell in row] for row in islice(rows, SHOWN_ROWS)]
    _refuse_headless(table.headers, known, sheets)
    return reading


def _head_shown(rows: Sequence[tuple[int, Sequence[Cell]]]) -> list[list[Any]]:
    """The first lines that hold anything, as line and text, for who says which one names the columns."""
    texts = [(line, " · ".join(filter(None, map(cell_text, row)))) for line, row in rows]
    return [[line, text[:HEAD_WIDTH]] for line, text in texts if text][:HEAD_LINES]


def _header_line(rows: Sequence[tuple[int, Sequence[Cell]]], known: set[str]) -> int:
    return tables.header_line_detect(rows, known, fold)


def _names_example(sheets: Sequence[Any]) -> dict[str, str]:
    """By language the names of columns that a file needs; of several sheets, of the first that needs more
    than one."""
    sheet = min(sheets, key=lambda each: len(missing_fields(each, ColumnMap())) < 2)
    groups = missing_fields(sheet, ColumnMap())
    labels = {each.name: each.label for each in sheet.fields}
    example = {}
    for language, _name in LANGUAGES:
        with translation.override(language):
            example[language] = ", ".join(str(labels[group[0]]) for group in groups)
    return example


def _refuse_headless(headers: Sequence[str], known: set[str], sheets: Sequence[Any]) -> None:
    """A first line of figures and dates, with no name that is known, is no header."""
    if any(fold(header) in known for header in headers):
        return
    figures = sum(
        date_read(header, "dmy")[0] is not None or not number_read(header, ".")[1] for header in headers
    )
    if figures and sheets:
        raise refuse("no_header", example=_names_example(sheets))


def plan_make(
    reading: Reading,
    sheet: Any,
    *,
    mapping: Mapping[str, Any],
    options: Mapping[str, Any],
    remembered: Mapping[str, Any],
    ask_options: bool,
    user: Any,
    thorough: bool = False,
) -> Plan:
    """Match columns and settle how figures and dates are read.

    The first chunk of the file decides, when something in it speaks; ``thorough``: else the whole file.

    ``options`` are what was said for this file; ``remembered`` what was said for the last one like it.
    """
    columns = columns_match(sheet, reading.table.headers, mapping)
    plan = Plan(reading, sheet, columns, "", "")
    missing = missing_fields(sheet, columns)
    if missing:
        plan.questions.append({"code": "missing_column", "fields": [list(group) for group in missing]})
    for name, headers in columns.doubles.items():
        plan.questions.append({"code": "double_column", "field": name, "columns": headers})
    said = (options, remembered, thorough)
    _settle(plan, "decimal", DECIMALS, ("number", "amount", "exact"), decimal_evidence, *said)
    _settle(plan, "date_order", ORDERS, ("date", "month"), order_evidence, *said)
    there = set(columns.columns.values()) | ({columns.wide_value} if columns.months else set())
    plan.in_percent = {each.name for each in sheet.fields if each.in_percent}
    for option in sheet.options:
        if option.fields and not there.intersection(option.fields):
            continue
        if option.when_unclear:
            value = options.get(option.name) or None  # whether what is remembered still holds, the rows tell
        else:
            if option.percent and _is_percent(plan, option.fields, thorough):
                plan.answered[option.name] = option.percent
            value = options.get(option.name, plan.answered.get(option.name, remembered.get(option.name)))
            if option.percent and (value or option.default) != option.percent:
                plan.in_percent -= set(option.fields)
        if value is None and ask_options and not option.when_unclear:
            plan.questions.append({"code": "option", "name": option.name})
        elif value is not None and not option.accepts(value, user):
            raise refuse("option_unknown", field=option.name, name=option.name, value=str(value))
    return plan


def _settle(
    plan: Plan,
    name: str,
    choices: Sequence[str],
    kinds: Sequence[str],
    evidence: Callable[[str], str | None],
    options: Mapping[str, Any],
    remembered: Mapping[str, Any],
    thorough: bool,
) -> None:
    """Decide the decimal mark or the order of dates: as said for this file, else by the file's own evidence,
    else as remembered; where values can be read two ways, or contradict each other, ask."""
    said = options.get(name)
    if said:
        if said not in choices:
            raise refuse("option_unknown", field=name, name=name, value=str(said))
        setattr(plan, name, said)
        return
    fields = {each.name for each in plan.sheet.fields if each.kind in kinds}
    positions = _positions(plan, fields)
    found, ambiguous = _weigh(plan.reading.table, positions, evidence, thorough)
    if len(found) == 1:
        setattr(plan, name, next(iter(found)))
    elif remembered.get(name) in choices and not found:
        setattr(plan, name, remembered[name])
    elif found:
        example = "; ".join(found[choice] for choice in choices if choice in found)
        plan.questions.append({"code": name, "example": example, "conflicting": True})
    elif ambiguous and thorough:
        plan.questions.append({"code": name, "example": ambiguous})


def _positions(plan: Plan, fields: Collection[str]) -> list[int]:
    """Of the columns that are of these fields."""
    named = plan.columns.columns | dict.fromkeys(plan.columns.months, plan.columns.wide_value)
    headers = plan.reading.table.headers
    return [position for position, header in enumerate(headers) if named.get(header) in fields]


def _is_percent(plan: Plan, fields: Collection[str], thorough: bool) -> bool:
    """Whether a figure of these has a % behind it, or all are above 1, as no share of one is."""
    positions, least = _positions(plan, fields), math.inf
    for chunk in plan.reading.table.chunks() if positions else ():
        for cell in (cell for position in positions for cell in chunk.columns[position]):
            if isinstance(cell, str) and cell.rstrip().endswith("%"):
                return True
            number, _problem = number_read(cell_text(cell), plan.decimal or ".")
            if number and float(number):
                least = min(least, float(number))
        if not thorough:
            break
    return 1 < least < math.inf


def _weigh(
    table: Table, positions: Sequence[int], evidence: Callable[[str], str | None], thorough: bool
) -> tuple[dict[str, str], str]:
    """What the values speak for, each with an example, and one that can be read two ways ('' for none)."""
    found: dict[str, str] = {}
    ambiguous = ""
    for chunk in table.chunks() if positions else ():
        for position in positions:
            for cell in set(chunk.columns[position]):
                says = evidence(cell) if isinstance(cell, str) else None
                if says == "?":
                    ambiguous = ambiguous or cell.strip()
                elif says:
                    found.setdefault(says, cell.strip())
        if found or not thorough:
            break
    return found, ambiguous
