"""The pages and the API of prices: what they show, and that forms keep what was typed."""

from __future__ import annotations

import datetime
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pghistory
import pytest
from altair.vegalite.v6.schema import core as VegaLite
from django.db import IntegrityError, connection
from django.test import Client
from django.utils import translation

from accounts.errors import DomainError
from core import formats
from core.months import month_add, month_start
from core.organisation import today
from exchange.services.shell import import_run
from pricing.cards.prices import price_line, price_panel, product_price_chart
from pricing.forms.price_rules import VatRateForm
from pricing.models import Bound, Perishable, Price, PriceList, Proposal, VatCode, VatRate
from pricing.price_events import price_events
from pricing.selectors.price_rows import price_history, price_rows
from pricing.services.price_bounds import bound_set, notice_set, vat_set
from pricing.services.promotions import ProductPlan
from products.models import Channel, Product, Segment
from products.services.four_eyes import four_eyes_set
from products.services.line import line_delete
from tests.factories import (
    channel_factory,
    client_of,
    line_factory,
    price_factory,
    price_list_factory,
    product_factory,
    user_factory,
)
from tests.html import tight
from tests.pricing.promotions import approved_factory
from tests.pricing.test_margins import sell

pytestmark = pytest.mark.django_db


def day(days: int) -> datetime.date:
    return today() + datetime.timedelta(days=days)


@pytest.fixture
def product() -> Product:
    """10.00 for a year, 8.00 from 20 days ago, 9.00 from in a month on the shop's list with VAT; low VAT."""
    line = line_factory(unit="carton")
    VatCode.objects.create(line=line, code="low", start_date=day(-900))
    found = product_factory(line=line, code="A")
    shop = price_list_factory(code="shop", channel=channel_factory(name="Own shop"), with_vat=True)
    for days, amount in ((-365, "10.00"), (-20, "8.00"), (30, "9.00"), (60, "7.00")):
        price_factory(product=found, price_list=shop, start_date=day(days), amount=Decimal(amount))
    return found


