"""A what-if moves what pays the price that is asked, as proposal, decision and forecast do."""

from __future__ import annotations

import datetime
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from collaboration.models import DecisionProduct
from core.organisation import today
from pricing.models import PriceList, RecommendedPrice, Scenario
from pricing.selectors.planned_prices import price_changes
from pricing.selectors.proposal_effect import proposal_effects
from pricing.selectors.recommended import recommended
from pricing.selectors.what_if import Asked
from pricing.services.price_rules import Rule
from pricing.services.proposals import proposal_approve, proposal_draft, proposal_submit
from products.models import Channel, Measure, Product, ProductFigures, SalesMonth
from tests.factories import (
    channel_factory,
    cost_rate_factory,
    line_factory,
    price_factory,
    price_list_factory,
    product_factory,
    user_factory,
)
from tests.html import tight
from tests.pricing.elasticities import elasticity_factory
from tests.pricing.test_recommended import night
from tests.pricing.test_what_if import (
    ask,
    client_of,
    decided,
    ground_of,
    marketer,
    next_month,
    sold_and_expected,
)
from tests.pricing.test_what_if_level import contracts, measures

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]
__all__ = ["contracts", "measures"]
FOUR = 1.04**-2.62
PAST = datetime.date(2020, 1, 1)


def sold_there(product: Product, channel: Channel, volume: int, revenue: int | None, measure: str) -> None:
    """Every month of the last year."""
    SalesMonth.objects.bulk_create(
        SalesMonth(
            product=product,
            measure=Measure.objects.get(code=measure),
            channel=channel,
            month=next_month(-n),
            volume=volume,
            revenue=revenue,
            days=30,
        )
        for n in range(1, 13)
    )


def own_price(product: Product, channel: Channel, amount: int, **fields: str) -> None:
    mine = price_list_factory(channel=channel)
    price_factory(product=product, price_list=mine, start_date=PAST, amount=amount, **fields)


@pytest.fixture
def shop() -> Channel:
    return channel_factory(name="Shop")


def juice_of(shop: Channel, code: str = "A", *, everywhere: bool = True) -> Product:
    """Sells 1,000 a month for 10,000: 300 of them in the shop, at 12 on its own list."""
    found = product_factory(line=line_factory(), code=code)
    everybody = PriceList.objects.filter(code="sell").first() or price_list_factory(code="sell")
    if everywhere:
        price_factory(product=found, price_list=everybody, start_date=PAST, amount=10)
    own_price(found, shop, 12)
    sold_and_expected(found)
    ProductFigures.objects.filter(product=found).update(volume_12m=12_000)
    sold_there(found, shop, 300, 3600, "units")
    sold_there(found, channel_factory(), 700, 6400, "units")
    elasticity_factory(found, estimate=-2.62, sd=1e-9)
    return found


@pytest.fixture
def juice(shop: Channel) -> Product:
    return juice_of(shop)


@pytest.mark.parametrize(
    ("whose", "volume", "revenue"),
    [
        ("everybody", 0.3 + 0.7 * FOUR, 0.36 + 0.64 * FOUR * 1.04),
        ("shop", 0.7 + 0.3 * FOUR, 0.64 + 0.36 * FOUR * 1.04),
    ],
)
def test_what_if_proposal_decision_and_forecast_say_the_same(
    juice: Product, shop: Channel, whose: str, volume: float, revenue: float
) -> None:
    """Everybody's price by 4 % at −2.62 is −9.8 % of 700, so −6.8 % of 1,000."""
    channel = shop if whose == "shop" else None
    price_list = PriceList.objects.get(channel=channel)
    ground = ground_of(juice)
    asked = Asked(
        ground.price_in(channel and channel.pk).amount * Decimal("1.04"), next_month(), channel and channel.pk
    )
    month = ground.answer(asked).outcome
    assert month.volumes[1].mean / 1000 == pytest.approx(volume, rel=1e-9)
    assert month.revenues[1].mean / 10_000 == pytest.approx(revenue, rel=1e-9)

    author = user_factory()
    draft = proposal_draft(
        user=author,
        price_list=price_list,
        start_date=next_month(),
        reason="Fruit is dearer",
        rule=Rule("percentage", Decimal("0.04")),
        product_ids=[juice.pk],
    )
    proposal = proposal_submit(user=author, proposal=draft)
    [effect] = proposal_effects(user_factory(), proposal)
    assert effect.volume is not None
    assert effect.revenue is not None
    assert effect.volume.change == pytest.approx(volume - 1, rel=1e-9)
    assert effect.revenue.change == pytest.approx(revenue - 1, rel=1e-9)

    proposal_approve(user=user_factory(), proposal=proposal)
    assert DecisionProduct.objects.get().expected == pytest.approx(volume - 1, abs=1e-5)
    change = price_changes([juice.pk], [next_month(step) for step in range(14)])[juice.pk]
    assert change.factors[1] == pytest.approx(volume, rel=1e-6)
    assert change.factors[1] * change.prices[1] == pytest.approx(revenue, rel=1e-6)


def test_a_channel_below_with_a_list_of_its_own_pays_that(juice: Product, shop: Channel) -> None:
    """Of the shop's 300, 100 are sold in a corner of it that has its own list."""
    corner = channel_factory(parent=shop)
    own_price(juice, corner, 11)
    SalesMonth.objects.filter(channel=shop).update(volume=200, revenue=2400)
    sold_there(juice, corner, 100, 1200, "units")
    ground = ground_of(juice)
    parts = {pk: round(one.part, 9) for pk, one in ground.paying.items()}
    assert parts == {None: 0.7, shop.pk: 0.2, corner.pk: 0.1}
    said = ground.answer(Asked(Decimal("12.48"), next_month(), shop.pk)).outcome
    assert said.volumes[1].mean == pytest.approx(800 + 200 * FOUR)


