"""Approved prices ahead move the night's forecast, and it says so."""

from __future__ import annotations

import datetime
from decimal import Decimal
from math import exp, log
from typing import Any

import pytest

from core.months import month_add, month_end
from core.registries import PlannedChange
from forecasting.models import Forecast, ForecastMonth, TotalForecast
from forecasting.selectors.totals import correlations
from forecasting.services.drivers import driver_values_set
from forecasting.totals import summed_half
from forecasting.words.drivers import driver_card
from pricing.models import PassThrough, Price, PriceList, ReferenceUse
from pricing.models.price import State
from pricing.selectors.planned_prices import price_changes
from pricing.selectors.price_answers import answers_read
from pricing.selectors.unmoving_prices import advised_changes, currency_changes, segment_changes
from pricing.words.prices import planned_words
from products.models import Channel, FamilyMember, Measure, Product, SalesMonth, Segment
from tests.factories import (
    channel_factory,
    family_factory,
    line_factory,
    price_factory,
    price_list_factory,
    product_factory,
)
from tests.forecasting.conftest import LAST, months_give, night_now
from tests.forecasting.test_night import totals

from .elasticities import elasticity_factory
from .test_prices import proposal_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]
AHEAD = [month_add(LAST, step) for step in range(1, 19)]


@pytest.fixture
def everybody() -> PriceList:
    return price_list_factory()


@pytest.fixture
def juice() -> Product:
    product = product_factory(line=line_factory(), launched=datetime.date(2022, 1, 1))
    months_give(product, 36)
    return product


def price(product: Product, price_list: PriceList, start: datetime.date, amount: str, **more: Any) -> Price:
    return price_factory(
        product=product, price_list=price_list, start_date=start, amount=Decimal(amount), **more
    )


def change_of(product: Product) -> PlannedChange | None:
    return price_changes([product.pk], AHEAD).get(product.pk)


def test_a_price_that_rises_by_four_per_cent(juice: Product, everybody: PriceList) -> None:
    price(juice, everybody, month_add(LAST, -24), "2.00")
    assert change_of(juice) is None
    price(juice, everybody, AHEAD[2], "2.08")
    change = change_of(juice)
    assert change is not None
    assert change.factors[:2] == (1.0, 1.0)
    assert change.factors[2:] == pytest.approx([1.04**-2.62] * 16, rel=1e-6)
    assert change.params["share"] == pytest.approx(0.04)
    assert change.params["volumes"] == pytest.approx([1.04**-4.1323 - 1, 1.04**-1.1077 - 1], abs=1e-4)
    assert change.spreads == pytest.approx([0, 0, *[1.18 * log(1.04)] * 16], abs=1e-6)


def test_a_price_in_the_middle_of_a_month_counts_by_its_days(juice: Product, everybody: PriceList) -> None:
    price(juice, everybody, month_add(LAST, -24), "2.00")
    start = AHEAD[1].replace(day=16)  # fifteen of the days of December, or of the month that it is
    price(juice, everybody, start, "2.20")
    change = change_of(juice)
    assert change is not None
    days = (AHEAD[2] - AHEAD[1]).days
    mean = (15 * 2.0 + (days - 15) * 2.2) / days
    assert change.factors[1] == pytest.approx((mean / 2) ** -2.62, rel=1e-6)
    assert change.days == ((start, month_end(AHEAD[-1]), pytest.approx(1.1**-2.62 - 1)),)


def test_what_sales_are_used_to_moves_to_a_new_price(juice: Product, everybody: PriceList) -> None:
    price(juice, everybody, month_add(LAST, -24), "2.00")
    price(juice, everybody, LAST, "2.20")  # one month is at the new price
    change = change_of(juice)
    assert change is not None
    weights = [0.7**back for back in range(6)]
    before = (2.2 * weights[0] + 2.0 * sum(weights[1:])) / sum(weights)
    assert change.factors == pytest.approx([(2.2 / before) ** -2.62] * 18, rel=1e-6)


