"""Where a reseller stands between: his margin, and what he passes on."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from accounts.errors import DomainError
from core.organisation import today
from pricing.cards.prices import PriceLine, price_panel
from pricing.models import PassThrough, PriceList, Proposal, VatCode
from pricing.selectors.resellers import (
    Sellers,
    consumer_prices,
    consumers_by_product,
    passed_in,
    passed_on,
    passed_through,
)
from pricing.services.price_lists import pass_through_set
from products.models import Channel, Product
from tests.factories import channel_factory, price_factory, price_list_factory, product_factory, user_factory

pytestmark = pytest.mark.django_db


def day(days: int) -> datetime.date:
    return today() + datetime.timedelta(days=days)


@pytest.fixture
def product() -> Product:
    """Ours at 1.85 to everybody, 2.99 with 9 % VAT advised."""
    found = product_factory(code="A")
    VatCode.objects.create(product=found, code="low", start_date=day(-900))
    advised = price_list_factory(kind="advised", with_vat=True)
    for price_list, amount in ((price_list_factory(), "1.85"), (advised, "2.99")):
        price_factory(product=found, price_list=price_list, start_date=day(-90), amount=Decimal(amount))
    return found


def line_of(product: Product, kind: str = "consumer price, advised") -> PriceLine:
    with translation.override("en"):
        panel = price_panel(user_factory(), product)
        assert panel["has_reseller"]
        return next(line for line in panel["lines"] if kind in line.about)


class TestTheCard:
    def test_the_margin_of_the_plan(self, product: Product) -> None:
        line = line_of(product)
        assert (line.reseller, line.pass_through) == ("32.56%", "keeps his margin")
        assert line_of(product, "own price").reseller is None

    def test_our_price_in_the_channel_goes_first(self, product: Product) -> None:
        shop = channel_factory(parent=channel_factory())
        of_shop = price_list_factory(kind="observed", channel=shop)
        price_factory(product=product, price_list=of_shop, start_date=day(-9), amount=4)
        above = price_list_factory(channel=shop.parent)
        price_factory(product=product, price_list=above, start_date=day(-9), amount=3)
        assert line_of(product, "observed").reseller == "25.00%"
        assert line_of(product).reseller == "32.56%"

    def test_a_shop_of_our_own_is_no_reseller(self, product: Product) -> None:
        PriceList.objects.filter(kind="own").update(with_vat=True)
        assert not price_panel(user_factory(), product)["has_reseller"]

    def test_a_reseller_who_loses(self, product: Product) -> None:
        price_factory(
            product=product, price_list=PriceList.objects.get(kind="own"), start_date=day(-1), amount=3
        )
        assert line_of(product).reseller.startswith("−9.3")  # type: ignore[union-attr]

    @pytest.mark.parametrize(
        ("rates", "said"),
        [
            ([], "keeps his margin"),
            ([("", -9, "0.5")], "passes on 50%"),
            ([("", -9, "0.5"), ("", 9, "0.7")], "passes on 50%"),
            ([("", -9, "0.5"), ("", -8, "1")], "keeps his margin"),
            ([("", -1, "0.5"), ("above", -9, "0.6")], "passes on 60%"),
            ([("above", -1, "0.6"), ("own", -9, "0.8"), ("other", -1, "0")], "passes on 80%"),
        ],
    )
    def test_the_nearest_pass_through_that_has_begun(
        self, product: Product, rates: list[tuple[str, int, str]], said: str
    ) -> None:
        above = channel_factory()
        channels: dict[str, Channel | None] = {
            "": None,
            "above": above,
            "own": channel_factory(parent=above),
            "other": channel_factory(),
        }
        PriceList.objects.filter(kind="advised").update(channel=channels["own"])
        for channel, days, rate in rates:
            PassThrough.objects.create(channel=channels[channel], start_date=day(days), rate=rate)
        assert line_of(product).pass_through == said


class TestAProposal:
    def test_what_the_consumer_price_would_become(self, product: Product) -> None:
        """+4 % of which half is passed on: 3.05, and the reseller keeps less."""
        PassThrough.objects.create(start_date=day(-9), rate="0.5")
        user = user_factory(language="en")
        own = PriceList.objects.get(kind="own")
        proposal = Proposal.objects.create(price_list=own, start_date=day(9), reason="Dearer", author=user)
        price_factory(
            product=product,
            price_list=own,
            start_date=day(9),
            amount=Decimal("1.924"),
            state="draft",
            proposal=proposal,
        )
        client = Client()
        client.force_login(user)
        client.get(proposal.get_absolute_url())
        with CaptureQueriesContext(connection) as queries:
            [row] = client.get(proposal.get_absolute_url()).context["rows"]
        assert row["reseller"] == {
            "price": "€3.05",
            "was": "€2.99",
            "margin": "31.24%",
            "margin_was": "32.56%",
        }
        assert len(queries) <= 12

    def test_of_a_consumer_price_itself_there_is_none(self, product: Product) -> None:
        for price_list in PriceList.objects.filter(kind="advised"):
            assert consumer_prices(price_list, [product.pk]) == {}


class TestPassingOn:
    def test_of_four_per_cent_a_part(self) -> None:
        assert passed_on(Decimal("2.99"), Decimal("0.04"), Decimal("0.5")) == Decimal("3.0498")
        assert passed_on(Decimal(2), Decimal("-0.8"), Decimal(2)) == 0

    def test_of_a_price_for_everybody_no_chain_speaks(self, product: Product) -> None:
        chain = channel_factory()
        observed = price_list_factory(kind="observed", channel=chain)
        price_factory(product=product, price_list=observed, start_date=day(-9), amount=2)
        for channel, rate in ((None, "0.8"), (chain, "0.3")):
            PassThrough.objects.create(channel=channel, start_date=day(-9), rate=rate)
        consumers = consumers_by_product([product.pk])[product.pk]
        assert len(consumers) == 2
        assert passed_through(consumers) == 0.8
        assert passed_in(consumers, [chain.pk]) == 0.3

    def test_set_again_from_the_same_day_ahead(self) -> None:
        user, shop = user_factory(), channel_factory()
        for rate, ahead in (("0.9", -9), ("0.5", 1), ("0.7", 1)):
            pass_through_set(user=user, channel=shop, start_date=day(ahead), rate=Decimal(rate))
        for ahead in (-9, 0):
            with pytest.raises(DomainError) as refused:
                pass_through_set(user=user, channel=shop, start_date=day(ahead), rate=Decimal("0.1"))
            assert refused.value.code == "date_past"
        said = list(PassThrough.objects.order_by("start_date").values_list("rate", flat=True))
        assert said == [Decimal("0.9"), Decimal("0.7")]
        with pytest.raises(IntegrityError, match="has begun"), transaction.atomic():
            PassThrough.objects.filter(start_date__lt=day(0)).update(rate=1)

    def test_the_page_of_rules(self) -> None:
        client = Client()
        client.force_login(user_factory(language="nl"))
        address = "/pricing/rules/set/pass_through/"
        said: dict[str, Any] = {"channel": "", "start_date": day(0).isoformat(), "rate": "62,5"}
        assert client.post(address, said).status_code == 302
        assert PassThrough.objects.get().rate == Decimal("0.625")
        assert "62,5%" in client.get("/pricing/rules/").content.decode()
        assert client.post(address, said | {"rate": "-1"}).status_code == 422

    @pytest.mark.parametrize(("name", "rate"), [("pass_through_rate", "2.5"), ("pass_through_once", "0.5")])
    def test_the_database_refuses(self, name: str, rate: str) -> None:
        PassThrough.objects.create(start_date=day(0), rate=1)
        sql = f"INSERT INTO pricing_passthrough (start_date, rate) VALUES ('{day(0)}', {rate})"
        with pytest.raises(IntegrityError, match=name), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql)


WHERE: dict[int, list[int]] = {1: [1], 2: [2, 1], 3: [3, 2, 1], 4: [4]}
"""A store (3) in a chain (2) in retail (1), and the web."""


@pytest.mark.parametrize(
    ("own", "others", "ours"),
    [
        ({None: False}, [], {1, 2, 3, 4}),  # nobody knows of a reseller
        ({None: False}, [None], set()),
        ({None: False}, [2], {1, 4}),
        ({None: True}, [None], {1, 2, 3, 4}),
        ({None: True}, [2], {1, 4}),  # his price is nearer than ours
        ({None: True, 2: False}, [None], {1, 4}),  # we sell to the chain
        ({2: True}, [None], {2, 3}),
        ({2: True, 3: False}, [None], {2}),
        ({2: True}, [1, 2], {2, 3, 4}),
        ({2: True}, [3], {1, 2, 4}),
        ({}, [None], set()),
    ],
)
def test_who_asks_consumers_the_price_is_the_nearest_that_is_known(
    own: dict[int | None, bool], others: list[int | None], ours: set[int]
) -> None:
    sellers = Sellers(own, others)
    assert {pk for pk in WHERE if sellers.is_ours(pk, WHERE)} == ours
    sold = {1: 10, 3: 30, 4: 60}
    assert sellers.ours(sold, WHERE) == sum(sold[pk] for pk in ours & sold.keys()) / 100
