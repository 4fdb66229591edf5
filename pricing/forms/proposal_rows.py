"""The rows of a proposal as they come back from a spreadsheet."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from .prices import amount_read

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
    """Pasted cells, or the file saved as CSV; ``rows`` once it is valid."""

    pasted = forms.CharField(
        label=_("Cells of the spreadsheet"),
        widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "false", "wrap": "off"}),
        required=False,
        strip=False,
        help_text=_("Code and new price first, as the file of this proposal has them."),
    )
    file = forms.FileField(label=_("Or the file, saved as CSV"), required=False)

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        text = found.get("pasted", "")
        if file := found.get("file"):
            text = self._text(file)
        rows, problems = rows_read(text)
        if problems:
            said = gettext("This cannot be read as a code and a price: %(lines)s")
            self.add_error("pasted", said % {"lines": "; ".join(problems[:5])})
        elif not rows and not self.errors:
            self.add_error("pasted", gettext("Paste the codes and prices here."))
        found["rows"] = rows
        return found

    def _text(self, file: Any) -> str:
        if file.size > MOST_BYTES:
            self.add_error("file", gettext("That is too much for one proposal."))
            return ""
        content = file.read()
        if content.startswith(b"PK") or b"\0" in content:
            self.add_error("file", gettext("Save it as CSV, or copy its cells and paste them."))
            return ""
        try:
            return str(content.decode("utf-8-sig"))
        except UnicodeDecodeError:
            return str(content.decode("cp1252", errors="replace"))


def rows_read(text: str) -> tuple[list[Row], list[str]]:
    """What a sheet says of prices, and what cannot be read, by its line. A row without a price says
    nothing: its price stays as it is."""
    text = text.lstrip("\ufeff")
    head = text.strip("\r\n").split("\n", 1)[0]
    separator = next((sign for sign in ("\t", ";", ",") if sign in head), "\t")
    found: dict[tuple[str, str], Row] = {}
    problems = []
    reader = csv.reader(io.StringIO(text), delimiter=separator)
    for first, cells in enumerate(reader):
        cells = [cell.strip() for cell in cells]
        if len(cells) <= AMOUNT or not cells[CODE] or not cells[AMOUNT]:
            if any(cells[:CODE] + cells[AMOUNT:]) or (any(cells) and len(cells) <= AMOUNT):
                problems += _problem(reader.line_num, cells) if not _is_blank(cells) else []
            continue
        if not first and not re.search(r"\d", cells[AMOUNT]):
            continue  # the heads of the columns
        amount = amount_read(cells[AMOUNT])
        if amount is None:
            problems += _problem(reader.line_num, cells)
            continue
        row = Row(reader.line_num, _code(cells[CODE]), amount, cells[PART] if len(cells) > PART else "")
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
