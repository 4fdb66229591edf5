"""An account shared out over products, lines, kinds and channels; and mapped anew where months are closed."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.utils import timezone

from accounts.errors import DomainError
from pricing.doctor import ledger_is_booked
from pricing.models import LedgerEntry, LedgerMapping
from pricing.selectors.cost_months import cost_months
from pricing.services.ledger import Part, ledger_map
from products.models import Channel, Correction, Product
from products.services.closing import month_close
from tests.factories import channel_factory, line_factory, product_factory, user_factory

from .test_ledger import PARTS, SHEET, booked, client, entry, finance, kind, month, products, run
from .test_margins import sell

__all__ = ["client", "finance", "products"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]
D = Decimal


@pytest.fixture
def web() -> Channel:
    return channel_factory(code="web", name="Web shop")


def mapped(finance: Any, *parts: Part, back: int = 3, **more: Any) -> list[LedgerMapping]:
    return ledger_map(user=finance, account="7000", start_month=month(back), parts=parts, **more)


def test_shares_of_products_lines_and_kinds_add_up_to_the_cent(
    finance: Any, products: list[Product], web: Channel
) -> None:
    drink = product_factory(code="D", line=line_factory(code="drinks"))
    sell(drink, month(2), D(10), D(50))
    mapped(
        finance,
        Part(kind("quality"), product=products[0], share=D("0.333333"), channel=web),
        Part(kind("licences"), line=products[0].line, key="revenue", share=D("0.333333")),
        Part(kind("quality"), line=drink.line, key="revenue", share=D("0.333334")),
    )
    run(SHEET, [entry("60.01"), entry("40"), entry("1", product="B")])
    # 100.01: 33.34 (its rest is largest), 33.33 and 33.34; then 33.33 by 100 : 200 : 400.
    parts = {("quality", "A"): D("33.34"), ("quality", "D"): D("33.34")}
    parts |= {("licences", "A"): D("4.76"), ("licences", "B"): D("9.52"), ("licences", "C"): D("19.05")}
    own = {("quality", "B"): D("0.67"), ("licences", "B"): D("9.52") + D("0.33")}  # the product that it names
    assert booked() == parts | own
    assert [row.product.code for row in cost_months().filter(channel=web)] == ["A", "B"]
    assert list(ledger_is_booked()) == []
    # An entry that names its channel stays there.
    run(SHEET, [entry(9, channel=channel_factory(code="shop").code, product="A")])
    assert sum(row.amount for row in cost_months().filter(channel__code="shop")) == 9


@pytest.mark.parametrize(
    ("shares", "place"), [(("0.6", "0.3"), 1), (("0.6", "0.5"), 1), (("1.2", "-0.2"), 1), (("0.5",), 0)]
)
def test_shares_that_are_not_a_whole_are_refused(
    finance: Any, products: list[Product], shares: tuple[str, ...], place: int
) -> None:
    parts = [Part(kind("quality"), product=products[n], share=D(each)) for n, each in enumerate(shares)]
    with pytest.raises(DomainError) as refused:
        mapped(finance, *parts)
    assert (refused.value.field, refused.value.details) == ("share", {"part": place})
    assert not LedgerMapping.objects.exists()


def test_what_the_shares_come_to_is_told_without_idle_zeros(finance: Any, products: list[Product]) -> None:
    half = Part(kind("quality"), product=products[0], share=D("0.6"))
    with pytest.raises(DomainError, match=r"add up to 120%, not to 100%\."):
        mapped(finance, half, half)
    with pytest.raises(DomainError, match=r"add up to 60\.05%"):
        mapped(finance, half._replace(share=D("0.6005")))


@pytest.mark.parametrize(("more", "field"), [({"key": "revenue"}, "key"), ({"line": "tea"}, "line")])
def test_of_one_product_there_is_no_line_and_no_split(
    finance: Any, products: list[Product], more: dict[str, Any], field: str
) -> None:
    if "line" in more:
        more = {"line": line_factory(code="tea"), "key": "revenue"}
    with pytest.raises(DomainError) as refused:
        mapped(finance, Part(kind("quality"), product=products[0], **more))
    assert (refused.value.field, refused.value.details) == (field, {"part": 0})


def test_the_database_keeps_a_mapping_whole(finance: Any, products: list[Product]) -> None:
    mapped(
        finance,
        Part(kind("quality"), product=products[0], share=D("0.6")),
        Part(kind("quality"), product=products[1], share=D("0.4")),
    )
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        with pytest.raises(IntegrityError, match="add up to"), transaction.atomic():
            LedgerMapping.objects.filter(part=2).update(replaced_at=timezone.now())


def test_the_same_shares_again_write_nothing_and_others_replace_all(finance: Any, products: Any) -> None:
    parts = [Part(kind("quality"), product=each, share=D("0.5")) for each in products[:2]]
    first = mapped(finance, *parts)
    assert mapped(finance, *parts) == first
    mapped(finance, *parts[::-1])
    held = LedgerMapping.objects.filter(replaced_at=None)
    assert [row.product_id for row in held.order_by("part")] == [products[1].pk, products[0].pk]
    assert LedgerMapping.objects.count() == 4


def test_a_mapping_from_a_closed_month_is_refused_or_a_correction(
    finance: Any, products: list[Product]
) -> None:
    run(SHEET, [entry(100), entry(30, accrual=True), entry(7, back=1)])
    month_close(user=finance, month=month(2))
    energy = Part(kind("energy"), product=products[0])
    with pytest.raises(DomainError, match="Let the mapping begin after") as refused:
        mapped(finance, energy)
    assert (refused.value.code, refused.value.field) == ("month_closed", "reason")
    assert (LedgerMapping.objects.count(), booked()) == (0, {("unmapped", None): D(107)})
    keeps_costs = user_factory(rights=["pricing.view_costs", "pricing.edit_costs"])
    with pytest.raises(DomainError) as forbidden:
        mapped(keeps_costs, energy, reason="It was energy")
    assert forbidden.value.status == 403
    mapped(finance, energy, reason="It was energy")
    assert booked() == {("energy", "A"): D(107)}
    assert booked("accrual") == {("energy", "A"): D(30)}
    (made,) = Correction.objects.all()
    assert (made.reason, made.by) == ("It was energy", finance)
    assert [(each["what"], each["rows"], each["amount"]) for each in made.changes] == [
        ("actual", 2, "0.00"),
        ("accrual", 2, "0.00"),
    ]
    # What changes nothing of a closed month needs no reason.
    ledger_map(user=finance, account="7999", start_month=month(3), parts=[energy])
    assert Correction.objects.count() == 1
    assert LedgerEntry.objects.count() == 3


def test_shares_from_the_page(client: Client, finance: Any, products: list[Product], web: Channel) -> None:
    run(SHEET, [entry(100)])
    month_close(user=finance, month=month(2))
    said = {"account": "7000", "start_month": f"{month(2):%Y-%m}", **PARTS}
    said |= {"parts-0-share": "60", "parts-0-kind": "quality", "parts-0-product": "A"}
    said |= {"parts-0-channel": "web", "parts-1-kind": "duty", "parts-1-key": "revenue"}
    answer = client.post("/costs/mapping/", said | {"parts-1-share": "30"})
    assert (answer.status_code, answer.context["parts"].errors[1].keys()) == (422, {"share"})
    answer = client.post("/costs/mapping/", said)  # what is left: 40 %
    assert answer.context["form"].errors.keys() == {"reason"}
    assert answer.status_code == 422
    assert client.post("/costs/mapping/", said | {"reason": "It was quality"}).status_code == 302
    assert booked()["quality", "A"] == 60
    assert sum(amount for (of, _product), amount in booked().items() if of == "duty") == 40
    page = client.get("/costs/mapping/").content.decode()
    assert "60.00%" in page
    assert "Web shop" in page
