"""The van-prijs of what a promotion lowers, on its page."""

from __future__ import annotations

import datetime
import re
from decimal import Decimal as D
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from core.organisation import today
from pricing.models import Perishable, PriceList, Promotion
from pricing.selectors.price_rows import price_history, price_rows
from pricing.selectors.promotion_van import prices_listed, promotion_van
from pricing.services.promotions import ProductPlan
from products.models import Product
from tests.factories import (
    channel_factory,
    price_factory,
    price_list_factory,
    product_factory,
    user_factory,
)
from tests.html import tight
from tests.pricing.promotions import DAY, approved_factory, promotion_factory, stopped

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]
CUT = {"mechanic": "price_cut", "rate": D("0.25")}


@pytest.fixture
def shop() -> PriceList:
    return price_list_factory(channel=channel_factory(), name_en="Shop", with_vat=True)


def sold_at(price_list: PriceList, amount: int, **fields: Any) -> Product:
    product = product_factory(**fields)
    since = datetime.date(2020, 1, 1)
    price_factory(product=product, price_list=price_list, start_date=since, amount=D(amount))
    return product


def vans(row: Promotion) -> list[D | None]:
    products = [part.product_id for part in row.rows.all()]
    found = promotion_van(row, products, prices_listed(user_factory(), row))
    return [van.amount for product in products for _on, _part, van in found.get(product, ())]


def reasons(row: Promotion, product: Product) -> list[tuple[tuple[str, str], str]]:
    """Of each part that is not judged, why."""
    found = promotion_van(row, [product.pk], prices_listed(user_factory(), row)).get(product.pk, [])
    assert all(van.amount is None for _on, _part, van in found)
    return [(part, van.reason) for _on, part, van in found]


def test_it_is_the_lowest_before_that_promotion_and_not_its_own(shop: PriceList) -> None:
    """10.00 holds; another promotion asked 6.00 until it was stopped."""
    product = sold_at(shop, 10)
    row = approved_factory(product, channels=[shop.channel], ahead=20, **CUT)
    assert vans(row) == [D(10)]
    at_six = [ProductPlan(product, D(10), D(6))]
    other = approved_factory(
        product, mechanic="display", ahead=-14, days=60, products=at_six, channels=[shop.channel]
    )
    assert vans(row) == [D(6)]
    stopped(other, today() - 12 * DAY)  # more than 30 days before
    assert vans(row) == [D(10)]
    soon = promotion_factory(product, channels=[shop.channel], ahead=10, **CUT)
    assert vans(soon) == [D(6)]
    spoils = Perishable.objects.create(line=product.line, start_date=soon.store_start + DAY, perishable=True)
    assert vans(soon) == [D(6)]
    Perishable.objects.filter(pk=spoils.pk).update(start_date=soon.store_start)
    assert vans(soon) == [D(10)]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, [D(10)]),
        ({"everywhere": True}, [D(10)]),
        ({"elsewhere": True}, []),
        ({"mechanic": "one_plus_one", "rate": None}, []),
        ({"mechanic": "display", "rate": None}, []),
    ],
)
def test_of_which_lists_and_reductions(shop: PriceList, fields: Any, expected: list[D]) -> None:
    product = sold_at(shop, 10)
    for other in ({"channel": shop.channel, "kind": "advised", "with_vat": True}, {"channel": None}):
        price_list = price_list_factory(**other)
        price_factory(product=product, price_list=price_list, start_date=today() - 90 * DAY, amount=D(4))
    said = CUT | fields
    channels = [channel_factory()] if said.pop("elsewhere", False) else [shop.channel]
    channels = [] if said.pop("everywhere", False) else channels
    assert vans(promotion_factory(product, channels=channels, **said)) == expected


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"amount": D(3)}, D(10)),
        ({"mechanic": "coupon", "amount": D(3)}, D(10)),
        ({"mechanic": "display", "price": D(4)}, D(10)),
        ({"rate": D("0.4")}, D(6)),
        ({"mechanic": "coupon", "rate": D("0.4")}, None),
    ],
)
def test_an_amount_in_another_currency_lowers_nothing_of_ours(
    shop: PriceList, fields: dict[str, Any], expected: D | None
) -> None:
    """What ran in pounds: 3.00 off is of no euros, and leaves the van-prijs to be judged."""
    product = sold_at(shop, 10)
    plan = [ProductPlan(product, None, fields.pop("price", None))]
    price_list_factory(channel=shop.channel, currency="GBP")
    ran = {"mechanic": "price_cut", "ahead": -5, "currency": "GBP", "products": plan, **fields}
    approved_factory(product, channels=[shop.channel], **ran)
    assert vans(promotion_factory(product, channels=[shop.channel], ahead=12, **CUT)) == [expected]


