"""Prices of many products at once: which, by which rule, and the file of a draft there and back."""

from __future__ import annotations

import csv
import datetime
import io
from decimal import Decimal
from typing import Any

import pytest
import xlsxwriter
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from accounts.errors import DomainError
from core.organisation import today
from pricing.models import PriceList, Proposal, VatCode
from pricing.services.price_rules import Rule
from pricing.services.proposal_edits import proposal_edit
from pricing.services.proposals import (
    proposal_draft,
    proposal_repeat,
    proposal_submit,
    proposal_withdraw,
)
from products.models import Family, FamilyMember, Product, Supplier
from tests.factories import (
    bound_factory,
    channel_factory,
    client_of,
    line_factory,
    price_factory,
    price_list_factory,
    product_factory,
    user_factory,
)
from tests.html import tight

pytestmark = pytest.mark.django_db


def day(days: int) -> datetime.date:
    return today() + datetime.timedelta(days=days)


@pytest.fixture
def product() -> Product:
    """8.00 on the shop's list with VAT; low VAT."""
    line = line_factory(unit="carton")
    VatCode.objects.create(line=line, code="low", start_date=day(-900))
    found = product_factory(line=line, code="A")
    shop = price_list_factory(code="shop", with_vat=True)
    price_factory(product=found, price_list=shop, start_date=day(-20), amount=8)
    return found


def test_products_picked_by_tick_or_filter(product: Product) -> None:
    mine, line = PriceList.objects.get(), product.line
    families = [Family.objects.create(code=code, name=code, line=line) for code in ("fa", "fb")]
    maker = Supplier.objects.create(code="mk", name="Maker")
    for code in ("B", "C", "D"):
        other = product_factory(code=code, line=line, supplier=maker if code != "D" else None)
        price_factory(product=other, price_list=mine, start_date=day(-9), amount=3)
        FamilyMember.objects.create(family=families[code == "C"], product=other, start_date=day(-9))
    client = client_of(user_factory("marketing"))
    rows = lambda query: [r["product"].code for r in client.get(f"/pricing/{query}").context["rows"]]  # noqa: E731
    assert rows("?supplier=mk") == ["B", "C"]
    assert rows("?supplier=mk&family=fb") == ["C"]
    assert rows("?supplier=none") == ["A", "D"]
    said = {
        "price_list": "shop",
        "start_date": day(10).isoformat(),
        "kind": "percentage",
        "value": "10",
        "rounding": "none",
        "component": "unit",
        "reason": "Dearer",
    }
    ticked = client.get("/pricing/proposals/new/", {"list": "shop", "code": ["B", "D"]})
    assert "2 products chosen" in ticked.content.decode()
    for picked, expected in (
        ({"code": ["B", "D"]}, ["B", "D"]),
        ({"all": "1", "query": "list=shop&supplier=mk", "code": ["D"]}, ["B", "C"]),
    ):
        done = client.post("/pricing/proposals/new/", said | picked)
        made = Proposal.objects.latest("pk")
        assert done.url == made.get_absolute_url()
        assert sorted(made.prices.values_list("product__code", flat=True)) == expected
    outside = client_of(user_factory("marketing", lines=[line_factory()]))
    assert outside.post("/pricing/proposals/new/", said | {"code": ["B"]}).status_code == 422


