"""What reference customers pay in a year, against worked amounts."""

from __future__ import annotations

import csv
import datetime
import io
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.utils import translation

from accounts.errors import DomainError
from core.history import history_of
from core.organisation import today
from pricing.models import PriceList, ReferenceUse, VatCode, VatRate
from pricing.selectors.price_rows import price_history, price_rows
from pricing.selectors.yearly import (
    Customer,
    Yearly,
    customers_of,
    list_yearly,
    product_yearly,
    yearly_amount,
)
from pricing.services.price_lists import pass_through_set, reference_customer_set
from pricing.words.yearly import use_words
from products.models import Product, ProductLine
from tests.factories import (
    channel_factory,
    line_factory,
    price_factory,
    price_list_factory,
    product_factory,
    user_factory,
)

pytestmark = pytest.mark.django_db
HOUSE = {"kWh": Decimal(2500), "m³": Decimal(1000)}


def day(days: int) -> datetime.date:
    return today() + datetime.timedelta(days=days)


def amounts(row: Yearly) -> list[str | None]:
    found = [amount for both in (row.now, row.then) for amount in (both or (None, None))]
    return [None if amount is None else f"{amount:.2f}" for amount in found]


@pytest.fixture
def line() -> ProductLine:
    found = line_factory(code="energy", unit="contract")
    for tier, amount in HOUSE.items():
        ReferenceUse.objects.create(line=found, customer="House", tier=tier, amount=amount)
    return found


@pytest.fixture
def product(line: ProductLine) -> Product:
    """6.95 a month with 0.28 a kWh, 0.30 from in 30 days; 21 % VAT."""
    found = product_factory(code="A", line=line)
    sales = price_list_factory(code="sales")
    for component, tier, days, amount in (
        ("month", "", -90, "6.95"),
        ("unit", "kWh", -90, "0.28"),
        ("unit", "kWh", 30, "0.30"),
        ("month", "", 60, "9"),
    ):
        row = {"component": component, "tier": tier, "start_date": day(days), "amount": Decimal(amount)}
        price_factory(product=found, price_list=sales, **row)
    return found


@pytest.fixture
def yearly(product: Product) -> Callable[[], list[Yearly]]:
    def of() -> list[Yearly]:
        return product_yearly(product, price_rows(product, price_history(user_factory(), product)))

    return of


class TestTheAmount:
    def test_use_times_tariff_and_twelve_months(self) -> None:
        prices = {
            ("unit", "kWh"): Decimal("0.28"),
            ("unit", "m³"): Decimal("1.30"),
            ("month", ""): Decimal("6.95"),
        }
        assert yearly_amount(prices, HOUSE) == Decimal("2083.40")  # 700 + 1,300 + 83.40

    def test_a_tier_counts_where_it_is_used(self) -> None:
        premium = {("month", "385"): Decimal(120), ("month", "885"): Decimal(100), ("once", ""): Decimal(25)}
        assert yearly_amount(premium, {"885": Decimal(1)}) == Decimal(1225)

    def test_nothing_that_he_uses_is_no_amount(self) -> None:
        assert yearly_amount({("month", ""): Decimal(9)}, HOUSE) is None

    def test_a_tier_is_found_in_any_case(self) -> None:
        assert yearly_amount({("unit", "KWH"): Decimal(1)}, {"kwh": Decimal(7)}) == 7


class TestOfAProduct:
    def test_now_and_from_the_next_change_with_vat_and_without(self, yearly: Any) -> None:
        [row] = yearly()
        assert amounts(row) == ["947.91", "783.40", "1008.41", "833.40"]
        assert (row.then_on, row.once) == (day(30), False)

    def test_the_vat_of_the_day_of_the_change(self, product: Product, yearly: Any) -> None:
        VatCode.objects.create(product=product, code="low", start_date=day(10))
        VatRate.objects.create(code="low", start_date=day(20), rate="0.10")
        assert amounts(yearly()[0]) == ["947.91", "783.40", "916.74", "833.40"]

    def test_of_a_list_with_vat(self, product: Product, yearly: Any) -> None:
        PriceList.objects.update(with_vat=True)
        assert amounts(yearly()[0])[:2] == ["783.40", "647.44"]

    def test_a_price_that_is_not_made_of_components_has_none(self, line: ProductLine) -> None:
        plain = product_factory(line=line)
        ReferenceUse.objects.create(line=line, customer="House", tier="", amount=1)
        price_factory(product=plain, price_list=price_list_factory(), start_date=day(-9))
        assert product_yearly(plain, price_rows(plain, price_history(user_factory(), plain))) == []

    def test_the_list_says_the_same_in_fixed_queries(
        self, product: Product, yearly: Any, django_assert_num_queries: Any
    ) -> None:
        price_list = PriceList.objects.get()
        for number in range(3):
            other = product_factory(code=f"B{number}", line=product.line)
            price_factory(
                product=other, price_list=price_list, component="month", start_date=day(-9 + number)
            )
        expected = yearly()
        products = list(Product.objects.order_by("code"))
        with django_assert_num_queries(7):  # two of them the lines
            found = list_yearly(price_list, products)
        assert found == {row.pk: expected if row.code == "A" else [] for row in products}

    def test_lines_below_have_the_nearest_customers(self, line: ProductLine) -> None:
        below = line_factory(parent=line)
        own = line_factory(parent=line)
        ReferenceUse.objects.create(line=own, customer="Shop", tier="kWh", amount=9)
        names = {
            pk: [who.name for who in found] for pk, found in customers_of([line.pk, below.pk, own.pk]).items()
        }
        assert names == {line.pk: ["House"], below.pk: ["House"], own.pk: ["Shop"]}