def test_of_a_service_it_is_not_judged(shop: PriceList) -> None:
    product = sold_at(shop, 10, kind="service")
    row = promotion_factory(product, channels=[shop.channel], **CUT)
    assert reasons(row, product) == [(("unit", ""), "service")]


@pytest.mark.parametrize("mechanic", ["coupon", "cashback"])
def test_with_a_coupon_or_money_back_it_is_not_judged(shop: PriceList, mechanic: str) -> None:
    product = sold_at(shop, 10)
    row = promotion_factory(product, channels=[shop.channel], **(CUT | {"mechanic": mechanic}))
    assert reasons(row, product) == [(("unit", ""), "mechanic")]
    client = Client()
    client.force_login(user_factory())
    page = tight(client.get(reverse("pricing:promotion", args=[row.pk])))
    assert "not judged" in page
    assert "the rule does not say how a coupon or money back is compared" in page
    shop.with_vat = False
    shop.save()
    assert reasons(row, product) == []


def test_of_a_price_per_month_or_once_it_is_not_judged(shop: PriceList) -> None:
    """A share comes off each, also off a tier, which is judged as a unit is."""
    product = sold_at(shop, 10)
    since = datetime.date(2020, 1, 1)
    for component, tier in (("month", ""), ("once", ""), ("unit", "night")):
        part = {"component": component, "tier": tier}
        price_factory(product=product, price_list=shop, start_date=since, amount=D(8), **part)
    row = promotion_factory(product, channels=[shop.channel], **CUT)
    found = promotion_van(row, [product.pk], prices_listed(user_factory(), row))[product.pk]
    assert {part: (van.amount, van.reason) for _on, part, van in found} == {
        ("unit", ""): (D(10), ""),
        ("month", ""): (None, "part"),
        ("once", ""): (None, "part"),
        ("unit", "night"): (D(8), ""),
    }
    client = Client()
    client.force_login(user_factory())
    page = tight(client.get(reverse("pricing:promotion", args=[row.pk])))
    assert "Shop · per month: the rule does not say" in page


def test_a_contract_priced_per_month_has_its_price_on_the_page(shop: PriceList) -> None:
    """An amount is of the only price there is: 12.00 a month, 10.00 in the promotion."""
    product, since = product_factory(kind="service"), datetime.date(2020, 1, 1)
    price_factory(product=product, price_list=shop, start_date=since, component="month", amount=D(12))
    row = promotion_factory(product, channels=[shop.channel], mechanic="price_cut", amount=D(2))
    client = Client()
    client.force_login(user_factory())
    page = re.sub(r"<[^>]+>", " ", tight(client.get(reverse("pricing:promotion", args=[row.pk]))))
    assert re.search(r"12\.00\s+Shop · per month", page)
    assert re.search(r"not judged\s+Shop · per month", page)
    assert re.search(r"goods, not of services\s+10\.00\b", page)