def test_of_a_line_or_all_found_what_has_ended_by_then_is_left_out(product: Product) -> None:
    """On its last day it is still sold; to end prices all of them are meant, and so is what was ticked."""
    shop = PriceList.objects.get()
    for code, ended in (("B", day(-1)), ("C", day(9)), ("D", day(10))):
        other = product_factory(code=code, line=product.line, ended=ended)
        price_factory(product=other, price_list=shop, start_date=day(-9), amount=3)
    client = client_of(user_factory("marketing"))
    said = {"price_list": "shop", "start_date": day(10).isoformat(), "kind": "percentage", "value": "10"}
    said |= {"rounding": "none", "component": "unit", "reason": "Dearer"}

    def drafted(**picked: Any) -> tuple[list[str], str]:
        page = client.post("/pricing/proposals/new/", said | picked, follow=True)
        made = Proposal.objects.latest("pk").prices
        return sorted(made.values_list("product__code", flat=True)), page.content.decode()

    for picked in ({"line": product.line.code}, {"all": "1", "query": "list=shop"}):
        codes, page = drafted(**picked)
        assert codes == ["A", "D"]
        assert "2 products that have ended by then are left out." in page
    codes, page = drafted(code=["A", "B"])
    assert (codes, "have ended by then are left out" in page) == (["A", "B"], False)
    shut = line_factory()
    price_factory(product=product_factory(line=shut, ended=day(9)), price_list=shop, start_date=day(-9))
    refused = client.post("/pricing/proposals/new/", said | {"line": shut.code})
    assert refused.status_code == 422
    assert refused.context["form"].errors == {"line": ["All these products have ended by then."]}
    codes, page = drafted(line=product.line.code, kind="end")
    assert (codes, "have ended by then are left out" in page) == (["A", "B", "C", "D"], False)


def test_what_was_decided_already_for_that_day_is_marked_and_left_out_at_once(product: Product) -> None:
    shop, author = PriceList.objects.get(), user_factory("marketing")
    other = product_factory(code="B", line=product.line)
    for start, amount in ((day(-9), 3), (day(10), 4)):
        price_factory(product=other, price_list=shop, start_date=start, amount=amount)
    said: dict[str, Any] = {
        "price_list": shop,
        "reason": "Dearer",
        "rule": Rule("percentage", Decimal("0.1")),
    }
    draft = proposal_draft(user=author, start_date=day(10), product_ids=[product.pk, other.pk], **said)
    client, url = client_of(author), draft.get_absolute_url()
    page = client.get(f"{url}?show=taken")
    [row] = page.context["rows"]
    # Old and what the new one is made of is one price: that of the day before.
    assert (row["old"], row["new"]) == ("€3.00", "€3.30")
    assert ("1 price was decided already" in tight(page), "decided already" in tight(page)) == (True, True)
    assert client.post(f"{url}act/", {"act": "submit"}).status_code == 409
    file = b"".join(client.get(f"{url}export/csv/?show=taken").streaming_content).decode()
    assert [line.split(",")[0] for line in file.splitlines()[1:]] == ["B"]
    assert file.splitlines()[1].endswith(",€4.00,,")
    assert client_of(user_factory()).post(f"{url}act/", {"act": "leave_out"}).status_code == 404
    assert client.post(f"{url}act/", {"act": "leave_out"}).status_code == 302
    assert [price.product.code for price in draft.prices.all()] == ["A"]
    assert client.post(f"{url}act/", {"act": "submit"}).status_code == 302
    # Of nothing else nothing would be left; what waits is marked for who decides, and stays as it is.
    alone = proposal_draft(user=author, start_date=day(10), product_ids=[other.pk], **said)
    url = alone.get_absolute_url()
    assert "Leave them out" not in tight(client.get(url))
    assert client.post(f"{url}act/", {"act": "leave_out"}).status_code == 400
    assert alone.prices.count() == 1
    price_factory(product=product, price_list=shop, start_date=day(10), amount=9)
    page = tight(client_of(user_factory()).get(draft.get_absolute_url()))
    assert ("1 price was decided already" in page, "Leave them out" in page) == (True, False)
    refused = client_of(user_factory()).post(f"{draft.get_absolute_url()}act/", {"act": "approve"})
    assert refused.status_code == 409
    assert "withdraw that, or reject this proposal" in tight(refused)


def test_what_was_decided_already_is_left_out_by_api(product: Product) -> None:
    shop, author = PriceList.objects.get(), user_factory("marketing")
    other = product_factory(code="B", line=product.line)
    for start in (-9, 10):
        price_factory(product=other, price_list=shop, start_date=day(start), amount=4)
    draft = proposal_draft(
        user=author,
        start_date=day(10),
        product_ids=[product.pk, other.pk],
        price_list=shop,
        reason="Dearer",
        rule=Rule("percentage", Decimal("0.1")),
    )
    address = f"/api/v1/price-proposals/{draft.pk}/leave_out/"
    assert client_of(user_factory("viewer")).post(address).status_code == 403
    assert client_of(author).post(address).status_code == 200
    assert [price.product.code for price in draft.prices.all()] == ["A"]
    proposal_submit(user=author, proposal=draft)
    assert client_of(author).post(address).status_code == 409


