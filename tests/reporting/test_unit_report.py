"""What each product costs and leaves a unit, beside a year before: worked by hand."""

from __future__ import annotations

import csv
import io
from decimal import Decimal

import pytest
from django.test import Client
from django.utils import translation

from core.months import month_add
from pricing.models import CostKind, PriceList
from pricing.selectors.cost_months import BookedCost
from pricing.services.cost_months import cost_months_book
from products.models import Channel, ChannelLimit, Product, SalesMonth
from reporting.cost_reports.units import price_of
from reporting.selectors.margin_report import margin_report
from reporting.selectors.price_variance import price_variance
from reporting.selectors.unit_report import unit_report
from tests.factories import (
    channel_factory,
    line_factory,
    measure_factory,
    price_factory,
    price_list_factory,
    product_factory,
    user_factory,
)
from tests.html import tight
from tests.pricing.test_margins import costs, sell
from tests.reporting.test_cost_reports import MONTH, ask

pytestmark = pytest.mark.django_db
D = Decimal
ASKED = {"layout": "units", "of": "standard", "period": "month", "level": "cm1"}
ADDRESS = "/costs/reports/?layout=units&month=2026-05&of=standard&period=month&level=cm1"


@pytest.fixture
def products() -> list[Product]:
    """Juice sold 200 at 2.50 with purchase of 1.20 (of 1.00 the year before, when it sold 100), and 80 of
    quality, after CM1; milk was sold once a year before; water cost 30 and sold nothing."""
    codes = ("JUICE", "MILK", "WATER")
    juice, milk, water = (product_factory(code=code, name=code.title()) for code in codes)
    channel, before = channel_factory(), month_add(MONTH, -12)
    purchase, quality = (CostKind.objects.get(code=code).pk for code in ("purchase", "quality"))
    for product, month, units, price in (
        (juice, MONTH, 200, "2.5"),
        (juice, before, 100, "2.4"),
        (milk, before, 10, "1"),
    ):
        sell(product, month, units, units * D(price), channel=channel)
    for month, rows in (
        (MONTH, ((juice, purchase, 240), (juice, quality, 80), (water, purchase, 30))),
        (before, ((juice, purchase, 100),)),
    ):
        booked = [BookedCost(each.pk, month, kind, None, None, "", D(amount)) for each, kind, amount in rows]
        cost_months_book(source="standard", months=[month], rows=booked)
    everybody = price_list_factory()
    price_factory(price_list=everybody, product=juice, start_date=month_add(MONTH, -3), amount=D("2.60"))
    price_factory(price_list=everybody, product=juice, start_date=month_add(MONTH, 1), amount=D("2.75"))
    return [juice, milk, water]


def test_the_worked_case(products: list[Product]) -> None:
    juice, water = unit_report(user_factory("finance"), ask(**ASKED)).rows
    assert (juice.name.code, juice.units, juice.price) == ("JUICE", 200, D("2.60"))
    assert (juice.net, juice.cost, juice.cost_before, juice.change) == (D("2.5"), D("1.2"), 1, D("0.2"))
    assert (juice.margin, juice.rate) == (D("1.3"), D("0.52"))
    assert (water.name.code, water.units, water.cost, water.margin, water.rate) == ("WATER", *[None] * 4)


@pytest.mark.parametrize("shop", [True, False])
def test_what_was_sold_without_an_amount_counts_in_the_cost_alone(
    products: list[Product], shop: bool
) -> None:
    """200 for 500 and 40 of which no file says for how much: 240 cost 240."""
    channel = None if shop else Channel.objects.get()
    if channel:
        SalesMonth.objects.filter(month=MONTH).update(channel=channel_factory())
    sell(products[0], MONTH, 40, None, channel=channel)
    sell(products[1], MONTH, 3, None)
    finance = user_factory("finance")
    juice, milk, _water = unit_report(finance, ask(**ASKED)).rows
    assert (juice.units, juice.net, juice.cost) == (240, D("2.5"), 1)
    assert (juice.margin, juice.rate) == (D("1.5"), D("0.6"))
    assert (milk.units, milk.net, milk.cost, milk.margin, milk.rate) == (3, None, 0, None, None)
    total = margin_report(finance, ask(**ASKED | {"layout": "margin", "by": "channel"})).total
    assert total is not None
    assert (total.gross, total.net) == (500, 500)
    sold = margin_report(finance, ask(**ASKED | {"layout": "margin", "by": "product"})).rows
    assert {row.name.code: row.sold for row in sold} == {"JUICE": True, "WATER": False}
    if channel:
        [row] = unit_report(finance, ask(**ASKED, channel=channel.code)).rows
        assert (row.name.code, row.units, row.net) == ("JUICE", 40, None)