def test_no_further_than_was_ever_looked_at(juice: Product, everybody: PriceList) -> None:
    price(juice, everybody, month_add(LAST, -24), "2.00")
    price(juice, everybody, AHEAD[0], "4.00")
    change = change_of(juice)
    assert change is not None
    assert change.factors[0] == pytest.approx(1.2**-2.62, rel=1e-6)


@pytest.mark.parametrize("state", [State.DRAFT, State.PROPOSED, State.REJECTED, State.WITHDRAWN])
def test_what_is_not_approved_moves_nothing(juice: Product, everybody: PriceList, state: str) -> None:
    price(juice, everybody, month_add(LAST, -24), "2.00")
    price(juice, everybody, AHEAD[2], "2.08", state=state, proposal=proposal_of(everybody))
    assert change_of(juice) is None


@pytest.mark.parametrize(
    ("of", "name", "why"),
    [
        ("advised", "Advised price +5.0%", "the reseller decides what he asks"),
        ("segment", "Price for Growers +5.0%", "nobody says what a segment buys of all that is sold"),
        ("currency", "Price in GBP +5.0%", "nobody says who pays in another currency"),
    ],
)
def test_a_price_ahead_that_the_forecast_does_not_count_with_says_so(
    juice: Product, of: str, name: str, why: str
) -> None:
    changes = {"advised": advised_changes, "segment": segment_changes, "currency": currency_changes}
    lists: dict[str, Any] = {
        "advised": {"kind": "advised"},
        "segment": {"segment": Segment.objects.create(code="growers", name="Growers")},
        "currency": {"currency": "GBP"},
    }
    apart = price_list_factory(**lists[of])
    price(juice, apart, month_add(LAST, -24), "2.00")
    assert changes[of]([juice.pk], AHEAD) == {}
    price(juice, apart, AHEAD[2], "2.10")
    assert [kind for kind, found in changes.items() if found([juice.pk], AHEAD)] == [of]
    night_now()
    assert {row.driven for row in months_of(juice)} == {None}
    said = driver_card(Forecast.objects.get(product=juice, current=True))
    assert said is not None
    [line] = said.planned
    assert line.name == name
    assert f"The forecast does not move: {why}" in line.text


def test_a_service_an_end_and_another_list_move_nothing(juice: Product, everybody: PriceList) -> None:
    service = product_factory(line=juice.line, kind="service")
    for product in (juice, service):
        price(product, everybody, month_add(LAST, -24), "2.00")
    price(service, everybody, AHEAD[2], "2.08")
    price(juice, price_list_factory(kind="advised"), AHEAD[2], "2.08")
    change = change_of(service)
    assert change is not None
    assert (change.factors, change.prices[:3]) == ((), (1.0, 1.0, 1.04))
    assert change_of(juice) is None
    price_factory(product=juice, price_list=everybody, start_date=AHEAD[3], amount=None)
    assert change_of(juice) is None


# -- a channel's own price ----------------------------------------------------------------------------------


@pytest.fixture
def shop(juice: Product, everybody: PriceList) -> Channel:
    """A web shop of ours that sells a quarter of the juice, at 3.63 with VAT where others pay 2.00."""
    shops = channel_factory(name="Shops")
    shop = channel_factory(name="Web shop", parent=shops)
    web = price_list_factory(code="web", channel=shops, with_vat=True)
    price(juice, everybody, month_add(LAST, -24), "2.00")
    price(juice, web, month_add(LAST, -24), "3.63")
    for channel, units, each in ((shop, 25, 3), (channel_factory(name="Others"), 75, 2)):
        sold_there(juice, channel, units, each)
    return shop


def sold_there(product: Product, channel: Channel, units: int, each: int) -> None:
    SalesMonth.objects.bulk_create(
        SalesMonth(
            product=product,
            channel=channel,
            measure=Measure.objects.get(code="units"),
            month=month_add(LAST, -back),
            volume=units,
            revenue=units * each,
            days=30,
        )
        for back in range(12)
    )


