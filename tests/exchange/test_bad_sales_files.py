"""Every kind of bad file, through the sheet *sales* itself: by the command and by the page. The reason is
said and nothing is written: no fact, no month, and none of the products and channels that might have been
created.
"""

from __future__ import annotations

import datetime
import html
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import translation

from exchange.messages import in_words
from exchange.models import Import
from exchange.services.shell import Outcome, import_run, refusal_words
from exchange.sheets import sheets
from products.models import (
    Channel,
    ImportedObject,
    Product,
    ProductFigures,
    ProductLine,
    ProductMonth,
    SalesFact,
    SalesJournal,
    SalesMonth,
)
from tests.factories import channel_factory, product_factory, user_factory

from .test_bad_files import HEADER, workbook, zipped

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]
TABLES = (
    Channel,
    ImportedObject,
    Product,
    ProductFigures,
    ProductLine,
    ProductMonth,
    SalesFact,
    SalesJournal,
    SalesMonth,
)
NAMES = ["month", "product", "channel", "volume", "revenue"]
HEAD = ",".join(NAMES) + "\n"
ROW = "2026-01,JUICE,web,10,20.50\n"


@pytest.fixture(autouse=True)
def _nothing_written() -> Iterator[None]:
    """What stands in the tables before the file stands there after it, and no more."""
    product_factory(code="JUICE")
    channel_factory(code="web", name="Web shop")
    before = content()
    yield
    assert content() == before


def content() -> list[list[dict[str, Any]]]:
    return [list(model.objects.order_by("pk").values()) for model in TABLES]


def bring(path: Any, **options: Any) -> Outcome:
    return import_run(sheet="sales", path=path, options=options, leave_out_refused=False, dry_run=False)


@pytest.fixture
def visitor() -> Client:
    client = Client()
    client.force_login(user_factory())
    return client


def upload(client: Client, content: bytes, name: str = "sales.csv") -> Any:
    return client.post("/data/upload/", {"file": SimpleUploadedFile(name, content), "sheet": "sales"})


def net(client: Client, row: Import, **more: str) -> None:
    """Answer what the sheet asks: the revenue is net."""
    form = client.get(f"/data/{row.pk}/").context["form"]
    answers = {bound.html_name: bound.value() or "" for bound in form}
    client.post(f"/data/{row.pk}/reading/", answers | {"option_revenue_is": "net"} | more)


FILES = {
    "empty": (b"", "file_empty", "The file is empty."),
    "renamed PDF": (b"%PDF-1.7\n1 0 obj", "file_kind", "not a CSV or XLSX file but PDF"),
    "zip bomb": (
        zipped(HEADER | {"xl/worksheets/sheet1.xml": b"0" * 60_000_000}),
        "xlsx_bomb",
        "times its size",
    ),
    "wrong encoding": (
        (HEAD + ROW.replace("web", "w\x81b")).encode("latin-1"),
        "encoding_unknown",
        "Line 2 holds bytes",
    ),
    "no header": ((ROW + ROW.replace("01", "02")).encode(), "no_header", "does not name the columns"),
    "no code": (b"month,channel,volume\n2026-01,web,5\n", "missing_column", "no column for"),
    "no time": (b"product,channel,volume\nJUICE,web,5\n", "missing_column", "no column for"),
    "no figures": (b"month,product,channel\n2026-01,JUICE,web\n", "missing_column", "no column for"),
}


@pytest.mark.parametrize("name", FILES)
def test_a_bad_file_by_the_command(name: str, csv_file: Any) -> None:
    raw, code, words = FILES[name]
    outcome = bring(csv_file(raw), create_missing=True)
    assert outcome.error is not None
    assert outcome.error.code == code
    assert words in in_words(code, outcome.error.details)


@pytest.mark.parametrize("name", FILES)
def test_a_bad_file_by_the_page(name: str, visitor: Client, work: Any) -> None:
    raw, _code, words = FILES[name]
    answer = upload(visitor, raw)
    if answer.status_code == 302:
        work()
        row = Import.objects.get()
        assert row.state in ("failed", "asking")
        answer = visitor.get(f"/data/{row.pk}/")
        assert visitor.post(f"/data/{row.pk}/apply/").status_code == 409
        work()
    else:
        assert answer.status_code == 422
        assert not Import.objects.exists()
    assert words in html.unescape(answer.content.decode())


