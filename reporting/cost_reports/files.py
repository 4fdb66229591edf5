"""A report as a file. What is written follows from what is booked alone: twice the same bytes."""

from __future__ import annotations

import csv
import datetime
import io
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import IO, Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from core import formats
from core.months import month_end
from core.organisation import organisation_get
from exchange.export import formula_neutral
from reporting.cost_reports.table import Column, FileRow, Table, filters_said
from reporting.selectors.report_query import ReportQuery
from reporting.words.cost_reports import HEADING_WORDS, now_words, then_words

Progress = Callable[[int, int], object]
EVERY = 2000
LABEL = 28
"""So many signs of a label stand beside each other on paper before it is broken between words."""
FORMS = (
    ("index", "0.0"),
    ("share", "0.0%"),
    ("rate", "0.0%"),
    ("unit", "#,##0.0000"),
    ("units", "#,##0"),
    ("months", "0"),
)
A4 = 9
PLACES = {"share": 4, "rate": 4, "unit": 4, "months": 0}
SEPARATORS = {"semicolon": ";", "comma": ",", "tab": "\t"}


def xlsx_write(file: IO[bytes], table: Table, progress: Progress | None = None) -> None:
    """One sheet of rows under a header that stays in sight, with sums as formulas that ignore each other and
    shares as quotients; one sheet about the report."""
    import xlsxwriter

    book = xlsxwriter.Workbook(
        file,
        {
            "constant_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        },
    )
    end = month_end(table.query.month)
    book.set_properties({"created": datetime.datetime(end.year, end.month, end.day)})
    sheet, bold = book.add_worksheet(table.name), book.add_format({"bold": True})
    number = "#,##0.0," if table.query.scale else "#,##0.00"
    styles = {
        (form, strong): book.add_format({"num_format": shown, "bold": strong})
        for form, shown in (("amount", number), *FORMS)
        for strong in (False, True)
    }
    first = len(table.labels)
    sheet.freeze_panes(1, first)
    sheet.repeat_rows(0)
    sheet.set_landscape()
    sheet.set_paper(A4)
    sheet.fit_to_pages(1, 0)
    for place, label in enumerate([*table.labels, *(each.head for each in table.columns)]):
        sheet.set_column(place, place, 26 if place < first else max(16, len(label) + 2))
        sheet.write_string(0, place, formula_neutral(label), bold)
    for place, row in enumerate(table.rows(), start=1):
        for at, text in enumerate(row.cells):
            if text:
                sheet.write_string(place, at, formula_neutral(text), bold if row.depth else None)
        for at, (column, amount) in enumerate(zip(table.columns, row.amounts, strict=True), start=first):
            if amount is None:
                continue
            style, formula = styles[column.form, row.depth > 0], _formula(column, row, place, at, first)
            if formula:
                sheet.write_formula(place, at, formula, style, float(amount))
            else:
                sheet.write_number(place, at, float(amount), style)
        if progress is not None and place % EVERY == 0:
            progress(place, table.size)
    about = book.add_worksheet(_("About"))
    about.set_column(0, 0, 30)
    about.set_column(1, 1, 60)
    for place, (label, text) in enumerate(table.about):
        about.write_string(place, 0, label, bold)
        about.write_string(place, 1, formula_neutral(text))
    book.close()


def _formula(column: Column, row: FileRow, place: int, at: int, first: int) -> str:
    """What the cell is worked out from; '': it is a figure of its own."""
    from xlsxwriter.utility import xl_col_to_name, xl_rowcol_to_cell

    if column.form in ("share", "index") and column.of:
        one, other = (xl_rowcol_to_cell(place, first + each) for each in column.of)
        return f"={one}/{other}" if column.form == "share" else f"=100*{one}/{other}"
    if not row.depth or column.form in ("index", "unit", "rate"):
        return ""
    letters = xl_col_to_name(at)
    return f"=SUBTOTAL(9,{letters}{row.span[0] + 2}:{letters}{row.span[1] + 1})"


def pdf_data(table: Table) -> dict[str, Any]:
    """What the page shows, as text. Shares of net sales stand below their margins; ``widths``: how many signs
    each column needs, by which the sheet divides its width."""
    query, currency = table.query, organisation_get().currency
    scale = formats.scale_label("k", currency) if query.scale else currency
    below = {place - 1: place for place, column in enumerate(table.columns) if column.key.endswith("_rate")}
    kept = [place for place in range(len(table.columns)) if place not in below.values()]
    labels = list(table.labels)
    rows: list[dict[str, Any]] = []
    for row in table.rows():
        texts = [*map(table.words, table.columns, row.amounts)]
        shown = [f"{texts[at]}\n{texts[below[at]]}".rstrip() if at in below else texts[at] for at in kept]
        rows.append({"strong": row.depth > 0, "cells": [*row.cells, *shown]})
    heads = [table.columns[place].head for place in kept]
    return {
        "title": str(HEADING_WORDS[query.layout]),
        "subtitle": " · ".join([*_about(query), scale, *_filters(query)]),
        "footer": _("Booked until %(moment)s") % {"moment": formats.moment(table.booked_at)},
        "language": get_language() or "en",
        "labels": labels,
        "heads": heads,
        "widths": _widths([*labels, *heads], [row["cells"] for row in rows], len(labels)),
        "rows": rows,
        "said": [list(each) for each in table.more],
        "warnings": table.warnings,
        "reconciliation": table.note,
    }


def _widths(heads: Sequence[str], rows: Sequence[Sequence[str]], labels: int) -> list[int]:
    """A line of a number is never broken, a head once or twice, a label between words where it is long."""
    found = []
    for place, head in enumerate(heads):
        cells = {row[place] for row in rows}
        parts = [part for cell in cells for part in cell.split(" " if place < labels else "\n")]
        least = max(map(len, [*head.split(" "), *parts]))
        whole = max(map(len, cells), default=0) if place < labels else 0
        found.append(max(least, len(head) // 2, min(whole, LABEL)))
    return found


def _about(query: ReportQuery) -> list[str]:
    """Of which months it is, of which costs, and against what."""
    against = _("compared with %(then)s") % {"then": then_words(query)} if query.is_compared else ""
    if query.layout == "costs":
        return [formats.month(query.month), *filter(None, [against])]
    of = (
        []
        if query.layout == "variance"
        else [_("actual costs") if query.of == "actual" else _("standard costs")]
    )
    return [now_words(query), *of, *filter(None, [against])]


def _filters(query: ReportQuery) -> list[str]:
    """What it is only of."""
    found = [f"{label}: {text}" for label, text in filters_said(query)]
    return [*found, *([query.text] if query.text else [])]


def csv_bytes(table: Table, separator: str, decimal_mark: str) -> bytes:
    """The rows without their sums, for another system: heads and codes that no language changes; the last
    line says whether all of it is there."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=separator, lineterminator="\r\n")
    writer.writerow([*table.keys, *(column.key for column in table.columns)])
    for row in table.rows():
        if not row.depth:
            amounts = (
                _plain(amount, decimal_mark, PLACES.get(column.form, 2))
                for column, amount in zip(table.columns, row.amounts, strict=True)
            )
            writer.writerow([*map(formula_neutral, row.names), *amounts])
    writer.writerow([table.reconciled])
    return text.getvalue().encode("utf-8-sig")


def _plain(amount: Decimal | None, decimal_mark: str, places: int) -> str:
    if amount is None:
        return ""
    return f"{formats.rounded(amount, places):.{places}f}".replace(".", decimal_mark)
