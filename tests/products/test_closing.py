"""Closed months: closed once and for good, also in the database; changed only by a correction."""

from __future__ import annotations

import datetime
import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import Error, connection, transaction
from django.test import Client
from django.utils import timezone, translation

from accounts.errors import DomainError
from core.models import Organisation
from core.months import month_add, month_start
from core.organisation import today
from exchange.models import Import
from products.models import Correction, MonthClosing, Product, SalesFact
from products.selectors.closing import months_sales
from products.services.closing import correction, month_close
from products.sheets.sales import SalesSheet
from tests.factories import channel_factory, line_factory, measure_factory, product_factory, user_factory

from .sheet_help import run, undo

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]
SHEET = SalesSheet()


def month(back: int) -> datetime.date:
    return month_add(month_start(today()), -back)


@pytest.fixture
def finance() -> Any:
    return user_factory("finance", name="Fien", language="en")


@pytest.fixture
def juice() -> Product:
    channel_factory(code="web")
    return product_factory(code="JUICE")


def row(back: int, **values: Any) -> dict[str, Any]:
    return {"product": "JUICE", "channel": "web", "month": month(back), "volume": 10, "revenue": 20} | values


def refused_by_database(sql: str, *params: Any) -> bool:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql, params)
    except Error as error:
        if not re.search("is closed|Cannot (update|delete)", str(error)):
            raise
        return True
    return False


def test_closing_keeps_what_was_not_final(juice: Product, finance: Any) -> None:
    later = product_factory(code="LATER", line=line_factory(final_after_months=2))
    run(SHEET, [row(back) for back in (4, 3)])
    run(SHEET, [row(back, product="LATER") for back in (3, 2)])
    closing = month_close(user=finance, month=month(2), note=" October ")
    assert (closing.month, closing.closed_by, closing.note) == (month(2), finance, "October")
    assert (closing.provisional_products, closing.missing_products) == ([later.pk], [juice.pk])
    assert Organisation.objects.get(pk=1).closed_until == month(2)
    known = {each.month: each for each in months_sales(finance, [month(back) for back in (1, 2, 3)])}
    assert [known[month(back)].is_closed for back in (1, 2, 3)] == [False, True, True]
    assert [known[month(back)].closing for back in (1, 2, 3)] == [None, closing, closing]


@pytest.mark.parametrize(("back", "code"), [(0, "month_not_over"), (-1, "month_not_over")])
def test_only_a_month_that_is_over_is_closed(finance: Any, back: int, code: str) -> None:
    with pytest.raises(DomainError) as refused:
        month_close(user=finance, month=month(back))
    assert refused.value.code == code


def test_a_closed_month_is_not_closed_again_and_never_opened(finance: Any) -> None:
    month_close(user=finance, month=month(2))
    for back in (2, 3):
        with pytest.raises(DomainError) as refused:
            month_close(user=finance, month=month(back))
        assert refused.value.code == "month_closed_already"
    assert refused_by_database("UPDATE core_organisation SET closed_until = NULL")
    assert refused_by_database("UPDATE core_organisation SET closed_until = %s", month(3))
    assert refused_by_database("DELETE FROM products_monthclosing")
    assert refused_by_database("UPDATE products_monthclosing SET note = 'x'")
    month_close(user=finance, month=month(1))
    assert MonthClosing.objects.count() == 2


def test_who_may_not_close_does_not(juice: Product) -> None:
    for person in (user_factory("product-manager"), user_factory("finance", lines=[juice.line])):
        with pytest.raises(DomainError):
            month_close(user=person, month=month(1))
    assert not MonthClosing.objects.exists()