class TestTheCard:
    def test_it_says_what_holds_what_comes_and_the_van_prijs(self, product: Product) -> None:
        user = user_factory()
        [row] = price_rows(product, price_history(user, product))
        assert row.both(row.now) == (Decimal("8.00"), Decimal("8.00") / Decimal("1.09"))
        # The next reduction is the one in 60 days: in the 30 days before it 9.00 held.
        assert (row.van_on, row.van and row.van.amount) == (day(60), Decimal("9.00"))
        with translation.override("en"):
            line = price_line(row)
        assert (line.about, line.with_vat, line.without_vat) == (
            "Own shop · own price · with VAT",
            "€8.00",
            "€7.34",
        )

    def test_its_chart_is_valid_and_has_its_table(self, product: Product) -> None:
        chart = price_panel(user_factory(), product)["chart"]
        VegaLite.TopLevelSpec.from_dict(json.loads(json.dumps(chart.spec)))
        assert chart.table.rows[-1][:2] == [day(60).strftime("%d-%m-%Y"), "€\xa07,00"]

    def test_where_others_sell_to_consumers_the_van_prijs_is_information(self, product: Product) -> None:
        for kind, with_vat in (("own", False), ("advised", True)):
            mine = price_list_factory(kind=kind, with_vat=with_vat)
            price_factory(product=product, price_list=mine, start_date=day(-90))
        rows = price_rows(product, price_history(user_factory(), product))
        with translation.override("en"):
            said = [(str(row.price_list.kind), price_line(row).van_note) for row in rows]
        assert said == [("own", "information only"), ("own", ""), ("advised", "information only")]

    def test_our_currency_goes_first_in_the_rows_and_the_chart(self, product: Product) -> None:
        offices = Segment.objects.create(code="off", name="Offices")
        for code, more in (("a", {"currency": "GBP"}), ("b", {"segment": offices}), ("c", {})):
            price_factory(
                product=product, price_list=price_list_factory(code=code, **more), start_date="2024-01-01"
            )
        panel = price_panel(user_factory(), product)
        rows = price_rows(product, price_history(user_factory(), product))
        assert (rows[0].price_list.code, rows[-1].price_list.code) == ("c", "a")
        assert "€" in panel["chart"].table.rows[0][1]

    @pytest.mark.usefixtures("english")
    def test_what_the_rule_does_not_clearly_cover_is_not_judged(self) -> None:
        """Of a service, or a price per month or once; elsewhere than with us it is information of goods."""
        lists = {
            "shop": price_list_factory(channel=channel_factory(), with_vat=True, name_en="Shop"),
            "reseller": price_list_factory(name_en="Reseller"),
        }

        def said(kind: str, *parts: tuple[str, str]) -> list[tuple[str | None, str]]:
            product = product_factory(kind=kind)
            for price_list, component in parts:
                its = {"price_list": lists[price_list], "component": component}
                price_factory(product=product, start_date=day(-90), **its)
            rows = price_rows(product, price_history(user_factory(), product))
            return [(line.van, line.van_note) for line in map(price_line, rows)]

        parts = [("shop", "unit"), ("shop", "month"), ("shop", "once"), ("reseller", "month")]
        of_part = ("not judged", "the rule does not say how a price per month or once is compared")
        assert said("good", *parts) == [(None, ""), ("€10.00", ""), of_part, of_part]
        service = ("not judged", "the rule is of goods, not of services")
        assert said("service", *parts[:2], ("reseller", "unit")) == [(None, ""), service, service]

    def test_an_earlier_promotion_and_what_spoils_count_in_the_van_prijs(self, product: Product) -> None:
        """9.00 holds in the 30 days before the 60th; what everybody could buy for less in them counts."""
        user, shop = user_factory(), PriceList.objects.get()

        def van() -> tuple[Any, Any]:
            [row] = price_rows(product, price_history(user, product))
            assert row.van is not None
            return row.van_on, row.van.amount

        row = ProductPlan(product, Decimal("9.00"), Decimal("6.50"))
        approved_factory(
            product, mechanic="display", ahead=33, days=7, products=[row], channels=[shop.channel]
        )
        # It is the next reduction itself: 8.00 held until it starts.
        assert van() == (day(33), Decimal("8.00"))
        Price.objects.filter(start_date=day(30)).update(state="withdrawn")
        assert van() == (day(33), Decimal("8.00"))
        Perishable.objects.create(line=product.line, start_date=day(-9), perishable=True)
        price_factory(product=product, price_list=shop, start_date=day(32), amount=Decimal("9.50"))
        assert van() == (day(33), Decimal("9.50"))
        Perishable.objects.create(product=product, start_date=day(1), perishable=False)
        assert van() == (day(33), Decimal("9.50"))
        Perishable.objects.create(product=product, start_date=day(0), perishable=False)
        assert van() == (day(33), Decimal("8.00"))

    @pytest.mark.parametrize(
        ("fields", "amount", "reason"),
        [
            ({"mechanic": "price_cut", "rate": Decimal("0.25")}, "6.00", ""),
            ({"mechanic": "price_cut", "rate": Decimal("0.25"), "elsewhere": True}, "8.00", ""),
            ({"mechanic": "one_plus_one"}, "8.00", ""),  # two for one is no price of one
            ({"mechanic": "coupon", "amount": Decimal("1")}, None, "promotion"),
        ],
    )
    def test_which_promotions_make_a_price(self, fields: Any, amount: str | None, reason: str) -> None:
        shop = price_list_factory(channel=channel_factory(), with_vat=True)
        product = product_factory()
        price_factory(product=product, price_list=shop, start_date=day(-90), amount=Decimal("8.00"))
        places = [channel_factory()] if fields.pop("elsewhere", False) else [shop.channel]
        approved_factory(product, ahead=-20, days=7, channels=places, **fields)
        [row] = price_rows(product, price_history(user_factory(), product))
        assert row.van is not None
        assert (row.van.amount, row.van.reason) == (amount and Decimal(amount), reason)

    def test_its_volume_is_that_of_the_channels_the_list_is_for(self, product: Product) -> None:
        shop = Channel.objects.get(name="Own shop")
        till = channel_factory(name="Till", parent=shop)
        month = month_add(month_start(today()), -1)
        for channel, volume in ((shop, 5), (till, 2), (channel_factory(), 100)):
            sell(product, month, volume, Decimal(volume * 10), channel=channel)
        everybody = price_list_factory(code="all")
        price_factory(product=product, price_list=everybody, start_date=day(-365))
        with translation.override("en"):
            for user, of, volume, words in (
                (user_factory(), "shop unit", "7", "volume of Own shop, with what is below it"),
                (user_factory(), "all unit", "107", "volume of all channels"),
                (
                    user_factory(channels=[till]),
                    "shop unit",
                    "2",
                    "volume of Own shop, with what is below it",
                ),
            ):
                rows = price_rows(product, price_history(user, product))
                chart = product_price_chart(user, product, rows, of)
                assert chart is not None
                found = {row[0]: row[2] for row in chart.table.rows}
                assert (found[formats.month(month)], words in chart.subtitle) == (volume, True), of

    @pytest.mark.parametrize(("amount", "form"), [("8.50", ",.2f"), ("0.2345", ",.4f")])
    def test_its_axis_has_the_decimals_of_its_prices(self, amount: str, form: str) -> None:
        user, tariff = user_factory(), product_factory()
        own = price_list_factory(code="all")
        price_factory(product=tariff, price_list=own, start_date=day(-90), amount=Decimal(amount))
        rows = price_rows(tariff, price_history(user, tariff))
        chart = product_price_chart(user, tariff, rows, "all unit")
        assert chart is not None
        [line] = chart.spec["vconcat"][0]["layer"]
        assert line["encoding"]["y"]["axis"]["format"] == form

    def test_marks_on_charts_are_changes_not_the_first_price(self, product: Product) -> None:
        events = list(price_events(user_factory(), product, day(-900), day(900)))
        assert [event.date for event in events] == [day(-20), day(30), day(60)]

    def test_marks_are_of_the_list_for_everybody_in_our_currency(self) -> None:
        product, offices = product_factory(), Segment.objects.create(code="off", name="Offices")
        for ago, more in ((9, {"currency": "GBP"}), (8, {"segment": offices}), (7, {})):
            own = price_list_factory(**more)
            for start in (-99, -ago):
                price_factory(product=product, price_list=own, start_date=day(start), amount=200 + start)
        events = list(price_events(user_factory(), product, day(-900), day(900)))
        assert [event.date for event in events] == [day(-7)]

    def test_who_may_not_see_prices_has_no_marks(self, product: Product) -> None:
        blind = user_factory(rights=["products.view"])
        assert list(price_events(blind, product, day(-900), day(900))) == []
        assert client_of(blind).get("/products/A/").status_code == 200
        assert client_of(blind).get("/products/A/mix/").status_code == 403

    def test_a_person_in_another_channel_sees_none_of_it(self, product: Product) -> None:
        stranger = user_factory(channels=[channel_factory()])
        assert price_history(stranger, product) == []
        below = channel_factory(parent=PriceList.objects.get().channel, kind="account")
        assert len(price_history(user_factory(channels=[below]), product)) == 4


