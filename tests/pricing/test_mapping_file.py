"""The mapping of the ledger as a file: out, edited, in again and undone, with what it books."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from accounts.errors import DomainError
from core import formats
from exchange.services.shell import import_run
from pricing.models import LedgerMapping
from pricing.services.ledger import Part, ledger_map
from pricing.sheets.mapping import MappingSheet
from products.models import Correction, Product
from products.services.closing import month_close
from tests.factories import channel_factory, product_factory, user_factory
from tests.products.sheet_help import Done, run, undo

from .test_ledger import SHEET, booked, entry, finance, kind, month, products

__all__ = ["finance", "products"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]
MAPPING = MappingSheet()
D = Decimal


def part(share: Any = None, account: str = "7000", **said: Any) -> dict[str, Any]:
    row = {"account": account, "start_month": 3, "share": None if share is None else D(share)}
    return row | {"kind": "quality", "product": "A"} | said


def mapped(*rows: dict[str, Any], **how: Any) -> Done:
    return run(MAPPING, [row | {"start_month": month(row["start_month"])} for row in rows], **how)


def held() -> list[tuple[Any, ...]]:
    rows = LedgerMapping.objects.filter(replaced_at=None)
    return list(rows.values_list("account", "part", "kind__code", "product__code", "key", "share"))


@pytest.mark.parametrize("language", ["nl", "en"])
def test_out_and_in_again_says_the_same(
    tmp_path: Path, finance: Any, products: list[Product], language: str
) -> None:
    web = channel_factory(code="web")
    parts = [
        Part(kind("quality"), product=products[0], share=D("0.333333"), channel=web),
        Part(kind("licences"), line=products[0].line, key="revenue", share=D("0.666667")),
    ]
    for account, own in (("7000", parts), ("7100", [Part(kind("duty"), key="volume")]), ("7200", [])):
        ledger_map(user=finance, account=account, start_month=month(3), parts=own, cost_centre="10")
    client = Client()
    client.force_login(user_factory("finance", language=language))
    path = tmp_path / "mapping.csv"
    text = b"".join(client.get("/costs/mapping/export/csv/").streaming_content)
    assert text.count(b"all") == 1  # of all products is said
    for word in ("all", "Alle", "ALL PRODUCTS", "alle producten", ""):
        path.write_bytes(text.replace(b"all", word.encode()))
        outcome = import_run(
            sheet="ledger_mapping", path=path, options={}, leave_out_refused=False, dry_run=False
        )
        assert (outcome.counts.new, outcome.counts.changed, outcome.counts.unchanged) == (0, 0, 4)


def test_it_books_and_undo_puts_back_what_held_before(finance: Any, products: list[Product]) -> None:
    run(SHEET, [entry(100), entry(50, "7100")])
    ledger_map(
        user=finance, account="7000", start_month=month(3), parts=[Part(kind("energy"), product=products[1])]
    )
    before, was = held(), booked()
    done = mapped(part(60), part(40, kind="duty", product="C"), part(None, "7100"))
    assert (done.counts.new, done.counts.changed) == (1, 2)
    assert booked() == {("quality", "A"): D(110), ("duty", "C"): D(40)}
    assert mapped(part(60), part(40, kind="duty", product="C")).counts.unchanged == 2
    back = undo(MAPPING, done.import_id)
    assert (back.new, back.changed) == (1, 1)
    assert (held(), booked()) == (before, was)


def test_undo_leaves_what_somebody_mapped_anew(finance: Any, products: list[Product]) -> None:
    done = mapped(part())
    ledger_map(
        user=finance, account="7000", start_month=month(3), parts=[Part(kind("duty"), product=products[1])]
    )
    undo(MAPPING, done.import_id)
    assert held() == [("7000", 1, "duty", "B", "", 1)]
    assert mapped(part(kind=None, product=None, ends=True)).counts.changed == 1
    assert held() == [("7000", 1, None, None, "", 1)]


def test_closed_months_only_by_a_correction(finance: Any, products: list[Product]) -> None:
    run(SHEET, [entry(100)])
    month_close(user=finance, month=month(2))
    assert mapped(part()).codes == ["month_closed"]
    assert mapped(part(account="7999")).codes == []  # the ledger has nothing of it
    keeps_costs = user_factory(rights=["pricing.view_costs", "pricing.edit_costs"])
    assert mapped(part(), user=keeps_costs, apply=False, correction="Quality").codes == ["month_closed"]
    done = mapped(part(), correction="It was quality")
    assert booked() == {("quality", "A"): D(100)}
    assert Correction.objects.get().source_import_id == done.import_id
    with pytest.raises(DomainError) as refused:
        undo(MAPPING, done.import_id)
    assert refused.value.code == "undo_closed_mapping"
    assert f"until {formats.month(month(2))}" in str(refused.value)
    assert "%(" not in str(refused.value)


def test_all_is_said_as_the_line_or_as_the_product(finance: Any, products: list[Product]) -> None:
    run(SHEET, [entry(70)])
    for said in ({"product_line": "alle"}, {"product": "Alle"}):
        assert mapped(part(**{"product": None, "split": "revenue", **said})).codes == []
    assert booked() == {("quality", "A"): D(10), ("quality", "B"): D(20), ("quality", "C"): D(40)}
    everything = product_factory(code="all")
    assert mapped(part(product="all")).codes == []
    assert booked() == {("quality", everything.code): D(70)}


@pytest.mark.parametrize(
    ("rows", "codes"),
    [
        ([part(60), part(30, product="B")], ["shares"] * 2),
        ([part(), part(kind=None, product=None, ends=True)], ["shares"] * 2),
        ([part(60), part(40, product="none")], ["shares", "product_unknown"]),
        ([part(product=None)], ["split"]),
        ([part(product=None, split="fixed")], ["split"]),
        ([part(split="volume")], ["product_and_more"]),
        ([part(kind="unmapped")], ["kind_unknown"]),
        ([part(kind=None)], ["kind_missing"]),
        ([part(ends=True)], ["ends_and_more"]),
        ([part(0)], ["share_wrong"]),
    ],
)
def test_refused(products: list[Product], rows: list[dict[str, Any]], codes: list[str]) -> None:
    assert mapped(*rows).codes == codes
    assert held() == []


def test_it_is_shared_by_all_lines(products: list[Product]) -> None:
    assert mapped(part(), user=user_factory(lines=[products[0].line])).codes == ["limited"]