def web() -> PriceList:
    return PriceList.objects.get(code="web")


def test_a_price_of_one_channel_moves_what_it_sells(juice: Product, shop: Channel) -> None:
    """+10 % for a quarter: 0.75 + 0.25 × 1.1^-2.62 of the volume; a unit brings in what both do."""
    price(juice, web(), AHEAD[2], "3.993")
    change = change_of(juice)
    assert change is not None
    there = 1.1**-2.62
    assert change.factors[:2] == (1.0, 1.0)
    assert change.factors[2:] == pytest.approx([0.75 + 0.25 * there] * 16, rel=1e-6)
    unsure = 0.25 * there * 1.18 * log(1.1) / (0.75 + 0.25 * there)
    assert change.spreads[2] == pytest.approx(unsure, rel=1e-4)
    before = (75 * 2 + 25 * 3) / 100
    then = (75 * 2 + 25 * there * 3 * 1.1) / (75 + 25 * there)
    assert change.prices[:2] == (1.0, 1.0)
    assert change.prices[2:] == pytest.approx([then / before] * 16, rel=1e-6)
    name, text = planned_words(change.params)
    assert name == "Own price in Shops +10.0%"
    assert "25% of the volume" in text


def test_a_channel_answers_as_it_was_measured(juice: Product, shop: Channel) -> None:
    elasticity_factory(juice, estimate=-1.5)
    elasticity_factory(juice, channel=shop.parent, estimate=-4.0, sd=0.3)
    price(juice, web(), AHEAD[0], "3.993")
    change = change_of(juice)
    assert change is not None
    assert change.factors[0] == pytest.approx(0.75 + 0.25 * 1.1**-4.0, rel=1e-6)
    assert (change.params["elasticity"], change.params["source"]) == (-4.0, "channel")


def test_what_everybody_pays_leaves_a_channel_with_its_own(
    juice: Product, everybody: PriceList, shop: Channel
) -> None:
    price(juice, everybody, AHEAD[2], "2.20")
    change = change_of(juice)
    assert change is not None
    assert change.factors[2] == pytest.approx(0.25 + 0.75 * 1.1**-2.62, rel=1e-6)
    assert planned_words(change.params)[0] == "Own price +10.0%"
    # The shop's own price ends: it pays what everybody does, without VAT 2.20 where it was 3.00.
    price_factory(product=juice, price_list=web(), start_date=AHEAD[3], amount=None)
    change = change_of(juice)
    assert change is not None
    assert change.factors[3] == pytest.approx(0.25 * 0.8**-2.62 + 0.75 * 1.1**-2.62, rel=1e-6)


def test_the_day_told_is_of_the_greatest_step_where_most_is_sold(
    juice: Product, everybody: PriceList, shop: Channel
) -> None:
    """Not the day on which a smaller channel was the first to move."""
    price(juice, web(), month_add(LAST, -3), "3.993")
    for start, amount in ((AHEAD[0], "2.02"), (AHEAD[2], "2.20")):
        price(juice, everybody, start, amount)
    change = change_of(juice)
    assert change is not None
    assert "where" not in change.params
    assert change.params["start"] == str(AHEAD[2])


def test_a_price_in_another_currency_moves_the_channel_that_pays_it(
    juice: Product, everybody: PriceList, shop: Channel
) -> None:
    """The same +10 % in pounds as in euro: only its own old price counts, and no rate of exchange."""
    pounds = price_list_factory(currency="GBP", channel=shop)
    price(juice, pounds, month_add(LAST, -24), "2.50")
    price(juice, pounds, AHEAD[2], "2.75")
    price(juice, web(), AHEAD[3], "9.99")  # what is above it it does not pay
    change = change_of(juice)
    assert change is not None
    assert change.factors[2:] == pytest.approx([0.75 + 0.25 * 1.1**-2.62] * 16, rel=1e-6)
    there = 1.1**-2.62
    then = (75 * 2 + 25 * there * 3 * 1.1) / (75 + 25 * there)
    assert change.prices[2:] == pytest.approx([then / 2.25] * 16, rel=1e-6)
    assert currency_changes([juice.pk], AHEAD) == {}
    # Beside one of ours the channel is taken to pay that.
    price(juice, price_list_factory(channel=shop), month_add(LAST, -24), "3.00")
    change = change_of(juice)
    assert change is None or change.factors == ()