class TestPages:
    def test_prices_filter_sort_and_file(self, product: Product) -> None:
        client = client_of(user_factory())
        other = product_factory(code="B", line=product.line)
        price_factory(product=other, price_list=PriceList.objects.get(), start_date=day(-9), amount=3)
        bare = product_factory(code="C", name="Bare one", line=product.line)
        rows = lambda query: [r["product"].code for r in client.get(f"/pricing/{query}").context["rows"]]  # noqa: E731
        assert rows("?sort=price") == ["B", "A"]
        assert rows("?sort=-price") == ["A", "B"]
        assert rows("?show=ahead") == ["A"]
        assert rows("?show=without") == [bare.code]
        assert rows("?q=bare&show=without") == ["C"]
        assert rows(f"?line={line_factory().code}") == []
        file = b"".join(client.get("/pricing/export/csv/?sort=price").streaming_content).decode()
        assert [line.split(",")[0] for line in file.splitlines()[1:]] == ["B", "A"]

    def test_what_holds_on_another_day(self, product: Product) -> None:
        """8.00, 9.00 from the 30th day, 7.00 from the 60th: on the page, in its file and in the API."""
        client, shop = client_of(user_factory(language="en")), PriceList.objects.get()
        part = {"product": product, "price_list": shop, "component": "month"}
        for start, amount in ((-9, 2), (40, 3), (50, None)):
            price_factory(**part, start_date=day(start), amount=amount)
        price_factory(product=product, price_list=shop, start_date=day(44), amount=1, state="withdrawn")
        for asked, now, parts, then in (
            ("", "€8.00", ["€2.00 per month"], day(30)),
            ("soon", "€8.00", ["€2.00 per month"], day(30)),
            (str(day(45)), "€9.00", ["€3.00 per month"], day(50)),
            (str(day(60)), "€7.00", [], None),
        ):
            page = client.get(f"/pricing/?on={asked}")
            [row] = page.context["rows"]
            assert (row["now"], row["parts"], row["next_date"]) == (now, parts, then)
            assert ("Price that day" in tight(page)) is asked.startswith("2")
        file = b"".join(client.get(f"/pricing/export/csv/?on={day(45)}").streaming_content).decode()
        assert [line.split(",")[8] for line in file.splitlines()[1:]] == ["9", "3"]
        said = lambda on: client.get(f"/api/v1/prices/?product=a&on={on}").json()["results"]  # noqa: E731
        held = [[(row["component"], row["amount"]) for row in said(on)] for on in (day(45), day(60))]
        assert held == [
            [("month", "3.000000"), ("unit", "9.000000")],
            [("unit", "7.000000"), ("month", None)],
        ]
        assert client.get("/api/v1/prices/?on=soon").status_code == 400

    def test_a_price_of_parts_is_said_in_words_and_in_the_file(
        self, product: Product, tmp_path: Path
    ) -> None:
        """Per month and by tier only: shown where prices are, and read in again as the file has it."""
        client, shop = client_of(user_factory()), PriceList.objects.get()
        power = product_factory(code="KWH", line=product.line)
        ended = product_factory(code="OLD", line=product.line)
        for start, component, tier, amount in (
            (-90, "month", "", "4.75"),
            (-90, "unit", "night", "0.2345"),
            (-90, "once", "", "50"),
            (-9, "once", "", None),
            (20, "month", "", "5.25"),
        ):
            price_factory(
                product=power,
                price_list=shop,
                start_date=day(start),
                component=component,
                tier=tier,
                amount=amount and Decimal(amount),
            )
        for start, amount in ((-90, 3), (-1, None)):
            price_factory(
                product=ended, price_list=shop, start_date=day(start), component="month", amount=amount
            )
        found = client.get("/pricing/?show=ahead")
        row = next(row for row in found.context["rows"] if row["product"] == power)
        assert (row["now"], row["parts"]) == (None, ["night: €0.2345", "€4.75 per month"])
        assert (row["next_parts"], row["next_date"]) == (["€5.25 per month"], day(20))
        assert ("€4.75 per month" in tight(found), "night: €0.2345" in tight(found)) == (True, True)
        without = client.get("/pricing/?show=without").context["rows"]
        assert [row["product"].code for row in without] == ["OLD"]
        later = product_factory(code="LATER", line=product.line)
        price_factory(product=later, price_list=shop, start_date=day(9), amount=5)
        price_factory(product=later, price_list=shop, start_date=day(9), component="month", amount=1)
        over = product_factory(code="OVER", line=product.line)
        for start, amount in ((-90, 3), (-1, None)):
            price_factory(product=over, price_list=shop, start_date=day(start), amount=amount)
        file = b"".join(client.get("/pricing/export/csv/").streaming_content).decode()
        lines = [line.split(",") for line in file.splitlines()[1:]]
        assert [line[5:10] for line in lines if line[0] == "KWH"] == [
            ["per unit", "night", str(day(-90)), "0.2345", ""],
            ["per month", "", str(day(-90)), "4.75", ""],
            ["once", "", str(day(-9)), "", "yes"],
        ]
        assert [[line[0], *line[7:10]] for line in lines if line[0] in ("LATER", "OLD", "OVER")] == [
            ["OLD", str(day(-1)), "", "yes"],
            ["LATER", str(day(9)), "5", ""],
            ["LATER", str(day(9)), "1", ""],
            ["OVER", str(day(-1)), "", "yes"],
        ]
        path = tmp_path / "prices.csv"
        path.write_text(file)
        options: Any = {"options": {}, "leave_out_refused": False, "dry_run": True}
        assert import_run(sheet="prices", path=path, **options).counts.unchanged == len(lines)
        assert "€4.75" in tight(client.get("/products/KWH/mix/"))
        assert "/pricing/proposals/new/?product=KWH" in tight(client.get("/products/KWH/mix/prices/"))
        reader = client_of(user_factory("finance"))
        assert "/pricing/proposals/new/" not in tight(reader.get("/products/KWH/mix/prices/"))
        form = client.get("/pricing/proposals/new/?product=KWH").context["form"]
        assert (form["component"].value(), form["tier"].value()) == ("month", "")

    def test_a_proposal_from_form_to_approval(self, product: Product) -> None:
        author, approver = user_factory("marketing"), user_factory()
        client = client_of(author)
        said = {
            "product": "A",
            "price_list": "shop",
            "start_date": day(10).isoformat(),
            "kind": "target",
            "value": "7.77",
            "rounding": "none",
            "component": "unit",
            "reason": "A rival",
            "nonce": "once",
        }
        bad = client.post("/pricing/proposals/new/", said | {"value": ""})
        assert (bad.status_code, bad.context["form"]["reason"].value()) == (422, "A rival")
        first, second = (client.post("/pricing/proposals/new/", said) for _ in range(2))
        assert first.url == second.url
        page = client.get(first.url).content.decode()
        assert "€8.00" in page
        assert "€7.77" in page
        assert client_of(approver).get(first.url).status_code == 404  # a draft is its author's
        client.post(f"{first.url}act/", {"act": "submit"})
        assert client.post(f"{first.url}act/", {"act": "approve"}).status_code == 403
        refused = client_of(approver).post(f"{first.url}act/", {"act": "reject", "note": ""})
        assert refused.status_code == 400
        client_of(approver).post(f"{first.url}act/", {"act": "approve"})
        assert Price.objects.get(proposal=Proposal.objects.get()).state == "approved"
        again = client_of(user_factory()).post(f"{first.url}act/", {"act": "approve"})
        assert again.status_code == 409
        assert f"{approver} was first" in again.content.decode()

    def test_pasted_prices(self, product: Product) -> None:
        client = client_of(user_factory(language="nl"))
        said = {
            "price_list": "shop",
            "start_date": day(10).isoformat(),
            "kind": "paste",
            "rounding": "none",
            "component": "unit",
            "reason": "Blad",
        }
        wrong = client.post("/pricing/proposals/new/", said | {"pasted": "A\t7,77\nB\t1\nC\tveel"})
        assert wrong.status_code == 422
        assert "veel" in str(wrong.context["form"].errors["pasted"])
        wrong = client.post("/pricing/proposals/new/", said | {"pasted": "A\t7,77\nB\t1"})
        assert "b" in str(wrong.context["form"].errors["pasted"])
        sheet = "Code\tNieuwe prijs\tNaam\na\t€ 1.007,77\tKan 2 L\n"
        done = client.post("/pricing/proposals/new/", said | {"pasted": sheet})
        assert done.status_code == 302
        assert Proposal.objects.get().prices.get().amount == Decimal("1007.77")

    def test_a_list_with_prices_keeps_what_its_amounts_mean(self, product: Product) -> None:
        mine = PriceList.objects.get()
        client = client_of(user_factory())
        said = {
            "code": "shop",
            "name_nl": "Winkel",
            "name_en": "Shop",
            "kind": "own",
            "currency": "EUR",
            "channel": mine.channel_id,
            "with_vat": "on",
            "version": 1,
        }
        address = f"/pricing/lists/{mine.pk}/"
        assert client.post(address, {**said, "with_vat": ""}).status_code == 422
        assert client.post(address, said).status_code == 302
        assert client.post(address, said | {"name_en": "Store"}).status_code == 409
        mine.refresh_from_db()
        assert (mine.name_en, mine.with_vat) == ("Shop", True)