CELLS = {
    "NaN": ("volume", "NaN", "number_not_finite"),
    "infinity": ("revenue", "inf", "number_not_finite"),
    "1e400": ("volume", "1e400", "number_not_finite"),
    "too large": ("revenue", "1e15", "number_too_large"),
    "words": ("volume", "twelve", "number_unreadable"),
    "formula for a figure": ("volume", "=cmd()", "number_unreadable"),
    "formula for a code": ("product", "=cmd()|'/C calc'!A0", "product_unknown"),
    "formula for a channel": ("channel", "=cmd()", "channel_unknown"),
    "a date of words": ("month", "last spring", "date_unreadable"),
    "a month that is not": ("month", "2026-13", "date_unreadable"),
    "no code": ("product", "", "required_empty"),
}


def lines_with(column: str, cell: str) -> list[list[str]]:
    good = ROW.strip().split(",")
    bad = ["2026-02", *good[1:]]
    bad[NAMES.index(column)] = cell
    return [NAMES, good, bad]


def as_csv(lines: list[list[str]]) -> bytes:
    return "".join(",".join(f'"{cell}"' for cell in line) + "\n" for line in lines).encode()


@pytest.mark.parametrize("name", CELLS)
def test_a_bad_cell_by_the_command(name: str, csv_file: Any) -> None:
    column, cell, code = CELLS[name]
    outcome = bring(csv_file(as_csv(lines_with(column, cell))))
    assert outcome.error is None or outcome.error.code == "rows_refused"
    assert [(each.line, each.column, each.value, each.code) for each in outcome.refusals] == [
        (3, column, cell, code)
    ]
    assert "%(" not in refusal_words(outcome.refusals[0], sheets.get("sales"))


@pytest.mark.parametrize("name", CELLS)
def test_a_bad_cell_by_the_page(name: str, visitor: Client, work: Any) -> None:
    column, cell, _code = CELLS[name]
    assert upload(visitor, as_csv(lines_with(column, cell))).status_code == 302
    work()
    row = Import.objects.get()
    net(visitor, row)
    work()
    row.refresh_from_db()
    assert (row.state, row.counts["refused"]) == ("ready", 1)
    page = html.unescape(visitor.get(f"/data/{row.pk}/").content.decode())
    with translation.override("en"):  # the request before left its own behind
        assert refusal_words(row.refusals.get(), sheets.get("sales")) in page
    assert cell in page
    answer: Any = visitor.get(f"/data/{row.pk}/refused/")
    listed = b"".join(answer.streaming_content).decode("utf-8-sig")
    assert ",=" not in listed
    assert ',"=' not in listed, "a formula is text in the download"
    assert visitor.post(f"/data/{row.pk}/apply/").status_code == 409
    work()


def test_figures_as_text_in_a_workbook(csv_file: Any) -> None:
    """They are refused as in a text file."""
    lines = lines_with("volume", "NaN")
    outcome = bring(csv_file(workbook(lines), name="sales.xlsx"))
    assert [(each.line, each.column, each.code) for each in outcome.refusals] == [
        (3, "volume", "number_not_finite")
    ]


def test_a_month_of_a_wide_file_is_refused_under_its_head(csv_file: Any) -> None:
    said = bring(csv_file("product,channel,01-2026,01-2199\nJUICE,Shop,1,2\n"), create_missing=True)
    assert {(each.column, each.value) for each in said.refusals} == {("01-2199", "01-2199")}


def test_one_bad_row_in_ten_thousand(csv_file: Any, visitor: Client, work: Any) -> None:
    """It is found, named, and the 9,999 good ones wait for a person's word."""
    first = datetime.date(1998, 1, 1)
    lines = [["date", *NAMES[1:]]]
    lines += [[str(first + datetime.timedelta(days)), "JUICE", "web", "1.5", "2"] for days in range(10_000)]
    lines[7_654][3] = "NaN"
    raw = as_csv(lines)
    outcome = bring(csv_file(raw))
    assert [(each.line, each.column, each.value, each.code) for each in outcome.refusals] == [
        (7_655, "volume", "NaN", "number_not_finite")
    ]
    assert (outcome.counts.new, outcome.counts.refused) == (9_999, 1)
    assert upload(visitor, raw).status_code == 302
    work()
    row = Import.objects.get(source=Import.Source.PAGE)
    net(visitor, row, option_period="D")
    work()
    row.refresh_from_db()
    assert (row.state, row.questions) == ("ready", [])
    page = visitor.get(f"/data/{row.pk}/").content.decode()
    assert "not a finite number" in page
    assert visitor.post(f"/data/{row.pk}/apply/").status_code == 409
    work()
