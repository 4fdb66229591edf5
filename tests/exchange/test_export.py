"""What goes out is safe to open, and comes in again as it was."""

from __future__ import annotations

import datetime
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import openpyxl
import pytest
import python_calamine
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.test import RequestFactory
from django.utils import translation

from exchange import messages
from exchange.export import ExportColumn, csv_lines, export_asked, export_response, formula_neutral
from exchange.reading.columns import number_column, text_column

COLUMNS = [
    ExportColumn("sku"),
    ExportColumn("month", "month"),
    ExportColumn("units", "number"),
    ExportColumn("revenue", "amount"),
]
EXPORTS = ("exchange.export", "products.view")
ROWS = [
    ["=cmd|' /C calc'!A0", datetime.date(2026, 1, 1), Decimal("1234.5000"), Decimal("-0.125")],
    ["plain", datetime.date(2026, 2, 1), 1200, None],
]


@pytest.mark.parametrize("text", ["=1+1", "+31", "-5", "@SUM(A1)", "\tx", "'=already", "a=b", "'quoted'"])
def test_a_formula_goes_out_as_text_and_comes_back_as_it_was(text: str) -> None:
    out = formula_neutral(text)
    assert out[0] not in "=+-@\t\r"
    back, wrong = text_column(200)([out])
    assert (back, wrong) == ([text.translate({9: "\\t"})], [])


def test_csv_under_nl_has_decimal_commas_and_semicolons() -> None:
    text = b"".join(csv_lines(columns=COLUMNS, rows=ROWS, dutch=True)).decode("utf-8-sig")
    assert text.splitlines() == [
        "sku;month;units;revenue",
        "'=cmd|' /C calc'!A0;2026-01;1234,5;-0,13",
        "plain;2026-02;1200;",
    ]


def test_csv_under_en_has_points_and_commas() -> None:
    text = b"".join(csv_lines(columns=COLUMNS, rows=ROWS, dutch=False)).decode("utf-8-sig")
    assert text.splitlines()[1] == "'=cmd|' /C calc'!A0,2026-01,1234.5,-0.13"


@pytest.mark.parametrize(("dutch", "decimal"), [(True, ","), (False, ".")])
def test_numbers_are_never_written_in_a_way_that_reads_two_ways(dutch: bool, decimal: str) -> None:
    from core.number_texts import decimal_evidence

    for value in ("1.234", "12.345", "-999.999"):
        lines = b"".join(
            csv_lines(columns=[ExportColumn("n", "number")], rows=[[Decimal(value)]], dutch=dutch)
        )
        cell = lines.decode("utf-8-sig").splitlines()[1].strip('"')
        assert decimal_evidence(cell) == decimal
        assert Decimal(number_column(decimal)([cell])[0][0]) == Decimal(value)


@pytest.mark.parametrize(
    ("kind", "value", "written"),
    [
        ("amount", 707170.5662030873, "707170.57"),
        ("amount", Decimal("0.125"), "0.13"),
        ("amount", -0.005, "-0.01"),
        ("amount", 1e22, "10000000000000000000000"),
        ("number", 1 / 3, "0.3333"),
        ("number", 1.23450001, "1.2345"),
        ("number", 12, "12"),
        ("rate", 0.41234567890123, "0.4123"),
        ("amount", float("nan"), "NaN"),
    ],
)
def test_figures_have_the_decimals_of_their_kind(kind: str, value: Any, written: str) -> None:
    lines = b"".join(csv_lines(columns=[ExportColumn("n", kind)], rows=[[value]], dutch=False))
    assert lines.decode("utf-8-sig").splitlines()[1] == written


def test_xlsx_keeps_numbers_and_dates_and_holds_no_formula(tmp_path: Path) -> None:
    request = RequestFactory().get("/", {"format": "xlsx"})
    response: Any = export_response(request, name="figures", columns=COLUMNS, rows=iter(ROWS))
    content = b"".join(response.streaming_content)
    book = python_calamine.CalamineWorkbook.from_filelike(BytesIO(content))
    rows = book.get_sheet_by_index(0).to_python()
    assert rows[0] == ["sku", "month", "units", "revenue"]
    assert rows[1] == ["'=cmd|' /C calc'!A0", datetime.date(2026, 1, 1), 1234.5, -0.13]
    assert rows[2] == ["plain", datetime.date(2026, 2, 1), 1200.0, ""]
    assert response.headers["Content-Disposition"] == 'attachment; filename="figures.xlsx"'
    sheet = openpyxl.load_workbook(BytesIO(content)).active
    assert sheet is not None
    assert sheet.title == "figures"
    assert [sheet.cell(line, 3).number_format for line in (2, 3)] == ["#,##0.####", "#,##0"]


def test_a_sheet_has_a_name_that_a_spreadsheet_takes() -> None:
    request = RequestFactory().get("/", {"format": "xlsx"})
    for name, sheet in (
        ("costs: product [a/b] from January until December", "costs  product  a b  from"),
        ("Margins of the firm of Jansse' and others", "Margins of the firm of Jansse"),
    ):
        response: Any = export_response(request, name=name, columns=COLUMNS, rows=[])
        book = openpyxl.load_workbook(BytesIO(b"".join(response.streaming_content)))
        assert book.sheetnames == [sheet]


def test_the_response_streams_in_the_persons_language() -> None:
    request = RequestFactory().get("/")
    with translation.override("nl"):
        response: Any = export_response(request, name="cijfers", columns=COLUMNS, rows=iter(ROWS))
        assert b";1234,5;" in b"".join(response.streaming_content)
    assert response.headers["Content-Disposition"] == 'attachment; filename="cijfers.csv"'


def test_who_may_not_export_gets_nothing_and_a_format_that_is_none_is_not_there() -> None:
    may, may_not = (SimpleNamespace(has_perm=lambda right, got=got: right == got) for got in EXPORTS)
    export_asked(may, "csv")
    with pytest.raises(Http404):
        export_asked(may, "pdf")
    with pytest.raises(PermissionDenied):
        export_asked(may_not, "csv")


def test_words_are_those_of_the_person_also_after_the_request() -> None:
    request = RequestFactory().get("/")
    with translation.override("nl"):
        rows = ([str(messages.CELLS["number_unreadable"])] for _ in range(1))
        response: Any = export_response(request, name="x", columns=[ExportColumn("reason")], rows=rows)
    assert b"".join(response.streaming_content).decode("utf-8-sig").splitlines() == ["reason", "geen getal"]