class TestApi:
    def test_propose_read_and_approve(self, product: Product) -> None:
        author, approver = client_of(user_factory()), client_of(user_factory())
        said = {
            "price_list": "shop",
            "start_date": day(10).isoformat(),
            "reason": "Dearer",
            "rule": "percentage",
            "value": "0.1",
            "products": ["a"],
        }
        post = lambda client, path, data=None, **more: client.post(  # noqa: E731
            f"/api/v1/price-proposals/{path}", json.dumps(data or {}), content_type="application/json", **more
        )
        made = post(author, "", said, HTTP_IDEMPOTENCY_KEY="k")
        assert (made.status_code, made.json()["state"], made.json()["prices"]) == (201, "proposed", 1)
        pk = made.json()["id"]
        assert post(author, "", said, HTTP_IDEMPOTENCY_KEY="k").json()["id"] == pk
        assert post(author, f"{pk}/approve/").json()["code"] == "four_eyes"
        assert post(approver, f"{pk}/approve/").json()["state"] == "approved"
        [price] = author.get(f"/api/v1/prices/?proposal={pk}").json()["results"]
        assert (price["amount"], price["product"], price["currency"]) == ("8.800000", "A", "EUR")
        assert author.get("/api/v1/price-lists/").json()["results"][0]["code"] == "shop"
        assert post(author, "", said | {"products": ["x"]}).status_code == 400
        base = price_list_factory(code="base", with_vat=True)
        price_factory(product=product, price_list=base, start_date=day(-9), amount=20)
        follows = said | {"rule": "list", "value": "0.9", "start_date": day(12).isoformat()}
        assert post(author, "", follows).json()["field"] == "of"
        assert post(author, "", said | {"of": "base"}).status_code == 400
        made = post(author, "", follows | {"of": "BASE"})
        assert (made.status_code, made.json()["rule"]["kind"]) == (201, "list")
        assert Price.objects.get(proposal=made.json()["id"]).amount == 18
        assert post(author, "", said | {"start_date": day(0).isoformat()}).json()["field"] == "start_date"
        assert Proposal.objects.count() == 2


