"""Files as they come out of spreadsheets and systems, all read to the same rows."""

from __future__ import annotations

import datetime
import io
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from core.number_texts import number_read
from exchange.reading.tables import separator_detect
from exchange.services.shell import Outcome, import_run

from .fake import facts

pytestmark = pytest.mark.django_db

WANTED = [
    ("A", "Zuid-Hollandé", "2026-01-01", Decimal("1234.5600"), Decimal("-12.5000")),
    ("A", "Zuid-Hollandé", "2026-02-01", Decimal("7.0000"), None),
]
DUTCH = "Maand;Artikel;Kanaal;Afzet;Omzet\n{};A;Zuid-Hollandé;1.234,56;-12,50\n{};A;Zuid-Hollandé;7;\n"
ENGLISH = 'Month,SKU,Channel,Units,Revenue\n{},A,Zuid-Hollandé,"1,234.56",-12.50\n{},A,Zuid-Hollandé,7,\n'


def bring(path: Path, **options: Any) -> Outcome:
    return import_run(sheet="fake", path=path, options=options, leave_out_refused=False, dry_run=False)


def check(path: Path, **options: Any) -> None:
    outcome = bring(path, **options)
    assert outcome.error is None, outcome.error
    assert outcome.counts.refused == 0, outcome.refusals
    assert facts() == WANTED


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("text", [DUTCH, ENGLISH], ids=["nl", "en"])
def test_encodings_and_marks(encoding: str, text: str, fake: Any, csv_file: Any) -> None:
    check(csv_file(text.format("2026-01", "2026-02"), encoding))


@pytest.mark.parametrize("separator", [";", "\t", "|"])
def test_separators(separator: str, fake: Any, csv_file: Any) -> None:
    check(csv_file(DUTCH.format("2026-01", "2026-02").replace(";", separator)))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("2026-01-01", "2026-02-01"),
        ("jan 2026", "feb 2026"),
        ("januari 2026", "februari 2026"),
        ("2026M01", "2026M02"),
        ("01-2026", "02-2026"),
        ("202601", "202602"),
        ("31-01-2026", "28-02-2026"),
        ("31.01.2026", "28.02.2026"),
        ("01/31/2026", "02/28/2026"),
        ("2026-01-01T00:00:00", "2026-02-01 00:00:00"),
        ("1 jan 2026", "1 feb 2026"),
        ("01.02.2026", "2026-01"),
    ],
)
def test_months_in_every_form(first: str, second: str, fake: Any, csv_file: Any) -> None:
    if first == "01.02.2026":
        first, second = second, first
    check(csv_file(DUTCH.format(first, second)))


def test_line_ends_titles_and_the_separator_line(fake: Any, csv_file: Any) -> None:
    text = DUTCH.format("2026-01", "2026-02")
    check(csv_file(text.replace("\n", "\r\n")))
    assert bring(csv_file("sep=;\n" + text)).counts.unchanged == 2
    assert bring(csv_file("Afzet per maand\n\n" + text)).counts.unchanged == 2
    assert bring(csv_file(text + ";;;;\n\n")).counts.unchanged == 2


def test_decimal_commas_do_not_outnumber_columns_that_are_partly_empty(tmp_path: Path) -> None:
    path = tmp_path / "costs.csv"
    rows = ["1,5;;;", "2,5;x;;", "3,5;;y;", "4,5;;;z"]
    path.write_text("\n".join(["amount;a;b;c", *rows]))
    assert separator_detect(path, "utf-8") == ";"


def test_one_day_past_the_twelfth_settles_the_order_of_all(fake: Any, csv_file: Any) -> None:
    rows = "".join(f"0{month}-02-2026;A;1\n" for month in range(3, 10))
    assert bring(csv_file("date;sku;units\n" + rows + "13-02-2026;A;1\n")).error is None
    assert {row[2] for row in facts()} == {f"2026-02-{day:02}" for day in [*range(3, 10), 13]}


def test_evidence_far_down_in_the_file_counts(fake: Any, csv_file: Any) -> None:
    rows = "".join(f"2026-01;A{number};{number}\n" for number in range(25_000))
    plain = "month;sku;units\n" + rows
    unclear = bring(csv_file(plain + "2026-01;B;1.234\n"))
    assert unclear.error is not None
    assert unclear.error.code == "decimal_ambiguous"
    assert facts() == []
    assert bring(csv_file(plain + "2026-01;B;1.234\n2026-01;C;1,5\n")).error is None
    assert [row[3] for row in facts() if row[0] in "BC"] == [Decimal("1234.0000"), Decimal("1.5000")]


def test_a_ledgers_way_of_writing(fake: Any, csv_file: Any) -> None:
    text = "month;sku;units;revenue\n2026-01;A;12,5-;€ 1.234,50\n2026-02;A;1 234,5;\u22127,25 EUR\n"
    assert bring(csv_file(text)).error is None
    assert [row[3:] for row in facts()] == [
        (Decimal("-12.5000"), Decimal("1234.5000")),
        (Decimal("1234.5000"), Decimal("-7.2500")),
    ]