@pytest.mark.parametrize(
    ("kind", "value", "new"),
    [
        ("target", "3", {"B": 3, "C": 3}),
        ("percentage", "0.5", {"B": "4.50", "C": "7.50"}),
        ("end", None, {"B": None, "C": None}),
        ("paste", None, {"B": 3, "C": 5}),
    ],
)
def test_what_begins_on_the_very_day_is_shown_beside_it(
    product: Product, kind: str, value: str | None, new: dict[str, Any]
) -> None:
    """B is 3.00 and 4.00 from that day on, C begins then at 5.00: neither is left out without a word."""
    shop, author = PriceList.objects.get(), user_factory("marketing")
    others = [product_factory(code=code, line=product.line) for code in ("B", "C", "D")]
    for other, start, amount in ((0, -9, 3), (0, 10, 4), (1, 10, 5), (2, -9, 3)):
        price_factory(product=others[other], price_list=shop, start_date=day(start), amount=amount)
    ids = [other.pk for other in others[:2]] if kind != "target" else [other.pk for other in others]
    pasted = {others[0].pk: Decimal(3), others[1].pk: Decimal(5)} if kind == "paste" else None
    rule = Rule(kind, Decimal(value) if value else None)
    said = {"price_list": shop, "reason": "As it was", "rule": rule, "pasted": pasted}
    draft = proposal_draft(user=author, start_date=day(10), product_ids=ids, **said)
    amounts = dict(draft.prices.values_list("product__code", "amount"))
    assert amounts == {code: None if amount is None else Decimal(amount) for code, amount in new.items()}
    page = tight(client_of(author).get(draft.get_absolute_url()))
    assert "2 prices were decided already" in page


def test_what_begins_on_the_very_day_is_compared_with_in_an_edit_and_once_more(product: Product) -> None:
    """8.00 again, from the day on which 9.00 begins."""
    shop, author = PriceList.objects.get(), user_factory("marketing")
    said: dict[str, Any] = {"price_list": shop, "reason": "As it was", "product_ids": [product.pk]}
    draft = proposal_draft(user=author, start_date=day(10), rule=Rule("target", Decimal(7)), **said)
    price_factory(product=product, price_list=shop, start_date=day(10), amount=9)
    key = (product.pk, "unit", "")
    assert proposal_edit(user=author, proposal=draft, amounts={key: Decimal(8)}).changed == 1
    proposal_withdraw(user=author, proposal=draft)
    draft.refresh_from_db()
    again = proposal_repeat(user=author, proposal=draft, start_date=day(10), reason="Once more")
    assert again.prices.get().amount == 8
    with pytest.raises(DomainError) as refused:  # the day before it is that already
        proposal_repeat(user=author, proposal=draft, start_date=day(9), reason="Once more")
    assert refused.value.code == "nothing_changes"