def test_a_service_has_the_price_of_its_leading_part_and_stays_without_sales(products: list[Product]) -> None:
    """A tariff of 4.75 a month and 0.25 a kWh; one with a unit price beside what is paid once; one that costs
    something by its own line; and one of which all ended before the month."""
    everybody = PriceList.objects.get()
    phone, power, spare = (product_factory(code=code, name=code) for code in ("PHONE", "POWER", "SPARE"))
    gone = product_factory(code="GONE", ended=month_add(MONTH, -1))
    for product, component, tier, amount in (
        (phone, "month", "", "20"),
        (power, "month", "", "4.75"),
        (power, "unit", "kWh", "0.25"),
        (gone, "unit", "", "1"),
    ):
        said = {"price_list": everybody, "start_date": month_add(MONTH, -3), "amount": D(amount)}
        price_factory(product=product, component=component, tier=tier, **said)
    costs("purchase", "1", product=spare)
    costs("purchase", "1", month_add(MONTH, 1), product=products[1])
    user = user_factory("finance", language="en")
    rows = {row.name.code: row for row in unit_report(user, ask(**ASKED)).rows}
    assert list(rows) == ["JUICE", "PHONE", "POWER", "SPARE", "WATER"]
    with translation.override("en"):
        told = {code: (row.price, price_of(row)) for code, row in rows.items() if row.own_price}
    assert told == {
        "JUICE": (D("2.60"), ""),
        "PHONE": (D(20), "per month"),
        "POWER": (D("4.75"), "per month, 1 part more"),
    }
    assert (rows["PHONE"].units, rows["PHONE"].cost, rows["SPARE"].price) == (None, None, None)
    client = Client()
    client.force_login(user)
    assert '>€4.75<span class="sub">per month, 1 part more<' in tight(client.get(ADDRESS))
    answer = client.get(ADDRESS.replace("?", "csv/?"))
    lines = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [(row["price"], row["price_of"]) for row in lines[:3]] == [
        ("2.6000", ""),
        ("20.0000", "month"),
        ("4.7500", "month+1"),
    ]
    code = Channel.objects.get(pk=SalesMonth.objects.values("channel")[:1]).code
    assert [row.name.code for row in unit_report(user, ask(**ASKED, channel=code)).rows] == ["JUICE"]


def test_after_more_costs_less_is_left(products: list[Product]) -> None:
    juice, _water = unit_report(user_factory("finance"), ask(**ASKED | {"level": "cm3"})).rows
    assert (juice.cost, juice.margin) == (D("1.6"), D("0.9"))


def test_sorted_what_is_missing_stands_last(products: list[Product]) -> None:
    finance = user_factory("finance")
    for sort in ("cost", "-cost", "-change"):
        assert [row.name.code for row in unit_report(finance, ask(**ASKED), sort).rows] == ["JUICE", "WATER"]
    assert [row.name.code for row in unit_report(finance, ask(**ASKED), "-name").rows] == ["WATER", "JUICE"]


@pytest.mark.usefixtures("products")
def test_page_and_files_say_the_same() -> None:
    client = Client()
    client.force_login(user_factory("finance", language="en"))
    page = tight(client.get(ADDRESS))
    for text in (">€2.60<", "€1.2000", "€1.3000", "+20.0%", "52.0%"):
        assert text in page
    answer = client.get(ADDRESS.replace("?", "csv/?"))
    lines = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert lines[0] == [
        *("product", "product_name", "unit", "price_of", "units", "months", "price", "net", "cost"),
        *("cost_before", "margin"),
    ]
    assert lines[1][:5] == ["JUICE", "Juice", "units", "", "200.00"]
    assert lines[1][5:] == ["", "2.6000", "2.5000", "1.2000", "1.0000", "1.3000"]
    assert client.get(ADDRESS.replace("?", "xlsx/?")).status_code == 200
    assert client.get(ADDRESS.replace("?", "pdf/?")).content.startswith(b"%PDF")