def test_the_list_for_everybody_in_our_currency_goes_first() -> None:
    for code, more in {
        "a-export": {"currency": "GBP"},
        "b-shop": {"channel": channel_factory()},
        "c-offices": {"segment": Segment.objects.create(code="off", name="Offices")},
        "d-advised": {"kind": "advised"},
        "e-sales": {},
    }.items():
        price_list_factory(code=code, **more)
    client = Client()
    client.force_login(user_factory())
    page = client.get("/pricing/")
    assert [row.code[0] for row in page.context["asked"].lists] == ["e", "a", "b", "c", "d"]
    assert page.context["asked"].price_list.code == "e-sales"
    first = client.get("/pricing/lists/").context["rows"][0]["list"]
    assert first.code == "e-sales"
    proposed = client.get("/pricing/proposals/new/").context["form"].fields["price_list"].queryset
    assert proposed[0].code == "e-sales"


def test_a_list_that_somebody_else_changed_meanwhile_is_not_overwritten() -> None:
    row = price_list_factory(code="shop", name_nl="Winkel", name_en="Shop")
    client = Client()
    client.force_login(user_factory())
    url = f"/pricing/lists/{row.pk}/"
    seen = client.get(url).context["form"]
    posted = {name: seen[name].value() or "" for name in seen.fields}
    type(row).objects.filter(pk=row.pk).update(name_en="Our shop", version=row.version + 1)
    answer = client.post(url, posted | {"name_en": "The shop"})
    assert answer.status_code == 409
    assert "Our shop" in answer.content.decode()
    row.refresh_from_db()
    assert row.name_en == "Our shop"