@pytest.mark.parametrize(
    ("language", "pasted", "found"),
    [
        ("en", "A\t2,99", None),
        ("nl", "A\t0.125", None),
        ("nl", "A\t2.99", None),
        ("en", "A\t3.49 per 6", None),
        ("nl", "A\t1.250", None),
        ("en", "A\t1,250", None),
        ("nl", "A\t€ 1.250\nB\t3,49", "1250"),
        ("en", "A\t1,250\nB\t3.49", "1250"),
        ("nl", "A\t1.250,50 EUR", "1250.50"),
        ("nl", "Code\tPrijs\nA\t€ 7,95", "7.95"),
        ("en", "A\t$0.125", "0.125"),
        ("en", "A\t12", "12"),
        ("nl", "A\t1,859", "1.859"),
        ("en", "A\t33.333", "33.333"),
        ("nl", "A\t12,-", "12"),
        ("nl", "A\t€ 1.250,-", "1250"),
        ("nl", "A\t12,\u2013 EUR", "12"),
        ("en", "A\t12.-", "12"),
        ("en", "A\t1.250,-", None),
    ],
)
def test_pasted_numbers_that_can_be_misread_are_refused_with_their_line(
    product: Product, language: str, pasted: str, found: str | None
) -> None:
    product_factory(code="B", line=product.line)
    author = user_factory("marketing", language=language)
    client = client_of(author)
    with translation.override(language):
        draft = proposal_draft(
            user=author,
            price_list=PriceList.objects.get(),
            start_date=day(10),
            reason="Dearer",
            rule=Rule("percentage", Decimal("0.1")),
            product_ids=[product.pk],
        )
    said = {"price_list": "shop", "start_date": day(10).isoformat(), "kind": "paste", "rounding": "none"}
    said |= {"component": "unit", "reason": "Dearer", "pasted": pasted}
    edit = f"{draft.get_absolute_url()}edit/"
    for url, form in (("/pricing/proposals/new/", "form"), (edit, "edit_form")):
        answer = client.post(url, said)
        if found is None:
            assert answer.status_code == 422
            errors = str(answer.context[form].errors["pasted"])
            assert pasted.split("\t")[1] in errors
            assert ("regel 1" if language == "nl" else "line 1") in errors
        else:
            assert answer.status_code == 302, answer.context[form].errors
    if found:
        amounts = Proposal.objects.latest("pk").prices.filter(product=product)
        assert {amounts.get().amount, draft.prices.get(product=product).amount} == {Decimal(found)}


def test_a_share_of_another_list(product: Product) -> None:
    net = price_list_factory(code="net", kind="advised")
    price_factory(product=product, price_list=net, start_date=day(-9), amount=4)
    client = client_of(user_factory("marketing"))
    said = {
        "product": "A",
        "price_list": "shop",
        "start_date": day(10).isoformat(),
        "kind": "list",
        "value": "150",
        "rounding": "none",
        "component": "unit",
        "reason": "As the trade",
    }
    assert client.post("/pricing/proposals/new/", said).status_code == 422
    assert client.post("/pricing/proposals/new/", said | {"of": "shop"}).status_code == 422
    done = client.post("/pricing/proposals/new/", said | {"of": "net"})
    # 1.5 × 4.00, with VAT as the shop's list has it.
    assert Proposal.objects.get().prices.get().amount == Decimal("6.54")
    assert "150% of net" in client.get(done.url).content.decode()


def book_of(rows: list[list[Any]]) -> bytes:
    file = io.BytesIO()
    with xlsxwriter.Workbook(file) as book:
        sheet = book.add_worksheet()
        for number, cells in enumerate(rows):
            sheet.write_row(number, 0, cells)
    return file.getvalue()