def test_amounts_are_rounded_half_away_from_zero(fake: Any, csv_file: Any) -> None:
    assert bring(csv_file("month,sku,units\n2026-01,A,0.00005\n2026-02,A,-0.00005\n")).error is None
    assert [row[3] for row in facts()] == [Decimal("0.0001"), Decimal("-0.0001")]


@pytest.mark.parametrize(
    "heads",
    [
        ("2026-01", "2026-02", "2026-03"),
        ("jan 2026", "feb 2026", "mrt 2026"),
        ("2026M01", "2026M02", "2026M03"),
        ("01-2026", "02-2026", "03-2026"),
        ("01-01-2026", "01-02-2026", "01-03-2026"),
        ("31-01-2026", "28-02-2026", "31-03-2026"),
        ("jan-26", "feb-26", "mrt-26"),
    ],
)
def test_a_column_per_month_is_recognised(heads: tuple[str, ...], fake: Any, csv_file: Any) -> None:
    text = f"sku,channel,{','.join(heads)}\nA,North,10,,30\nB,North,1.5,2.5,0\n"
    outcome = bring(csv_file(text))
    assert (outcome.error, outcome.counts.new) == (None, 5)
    assert [(row[0], row[2], row[3]) for row in facts()] == [
        ("A", "2026-01-01", Decimal("10.0000")),
        ("A", "2026-03-01", Decimal("30.0000")),
        ("B", "2026-01-01", Decimal("1.5000")),
        ("B", "2026-02-01", Decimal("2.5000")),
        ("B", "2026-03-01", Decimal("0.0000")),
    ]


def test_a_bad_cell_in_a_wide_file_is_named_by_its_month(fake: Any, csv_file: Any) -> None:
    outcome = bring(csv_file("sku,2026-01,2026-02\nA,1,x\nB,3,4\n"))
    assert [(each.line, each.column, each.value) for each in outcome.refusals] == [(2, "2026-02", "x")]
    assert facts() == []


@pytest.fixture
def workbook(tmp_path: Path) -> Any:
    def write(rows: list[list[Any]], *, before: bool = False) -> Path:
        path = tmp_path / "book.xlsx"
        with xlsxwriter.Workbook(path) as book:
            dates = book.add_format({"num_format": "dd-mm-yyyy"})
            if before:
                book.add_worksheet("Empty")
            sheet = book.add_worksheet("Figures")
            for number, row in enumerate(rows):
                for column, cell in enumerate(row):
                    if isinstance(cell, datetime.date):
                        sheet.write_datetime(number, column, datetime.datetime(*cell.timetuple()[:3]), dates)
                    elif isinstance(cell, str):
                        sheet.write_string(number, column, cell)
                    elif cell is not None:
                        sheet.write(number, column, cell)
        return path

    return write


def test_a_workbook_keeps_its_numbers_and_dates(fake: Any, workbook: Any) -> None:
    rows = [
        ["Maand", "Artikel", "Kanaal", "Afzet", "Omzet"],
        [datetime.date(2026, 1, 1), "A", "Zuid-Hollandé", 1234.56, -12.5],
        [datetime.date(2026, 2, 28), "A", "Zuid-Hollandé", 7, None],
    ]
    check(workbook(rows, before=True))


def test_a_workbook_with_everything_as_text(fake: Any, workbook: Any) -> None:
    rows = [
        ["Maand", "Artikel", "Kanaal", "Afzet", "Omzet"],
        ["31-01-2026", "A", "Zuid-Hollandé", "1.234,56", "-12,50"],
        ["28-02-2026", "A", "Zuid-Hollandé", "7", ""],
    ]
    check(workbook(rows))


def test_a_number_as_code_in_a_workbook_has_no_decimals(fake: Any, workbook: Any) -> None:
    assert bring(workbook([["month", "sku", "units"], ["2026-01", 1001, 5]])).error is None
    assert [row[0] for row in facts()] == ["1001"]


def test_a_wide_workbook_with_dates_as_heads(fake: Any, workbook: Any) -> None:
    heads = [datetime.date(2026, month, 1) for month in (1, 2)]
    assert bring(workbook([["sku", *heads], ["A", 1, 2]])).error is None
    assert [row[2] for row in facts()] == ["2026-01-01", "2026-02-01"]


def test_a_formula_cell_gives_its_last_value(fake: Any, tmp_path: Path) -> None:
    file = io.BytesIO()
    with xlsxwriter.Workbook(file) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["month", "sku", "units"])
        sheet.write_row(1, 0, ["2026-01", "A"])
        sheet.write_formula(1, 2, "=2+3", None, 5)
    path = tmp_path / "formula.xlsx"
    path.write_bytes(file.getvalue())
    assert bring(path).error is None
    assert [row[3] for row in facts()] == [Decimal("5.0000")]


@pytest.mark.parametrize(
    "text", ["-24,5", "- 24,5", "-€ 24,50", "€ -24,50", "24,50-", "(24,50)", "(€ 24,50)"]
)
def test_a_minus_stands_where_people_put_it(text: str) -> None:
    number, code = number_read(text, ",")
    assert (float(number), code) == (-24.5, "")
