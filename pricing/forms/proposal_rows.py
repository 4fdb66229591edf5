"""The rows of a proposal as they come back from a spreadsheet."""

from __future__ import annotations

import csv
import io
import re
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.errors import DomainError
from exchange.reading.kinds import check_contents, file_kind
from exchange.reading.tables import Cell, cell_text, xlsx_rows, xlsx_sheet_names

from .prices import amount_read, shows_mark, unread_words

MOST_BYTES = 2_000_000
CODE, AMOUNT, PART = 0, 1, 3
"""Places of the columns in the file of a proposal."""


@dataclass(frozen=True)
class Row:
    """``part``: which of a product's prices, in words; "" where the sheet does not say."""

    line: int
    code: str
    amount: Decimal
    part: str


class ProposalRowsForm(forms.Form):
    """Pasted cells, or the file as CSV or XLSX; ``rows`` once it is valid."""

    pasted = forms.CharField(
        label=_("Cells of the spreadsheet"),
        widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "false", "wrap": "off"}),
        required=False,
        strip=False,
        help_text=_("Code and new price first, as the file of this proposal has them."),
    )
    file = forms.FileField(label=_("Or the file, as CSV or XLSX"), required=False)

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        lines = text_lines(found.get("pasted", ""))
        if file := found.get("file"):
            lines = self._lines(file)
        rows, problems = rows_read(lines)
        if problems:
            self.add_error("pasted", unread_words(problems))
        elif not rows and not self.errors:
            self.add_error("pasted", gettext("Paste the codes and prices here."))
        found["rows"] = rows
        return found

    def _lines(self, file: Any) -> list[Line]:
        if file.size > MOST_BYTES:
            self.add_error("file", gettext("That is too much for one proposal."))
            return []
        content = file.read()
        try:
            if content.startswith(b"PK"):
                return workbook_lines(content)
        except DomainError as error:
            self.add_error("file", str(error))
            return []
        if b"\0" in content:
            self.add_error("file", gettext("Save it as CSV or XLSX, or copy its cells and paste them."))
            return []
        try:
            return text_lines(content.decode("utf-8-sig"))
        except UnicodeDecodeError:
            return text_lines(content.decode("cp1252", errors="replace"))


Line = tuple[int, list[str], Decimal | None]
"""Its number, its cells, and the price where the sheet holds it as a number."""


def text_lines(text: str) -> list[Line]:
    """Of pasted cells or a CSV file."""
    text = text.lstrip("\ufeff")
    head = text.strip("\r\n").split("\n", 1)[0]
    separator = next((sign for sign in ("\t", ";", ",") if sign in head), "\t")
    reader = csv.reader(io.StringIO(text), delimiter=separator)
    return [(reader.line_num, [cell.strip() for cell in cells], None) for cells in reader]


def workbook_lines(content: bytes) -> list[Line]:
    """Of the first sheet of a workbook that holds something. ``DomainError``: it is none, or too large."""
    with tempfile.NamedTemporaryFile(suffix=".xlsx") as file:
        file.write(content)
        file.flush()
        path = Path(file.name)
        file_kind(path)
        check_contents(path)
        rows = xlsx_rows(path, xlsx_sheet_names(path)[0])
    return [(number, *_read(cells)) for number, cells in enumerate(rows, 1)]


def _read(cells: list[Cell]) -> tuple[list[str], Decimal | None]:
    held = cells[AMOUNT] if len(cells) > AMOUNT else None
    is_number = isinstance(held, int | float) and not isinstance(held, bool)
    # Eight decimals, as an import reads: a sum of a spreadsheet comes as 0.30000000000000004.
    amount = Decimal(str(round(held, 8))) if is_number else None
    return [cell_text(cell).strip() for cell in cells], amount


def rows_read(lines: Iterable[Line]) -> tuple[list[Row], list[str]]:
    """What a sheet says of prices, and what cannot be read, by its line. A row without a price says
    nothing: its price stays as it is."""
    found: dict[tuple[str, str], Row] = {}
    problems = []
    lines = list(lines)
    sure = shows_mark(
        cells[AMOUNT] for _line, cells, amount in lines if amount is None and len(cells) > AMOUNT
    )
    for first, (number, cells, amount) in enumerate(lines):
        if len(cells) <= AMOUNT or not cells[CODE] or not cells[AMOUNT]:
            if any(cells[:CODE] + cells[AMOUNT:]) or (any(cells) and len(cells) <= AMOUNT):
                problems += _problem(number, cells) if not _is_blank(cells) else []
            continue
        if not first and not re.search(r"\d", cells[AMOUNT]):
            continue  # the heads of the columns
        amount = amount_read(cells[AMOUNT], sure=sure) if amount is None else amount
        if amount is None:
            problems += _problem(number, cells)
            continue
        row = Row(number, _code(cells[CODE]), amount, cells[PART] if len(cells) > PART else "")
        key = (row.code.lower(), row.part.lower())
        if key in found:
            said = {"number": row.line, "code": row.code}
            problems.append(gettext("line %(number)s: %(code)s stands there twice") % said)
        found[key] = row
    return list(found.values()), problems


def _problem(line: int, cells: list[str]) -> list[str]:
    return [gettext("line %(number)s: “%(text)s”") % {"number": line, "text": " ".join(cells)[:60]}]


def _is_blank(cells: list[str]) -> bool:
    """No code, or a code without a price."""
    return not cells[CODE] or (len(cells) > AMOUNT and not cells[AMOUNT])


def _code(text: str) -> str:
    """Without the sign that keeps a spreadsheet from taking it for a formula."""
    return text[1:] if text.startswith("'") else text