def test_an_amount_earlier_says_nothing_of_a_tier(shop: PriceList) -> None:
    product, since = product_factory(), datetime.date(2020, 1, 1)
    price_factory(product=product, price_list=shop, start_date=since, tier="night", amount=D(8))
    price_factory(product=product, price_list=shop, start_date=since, amount=D(10))
    off = {"mechanic": "price_cut", "amount": D(3)}
    approved_factory(product, channels=[shop.channel], ahead=-14, days=10, **off)
    row = promotion_factory(product, channels=[shop.channel], ahead=5, **CUT)
    found = promotion_van(row, [product.pk], prices_listed(user_factory(), row))[product.pk]
    assert [(part[1], van.amount, van.reason) for _on, part, van in found] == [
        ("", D(7), ""),
        ("night", None, "promotion"),
    ]


@pytest.mark.parametrize(("is_alone", "amount", "reason"), [(True, D(6), ""), (False, D(8), "")])
def test_a_price_of_its_own_is_of_a_tier_that_is_the_only_price(
    shop: PriceList, is_alone: bool, amount: D, reason: str
) -> None:
    """A feature at 6.00 of a product that costs 8.00 at night: beside a plain price it is of that."""
    product, since = product_factory(), datetime.date(2020, 1, 1)
    price_factory(product=product, price_list=shop, start_date=since, tier="night", amount=D(8))
    if not is_alone:
        price_factory(product=product, price_list=shop, start_date=since, amount=D(10))
    at_six = [ProductPlan(product, None, D(6))]
    approved_factory(
        product, channels=[shop.channel], ahead=-14, days=10, mechanic="feature", products=at_six
    )
    row = promotion_factory(product, channels=[shop.channel], ahead=5, **CUT)
    found = promotion_van(row, [product.pk], prices_listed(user_factory(), row))[product.pk]
    van = next(van for _on, part, van in found if part == ("unit", "night"))
    assert (van.amount, van.reason) == (amount, reason)
    on_card = price_rows(product, price_history(user_factory(), product))
    van = next(line.van for line in on_card if line.tier == "night")
    assert (van.amount, van.reason) == (amount, reason)


def test_the_page_has_it_beside_the_price_whatever_the_number_of_products(shop: PriceList) -> None:
    client = Client()
    client.force_login(user_factory())

    def asked(*products: Product) -> tuple[int, str]:
        row = promotion_factory(*products, channels=[shop.channel], **CUT)
        url = reverse("pricing:promotion", args=[row.pk])
        client.get(url)
        with CaptureQueriesContext(connection) as found:
            page = client.get(url)
        return len(found), tight(page)

    few, page = asked(sold_at(shop, 10))
    assert "Reference price" in page
    assert "€10.00" in page
    many, _page = asked(*(sold_at(shop, amount) for amount in (8, 9)), product_factory())
    assert many == few <= 12
    plain, page = asked(product_factory())
    assert plain <= few
    assert "Reference price" not in page


def test_where_nobody_says_the_normal_price_the_lists_do(shop: PriceList) -> None:
    product = sold_at(shop, 10)
    advised = price_list_factory(kind="advised", with_vat=True, name_en="Advised")
    price_factory(product=product, price_list=advised, start_date=today() - 90 * DAY, amount=D(12))
    account = channel_factory()

    def page(channel: Any, said: D | None) -> str:
        row = promotion_factory(product, channels=[channel], products=[ProductPlan(product, said)], **CUT)
        client = Client()
        client.force_login(user_factory())
        return re.sub(r"<[^>]+>", " ", tight(client.get(reverse("pricing:promotion", args=[row.pk]))))

    def found(said: str, *amounts: str) -> bool:
        return re.search(r"\s+".join(map(re.escape, amounts)), said) is not None

    assert found(page(shop.channel, None), "10.00", "Shop")
    assert found(page(shop.channel, None), "7.50")
    assert found(page(account, None), "12.00", "Advised", "9.00")
    said = page(account, D(16))
    assert found(said, "16.00", "12.00")
    assert "Advised" not in said