def test_sold_by_no_channel_all_of_it_pays(juice: Product) -> None:
    SalesMonth.objects.all().delete()
    ground = ground_of(juice)
    assert ground.channels == {}
    assert ground.answer(Asked(Decimal("10.4"), next_month())).outcome.volumes[1].mean == pytest.approx(
        1000 * FOUR
    )


def test_a_price_of_one_channel_alone_moves_that_alone(shop: Channel) -> None:
    ground = ground_of(juice_of(shop, everywhere=False))
    assert ground.price.price_list.channel == shop
    said = ground.answer(Asked(Decimal("12.48"), next_month())).outcome
    assert said.volumes[1].mean == pytest.approx(700 + 300 * FOUR)
    assert said.revenues[1].mean == pytest.approx(6400 + 3600 * FOUR * 1.04)


def test_a_decided_price_of_a_channel_is_in_what_all_brings_in(juice: Product, shop: Channel) -> None:
    its = PriceList.objects.get(channel=shop)
    decided(product=juice, price_list=its, start_date=next_month(2), amount=15)
    said = ground_of(juice).answer(Asked(Decimal("10.4"), next_month())).outcome
    assert said.revenue_now == pytest.approx(2 * 10_000 + 10 * (6400 + 1.25 * 3600))
    assert said.revenues[2].mean == pytest.approx(1.25 * 3600 + 6400 * FOUR * 1.04)


def test_the_card_says_how_much_pays_it(juice: Product, shop: Channel) -> None:
    client = client_of(marketer(language="en"))
    said = tight(client.get("/products/A/mix/what-if/", {"price": "11"}))
    assert "70% of the volume pays this price; the rest is taken to stay as it is." in said
    assert "as long as the volume that pays this price falls by no more than 9.1%" in said
    assert "of the volume pays this price" not in ask(client, price="13", channel=str(shop.pk))


def test_a_kept_question_keeps_its_channel(juice: Product, shop: Channel) -> None:
    client = client_of(marketer(language="en"))
    asked = {"price": "13.2", "start": str(next_month()), "channel": str(shop.pk), "name": "Dearer"}
    client.post("/products/A/mix/what-if/keep/", asked)
    row = Scenario.objects.get()

    def shown() -> tuple[str, str, str]:
        page = client.get("/products/A/mix/what-if/", {"with": row.pk})
        [kept] = page.context["beside"]
        return kept["about"], kept["again"], tight(page)

    about, again, page = shown()
    assert about.startswith("Shop: €13.20 from ")
    assert f"channel={shop.pk}" in again
    assert "Ask it again today" in page
    SalesMonth.objects.filter(channel=shop).delete()
    about, again, page = shown()
    assert about.startswith("Shop: €13.20 from ")
    assert again == ""
    assert "Ask it again today" not in page
    assert "It cannot be asked again" in page
    own = PriceList.objects.get(channel=shop)
    price_factory(product=juice, price_list=own, start_date=today(), amount=None)
    assert shown()[0].startswith("Shop: 13.20 from ")


def test_of_contracts_what_comes_in_where_it_is_paid_moves(contracts: Product, shop: Channel) -> None:
    """Four in ten are of a channel with its own price: of 20 that come in 12 answer."""
    own_price(contracts, shop, 10, component="month")
    sold_there(contracts, shop, 400, 4000, "in-force")
    sold_there(contracts, channel_factory(), 600, 6000, "in-force")
    ground = ground_of(contracts)
    assert list(ground.channels) == [shop.pk]
    said = ground.answer(Asked(Decimal(11), next_month())).outcome
    fewer = 12 * (1 - 1.1**-2.5)
    lost = [fewer * sum(0.98**n for n in range(months)) for months in range(12)]
    assert [month.mean for month in said.volumes] == pytest.approx([1000 - each for each in lost], rel=1e-4)
    assert said.revenues[3].mean == pytest.approx(4000 + 11 * (600 - lost[3]), rel=1e-4)


def test_the_night_recommends_of_what_pays_it(juice: Product, shop: Channel) -> None:
    manager = user_factory("product-manager")
    other = juice_of(channel_factory(), "B")
    for product in (juice, other):
        cost_rate_factory(product=product, start_date=PAST, amount=Decimal("6.5"))
    card = recommended(ground_of(juice, manager), next_month())
    assert card is not None
    margin = card.answer.outcome.margin
    assert margin is not None
    with CaptureQueriesContext(connection) as one:
        night(juice)
    row = RecommendedPrice.objects.get()
    assert (row.price, row.margin) == (card.asked.price, pytest.approx(margin.total.mean, rel=1e-6))
    volumes = card.answer.outcome.volumes
    assert volumes[1].mean == pytest.approx(300 + 700 * (float(row.price) / 10) ** -2.62)
    # More is sold in the shop: the answer is another.
    SalesMonth.objects.filter(channel=shop, product=juice).update(volume=500, revenue=5000)
    assert night(juice).computed == 1
    RecommendedPrice.objects.all().delete()
    with CaptureQueriesContext(connection) as both:
        night(juice, other)
    assert len(one) == len(both) <= 20
    assert today() < row.start_date