@pytest.mark.usefixtures("products")
def test_who_sees_some_channels_sees_no_margin() -> None:
    finance = user_factory("finance")
    ChannelLimit.objects.create(user=finance, channel=channel_factory())
    assert unit_report(finance, ask(**ASKED)).limited


@pytest.mark.usefixtures("products", "english")
def test_who_sees_some_channels_begins_at_what_they_are_shown() -> None:
    """The ledger names no channel, so there is nothing actual of theirs."""
    finance, shop, client = user_factory("finance", language="en"), Channel.objects.get(), Client()
    for source, channel in (("actual", None), ("standard", shop)):
        booked = [
            BookedCost(
                Product.objects.get(code="JUICE").pk, month, kind.pk, channel and channel.pk, None, "", D(5)
            )
            for month in (month_add(MONTH, -12), MONTH)
            for kind in [CostKind.objects.get(code="purchase")]
        ]
        cost_months_book(source=source, months=[month_add(MONTH, -12), MONTH], rows=booked)
    client.force_login(finance)
    assert client.get("/costs/reports/?month=2026-05").context["query"].of == "actual"
    assert len(client.get("/costs/reports/?month=2026-05").context["layouts"]) == 6
    ChannelLimit.objects.create(user=finance, channel=shop)
    answer = client.get("/costs/reports/?month=2026-05")
    assert answer.context["query"].of == "standard"
    assert answer.context["rows"]
    assert [name for name, _label, _address in answer.context["layouts"]] == ["costs", "variance"]
    for said in ("of=actual", "layout=variance"):
        assert "the ledger names none here" in tight(client.get(f"/costs/reports/?month=2026-05&{said}"))


@pytest.mark.usefixtures("english")
def test_of_contracts_in_force_it_is_how_many_on_average() -> None:
    """1,000 and 1,100 in force: 1,050 of two months, never 2,100; they cost 8,400 = 1,050 × 4 × 2."""
    level = measure_factory(code="in-force", kind="level", unit_en="policies")
    line, channel = line_factory(measures=[level]), channel_factory()
    policy = product_factory(line=line, code="P", name="Policy")
    before, purchase = month_add(MONTH, -1), CostKind.objects.get(code="purchase").pk
    for month, contracts in ((before, 1000), (MONTH, 1100)):
        sell(policy, month, contracts, contracts * 10, channel=channel, measure=level)
    for source in ("standard", "actual"):
        booked = [
            BookedCost(policy.pk, month, purchase, None, None, "", D(amount))
            for month, amount in ((before, 4000), (MONTH, 4400))
        ]
        cost_months_book(source=source, months=[before, MONTH], rows=booked)
    finance, client = user_factory("finance", language="en"), Client()
    for more in ({}, {"channel": channel.code}):
        [row] = unit_report(finance, ask(**ASKED | {"period": "ytd"} | more)).rows
        assert (row.units, row.months, row.net) == (1050, 2, 10)
    for more in ({}, {"against": "budget"}):
        [varied] = price_variance(finance, ask(layout="variance", by="product", period="ytd", **more)).rows
        assert (varied.units, varied.months, varied.actual_unit) == (1050, 2, 4)
    client.force_login(finance)
    of_units = ADDRESS.replace("period=month", "period=ytd")
    of_variance = "/costs/reports/?layout=variance&month=2026-05&period=ytd&by=product"
    page = tight(client.get(of_units))
    assert '1,050<span class="sub">policies</span><span class="sub">on average over 2 months<' in page
    assert page.count('€4.0000<span class="sub nowrap">per month<') == 1
    assert page.count(">per month<") == 3  # net sales, costs and margin; a year before nothing is known
    assert '1,100<span class="sub">policies</span><span class="sub">of 1 month<' in tight(client.get(ADDRESS))
    assert "an amount a unit is of a contract and month" in tight(client.get(of_variance))
    for address in (of_units, of_variance):
        text = client.get(address.replace("?", "csv/?")).content.decode("utf-8-sig")
        [told, *_rest] = csv.DictReader(io.StringIO(text))
        assert (told["units"], told["months"]) == ("1050.00", "2")
        assert "4.0000" in told.values()
