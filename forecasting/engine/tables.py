"""CSV in and out for the command line: every bad cell named with line and column, output whole or not at
all."""

import csv
import os
import re
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np

SHOWN = 20
OK, BAD_INPUT = 0, 1


class BadInput(Exception):
    """The file cannot be used; `problems` are sentences that name line and column."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__(f"{len(problems)} problems")
        self.problems = problems


@dataclass(frozen=True)
class Row:
    """`cells` by column; a row of another length than the header has none and says so in `problem`."""

    line: int
    cells: dict[str, str]
    problem: str = ""


def read_rows(path: Path, *, required: Sequence[str], optional: Sequence[str] = ()) -> list[Row]:
    """All rows of a UTF-8 CSV with a header; cells of the named columns, stripped. Raises BadInput for a file
    that is none; what is wrong with a row, `parse_cells` tells together with the rest."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.reader(file)
            header = [name.strip() for name in next(reader, [])]
            missing = [name for name in required if name not in header]
            if missing:
                raise BadInput([f"{path.name}: line 1: no column {', '.join(missing)}"])
            places = {name: header.index(name) for name in (*required, *optional) if name in header}
            rows = []
            for cells in reader:
                if not cells:
                    continue
                if len(cells) != len(header):
                    rows.append(Row(reader.line_num, {}, f"{len(cells)} cells, not {len(header)}"))
                    continue
                rows.append(Row(reader.line_num, {name: cells[i].strip() for name, i in places.items()}))
    except FileNotFoundError:
        raise BadInput([f"{path}: no such file"]) from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadInput([f"{path.name}: not a UTF-8 CSV file: {error}"]) from None
    if not rows:
        raise BadInput([f"{path.name}: no rows"])
    return rows


def parse_cells(
    path: Path,
    rows: Iterable[Row],
    parsers: dict[str, Callable[[str], Any]],
    *,
    once: tuple[str, str] | None = None,
) -> list[dict[str, Any]]:
    """Each row through a parser a column (a missing column is parsed as empty). `once`: a series and its
    period, which come together only once. Raises BadInput with everything that is wrong, in the order of the
    file."""
    out, problems = [], []
    lines: dict[tuple[Any, Any], int] = {}
    for row in rows:
        if row.problem:
            problems.append(f"{path.name}: line {row.line}: {row.problem}")
            continue
        parsed: dict[str, Any] = {"line": row.line}
        for name, parse in parsers.items():
            cell = row.cells.get(name, "")
            try:
                parsed[name] = parse(cell)
            except ValueError as error:
                problems.append(f"{path.name}: line {row.line}, column {name}: {cell!r} {error}")
        out.append(parsed)
        if once and parsed.keys() >= set(once):
            before = lines.setdefault((parsed[once[0]], parsed[once[1]]), row.line)
            if before != row.line:
                place = f"{path.name}: line {row.line}, column {once[1]}"
                problems.append(f"{place}: the same period as line {before}")
    if problems:
        raise BadInput(problems)
    return out


def number(cell: str) -> float:
    """A finite number; empty is missing (NaN)."""
    if cell == "":
        return float("nan")
    try:
        value = float(cell)
    except ValueError:
        raise ValueError("is not a number") from None
    if not np.isfinite(value) or "_" in cell:
        raise ValueError("is not a finite number")
    return value


def share(cell: str) -> float:
    """A number from 0 to 1; empty is 0."""
    value = number(cell or "0")
    if not 0 <= value <= 1:
        raise ValueError("is not between 0 and 1")
    return value


def name(cell: str) -> str:
    if not cell:
        raise ValueError("is empty")
    return cell


def month(cell: str) -> int:
    """Ordinal of a month given as YYYY-MM or as a date."""
    found = re.fullmatch(r"(\d{4})-(\d{2})(?:-(\d{2}))?", cell)
    if not found:
        raise ValueError("is not a month (YYYY-MM)")
    day = _date(int(found[1]), int(found[2]), int(found[3] or 1))
    return day.year * 12 + day.month - 1


