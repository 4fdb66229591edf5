"""A report as a file. What is written follows from what is booked alone: twice the same bytes."""

from __future__ import annotations

import csv
import datetime
import io
from collections.abc import Callable
from decimal import Decimal
from typing import IO, Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from core import formats
from core.months import month_end
from core.organisation import organisation_get
from exchange.export import formula_neutral
from reporting.cost_reports.table import Column, FileRow, Table
from reporting.selectors.report_query import ReportQuery
from reporting.words.cost_reports import now_words, then_words

Progress = Callable[[int, int], object]
EVERY = 2000
FORMS = (("index", "0.0"), ("share", "0.0%"), ("rate", "0.0%"), ("unit", "#,##0.0000"), ("units", "#,##0"))
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

    if column.form == "share":
        one, other = (xl_rowcol_to_cell(place, first + each) for each in column.of)
        return f"={one}/{other}"
    if not row.depth or column.form in ("index", "unit", "rate"):
        return ""
    letters = xl_col_to_name(at)
    return f"=SUBTOTAL(9,{letters}{row.span[0] + 2}:{letters}{row.span[1] + 1})"


def pdf_data(table: Table) -> dict[str, Any]:
    """What the page shows, as text."""
    query, currency = table.query, organisation_get().currency
    scale = formats.scale_label("k", currency) if query.scale else currency
    filters = [*query.filters.values(), *([query.text] if query.text else [])]
    return {
        "title": _("Cost report") if query.layout == "costs" else table.name,
        "subtitle": " · ".join([*_about(query), scale, *filters]),
        "footer": _("Booked until %(moment)s") % {"moment": formats.moment(table.booked_at)},
        "language": get_language() or "en",
        "labels": table.labels,
        "heads": [column.head for column in table.columns],
        "rows": [
            {
                "strong": row.depth > 0,
                "cells": [*row.cells, *map(table.words, table.columns, row.amounts)],
            }
            for row in table.rows()
        ],
        "warnings": table.warnings,
        "reconciliation": table.note,
    }


def _about(query: ReportQuery) -> list[str]:
    """Of which months it is, and against what."""
    if query.layout == "costs":
        return [formats.month(query.month)]
    return [now_words(query), *([then_words(query)] if query.is_paired else [])]


def csv_bytes(table: Table, separator: str, decimal_mark: str) -> bytes:
    """The rows without their sums, for another system: heads and codes that no language changes; the last
    line says whether all of it is there."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=separator, lineterminator="\r\n")
    writer.writerow([*table.keys, *(column.key for column in table.columns)])
    for row in table.rows():
        if not row.depth:
            amounts = (
                _plain(amount, decimal_mark, 4 if column.form in ("share", "rate", "unit") else 2)
                for column, amount in zip(table.columns, row.amounts, strict=True)
            )
            writer.writerow([*map(formula_neutral, row.names), *amounts])
    writer.writerow([table.reconciled])
    return text.getvalue().encode("utf-8-sig")


def _plain(amount: Decimal | None, decimal_mark: str, places: int) -> str:
    if amount is None:
        return ""
    return f"{formats.rounded(amount, places):.{places}f}".replace(".", decimal_mark)