def test_the_database_refuses_rows_of_a_closed_month(juice: Product, finance: Any) -> None:
    run(SHEET, [row(2), row(1)])
    month_close(user=finance, month=month(2))
    add = """INSERT INTO products_salesfact (product_id, channel_id, measure_id, start_date, period, volume)
             SELECT product_id, channel_id, measure_id, %s, 'D', 1 FROM products_salesfact LIMIT 1"""
    assert refused_by_database(add, month(2) + datetime.timedelta(days=1))
    assert not refused_by_database(add, month(1) + datetime.timedelta(days=1))
    change = "UPDATE products_salesfact SET volume = volume + 1 WHERE start_date = %s"
    assert refused_by_database(change, month(2))
    assert not refused_by_database(change, month(1))
    # Nor does a row leave the month, or come to it.
    move = "UPDATE products_salesfact SET start_date = %s, period = 'D' WHERE period = %s"
    third = datetime.timedelta(days=2)
    assert refused_by_database(move + " AND start_date < %s", month(1) + third, "M", month(1))
    assert refused_by_database(move, month(2) + third, "D")
    assert not refused_by_database(move, month(1) + third, "D")
    remove = "DELETE FROM products_salesfact WHERE start_date = %s"
    assert refused_by_database(remove, month(2))
    assert not refused_by_database(remove, month(1))


def test_only_the_transaction_of_a_correction_may(juice: Product, finance: Any) -> None:
    run(SHEET, [row(2)])
    month_close(user=finance, month=month(2))
    change = "UPDATE products_salesfact SET volume = volume + 1"
    with correction(user=finance, reason="late", changes=[]) as made:
        assert not refused_by_database(change)
    assert refused_by_database(change)
    # A correction of another transaction does not count, whatever the setting says.
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE products_correction SET transaction = transaction - 1")
        cursor.execute("SET LOCAL session_replication_role = origin")
        cursor.execute("SELECT set_config('pmtool.correction', %s, true)", [str(made.pk)])
    assert refused_by_database(change)
    assert refused_by_database("UPDATE products_correction SET reason = 'x'")
    assert refused_by_database("DELETE FROM products_correction")
    for person, reason in ((finance, "  "), (user_factory("product-manager"), "late")):
        with pytest.raises(DomainError), correction(user=person, reason=reason, changes=[]):
            pass


def test_a_late_file_is_refused_whole_and_comes_in_as_a_correction(juice: Product, finance: Any) -> None:
    run(SHEET, [row(2)])
    month_close(user=finance, month=month(2))
    late = [row(2, revenue=25), row(3, volume=1, revenue="7.50"), row(1)]
    done = run(SHEET, late, apply=False)
    assert done.codes == ["month_closed", "month_closed"]
    assert "correction" in str(SHEET.reasons["month_closed"])
    # Who may not close months does not get them in by giving a reason.
    other = run(SHEET, late, apply=False, user=user_factory("product-manager"), correction="late invoice")
    assert other.codes == ["month_closed", "month_closed"]
    done = run(SHEET, late, user=finance, correction="late invoice")
    assert (done.codes, done.counts.new, done.counts.changed) == ([], 2, 1)
    (made,) = Correction.objects.all()
    assert (made.reason, made.source_import_id) == ("late invoice", done.import_id)
    assert made.changes == [
        {"month": f"{each:%Y-%m}", "what": "sales", "rows": 1, "amount": amount, "products": [juice.pk]}
        for each, amount in ((month(3), "7.50"), (month(2), "5.00"))
    ]
    with pytest.raises(DomainError, match="correction") as refused:
        undo(SHEET, done.import_id or 0)
    said = {"until": f"{month(2):%Y-%m}", "rows": 2}
    assert (refused.value.code, refused.value.details) == ("undo_closed", said)
    # What concerns open months only is no correction, whatever was said.
    run(SHEET, [row(1, revenue=1)], user=finance, correction="late invoice")
    assert Correction.objects.count() == 1


def test_the_shell_corrects_with_a_reason(juice: Product, finance: Any, tmp_path: Path, capsys: Any) -> None:
    month_close(user=finance, month=month(2))
    path = tmp_path / "late.csv"
    path.write_text(f"product;channel;month;volume\nJUICE;web;{month(2):%Y-%m};3\n")
    with pytest.raises(SystemExit):
        call_command("import_data", "sales", str(path))
    assert "correction" in capsys.readouterr().err
    assert not SalesFact.objects.exists()
    call_command("import_data", "sales", str(path), "--correction", "late", "--json")
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["new"] == 1
    (made,) = Correction.objects.all()
    assert (made.reason, made.by) == ("late", None)