def month_text(ordinal: int) -> str:
    return f"{ordinal // 12:04d}-{ordinal % 12 + 1:02d}"


@dataclass(frozen=True)
class Calendar:
    """How the periods of a file are written: `ordinal` counts them, `text` writes them back."""

    ordinal: Callable[[str], int]
    text: Callable[[int], str]
    only_order: bool = False


def calendar(first: str, frequency: str) -> Calendar:
    """The form of the file's first period decides for all; a row in another form is a bad row."""
    if re.fullmatch(r"-?\d+", first):
        return Calendar(_integer, str, only_order=True)
    dated = re.fullmatch(r"\d{4}-\d{2}-\d{2}", first) is not None
    if frequency == "weekly":
        try:
            anchor = _day(first).toordinal() % 7
        except ValueError:
            anchor = 0
        return Calendar(
            lambda cell: _week(cell, anchor), lambda o: date.fromordinal(o * 7 + anchor).isoformat()
        )
    months = {"monthly": 1, "quarterly": 3, "yearly": 12}[frequency]
    # A date that names the end of a period is answered with ends of periods.
    at_end = dated and _is_month_end(first)

    def text(ordinal: int) -> str:
        begin = ordinal * months + offset
        if not dated:
            return month_text(begin)
        if at_end:
            return (date((begin + 1) // 12, (begin + 1) % 12 + 1, 1) - timedelta(days=1)).isoformat()
        return date(begin // 12, begin % 12 + 1, 1).isoformat()

    try:
        offset = month(first) % months
    except ValueError:
        offset = 0
    return Calendar(lambda cell: _span(cell, months, dated), text)


def _span(cell: str, months: int, dated: bool) -> int:
    if dated != (len(cell) == 10):
        raise ValueError("is not written as the first period of the file")
    return month(cell) // months


def _week(cell: str, anchor: int) -> int:
    day = _day(cell).toordinal()
    if day % 7 != anchor:
        raise ValueError("falls on another day of the week than the first row")
    return day // 7


def _day(cell: str) -> date:
    try:
        return date.fromisoformat(cell)
    except ValueError:
        raise ValueError("is not a date (YYYY-MM-DD)") from None


def _date(year: int, month_number: int, day: int) -> date:
    try:
        return date(year, month_number, day)
    except ValueError:
        raise ValueError("is not a date") from None


def _integer(cell: str) -> int:
    if not re.fullmatch(r"-?\d{1,18}", cell):
        raise ValueError("is not a whole number like the first period")
    return int(cell)


def _is_month_end(cell: str) -> bool:
    try:
        return (date.fromisoformat(cell) + timedelta(days=1)).day == 1
    except ValueError:
        return False


def written(output: Path, work: Callable[[], None]) -> int:
    """The exit code of a command whose `work` writes `output`: what is wrong with the input, or with a file,
    goes to standard error."""
    if not output.parent.is_dir():
        sys.stderr.write(f"{output.parent}: there is no such folder\nnothing was written\n")
        return BAD_INPUT
    try:
        work()
    except BadInput as error:
        for problem in error.problems[:SHOWN]:
            sys.stderr.write(f"{problem}\n")
        if len(error.problems) > SHOWN:
            sys.stderr.write(f"and {len(error.problems) - SHOWN} more\n")
        sys.stderr.write("nothing was written\n")
        return BAD_INPUT
    except OSError as error:
        sys.stderr.write(f"{error.filename}: {error.strerror}\nnothing was written\n")
        return BAD_INPUT
    return OK


def write_rows(path: Path, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Write beside the target, then rename: readers see the old file or the whole new one."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(header)
            writer.writerows(rows)
        # mkstemp makes files that only the owner reads; the output is an ordinary file.
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(temporary, 0o666 & ~mask)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