class TestVatRates:
    def test_who_closes_months_adds_one_ahead_and_takes_it_back(self) -> None:
        finance = client_of(user_factory("finance", name="Femke"))
        said = {"code": "low", "start_date": day(40).isoformat(), "rate": "10.5"}
        assert finance.post("/pricing/vat/", said).status_code == 302
        rate = VatRate.objects.get(code="low", start_date=day(40))
        assert rate.rate == Decimal("0.105")
        page = finance.get("/pricing/vat/")
        assert ("10.50%" in tight(page), "Femke" in tight(page)) == (True, True)
        with translation.override("nl"):
            assert "99,99" in str(VatRateForm(said | {"rate": "100"}).errors["rate"])
        late = finance.post("/pricing/vat/", said | {"start_date": today().isoformat()})
        assert (late.status_code, "tomorrow at the earliest" in tight(late)) == (422, True)
        assert finance.post(f"/pricing/vat/{rate.pk}/delete/").status_code == 302
        assert not VatRate.objects.filter(pk=rate.pk).exists()
        begun = VatRate.objects.filter(code="high", start_date__lte=today()).latest("start_date")
        assert finance.post(f"/pricing/vat/{begun.pk}/delete/").status_code == 302
        begun.refresh_from_db()

    @pytest.mark.parametrize(
        "change", ["UPDATE pricing_vatrate SET rate = 0.3 WHERE {}", "DELETE FROM pricing_vatrate WHERE {}"]
    )
    def test_the_database_keeps_what_has_begun(self, change: str) -> None:
        with pytest.raises(IntegrityError, match="has begun"), connection.cursor() as cursor:
            cursor.execute(change.format("code = 'high' AND start_date <= now()::date"))