def test_a_first_price_in_another_currency_is_held_against_none_of_ours(
    juice: Product, shop: Channel
) -> None:
    pounds = price_list_factory(currency="GBP", channel=shop)
    price(juice, pounds, AHEAD[2], "0.10")
    assert change_of(juice) is None
    price(juice, web(), AHEAD[1], "3.993")
    change = change_of(juice)
    assert change is not None
    assert change.factors[3] == pytest.approx(0.75 + 0.25 * 1.1**-2.62, rel=1e-6)


def test_a_price_of_a_segment_moves_nothing(juice: Product, shop: Channel) -> None:
    segment = Segment.objects.create(code="homes", name="Homes")
    for start, amount in ((month_add(LAST, -24), "2.00"), (AHEAD[2], "2.20")):
        price(juice, price_list_of(segment), start, amount)
    assert change_of(juice) is None


def price_list_of(segment: Any) -> PriceList:
    return PriceList.objects.filter(segment=segment).first() or price_list_factory(segment=segment)


@pytest.mark.parametrize(("customer", "ratio"), [(True, 885 / 810), (False, 1.1)])
def test_of_components_volume_answers_what_is_paid_in_a_year(
    juice: Product, everybody: PriceList, customer: bool, ratio: float
) -> None:
    """2,500 at 0.30 and 12 × 5.00 is 810, at 0.33 it is 885. Nobody says what is used: the price per unit."""
    for start, amount, component in (
        (month_add(LAST, -24), "0.30", "unit"),
        (month_add(LAST, -24), "5.00", "month"),
        (AHEAD[0], "0.33", "unit"),
    ):
        price(juice, everybody, start, amount, component=component)
    if customer:
        ReferenceUse.objects.create(line=juice.line, customer="Home", amount=2500)
    change = change_of(juice)
    assert change is not None
    assert change.factors == pytest.approx([ratio**-2.62] * 18, rel=1e-6)


@pytest.mark.parametrize(("component", "tier"), [("month", ""), ("unit", "night")])
def test_the_only_part_of_a_price_moves_volume(
    juice: Product, everybody: PriceList, component: str, tier: str
) -> None:
    for start, amount in ((month_add(LAST, -24), "2.00"), (AHEAD[2], "2.20")):
        price(juice, everybody, start, amount, component=component, tier=tier)
    change = change_of(juice)
    assert change is not None
    assert change.factors[2] == pytest.approx(1.1**-2.62, rel=1e-6)


# -- the night ----------------------------------------------------------------------------------------------


def months_of(product: Product) -> list[ForecastMonth]:
    rows = ForecastMonth.objects.filter(forecast__product=product, forecast__current=True)
    return list(rows.order_by("month"))


