"""A cost report as a file. What is written follows from what is booked alone: twice the same bytes."""

from __future__ import annotations

import csv
import datetime
import io
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import IO, Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from core import formats
from core.months import month_end
from core.organisation import organisation_get
from exchange.export import formula_neutral

from .cost_report_page import amount_words
from .report_words import DIMENSION_WORDS, MEASURE_WORDS, column_words, reconciliation_words
from .selectors.cost_report import CostReport, ReportRow

Progress = Callable[[int, int], object]
EVERY = 2000
SEPARATORS = {"semicolon": ";", "comma": ",", "tab": "\t"}


def labels(report: CostReport) -> list[str]:
    """The heads before the amounts: a product has its code beside its name."""
    found = []
    for name in report.query.by:
        found += [_("Product code"), _("Product")] if name == "product" else [str(DIMENSION_WORDS[name])]
    return found


def label_cells(report: CostReport, row: ReportRow) -> list[str]:
    cells = []
    for place, (dimension, name) in enumerate(zip(report.query.by, row.names, strict=True)):
        label = name.label
        if not place and row.depth == 3:
            label = _("Total")
        elif not place and row.depth:
            label = _("%(name)s together") % {"name": label}
        cells += [name.code if row.depth < 2 else "", label] if dimension == "product" else [label]
    return cells


def xlsx_write(file: IO[bytes], report: CostReport, progress: Progress | None = None) -> None:
    """One sheet of rows under a header that stays in sight, sums as formulas that ignore each other; one
    sheet about the report."""
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
    end = month_end(report.query.month)
    book.set_properties({"created": datetime.datetime(end.year, end.month, end.day)})
    sheet, bold = book.add_worksheet(_("Costs")), book.add_format({"bold": True})
    number = "#,##0.0," if report.query.scale else "#,##0.00"
    styles = {
        (index, strong): book.add_format({"num_format": "0.0" if index else number, "bold": strong})
        for index in (False, True)
        for strong in (False, True)
    }
    before = labels(report)
    columns = [column_words(report.query, code) for code in report.query.columns]
    sheet.freeze_panes(1, len(before))
    for place, label in enumerate([*before, *columns]):
        sheet.set_column(place, place, 26 if place < len(before) else max(16, len(label) + 2))
        sheet.write_string(0, place, formula_neutral(label), bold)
    rows = report.rows
    for place, row in enumerate(rows, start=1):
        for column, text in enumerate(label_cells(report, row)):
            if text:
                sheet.write_string(place, column, formula_neutral(text), bold if row.depth else None)
        for column, (code, amount) in enumerate(
            zip(report.query.columns, row.amounts, strict=True), start=len(before)
        ):
            if amount is None:
                continue
            index = code.endswith("index")
            style = styles[index, row.depth > 0]
            if row.depth and not index:
                letters = xlsxwriter.utility.xl_col_to_name(column)
                begin, last = row.span[0] + 2, row.span[1] + 1
                formula = f"=SUBTOTAL(9,{letters}{begin}:{letters}{last})"
                sheet.write_formula(place, column, formula, style, float(amount))
            else:
                sheet.write_number(place, column, float(amount), style)
        if progress is not None and place % EVERY == 0:
            progress(place, len(rows))
    about = book.add_worksheet(_("About"))
    about.set_column(0, 0, 30)
    about.set_column(1, 1, 60)
    for place, (label, text) in enumerate(about_lines(report)):
        about.write_string(place, 0, label, bold)
        about.write_string(place, 1, formula_neutral(text))
    book.close()


def pdf_data(report: CostReport) -> dict[str, Any]:
    """What the page shows, as text."""
    query, currency = report.query, organisation_get().currency
    scale = formats.scale_label("k", currency) if query.scale else currency
    filters = [*query.filters.values(), *([query.text] if query.text else [])]
    return {
        "title": _("Cost report"),
        "subtitle": " · ".join([formats.month(query.month), scale, *filters]),
        "footer": _("Booked until %(moment)s") % {"moment": formats.moment(report.booked_at)},
        "language": get_language() or "en",
        "labels": labels(report),
        "heads": [column_words(query, code) for code in query.columns],
        "rows": [
            {
                "depth": row.depth,
                "cells": [
                    *label_cells(report, row),
                    *(
                        amount_words(query, code, amount)
                        for code, amount in zip(query.columns, row.amounts, strict=True)
                    ),
                ],
            }
            for row in report.rows
        ],
        "reconciliation": reconciliation_words(report.reconciliation, currency),
    }


def about_lines(report: CostReport) -> Iterator[tuple[str, str]]:
    """What somebody has to know who gets the file without the page."""
    query = report.query
    currency = organisation_get().currency
    yield _("Month"), formats.month(query.month)
    yield _("Costs"), str(MEASURE_WORDS[query.of])
    yield _("Currency"), currency
    for name, value in query.filters.items():
        yield str(DIMENSION_WORDS.get(name, _("Taken off before"))), value
    if query.text:
        yield _("Search"), query.text
    yield _("Booked until"), formats.moment(report.booked_at)
    yield _("Reconciliation"), reconciliation_words(report.reconciliation, currency)


def csv_bytes(report: CostReport, separator: str, decimal_mark: str) -> bytes:
    """The rows without their sums, for another system: heads and codes that no language changes."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=separator, lineterminator="\r\n")
    heads = [head for name in report.query.by for head in (name, f"{name}_name")]
    writer.writerow([*heads, *(code.replace("-", "_") for code in report.query.columns)])
    for row in report.rows:
        if not row.depth:
            names = [formula_neutral(part) for name in row.names for part in (name.code, name.label)]
            writer.writerow([*names, *(_plain(amount, decimal_mark) for amount in row.amounts)])
    return text.getvalue().encode("utf-8-sig")


def _plain(amount: Decimal | None, decimal_mark: str) -> str:
    return "" if amount is None else f"{formats.rounded(amount, 2):.2f}".replace(".", decimal_mark)