@pytest.fixture
def client(finance: Any) -> Client:
    found = Client()
    found.force_login(finance)
    return found


def test_the_page_lists_months_and_closes_one(juice: Product, client: Client) -> None:
    measure_factory()
    run(SHEET, [row(4), row(3)])
    page = client.get("/costs/months/").content.decode()
    address = f"/costs/months/{month(2).year}-{month(2).month}/close/"
    assert address in page
    assert juice.name in client.get(address).content.decode()
    assert client.post(address, {"note": "as agreed"}).status_code == 302
    page = client.get("/costs/months/").content.decode()
    assert "as agreed" in page
    assert address not in page
    assert client.post(address).status_code == 409
    assert client.get("/costs/months/2025-13/close/").status_code == 404


@pytest.mark.parametrize(
    ("sheet", "code", "words"),
    [
        ("sales", "undo_closed", "Import the right figures as a correction instead, with a reason."),
        (
            "cost_actuals",
            "undo_closed_ledger",
            "Book a counter-entry and import it as a correction, with a reason.",
        ),
        ("ledger_mapping", "undo_closed_mapping", "import the right mapping as a correction, with a reason."),
    ],
)
def test_a_refused_undo_says_the_way_out(
    client: Client, finance: Any, sheet: str, code: str, words: str
) -> None:
    counts = {"new": 2, "changed": 0, "unchanged": 0, "refused": 0}
    said: dict[str, Any] = {"sheet": sheet, "source": "page", "file_size": 1, "counts": counts}
    params = {"until": "2026-01", "rows": 2000, "months": "2026-01"}
    row_ = Import.objects.create(
        **said, state="applied", applied_at=timezone.now(), error_code=code, error_params=params
    )
    with translation.override("en"):
        page = client.get(f"/data/{row_.pk}/").content.decode()
        told = client.get(f"/api/v1/imports/{row_.pk}/").json()
    assert "Months until Jan\N{NO-BREAK SPACE}2026 are closed" in page
    assert words in page
    assert "2000" not in page
    assert "this row" not in page
    assert words in str(told)


def test_what_is_never_undone_does_not_send_people_to_undo_a_later_one(
    juice: Product, client: Client, finance: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: dict[str, Any] = {"sheet": "sales", "source": "page", "file_size": 1, "state": "applied"}
    said["counts"] = {"new": 2, "changed": 0, "unchanged": 0, "refused": 0}
    first, later = (Import.objects.create(**said, applied_at=timezone.now()) for _each in range(2))
    sent = f'To undo this import, first undo the later one: <a href="/data/{later.pk}/">'
    with translation.override("en"):
        assert sent in client.get(f"/data/{first.pk}/").content.decode()
        refusal = DomainError("undo_closed", "Months until Jan 2026 are closed.")
        monkeypatch.setattr("exchange.views.detail.undoing_refused", lambda _row: refusal)
        page = client.get(f"/data/{first.pk}/").content.decode()
    assert sent not in page
    assert "Months until Jan 2026 are closed." in page


def test_the_import_page_offers_the_correction(juice: Product, client: Client, finance: Any) -> None:
    month_close(user=finance, month=month(2))
    row_ = Import.objects.create(
        sheet="sales",
        source="page",
        file_name="late.csv",
        file_size=1,
        sha256="0" * 64,
        state="ready",
        counts={"new": 0, "changed": 0, "unchanged": 0, "refused": 1},
        reading={"lines": 1, "header_line": 1},
        created_by=finance,
    )
    row_.refusals.create(line=2, column="month", code="month_closed", params={"until": "2026-01"})
    with translation.override("en"):
        assert "Import as a correction" in client.get(f"/data/{row_.pk}/").content.decode()
        answer = client.post(f"/data/{row_.pk}/correct/", {"correction": " "})
        assert answer.status_code == 422
        assert "Say why a closed month is corrected." in answer.content.decode()
        assert client.post(f"/data/{row_.pk}/correct/", {"correction": "late"}).status_code == 302
    row_.refresh_from_db()
    assert (row_.state, row_.options["correction"]) == ("checking", "late")