def test_an_approved_price_moves_its_product_alone_and_says_so(juice: Product, everybody: PriceList) -> None:
    other = product_factory(line=juice.line, launched=datetime.date(2022, 1, 1))
    months_give(other, 36)
    price(juice, everybody, month_add(LAST, -24), "2.00")
    night_now()
    before = months_of(juice)
    assert {row.driven for row in before} == {None}
    approved = price(juice, everybody, AHEAD[2], "2.08")
    again = night_now()
    assert (totals(again)["changes"][0], totals(again)["forecast"][0]) == (1, 1)
    now, other_months = months_of(juice), months_of(other)
    assert [row.mean for row in now] == [row.mean for row in before]  # the statistics stay beside it
    assert now[1].driven == pytest.approx(now[1].mean)
    # The night that came before found it sold at one price only, as all others: the engine's own belief.
    answer = answers_read([juice.pk])[juice.pk]
    assert answer.source == "portfolio"
    assert answer.elasticity == pytest.approx(-2.6, abs=0.1)
    assert now[2].driven == pytest.approx(now[2].mean * 1.04**answer.elasticity, rel=1e-5)
    assert [row.spread for row in now[:3]] == [None, None, pytest.approx(answer.sd * log(1.04), rel=1e-4)]
    # Months nothing moves keep their digits; of the others both errors count, each end its own way.
    assert now[1].final_band == before[1].final_band
    final, low, high, *_wider = now[2].final_band
    share = final / before[2].mean
    for end, was, side in ((low, before[2].lo80, -1), (high, before[2].hi80, 1)):
        moved = final * (exp(side * 1.2816 * answer.sd * log(1.04)) - 1)
        half = ((was - before[2].mean) ** 2 * share**2 + moved**2) ** 0.5
        assert end - final == pytest.approx(side * half, rel=1e-3)
    total = TotalForecast.objects.get(line=juice.line, measure__code="units")
    of_total = {row[0]: row[1:] for row in total.months}[str(AHEAD[2])]
    assert of_total[0] == pytest.approx(final + other_months[2].final, rel=1e-6)
    widths = [final - low, other_months[2].final - other_months[2].final_band[1]]
    assert of_total[0] - of_total[1] == pytest.approx(
        summed_half(sum(widths), sum(w * w for w in widths), correlation=correlations().of_products),
        rel=1e-3,
    )
    card = driver_card(Forecast.objects.get(product=juice, current=True))
    assert card is not None
    assert (card.used, card.refused) == ([], [])
    assert card.planned[0].name == "Own price +4.0%"
    assert card.planned[0].year.text.startswith("−8.")
    assert "−14" in card.planned[0].text
    # Nothing new: nothing is computed.
    assert totals(night_now())["forecast"][0] == 0
    # Withdrawn: as it was.
    Price.objects.filter(pk=approved.pk).update(state=State.WITHDRAWN)
    assert totals(night_now())["forecast"][0] == 1
    assert [(r.mean, r.driven) for r in months_of(juice)] == [(r.mean, r.driven) for r in before]


def test_a_family_moves_with_its_members(everybody: PriceList) -> None:
    """One of two that sold 3 to 1 gets dearer: three quarters of its change is the family's. Who has left
    counts no more."""
    line = line_factory()
    juice, other, left = (product_factory(line=line, launched=datetime.date(2022, 1, 1)) for _ in range(3))
    for product, volume in ((juice, 300.0), (other, 100.0), (left, 100.0)):
        months_give(product, 36, volume=lambda step, of=volume: of + step % 5)
    family = family_factory(line=line)
    for product in (juice, other, left):
        FamilyMember.objects.create(product=product, family=family, start_date=datetime.date(2020, 1, 1))
    FamilyMember.objects.create(product=left, family=None, start_date=LAST)
    for product in (juice, left):
        price(product, everybody, month_add(LAST, -24), "2.00")
    night_now()
    before = Forecast.objects.get(family=family, current=True)
    assert {row.driven for row in before.months.all()} == {None}
    for product in (juice, left):
        price(product, everybody, AHEAD[2], "2.20")
    night_now()
    now = Forecast.objects.get(family=family, current=True)
    rows = list(now.months.order_by("month"))
    answer = answers_read([juice.pk])[juice.pk]
    factor = 1.1**answer.elasticity
    part = sum(300.0 + step % 5 for step in range(24, 36))
    part /= part + sum(100.0 + step % 5 for step in range(24, 36))
    assert rows[1].driven == pytest.approx(rows[1].mean)
    assert rows[2].driven == pytest.approx(rows[2].mean * (part * factor + 1 - part), rel=1e-4)
    share = part * factor / (part * factor + 1 - part)
    assert rows[2].spread == pytest.approx(share * answer.sd * log(1.1), rel=1e-3)
    assert rows[1].spread is None
    # Its members bring in what they bring in at their prices, whatever the mix becomes.
    paid = (part * factor * 1.1 + 1 - part) / (part * factor + 1 - part)
    assert rows[2].price_ratio == pytest.approx(paid, rel=1e-4)
    card = driver_card(now)
    assert card is not None
    assert card.planned[0].name == "Own prices of its products"
    assert card.planned[0].text.startswith("1 of 2 products move")
    assert totals(night_now())["forecast"][0] == 0


