"""The ledger's entries as a file: out and in again, and with debit and credit as packages write them."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import translation

from core.organisation import today
from exchange.reading.dates import date_as
from exchange.reading.matching import sheets_fitting
from exchange.services.shell import import_run
from exchange.sheets import sheets
from pricing.models import LedgerEntry
from products.models import Supplier
from tests.factories import channel_factory, user_factory
from tests.products.sheet_help import run

from .test_ledger import SHEET, D, entry, finance, month, products

__all__ = ["finance", "products"]
pytestmark = pytest.mark.django_db


def read(path: Path) -> Any:
    return import_run(sheet="cost_actuals", path=path, options={}, leave_out_refused=False, dry_run=False)


def kept() -> list[tuple[Any, ...]]:
    own = [each.attname for each in LedgerEntry._meta.concrete_fields]
    names = [name for name in own if name not in ("id", "source_import_id")]
    return list(LedgerEntry.objects.order_by("number", "line", "date").values_list(*names))


@pytest.mark.parametrize("language", ["en", "nl"])
@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_out_and_in_again_says_the_same(
    tmp_path: Path, finance: Any, products: Any, language: str, kind: str
) -> None:
    """Here, where all of it is there, and in an empty one."""
    Supplier.objects.create(code="mill", name="De Molen")
    channel_factory(code="web")
    several = [entry(800, number="M1"), entry(200, "7610", number="M1"), entry(30, "7610", number="M1")]
    several[2] |= {"cost_centre": "0100", "text": "=1+1"}
    rows = [
        *several,
        entry("12.3456", currency="USD", exchange_rate=D("0.92345678"), supplier="mill", channel="web"),
        entry(100, accrual=True, reversal_date=month(1), entry_line="2", source="NL01", product="A"),
        entry(70, accrual=True, reversal_date=today() + datetime.timedelta(3)),
        entry(-5, accrual=True),
    ]
    first = run(SHEET, rows)
    before = kept()
    client = Client()
    client.force_login(user_factory("finance", language=language))
    path = tmp_path / f"ledger.{kind}"
    address = f"/costs/ledger/{kind}/?last={today() + datetime.timedelta(31):%Y-%m}"
    path.write_bytes(b"".join(client.get(address).streaming_content))
    with translation.override(language):
        again = read(path)
        assert (again.refusals, again.counts.new, again.counts.unchanged) == ([], 0, len(before))
        assert again.counts.totals == first.counts.totals
        LedgerEntry.objects.all().delete()
        fresh = read(path)
    assert (fresh.refusals, fresh.counts.new) == ([], len(rows))
    assert kept() == before


def test_a_reversal_comes_with_its_accrual(finance: Any, products: Any) -> None:
    alone = [entry(-100, accrual=True, reversal=True), entry(-100, reversal=True)]
    assert run(SHEET, alone).codes == ["reversal_alone", "not_accrual"]
    assert not LedgerEntry.objects.exists()


def test_debit_less_credit(tmp_path: Path, finance: Any, products: Any) -> None:
    path = tmp_path / "mutaties.csv"
    path.write_text(
        "Boekingsnummer;Datum;Grootboek;Debet;Credit\n"
        f"1;{month(2)};7000;1.250,50;\n"
        f"2;{month(2)};7000;;20,25\n"
        f"3;{month(2)};7000;0,00;3,00\n"
        f"4;{month(2)};7000;10,00;4,00\n"
    )
    done = read(path)
    assert (done.refusals, done.counts.totals["amount"]) == ([], "1233.25")
    amounts = LedgerEntry.objects.order_by("number").values_list("amount", flat=True)
    assert list(amounts) == [D("1250.5"), D("-20.25"), D(-3), D(6)]


@pytest.mark.parametrize("head", ["D/C", "debet/credit", "Debit/Credit"])
def test_debit_or_credit_beside_an_amount_without_a_sign(
    tmp_path: Path, finance: Any, products: Any, head: str
) -> None:
    path = tmp_path / "mutaties.csv"
    path.write_text(
        f"Boekingsnummer;Datum;Grootboek;Bedrag;{head}\n"
        f"1;{month(2)};7000;1.250,50;D\n"
        f"2;{month(2)};7000;20,25;C\n"
        f"3;{month(2)};7000;3,00;credit\n"
        f"4;{month(2)};7000;6,00;Debet\n"
    )
    done = read(path)
    assert (done.refusals, done.counts.totals["amount"]) == ([], "1233.25")
    amounts = LedgerEntry.objects.order_by("number").values_list("amount", flat=True)
    assert list(amounts) == [D("1250.5"), D("-20.25"), D(-3), D(6)]


def test_a_side_that_says_nothing_or_too_much_is_refused(finance: Any, products: Any) -> None:
    rows = [entry(5, side="X"), entry(-5, side="C"), entry(5, side="D", debit=D(5)), entry(5, side="C")]
    assert run(SHEET, rows).codes == ["side_unread", "side_and_sign", "side_and_debit"]
    assert list(LedgerEntry.objects.values_list("amount", flat=True)) == [-5]


def test_an_amount_that_is_not_what_was_debited_is_refused(finance: Any, products: Any) -> None:
    rows = [
        entry(5, debit=D(5)),
        entry(5, debit=D(7), credit=D(1)),
        entry(0) | {"amount": None},
        entry(0) | {"amount": None, "credit": D(2)},
    ]
    assert run(SHEET, rows).codes == ["amount_differs", "amount_missing"]
    assert sorted(LedgerEntry.objects.values_list("amount", flat=True)) == [-2, 5]


def test_refused_cells_are_as_in_the_file_and_its_columns_by_their_words(
    tmp_path: Path, finance: Any, products: Any
) -> None:
    path, day = tmp_path / "ledger.csv", today() - datetime.timedelta(3)
    path.write_text(
        "Boekingsnummer;Datum;Rekening;Bedrag;Valuta\n"
        f"1;{day:%d/%m/%Y};7600;5,50;EUR\n2;31/12/2098;7600;5,50;EUR\n3;{day:%d/%m/%Y};7600;5,50;USD\n"
    )
    outcome = read(path)
    client = Client()
    client.force_login(user_factory("finance", language="nl"))
    with translation.override("nl"):
        answer = client.get(f"/data/{outcome.import_id}/refused/")
        text = b"".join(answer.streaming_content).decode("utf-8-sig")
        page = client.get(f"/data/{outcome.import_id}/").content.decode()
    rows = [line.split(";")[:3] for line in text.splitlines()[1:]]
    assert rows == [["3", "Datum", "31/12/2098"], ["4", "Wisselkoers", ""]]
    assert "<td>Wisselkoers</td>" in page


@pytest.mark.parametrize("head", ["Boekstuk", "Boekstuknummer", "Stuknummer", "Boekingsnummer"])
def test_a_ledger_is_not_taken_for_a_budget(head: str) -> None:
    found = sheets_fitting(list(sheets), [head, "Datum", "Rekening", "Bedrag", "Product"])
    assert [sheet.key for sheet in found] == ["cost_actuals"]


@pytest.mark.parametrize(
    ("like", "order", "written"),
    [
        ("31-10-2026", "dmy", "05-01-2027"),
        ("10/31/2026", "mdy", "01/05/2027"),
        ("31.10.2026", "mdy", "05.01.2027"),
        ("2026/10/31", "", "2027/01/05"),
        ("2026-10", "", "2027-01"),
        ("2026M10", "", "2027M01"),
        ("10-2026", "", "01-2027"),
        ("31 okt 2026", "", "2027-01-05"),
        ("", "", "2027-01-05"),
    ],
)
def test_a_date_is_written_as_its_column_is(like: str, order: str, written: str) -> None:
    assert date_as(datetime.date(2027, 1, 5), like, order) == written