class TestRules:
    def test_a_bound_of_a_part_and_what_spoils(self) -> None:
        line, client = line_factory(), client_of(user_factory("administrator"))
        finance = client_of(user_factory("finance"))
        said = {
            "line": line.code,
            "component": "month",
            "start_date": day(1).isoformat(),
            "most": "7.50",
            "currency": "eur",
            "source": "Cap",
            "beyond": "refuse",
        }
        limits = "/pricing/rules/limits/"
        assert finance.post(f"{limits}bound/", said).status_code == 302
        assert finance.post(f"{limits}bound/", said | {"component": "once"}).status_code == 302
        assert (
            client.post(
                "/pricing/rules/set/perishable/",
                {"line": line.code, "start_date": day(0).isoformat(), "perishable": "on"},
            ).status_code
            == 302
        )
        assert sorted(Bound.objects.values_list("component", flat=True)) == ["month", "once"]
        page = tight(client.get("/pricing/rules/"))
        assert ("per month" in page, "perishable" in page) == (True, True)

    def test_nobody_goes_round_a_bound_alone(self) -> None:
        """Who proposes sets none; who may do both sets none where prices need two people."""
        line, both = line_factory(name="Juice"), user_factory("administrator", name="Anna")
        emma = user_factory("finance", name="Emma")
        said = {"line": line, "product": None, "start_date": day(1), "source": "Cap", "most": 5}
        acts = (
            lambda user: bound_set(user=user, **said),
            lambda user: notice_set(user=user, channel=None, days=9),
            lambda user: vat_set(user=user, line=line, code="exempt", start_date=day(-9)),
        )
        for act in acts:
            for user, code in ((user_factory("product-manager"), "not_allowed"), (both, "four_eyes")):
                with pytest.raises(DomainError) as refused:
                    act(user)
                assert (refused.value.code, refused.value.status) == (code, 403)
            with pghistory.context(user=emma.pk):
                act(emma)
        product_factory(line=line, code="A")
        limits = [f"/pricing/rules/limits/{name}/" for name in ("bound", "notice", "vat")]
        forms = {"/pricing/rules/": limits, "/products/A/mix/prices/": ["Set VAT"]}

        def offered(user: Any) -> list[tuple[bool, int]]:
            pages = [(tight(client_of(user).get(page)), names) for page, names in forms.items()]
            why = "You propose prices yourself"
            return [(any(name in page for name in names), page.count(why)) for page, names in pages]

        assert offered(both) == [(False, 3), (False, 1)]
        assert offered(emma) == [(True, 0), (True, 0)]
        assert offered(user_factory("finance", lines=[line])) == [(False, 0), (False, 0)]
        limited = client_of(user_factory("administrator", lines=[line])).get("/pricing/rules/")
        assert 'class="pm-form' not in limited.content.decode()
        four_eyes_set(by=both, line=line, kind="price", mode="off")
        assert offered(both) == [(True, 1), (True, 0)]
        page = tight(client_of(both).get("/pricing/rules/"))
        assert [name in page for name in limits] == [True, False, True]
        four_eyes_set(by=both, line=None, kind="price", mode="off")
        with pghistory.context(user=both.pk):
            bound_set(user=both, **said | {"most": 50, "source": "New cap"})
            notice_set(user=both, channel=None, days=0)
        assert (Bound.objects.get().most, Bound.objects.get().currency) == (50, "EUR")
        page = tight(client_of(user_factory("viewer")).get("/pricing/rules/limits/history/"))
        parts = ("Anna", "Bound of a price · Juice · At most", "New cap", "Emma")
        assert sorted(map(page.rindex, parts)) == list(map(page.rindex, parts))
        assert "VAT · Juice" in page
        assert ("<del>5.00</del>" in page, "<ins>50.00</ins>" in page) == (True, True)
        assert "four eyes is off" in page
        limited = client_of(user_factory("viewer", lines=[line]))
        assert limited.get("/pricing/rules/limits/history/").status_code == 403

    def test_a_vat_that_holds_stays_as_it_was(self, product: Product) -> None:
        """That of its line is a word about a product as well; one ahead can be said anew."""
        finance = user_factory("finance")
        for about, code, ahead in (
            ({"line": product.line}, "exempt", -9),
            ({"line": product.line}, "exempt", -900),
            ({"product": product}, "exempt", 0),
        ):
            with pytest.raises(DomainError) as refused:
                vat_set(user=finance, **about, code=code, start_date=day(ahead))
            assert (refused.value.code, refused.value.field) == ("date_past", "start_date")
        for code in ("exempt", "zero"):
            vat_set(user=finance, product=product, code=code, start_date=day(1))
        assert [(row.code, row.start_date) for row in VatCode.objects.all()] == [
            ("low", day(-900)),
            ("zero", day(1)),
        ]
        client = client_of(finance)
        address = f"/products/{product.code}/mix/prices/"
        said = {"code": "exempt", "start_date": day(0).isoformat()}
        late = client.post(address, said)
        assert (late.status_code, "it stays as it was" in tight(late)) == (422, True)
        assert (
            client.post("/pricing/rules/limits/vat/", said | {"line": product.line.code}).status_code == 422
        )
        assert client.post(address, said | {"start_date": day(2).isoformat()}).status_code == 302
        assert client_of(user_factory("product-manager")).post(address, said).status_code == 403

    @pytest.mark.parametrize(
        "change",
        [
            "UPDATE pricing_vatcode SET code = 'exempt'",
            "UPDATE pricing_vatcode SET start_date = now()::date - 1 WHERE start_date > now()::date",
            "DELETE FROM pricing_vatcode",
            "INSERT INTO pricing_vatcode (line_id, code, start_date)"
            " SELECT line_id, 'exempt', start_date + 1 FROM pricing_vatcode WHERE start_date < now()::date",
        ],
    )
    def test_the_database_keeps_vat_that_has_begun(self, product: Product, change: str) -> None:
        VatCode.objects.create(product=product, code="zero", start_date=day(1))
        with pytest.raises(IntegrityError, match="has begun"), connection.cursor() as cursor:
            cursor.execute(change)

    def test_vat_goes_with_a_line_without_products(self) -> None:
        line = line_factory()
        VatCode.objects.create(line=line, code="low", start_date=day(-9))
        line_delete(user=user_factory(), line=line)
        assert not VatCode.objects.exists()