def test_a_price_that_works_as_a_driver_counts_once(everybody: PriceList) -> None:
    juice = product_factory(line=line_factory(), launched=datetime.date(2022, 1, 1))
    steps = {month_add(LAST, -47 + step): 2.0 + 0.2 * (step % 5 == 0) for step in range(66)}
    months_give(juice, 48, volume=lambda step: 400.0 * (0.6 if step % 5 == 0 else 1.0) + step * 7919 % 13)
    driver_values_set(
        code="price",
        name="Price",
        kind="series",
        step="month",
        values={month: Decimal(str(value)) for month, value in steps.items()},
        product=juice,
    )
    price(juice, everybody, month_add(LAST, -24), "2.00")
    price(juice, everybody, AHEAD[2], "2.08")
    night_now()
    said = Forecast.objects.get(product=juice, current=True).driver_effects
    assert said is not None
    assert [entry["code"] for entry in said["used"]] == ["price"]
    assert "planned" not in said


def test_a_level_stands_still(juice: Product, everybody: PriceList) -> None:
    Measure.objects.filter(pk__in=[Measure.objects.get(code="units").pk]).update(kind="level")
    price(juice, everybody, month_add(LAST, -24), "2.00")
    price(juice, everybody, AHEAD[2], "2.08")
    night_now()
    assert {row.driven for row in months_of(juice)} == {None}


def test_a_product_that_was_measured_answers_by_its_own(juice: Product, everybody: PriceList) -> None:
    service = product_factory(line=juice.line, kind=Product.Kind.SERVICE)
    for product in (juice, service):
        price(product, everybody, month_add(LAST, -24), "2.00")
        price(product, everybody, AHEAD[2], "2.08")
    found = price_changes([juice.pk, service.pk], AHEAD)
    assert found[service.pk].factors == ()  # what was published holds for goods
    assert found[juice.pk].params["source"] == "literature"
    elasticity_factory(juice, estimate=-1.5, sd=0.2)
    elasticity_factory(service, method="category", estimate=-0.5, sd=0.4)
    found = price_changes([juice.pk, service.pk], AHEAD)
    assert found[juice.pk].factors[2] == pytest.approx(1.04**-1.5, rel=1e-6)
    assert found[service.pk].factors[2] == pytest.approx(1.04**-0.5, rel=1e-6)
    assert [found[product.pk].params["source"] for product in (juice, service)] == ["own", "line"]
    assert "measured of this product" in planned_words(found[juice.pk].params)[1]
    assert "product line" in planned_words(found[service.pk].params)[1]


def test_a_reseller_passes_on_a_part(juice: Product, everybody: PriceList) -> None:
    """+10 % of ours is +5 % of his; without a consumer price ours is what counts."""
    price(juice, everybody, month_add(LAST, -24), "2.00")
    price(juice, everybody, AHEAD[2], "2.20")
    plain = change_of(juice)
    PassThrough.objects.create(start_date=month_add(LAST, -24), rate="0.5")
    assert change_of(juice) == plain
    price(juice, price_list_factory(kind="advised"), month_add(LAST, -24), "3.00")
    change = change_of(juice)
    assert change is not None
    assert plain is not None
    assert change.factors[4] == pytest.approx(1.05**-2.62, abs=1e-4)
    assert plain.factors[4] == pytest.approx(1.1**-2.62, abs=1e-4)