@pytest.mark.parametrize("language", ["en", "nl"])
def test_its_file_is_edited_and_brought_back(product: Product, language: str) -> None:
    mine, author = PriceList.objects.get(), user_factory("product-manager", language=language)
    for code, amount in (("B", 3), ("=C", 1200), ("D", 5)):
        other = product_factory(code=code, line=product.line)
        price_factory(product=other, price_list=mine, start_date=day(-9), amount=amount)
    client = client_of(author)
    with translation.override(language):
        draft = proposal_draft(
            user=author,
            price_list=mine,
            start_date=day(10),
            reason="Dearer",
            rule=Rule("percentage", Decimal("0.1")),
            product_ids=list(Product.objects.exclude(code="D").values_list("pk", flat=True)),
        )
    url = draft.get_absolute_url()
    file = b"".join(client.get(f"{url}export/csv/").streaming_content).decode("utf-8-sig")
    sheet = list(csv.reader(io.StringIO(file), delimiter=";" if language == "nl" else ","))
    assert [row[0] for row in sheet[1:]] == ["A", "B", "'=C"]
    # What the file says is what is there: nothing changes.
    client.post(f"{url}edit/", {"pasted": file})
    assert set(draft.prices.values_list("amount", flat=True)) == {Decimal("8.8"), Decimal("3.3"), 1320}
    comma = "," if language == "nl" else "."
    sheet[1][1], sheet[2][1], sheet[3][1] = f"9{comma}99", "3", f"1{'.' if comma == ',' else ','}250"
    sheet.append(["d", "6", "", ""])
    tabs = "\r\n".join("\t".join(row) for row in sheet)
    answer = client.post(f"{url}edit/", {"pasted": tabs}, follow=True)
    assert answer.redirect_chain
    found = dict(draft.prices.values_list("product__code", "amount"))
    # B holds at 3 already and goes out, D comes in.
    assert found == {"A": Decimal("9.99"), "=C": 1250, "D": 6}
    draft.refresh_from_db()
    assert draft.rule["edited"]
    saved = SimpleUploadedFile("p.csv", f"Code;Price\nA;7{comma}5".encode("cp1252"))
    client.post(f"{url}edit/", {"file": saved})
    assert draft.prices.get(product=product).amount == Decimal("7.5")
    for wrong in ("A\tdear", "X\t1", "A\t1\nA\t2", "", "A\t-1", "A\t8\nD\t5\n'=C\t1200"):
        refused = client.post(f"{url}edit/", {"pasted": wrong})
        assert refused.status_code == 422, wrong
    for content in (b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0"):
        book = SimpleUploadedFile("p.xlsx", content)
        assert client.post(f"{url}edit/", {"file": book}).status_code == 422
    assert draft.prices.get(product=product).amount == Decimal("7.5")
    # The workbook of the draft comes back as it is, and with a number and a text in it.
    held = dict(draft.prices.values_list("product__code", "amount"))
    workbook = b"".join(client.get(f"{url}export/xlsx/").streaming_content)
    client.post(f"{url}edit/", {"file": SimpleUploadedFile("p.xlsx", workbook)})
    assert dict(draft.prices.values_list("product__code", "amount")) == held
    cells = [["Code", "Price"], ["A", 1234.125], ["'=C", f"1{'.' if comma == ',' else ','}260{comma}5"]]
    client.post(f"{url}edit/", {"file": SimpleUploadedFile("p.xlsx", book_of(cells))})
    changed = dict(draft.prices.values_list("product__code", "amount"))
    assert changed == {**held, "A": Decimal("1234.125"), "=C": Decimal("1260.5")}
    other = client_of(user_factory())
    assert other.post(f"{url}edit/", {"pasted": "A\t1"}).status_code == 404
    client.post(f"{url}act/", {"act": "submit"})
    assert other.post(f"{url}edit/", {"pasted": "A\t1"}).status_code == 422
    assert client.post(f"{url}edit/", {"pasted": "A\t1"}).status_code == 422


def test_every_price_beyond_a_bound_is_marked_before_it_is_proposed() -> None:
    """Five products at 11.00 without VAT. One may cost 5, one 5 with a reason, one 11.98 with low VAT; of one
    there is a bound in another currency alone. Beside a consumer price, so with all that a page shows."""
    line, shop = line_factory(), channel_factory()
    mine = price_list_factory(channel=shop)
    advised = price_list_factory(channel=shop, kind="advised", with_vat=True)
    VatCode.objects.create(line=line, code="low", start_date=day(-900))
    products = [product_factory(code=code, line=line) for code in "ABCDE"]
    for product in products:
        price_factory(product=product, price_list=mine, start_date=day(-20))
        price_factory(product=product, price_list=advised, start_date=day(-20), amount=20)
    a, b, c, _d, e = products
    bound_factory(product=a, start_date=day(-9), most=5)
    bound_factory(product=b, start_date=day(-9), most=5, beyond="reason", source="Contract")
    bound_factory(product=c, start_date=day(-9), most=Decimal("11.98"), with_vat=True)
    bound_factory(product=e, start_date=day(-9), most=5, currency="USD")
    author = user_factory(language="en")
    draft = proposal_draft(
        user=author,
        price_list=mine,
        start_date=day(10),
        reason="Costs",
        rule=Rule("percentage", Decimal("0.1")),
        product_ids=[product.pk for product in products],
    )
    client, address = client_of(author), f"/pricing/proposals/{draft.pk}/"
    client.get(address)
    with CaptureQueriesContext(connection) as queries:
        page = client.get(address)
    assert len(queries) <= 12
    said = {row["row"].product.code: row["beyond"] for row in page.context["rows"]}
    assert said == {
        "A": [("refused", "The law: at most €5.00 without VAT")],
        "B": [("only with a reason", "Contract: at most €5.00 without VAT")],
        "C": [("refused", "The law: at most €11.98 with VAT")],  # 11.99
        "D": [],
        "E": [],
    }
    for words in (
        "3 prices are beyond a bound",
        "2 of them are refused.",
        "1 price is held against no bound",
    ):
        assert words in tight(page)
    only = client.get(address + "?show=beyond")
    assert sorted(row["row"].product.code for row in only.context["rows"]) == ["A", "B", "C"]
    file = b"".join(client.get(f"{address}export/csv/?show=beyond").streaming_content).decode("utf-8-sig")
    cells = sorted([row[0], *row[-2:]] for row in csv.reader(io.StringIO(file)))
    assert cells[:2] == [["A", *said["A"][0]], ["B", *said["B"][0]]]
    Proposal.objects.update(exception="Agreed")
    assert "by the reason given" in tight(client.get(address))
    proposal_withdraw(user=author, proposal=draft)
    assert not client.get(address).context["passed"]


def test_the_list_of_proposals_is_filtered_sorted_and_a_file(product: Product) -> None:
    """Three: waiting and withdrawn ones of Anna, of which one on another line; a draft of Bob."""
    anna, bob, mine = (
        user_factory(name="Anna", language="en"),
        user_factory(name="Bob"),
        PriceList.objects.get(),
    )
    other = product_factory(line=line_factory(code="other"))
    price_factory(product=other, price_list=mine, start_date=day(-20), amount=8)

    def draft(author: Any, reason: str, ahead: int, of: Product) -> Proposal:
        rule = Rule("percentage", Decimal("0.1"))
        about = {"price_list": mine, "start_date": day(ahead), "reason": reason}
        return proposal_draft(user=author, **about, rule=rule, product_ids=[of.pk])

    proposal_submit(user=anna, proposal=draft(anna, "Costs went up", 10, product))
    proposal_withdraw(user=anna, proposal=draft(anna, "As they do", 30, other))
    draft(bob, "Bob thinks", 20, product)
    client = client_of(anna)

    def found(query: str) -> list[str]:
        return [
            row["proposal"].reason[:3] for row in client.get(f"/pricing/proposals/?{query}").context["rows"]
        ]

    for query, said in {
        "": ["Cos", "As "],
        "show=withdrawn": ["As "],
        "show=approved": [],
        "line=other": ["As "],
        f"by={anna.pk}": ["Cos", "As "],
        f"by={bob.pk}": [],
        "by=x": [],
        f"since={day(11)}": ["As "],
        "since=soon": ["Cos", "As "],
        "q=costs+shop": ["Cos"],
        "q=nothing": [],
        "sort=reason": ["As ", "Cos"],
        "sort=-start": ["As ", "Cos"],
        "sort=start": ["Cos", "As "],
        "sort=prices": ["Cos", "As "],
        "sort=other": ["Cos", "As "],
    }.items():
        assert found(query) == said, query
    page = client.get("/pricing/proposals/")
    assert [str(author) for author in page.context["authors"]] == ["Anna"]
    assert "No proposals match." in tight(client.get("/pricing/proposals/?q=nothing"))
    file = b"".join(client.get("/pricing/proposals/export/csv/?sort=reason").streaming_content)
    rows = list(csv.reader(io.StringIO(file.decode("utf-8-sig"))))[1:]
    assert [(row[1], row[4], row[6]) for row in rows] == [
        ("As they do", "1", "withdrawn"),
        ("Costs went up", "1", "proposed"),
    ]
