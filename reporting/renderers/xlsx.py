"""A sheet of what the report is, then one a section: figures as numbers that a spreadsheet shows as the
report does."""

from __future__ import annotations

import io
import math
import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _

from core import formats
from core.reports.blocks import Block, Cell, KeyFigures, ReportChart, Section, Table, Text
from exchange.export import formula_neutral, sheet_names
from reporting.reports.markdown import markdown_lines

from .document import Document, Progress, column_widths

LETTERS, LINE, MOST = 110, 15, 409
"""Words run over so many letters, on lines of so many points; no row of a spreadsheet is higher than that."""


def report_xlsx(report: Document, progress: Progress) -> bytes:
    import xlsxwriter

    file = io.BytesIO()
    plain = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    book = xlsxwriter.Workbook(file, {"in_memory": True, **plain})
    book.set_properties(
        {"title": report.title, "author": report.author, "created": report.published_at, "company": ""}
    )
    with translation.override(report.language):
        names = sheet_names([_("About"), *(section.title for section in report.sections)])
        writer = Writer(book)
        writer.begin(names[0])
        writer.line(report.title, writer.title)
        writer.pairs(report.about)
        for place, (name, section) in enumerate(zip(names[1:], report.sections, strict=True)):
            progress(place, len(report.sections))
            writer.section(name, section)
    book.close()
    return file.getvalue()


class Writer:
    """Writes blocks below each other."""

    def __init__(self, book: Any) -> None:
        self.book = book
        self.styles: dict[Any, Any] = {}
        self.title = self.style(bold=True, font_size=14)
        self.bold = self.style(bold=True)

    def style(self, **said: Any) -> Any:
        key = tuple(sorted(said.items()))
        if key not in self.styles:
            self.styles[key] = self.book.add_format(said)
        return self.styles[key]

    def begin(self, name: str) -> None:
        self.sheet, self.row = self.book.add_worksheet(name), 0
        self.sheet.set_column(0, 0, 28)
        self.sheet.set_paper(9)  # A4
        self.sheet.fit_to_pages(1, 0)

    def line(self, text: str, style: Any = None) -> None:
        self.sheet.write_string(self.row, 0, formula_neutral(text), style)
        self.row += 1

    def height(self, lines: int) -> None:
        self.sheet.set_row(self.row, min(LINE * lines, MOST))

    def pairs(self, pairs: Sequence[tuple[str, str]]) -> None:
        self.sheet.set_column(1, 1, 80)
        wrapped = self.style(text_wrap=True, valign="top")
        for label, text in pairs:
            self.sheet.write_string(self.row, 0, label, self.style(bold=True, valign="top"))
            self.sheet.write_string(self.row, 1, formula_neutral(text), wrapped)
            self.height(math.ceil(len(text) / 80))
            self.row += 1

    def section(self, name: str, section: Section) -> None:
        self.begin(name)
        for place, width in enumerate(_widths(section.blocks)):
            self.sheet.set_column(place, place, width)
        self.line(section.title, self.title)
        for block in section.blocks:
            self.row += 1
            self.block(block)
        if len(section.blocks) == 1 and isinstance(section.blocks[0], Table):
            heads = 3 + bool(section.blocks[0].note)
            self.sheet.freeze_panes(heads + 1, 1)
            self.sheet.repeat_rows(heads)

    def block(self, block: Block) -> None:
        if isinstance(block, Text):
            self.words(block)
        elif isinstance(block, KeyFigures):
            for each in block.figures:
                self.sheet.write_string(self.row, 0, formula_neutral(each.label))
                self.figure(1, each.figure, numeric=True, bold=True)
                self.row += 1
        elif isinstance(block, ReportChart):
            self.table(block.table, [block.subtitle])
        else:
            self.table(block, [block.note])

    def words(self, block: Text) -> None:
        for line in markdown_lines(block.markdown):
            text = formula_neutral("   " * line.depth + line.marker + line.text)
            style = self.style(text_wrap=True, valign="top", bold=line.heading)
            self.sheet.merge_range(self.row, 0, self.row, 7, "")
            self.sheet.write_string(self.row, 0, text, style)
            self.height(sum(math.ceil(max(1, len(part)) / LETTERS) for part in text.split("\n")))
            self.row += 1
        if block.author:
            self.line(block.author, self.style(italic=True))

    def table(self, table: Table, notes: Sequence[str]) -> None:
        self.line(table.title, self.bold)
        for note in filter(None, notes):
            self.line(note)
        for place, (head, numeric) in enumerate(table.columns):
            align = "right" if numeric else "left"
            style = self.style(bold=True, bottom=1, align=align, text_wrap=True, valign="bottom")
            self.sheet.write_string(self.row, place, formula_neutral(head), style)
        for cells, strong in table.lines:
            self.row += 1
            for place, (cell, numeric) in enumerate(cells):
                self.figure(place, cell, numeric=numeric, bold=strong)
        self.row += 1

    def figure(self, place: int, cell: Cell, *, numeric: bool, bold: bool = False) -> None:
        found = cell if cell.value is not None or not numeric else number_read(cell.text)
        if found is None or found.value is None:
            style = self.style(bold=bold, align="right" if numeric else "left")
            self.sheet.write_string(self.row, place, formula_neutral(cell.text), style)
            return
        style = self.style(bold=bold, num_format=number_format(found), align="right")
        self.sheet.write_number(self.row, place, float(found.value), style)


def _widths(blocks: Sequence[Block]) -> list[int]:
    found = [28, 16]
    for block in blocks:
        table = block.table if isinstance(block, ReportChart) else block
        if isinstance(table, Table):
            own = column_widths(table, wraps=False)
            found += [12] * (len(own) - len(found))
            found[: len(own)] = map(max, own, found)
    return found


def number_read(text: str) -> Cell | None:
    """The number that a text shows, in the active language; None: it is not one number. The table of a chart
    has texts only."""
    parts = re.fullmatch(r"(\D*?)(\d[\d.,]*)(\D*)", text)
    if parts is None:
        return None
    lead, said, tail = parts.groups()
    thousands, mark = (".", ",") if formats.is_dutch() else (",", ".")
    plain = said.replace(thousands, "").replace(mark, ".")
    decimals = len(plain.partition(".")[2])
    if plain.count(".") > 1 or formats.digits(Decimal(plain), decimals) != said:
        return None
    percent = tail.startswith("%")
    value = Decimal(plain).scaleb(-2 if percent else 0) * (-1 if formats.MINUS in lead else 1)
    return Cell(text, f"{value:f}", decimals, percent)


def number_format(cell: Cell) -> str:
    """How a spreadsheet shows the cell's value as its text does, with what stands before and after it; one of
    the other sign has its sign where its language has it."""
    value = Decimal(cell.value or 0)
    digits = formats.digits(abs(value) * (100 if cell.percent else 1), cell.decimals)
    lead, found, tail = cell.text.partition(digits)
    shape = "#,##0" + ("." + "0" * cell.decimals if cell.decimals else "") + ("%" if cell.percent else "")
    if not found:
        return shape
    plain = lead.replace(formats.MINUS, "").replace("+", "")
    minus = plain + formats.MINUS if formats.is_dutch() else formats.MINUS + plain
    above, below = (plain, lead) if value < 0 else (lead, minus)
    ending = _quoted(tail.removeprefix("%") if cell.percent else tail)
    return f"{_quoted(above)}{shape}{ending};{_quoted(below)}{shape}{ending}"


def _quoted(text: str) -> str:
    return f'"{text.replace(chr(34), "")}"' if text else ""
