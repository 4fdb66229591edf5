"""The pages and the API of costs: what they show, that forms keep what was typed, and that nothing leaks."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from core.organisation import today
from pricing.models import CostKind, CostLine, CostRate
from products.models import ChannelLimit, Product, Supplier
from tests.factories import (
    channel_factory,
    client_of,
    cost_line_factory,
    cost_rate_factory,
    line_factory,
    product_factory,
    user_factory,
)

pytestmark = pytest.mark.django_db
D = Decimal
MARKS = ("ZQXCOST", "987654", "987,654", "987.654")


def day(days: int) -> datetime.date:
    return today() + datetime.timedelta(days)


@pytest.fixture
def product() -> Product:
    return product_factory(code="A", name="Oat drink", line=line_factory(name="Dairy-free", unit="carton"))


@pytest.fixture
def finance() -> Client:
    return client_of(user_factory("finance"))


NEW = {
    "whose": "product",
    "product": "a",
    "kind": "purchase",
    "name": "Oats",
    "basis": "unit",
    "currency": "EUR",
    "amount": "1.85",
    "nonce": "once",
}


class TestWriting:
    def test_a_line_with_its_first_rate_once(self, product: Product, finance: Client) -> None:
        said = NEW | {"start_date": day(10).isoformat()}
        first, second = (finance.post("/costs/lines/new/", said) for _ in range(2))
        assert first.status_code == 302
        assert first.url == second.url
        line = CostLine.objects.get()
        assert (line.product, line.name, line.rates.get().amount) == (product, "Oats", D("1.85"))

    @pytest.mark.parametrize(
        ("said", "field"),
        [
            ({"amount": ""}, "amount"),
            ({"ends": "on"}, "amount"),
            ({"product": "nothing"}, "product"),
            ({"basis": "share"}, "base"),
            ({"base": "net"}, "base"),
            ({"tail_months": "3"}, "tail_months"),
            ({"basis": "month", "key": "volume"}, "key"),
            ({"product": ""}, "product"),
            ({"whose": "line", "product": ""}, "line"),
            ({"whose": "all"}, "product"),
            ({"whose": ""}, "whose"),
            ({"basis": "month", "product": "", "whose": "all"}, "key"),
            ({"basis": "month", "product": "", "whose": "all", "key": "fixed"}, "shares"),
            ({"currency": "USD"}, "exchange_rate"),
            ({"start_date": "2026-01-01"}, "confirmed"),
            ({"basis": "share", "base": "purchase"}, "base"),
            ({"basis": "month", "least_quantity": "5"}, "least_quantity"),
            ({"currency": "XX"}, "currency"),
            ({"currency": "USD", "exchange_rate": "0"}, "exchange_rate"),
            ({"times": "0"}, "times"),
            ({"from_quantity": "-5"}, "from_quantity"),
            ({"amount": "1.85.3"}, "amount"),
        ],
    )
    def test_what_is_wrong_stands_at_its_field_and_nothing_is_written(
        self, product: Product, finance: Client, said: dict[str, str], field: str
    ) -> None:
        answer = finance.post("/costs/lines/new/", NEW | {"start_date": day(10).isoformat()} | said)
        assert answer.status_code == 422
        form = answer.context["form"]
        assert list(form.errors) == [field]
        assert form["name"].value() == "Oats"
        assert not CostLine.objects.exists()

    @pytest.mark.parametrize(
        ("said", "words"),
        [
            ({"amount": ""}, "Give an amount, or say"),
            ({"ends": "on"}, "Give an amount or say that it ends, not"),
        ],
    )
    def test_an_amount_or_an_end(self, product: Product, finance: Client, said: Any, words: str) -> None:
        answer = finance.post("/costs/lines/new/", NEW | {"start_date": day(10).isoformat()} | said)
        assert words in str(answer.context["form"].errors["amount"])

    def test_the_same_line_again_is_told_in_words(self, product: Product, finance: Client) -> None:
        said = NEW | {"start_date": day(10).isoformat()}
        finance.post("/costs/lines/new/", said)
        answer = finance.post("/costs/lines/new/", said | {"nonce": "again"})
        assert "There is such a cost line already" in answer.content.decode()

    def test_a_percentage_is_typed_as_one(self, product: Product, finance: Client) -> None:
        said = NEW | {"kind": "duty", "basis": "share", "base": "cif", "amount": "4.5"}
        finance.post("/costs/lines/new/", said | {"start_date": day(10).isoformat()})
        assert CostRate.objects.get().amount == D("0.045")
        assert "4.5%" in finance.get("/costs/?show=ahead").content.decode()

    def test_who_is_limited_is_offered_what_is_theirs_to_say(self, product: Product) -> None:
        shop = channel_factory(code="shop")
        by_channel, by_line = user_factory("finance"), user_factory("finance", lines=[product.line])
        ChannelLimit.objects.create(user=by_channel, channel=shop)
        for user, required in ((by_channel, True), (by_line, False)):
            visitor = client_of(user)
            form = visitor.get("/costs/lines/new/").context["form"]
            assert [value for value, _label in form.fields["whose"].choices] == ["product", "line"]
            assert form.fields["channel"].required is required
            said = NEW | {"start_date": day(10).isoformat()}
            answer = visitor.post("/costs/lines/new/", said | {"whose": "all", "product": ""})
            assert (answer.status_code, "whose" in answer.context["form"].errors) == (422, True)
        visitor = client_of(by_channel)
        assert list(visitor.post("/costs/lines/new/", said).context["form"].errors) == ["channel"]
        assert visitor.post("/costs/lines/new/", said | {"channel": "shop"}).status_code == 302
        assert CostLine.objects.get().channel == shop

    def test_fixed_shares_are_pasted(self, product: Product, finance: Client) -> None:
        other = product_factory(code="B")
        said = {"kind": "overhead", "basis": "month", "currency": "EUR", "amount": "6000", "key": "fixed"}
        said |= {"whose": "all"}
        said |= {"start_date": day(10).isoformat()}
        wrong = finance.post("/costs/lines/new/", said | {"shares": "a\t3\nx\t1"})
        assert "x?" in str(wrong.context["form"].errors["shares"])
        finance.post("/costs/lines/new/", said | {"shares": "Code\tShare\na\t3\nb\t1"})
        found = {share.product: share.weight for share in CostLine.objects.get().shares.all()}
        assert found == {product: 3, other: 1}

    def test_a_next_rate_a_note_and_a_withdrawal(self, product: Product, finance: Client) -> None:
        rate = cost_rate_factory(product=product, start_date=day(-30), amount=D("1.85"))
        address = f"/costs/lines/{rate.cost_line_id}/"
        past = {"what": "rate", "start_date": day(-3).isoformat(), "amount": "2"}
        assert list(finance.post(address, past).context["form"].errors) == ["confirmed"]
        assert finance.post(address, past | {"confirmed": "on"}).status_code == 302
        finance.post(address, past | {"start_date": day(9).isoformat(), "amount": "3"})
        page = finance.get(address).content.decode()
        assert page.count("Withdraw the rate from") == 1
        ahead = CostRate.objects.get(start_date=day(9))
        finance.post(f"/costs/rates/{ahead.pk}/withdraw/")
        held = CostRate.objects.get(start_date=day(-3))
        assert finance.post(f"/costs/rates/{held.pk}/withdraw/").status_code == 409
        ahead.refresh_from_db()
        assert ahead.withdrawn_at is not None
        note = {"what": "note", "note": "Contract 7", "tail_months": "0", "version": "1"}
        assert finance.post(address, note).status_code == 302
        assert finance.post(address, note | {"note": "Mine"}).status_code == 409
        assert CostLine.objects.get().note == "Contract 7"

    def test_kinds(self, finance: Client) -> None:
        said = {"code": "co2", "name_nl": "Koolstof", "name_en": "Carbon", "level": "cm1", "place": "15"}
        assert finance.post("/costs/kinds/new/", said).status_code == 302
        kind = CostKind.objects.get(code="co2")
        address = f"/costs/kinds/{kind.pk}/"
        assert f'name="version" value="{kind.version}"' in finance.get(address).content.decode()
        assert finance.post(address, said | {"level": "cm2", "version": "1"}).status_code == 302
        assert finance.post(address, said | {"level": "cm3", "version": "1"}).status_code == 409


class TestReading:
    def test_filters_and_the_file(self, product: Product, finance: Client) -> None:
        oats = cost_line_factory(product=product, name="Oats", supplier=Supplier.objects.create(name="Mill"))
        duty = cost_line_factory(product=product, kind="duty", basis="share", base="purchase")
        all_of = cost_line_factory(kind="overhead", basis="month", key="revenue")
        ended = cost_line_factory(line=product.line, kind="quality")
        cost_rate_factory(cost_line=oats, start_date=day(-9), amount=D("1.85"))
        cost_rate_factory(cost_line=oats, start_date=day(9), amount=2)
        cost_rate_factory(cost_line=duty, start_date=day(-9), amount=D("0.045"))
        cost_rate_factory(cost_line=all_of, start_date=day(-9))
        for days, amount in ((-9, 5), (-1, None)):
            cost_rate_factory(cost_line=ended, start_date=day(days), amount=amount)
        found = lambda query: [row["row"] for row in finance.get(f"/costs/{query}").context["rows"]]  # noqa: E731
        assert found("") == [oats, duty, all_of]
        assert found("?show=ahead") == [oats]
        assert found("?show=all") == [oats, duty, ended, all_of]
        assert found("?q=oat+drink") == [oats, duty]
        assert found("?q=mill") == [oats]
        assert found("?level=below") == [all_of]
        assert found("?kind=duty") == [duty]
        assert found(f"?line={product.line.code}&show=all") == [oats, duty, ended]
        assert found("?sort=-since")[0].pk
        file = b"".join(finance.get("/costs/export/csv/?kind=duty").streaming_content).decode()
        assert "4.5" in file.splitlines()[1]
        cost_rate_factory(cost_line=ended, start_date=day(-5), from_quantity=100, amount=D("3.77"))
        assert found("") == [oats, duty, ended, all_of]  # the lowest tier ended, the next still holds
        assert "3.77" in finance.get("/costs/?kind=quality").content.decode()

    def test_the_tab_adds_up_what_is_known_a_unit(self, product: Product, finance: Client) -> None:
        goods = cost_line_factory(product=product, currency="USD")
        insurance = cost_line_factory(line=product.line, kind="inbound", basis="share", base="purchase")
        duty = cost_line_factory(kind="duty", basis="share", base="cif")
        fees = cost_line_factory(kind="commission", basis="share", base="net")
        cost_rate_factory(
            cost_line=goods, start_date=day(-9), amount=40, exchange_rate=D("0.92"), least_quantity=500
        )
        for line, amount in ((insurance, "0.005"), (duty, "0.045"), (fees, "0.05")):
            cost_rate_factory(cost_line=line, start_date=day(-9), amount=D(amount))
        context = finance.get("/products/A/costs/").context
        # 36.80 + 0.184 + 4.5 % of both
        assert [(group.label, group.each) for group in context["groups"]] == [
            ("contribution margin 1", "€38.6483"),
            ("contribution margin 2", None),
        ]
        assert context["groups"][0].rows[0].notes == ["at least 500", "1 USD = €0.92"]
        assert context["landed"].each == "38.6483"  # of 500, the minimum order

    def test_what_bought_goods_cost_at_our_door(self, product: Product, finance: Client) -> None:
        """The worked case of docs/costs.md; tiers, a minimum order and amounts a month count."""
        goods = cost_line_factory(product=product, currency="USD")
        start = day(-9)
        for begin, amount in ((0, 44), (1000, 40)):
            cost_rate_factory(
                cost_line=goods,
                start_date=start,
                from_quantity=begin,
                amount=amount,
                exchange_rate=D("0.92"),
                least_quantity=500,
            )
        for kind, basis, base, amount in (
            ("inbound", "month", "", "2400"),
            ("inbound", "share", "freight", "0.005"),
            ("duty", "share", "cif", "0.045"),
            ("clearing", "month", "", "180"),
            ("clearing", "unit", "", "0.35"),
            ("production", "unit", "", "7"),  # not part of it
        ):
            line = cost_line_factory(product=product, kind=kind, basis=basis, base=base)
            cost_rate_factory(cost_line=line, start_date=start, amount=D(amount))
        split = cost_line_factory(kind="inbound", basis="month", key="volume", name="Warehouse")
        cost_rate_factory(cost_line=split, start_date=start, amount=99)
        found = lambda units: finance.get(f"/products/A/costs/?units={units}").context["landed"]  # noqa: E731
        landed = found(1000)
        assert [row.amount for row in landed.rows] == [
            *("36,800.00", "2,400.00", "196.00", "1,772.82", "180.00", "350.00")
        ]
        assert (landed.total, landed.each) == ("41,698.82", "41.6988")
        assert landed.left_out == [split]
        assert [row.amount for row in found(100).rows][:2] == ["20,240.00", "2,400.00"]  # 500 at 44
        one = found(1)  # a unit is the sum of the amounts a unit, the total that of the cents
        assert D(one.each.replace(",", "")) == sum(D(row.each.replace(",", "")) for row in one.rows)
        assert "Landed cost" in finance.get("/products/A/costs/?units=x").content.decode()

    def test_empty_states_say_how_it_begins(self, product: Product, finance: Client) -> None:
        for address in ("/costs/", "/products/A/costs/"):
            assert "/costs/lines/new/" in finance.get(address).content.decode()
            manager = client_of(user_factory()).get(address)
            assert manager.status_code == 200
            assert "/costs/lines/new/" not in manager.content.decode()

    def test_the_api(self, product: Product, finance: Client) -> None:
        rate = cost_rate_factory(product=product, start_date=day(-9), amount=D("1.85"))
        [line] = finance.get("/api/v1/cost-lines/?product=a").json()["results"]
        assert (line["id"], line["kind"], line["level"]) == (rate.cost_line_id, "purchase", "cm1")
        [found] = finance.get(f"/api/v1/cost-rates/?cost_line={line['id']}").json()["results"]
        assert (found["amount"], found["product"], found["currency"]) == ("1.850000", "A", "EUR")
        assert len(finance.get("/api/v1/cost-kinds/?page_size=100").json()["results"]) == 19


def test_without_the_right_no_cost_shows_anywhere(product: Product) -> None:
    """Every field of a cost marked; every page of the product and what lists it, by who may do most without
    that right. What each role is told: tests/pricing/test_cost_leaks.py."""
    kind = CostKind.objects.create(
        code="zqxcost", name_en="ZQXCOST kind", name_nl="ZQXCOST soort", level="cm1"
    )
    line = cost_line_factory(
        product=product, kind=kind.code, name="ZQXCOST", cost_centre="ZQXCOST", note="ZQXCOST"
    )
    for days in (-9, 9):
        cost_rate_factory(cost_line=line, start_date=day(days), amount=D("987654"))
    addresses = [
        *("/", "/products/?view=all", "/products/A/", "/products/A/mix/", "/products/A/forecast/"),
        *("/products/A/activity/", "/products/A/details/", "/products/A/mix/prices/", "/pricing/"),
        *("/search/?q=zqxcos", "/alerts/", "/actions/", "/products/export/csv/?view=all", "/data/"),
        *("/api/v1/products/A/", "/api/v1/cost-lines/", "/api/v1/cost-rates/", "/api/v1/cost-kinds/"),
        *("/costs/", "/costs/kinds/", "/products/A/costs/", "/costs/export/csv/", reverse_line(line)),
    ]
    seen = set()
    for role in ("marketing", "sales"):
        client = client_of(user_factory(role))
        for address in addresses:
            answer = client.get(address)
            content = (b"".join(answer.streaming_content) if answer.streaming else answer.content).decode()
            assert not [mark for mark in MARKS if mark in content], address
            if answer.status_code == 200:
                seen.add(address)
                assert "/costs/" not in content, address  # not in a menu or among the tabs
    assert len(seen) >= 10
    manager = client_of(user_factory())
    assert all(
        "987" in manager.get(address).content.decode() for address in ("/costs/", "/products/A/costs/")
    )


def reverse_line(line: CostLine) -> str:
    return reverse("pricing:cost_line", args=[line.pk])
