"""Every bad file has its message, and nothing is written."""

from __future__ import annotations

import io
import struct
import zipfile
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from django.utils import translation

from exchange import messages
from exchange.messages import in_words
from exchange.models import Import
from exchange.reading import kinds, limits
from exchange.services.shell import Outcome, import_run, refusal_words
from tests.factories import user_factory

from .conftest import PLAIN
from .fake import facts

pytestmark = pytest.mark.django_db


def bring(path: Path, **options: Any) -> Outcome:
    return import_run(sheet="fake", path=path, options=options, leave_out_refused=False, dry_run=False)


def zipped(parts: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return file.getvalue()


def workbook(rows: list[list[Any]]) -> bytes:
    file = io.BytesIO()
    with xlsxwriter.Workbook(file) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
    return file.getvalue()


def with_part(content: bytes, name: str, change: Callable[[bytes], bytes]) -> bytes:
    """The workbook with one of its parts changed."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = {each: archive.read(each) for each in archive.namelist()}
    return zipped(parts | {name: change(parts[name])})


HEADER = {"[Content_Types].xml": b"<Types/>", "xl/workbook.xml": b"<workbook/>"}
GOOD = workbook([["month", "sku", "units"], ["2026-01", "A", 5]])
FAR = with_part(
    GOOD,
    "xl/worksheets/sheet1.xml",
    lambda xml: xml.replace(
        b"</sheetData>",
        b'<row r="1000000"><c r="A1000000"><v>1</v></c><c r="ZZ1000000"><v>1</v></c></row></sheetData>',
    ),
)


def forged() -> bytes:
    """A ZIP whose directory says that a part is small, while it unpacks to 40 MB."""
    content = zipped(HEADER | {"xl/worksheets/sheet1.xml": b"0" * 40_000_000})
    return content.replace(struct.pack("<I", 40_000_000), struct.pack("<I", 1_000))


BAD = {
    "empty": (b"", "file_empty", "The file is empty."),
    "blank": (b"\xef\xbb\xbf \r\n\r\n", "file_empty", "The file is empty."),
    "renamed PDF": (b"%PDF-1.7\n1 0 obj", "file_kind", "not a CSV or XLSX file but PDF"),
    "renamed picture": (b"\x89PNG\r\n\x1a\n....", "file_kind", "but PNG"),
    "HTML": (b"<html><table><tr><td>1</td></tr></table></html>", "file_kind", "but HTML/XML"),
    "old Excel": (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600,
        "file_old_excel",
        "save it as .xlsx",
    ),
    "other ZIP": (zipped({"readme.txt": b"hello"}), "file_kind", "but ZIP"),
    "cut off XLSX": (GOOD[: len(GOOD) // 2], "xlsx_broken", "damaged or incomplete"),
    "zip bomb": (
        zipped(HEADER | {"xl/worksheets/sheet1.xml": b"0" * 60_000_000}),
        "xlsx_bomb",
        "times its size",
    ),
    "zip bomb with a forged directory": (forged(), "xlsx_broken", "damaged or incomplete"),
    "too many parts": (
        zipped(HEADER | {f"xl/media/{n}": b"x" for n in range(300)}),
        "xlsx_too_many_parts",
        "at most 200",
    ),
    "entities": (
        with_part(
            GOOD,
            "xl/worksheets/sheet1.xml",
            lambda xml: xml.replace(b"<worksheet", b'<!DOCTYPE w [<!ENTITY a "b">]><worksheet'),
        ),
        "xlsx_entities",
        "XML entities",
    ),
    "a cell at the far corner": (FAR, "xlsx_too_wide", "at most 500"),
    "bytes of no encoding": (
        PLAIN.replace("North", "N\x81rth").encode("latin-1"),
        "encoding_unknown",
        "Line 2 holds bytes",
    ),
    "UTF-16 without its mark": (PLAIN.encode("utf-16-le"), "not_text", "bytes that no text file has"),
    "binary": (b"month,sku\n\x00\x01\x02", "not_text", "bytes that no text file has"),
    "no header": (
        b"2026-01,A,North,10\n2026-02,A,North,12\n",
        "no_header",
        "does not name the columns",
    ),
    "only a header": (b"month,sku,units\n", "no_rows", "no rows below it"),
    "missing column": (b"month,units\n2026-01,5\n", "missing_column", "no column for Code"),
    "no figures": (b"month,sku\n2026-01,A\n", "missing_column", "no column for Units / Revenue"),
    "open quotation mark": (
        b'month,sku,units\n2026-01,"A,5\n2026-02,B,6\n',
        "csv_broken",
        "quotation mark is not closed",
    ),
    "two ways": (b"month;sku;units\n2026-01;A;1.234\n", "decimal_ambiguous", "1.234 can be read two ways"),
    "dates two ways": (
        b"date,sku,units\n03-04-2026,A,1\n05-06-2026,A,2\n",
        "date_ambiguous",
        "can be read two ways",
    ),
    "a column twice": (b"month,sku,units,units\n2026-01,A,1,2\n", "double_column", "units, units (4)"),
    "two names of one field": (b"month,sku,afzet,volume\n2026-01,A,1,2\n", "double_column", "afzet, volume"),
    "both marks": (
        b"month;sku;units\n2026-01;A;1,5\n2026-02;A;1.5\n",
        "decimal_conflicting",
        "1.5; 1,5: no answer",
    ),
    "both marks and groups": (
        b"month;sku;units\n2026-01;A;1.234,56\n2026-02;A;1,234.56\n",
        "decimal_conflicting",
        "1,234.56; 1.234,56: no answer reads them all",
    ),
    "both orders": (
        b"day,sku,units\n31-01-2026,A,1\n01/31/2026,A,1\n",
        "date_conflicting",
        "31-01-2026; 01/31",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_refused_with_its_reason(name: str, fake: Any, csv_file: Any) -> None:
    content, code, words = BAD[name]
    outcome = bring(csv_file(content))
    assert outcome.error is not None
    assert outcome.error.code == code
    assert words in in_words(code, outcome.error.details)
    assert "%(" not in str(outcome.error)
    assert facts() == []
    assert not Import.objects.exclude(state="failed").exists()


@pytest.mark.parametrize("code", sorted(messages.FILES | messages.CELLS | messages.STATES))
def test_every_reason_is_said_in_dutch_too(code: str) -> None:
    for number in (1, 2):
        params = defaultdict(lambda number=number: number)
        words = in_words(code, params)
        with translation.override("nl"):
            assert in_words(code, params) != words


def test_one_refused_row_is_one_row() -> None:
    for language, one, many in (("en", "1 row is", "2 rows are"), ("nl", "1 regel is", "2 regels zijn")):
        with translation.override(language):
            assert in_words("rows_refused", {"count": 1}).startswith(one)
            assert in_words("rows_refused", {"count": 2}).startswith(many)


def test_a_file_over_the_limit_is_refused(fake: Any, csv_file: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(limits, "FILE_BYTES", 50)
    outcome = bring(csv_file(PLAIN))
    assert outcome.error is not None
    assert outcome.error.code == "file_too_large"


def test_an_unpacked_size_over_the_limit_is_refused(fake: Any, csv_file: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(limits, "UNPACKED_BYTES", 1000)
    outcome = bring(csv_file(GOOD))
    assert outcome.error is not None
    assert outcome.error.code == "xlsx_too_large"


def test_too_many_cells_are_refused_before_the_parser_sees_them(csv_file: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(limits, "XLSX_CELLS", 5)
    with pytest.raises(Exception, match="spans 6 cells"):
        kinds.check_contents(csv_file(GOOD))


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("NaN", "number_not_finite"),
        ("inf", "number_not_finite"),
        ("-Infinity", "number_not_finite"),
        ("1e400", "number_not_finite"),
        ("1e15", "number_too_large"),
        ("123456789012345", "number_too_large"),
        ("twelve", "number_unreadable"),
        ("12 34", "number_unreadable"),
        ("1,2,3", "number_unreadable"),
        ("#REF!", "number_unreadable"),
        ("=cmd()", "number_unreadable"),
        ("0x1A", "number_unreadable"),
        ("1_000", "number_unreadable"),
        ("--5", "number_unreadable"),
        ("(-5)", "number_unreadable"),
        ("-5-", "number_unreadable"),
        ("١٢", "number_unreadable"),
    ],
)
def test_a_cell_that_is_no_figure_is_refused_by_line_and_column(
    cell: str, code: str, fake: Any, csv_file: Any
) -> None:
    outcome = bring(csv_file(f'month,sku,units\n2026-01,A,1.5\n2026-02,A,"{cell}"\n'))
    assert [(each.line, each.column, each.value, each.code) for each in outcome.refusals] == [
        (3, "units", cell, code)
    ]
    assert "%" not in refusal_words(outcome.refusals[0], fake)
    assert facts() == []


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("hello", "date_unreadable"),
        ("31-02-2026", "date_unreadable"),
        ("2026-13", "date_unreadable"),
        ("45292", "date_unreadable"),
        ("01-02-26", "date_two_digit_year"),
        ("1026-01-01", "date_out_of_range"),
        ("2026W60", "date_unreadable"),
    ],
)
def test_a_cell_that_is_no_date_is_refused(cell: str, code: str, fake: Any, csv_file: Any) -> None:
    outcome = bring(csv_file(f"date,sku,units\n2026-01-31,A,1\n{cell},A,2\n"))
    assert [(each.line, each.column, each.code) for each in outcome.refusals] == [(3, "date", code)]
    assert facts() == []


def test_a_row_of_another_width_is_refused(fake: Any, csv_file: Any) -> None:
    text = "month,sku,units\n2026-01,A,1\n2026-02,A\n2026-03,A,1,2\n2026-04,A,4,,\n\n,,\n2026-05,A,5\n"
    outcome = bring(csv_file(text))
    assert [(each.line, each.code, each.params) for each in outcome.refusals] == [
        (3, "row_too_short", {"found": 2, "expected": 3}),
        (4, "row_too_long", {"found": 4, "expected": 3}),
    ]
    assert outcome.counts.new == 3


def test_lines_are_those_of_the_file_after_a_cell_of_two_lines(fake: Any, csv_file: Any) -> None:
    text = 'month,sku,place,units\n2026-01,A,"two\nlines",1\n2026-02,A,North,x\n'
    assert [each.line for each in bring(csv_file(text)).refusals] == [4]


def test_required_cells_must_be_filled(fake: Any, csv_file: Any) -> None:
    outcome = bring(csv_file("month,sku,units\n2026-01,,1\n"))
    assert [(each.line, each.column, each.code) for each in outcome.refusals] == [
        (2, "sku", "required_empty")
    ]


def test_a_formula_as_text_stays_text(fake: Any, csv_file: Any) -> None:
    outcome = bring(csv_file("month,sku,units\n2026-01,=cmd()|x!A1,1\n2026-01,'+31,2\n2026-01,@x,3\n"))
    assert outcome.error is None
    assert sorted(row[0] for row in facts()) == ["+31", "=cmd()|x!A1", "@x"]


def test_what_would_break_copy_arrives_as_it_is(fake: Any, csv_file: Any) -> None:
    rows = ['back\\slash,"tab\there",1', '\\N,"line\r\nbreak",2', "\\.,é,3"]
    text = "month,sku,place,units\n" + "".join(f"2026-01,{row}\n" for row in rows)
    outcome = bring(csv_file(text))
    assert outcome.error is None
    assert {row[:2] for row in facts()} == {
        ("back\\slash", "tab\there"),
        ("\\N", "line\r\nbreak"),
        ("\\.", "é"),
    }


def test_a_person_may_not_bring_in_what_they_may_not_write(fake: Any, csv_file: Any, start: Any) -> None:
    fake.__class__.permission = "products.edit_structure"
    try:
        with pytest.raises(Exception, match="You may not import this kind of file"):
            start(user_factory("sales"), sheet="fake")
    finally:
        fake.__class__.permission = "products.view"
    assert not Import.objects.exists()