class TestSetting:
    def test_set_change_and_take_away(self, line: ProductLine) -> None:
        user = user_factory()
        reference_customer_set(user=user, line=line, customer=" House ", uses={"kWh": Decimal(2000)})
        assert list(ReferenceUse.objects.values_list("customer", "tier", "amount")) == [
            ("House", "kWh", 2000)
        ]
        assert any("2" in str(entry) for entry in history_of(line, 9, user=user_factory()))
        reference_customer_set(user=user, line=line, customer="House", uses={})
        assert not ReferenceUse.objects.exists()

    def test_who_may_not_approve_or_sees_a_part_is_refused(self, line: ProductLine) -> None:
        for user in (user_factory(rights=["pricing.view", "pricing.edit"]), user_factory(lines=[line])):
            with pytest.raises(DomainError):
                reference_customer_set(user=user, line=line, customer="House", uses={})
        assert ReferenceUse.objects.count() == 2

    def test_the_form_reads_a_use_a_line(self, line: ProductLine) -> None:
        client = Client()
        client.force_login(user_factory(language="nl"))
        address = "/pricing/rules/reference-customers/"
        said = {"line": "energy", "customer": "Flat", "uses": "1.500,5 kWh\r\n\n600 m³\n1"}
        answer = client.post(address, said)
        assert answer.status_code == 302, answer.context["customer_form"].errors
        uses = ReferenceUse.objects.filter(customer="Flat").values_list("tier", "amount")
        assert dict(uses) == {"kWh": Decimal("1500.5"), "m³": 600, "": 1}
        line.unit = "months"
        line.save()
        assert use_words(Customer(line.pk, "Flat", dict(uses))) == "1.500,5 kWh · 600 m³ · 1 months"
        for wrong in ("kWh 1500", "0 kWh", "-3 kWh", "5 kWh\n6 KWH"):
            answer = client.post(address, said | {"uses": wrong})
            assert answer.context["customer_form"].errors["uses"], wrong
        assert "Flat" in client.get("/pricing/rules/").content.decode()

    @pytest.mark.parametrize(
        ("name", "values"),
        [
            ("reference_use_of_something", ("'B'", "'kWh'", "0")),
            ("reference_use_of_somebody", ("''", "'kWh'", "1")),
            ("reference_use_once", ("'House'", "'kWh'", "1")),
        ],
    )
    def test_the_database_refuses(self, line: ProductLine, name: str, values: tuple[str, str, str]) -> None:
        sql = "INSERT INTO pricing_referenceuse (line_id, customer, tier, amount) VALUES"
        with pytest.raises(IntegrityError, match=name), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"{sql} ({line.pk}, {', '.join(values)})")


class TestPages:
    def test_the_page_of_prices_and_the_file(self, product: Product) -> None:
        client = Client()
        client.force_login(user_factory(language="en"))
        with translation.override("en"):
            page = client.get("/products/A/mix/prices/")
        [row] = page.context["yearly"]
        assert [text.replace("\xa0", " ") for text in row["now"] + row["then"]] == [
            *("€947.91", "€783.40", "€1,008.41", "€833.40"),
        ]
        file = b"".join(client.get("/pricing/export/csv/").streaming_content).decode("utf-8-sig")
        heads, cells, *others = csv.reader(io.StringIO(file))
        assert heads[-6] == "House: a year now with VAT"
        assert cells[-6:] == ["947.91", "783.4", "", "1008.41", "833.4", ""]
        assert [row[-6:] for row in others] == [[""] * 6] * len(others)  # of the whole price, said once


class TestForMachines:
    def test_customers_and_what_they_pay(self, product: Product, yearly: Any) -> None:
        client = Client()
        client.force_login(user_factory())
        uses = client.get("/api/v1/reference-customers/?line=energy").json()["results"]
        assert {(row["customer"], row["tier"], Decimal(row["amount"])) for row in uses} == {
            ("House", tier, amount) for tier, amount in HOUSE.items()
        }
        [row] = client.get("/api/v1/yearly-amounts/?price_list=SALES").json()["results"]
        assert (row["product"], row["customer"], row["then_on"]) == ("A", "House", str(day(30)))
        names = ("now_with_vat", "now_without_vat", "then_with_vat", "then_without_vat")
        assert [row[name] for name in names] == amounts(yearly()[0])
        assert client.get("/api/v1/yearly-amounts/").status_code == 400
        assert client.get("/api/v1/yearly-amounts/?price_list=other").status_code == 404

    def test_what_is_passed_on(self) -> None:
        client = Client()
        client.force_login(user_factory())
        shop = channel_factory(code="shop")
        pass_through_set(user=user_factory(), channel=shop, start_date=day(0), rate=Decimal("0.6"))
        [row] = client.get("/api/v1/pass-throughs/").json()["results"]
        assert row == {"channel": "shop", "start_date": str(day(0)), "rate": "0.6000"}

    def test_not_of_lines_outside_ones_sight(self, product: Product) -> None:
        client = Client()
        client.force_login(user_factory(lines=[line_factory()]))
        for address in ("reference-customers/", "yearly-amounts/?price_list=sales"):
            assert client.get(f"/api/v1/{address}").json()["results"] == []
