"""A price of what is counted as a state: it moves what comes in, never who is there."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal
from math import log
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from core.months import month_add
from forecasting.models import Forecast, ForecastMonth
from pricing.models import DistributionMonth, Elasticity, Scenario
from pricing.selectors.own_prices import UNIT
from pricing.selectors.recommended import recommended
from pricing.selectors.states import StateFlow, state_flows, states_of
from pricing.selectors.what_if import Asked
from pricing.selectors.what_if_reading import what_if_ground
from pricing.what_if_asked import Asker
from products.models import Channel, LineMeasure, Measure, Product, ProductMonth, SalesMonth
from tests.factories import (
    channel_factory,
    client_of,
    cost_rate_factory,
    line_factory,
    measure_factory,
    price_factory,
    price_list_factory,
    product_factory,
    user_factory,
)
from tests.html import tight
from tests.pricing.elasticities import LEVELS, answers_of, elasticity_factory, prices_give, sales_answering
from tests.pricing.test_elasticity_night import night, of
from tests.pricing.test_what_if import ask, ground_of, marketer, next_month

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]


@pytest.fixture
def measures() -> tuple[Measure, Measure]:
    unit = {"unit_en": "contracts", "unit_nl": "contracten"}
    force = measure_factory(code="in-force", name_en="In force", kind="level", **unit)
    return force, measure_factory(code="new", name_en="New contracts", **unit)


@pytest.fixture
def contracts(measures: tuple[Measure, Measure]) -> Product:
    """1,000 in force at 10 a month; 20 come in every month and 2 % leave, so it stays as it is."""
    found = product_factory(line=line_factory(measures=measures), code="A")
    price_factory(
        product=found, price_list=price_list_factory(code="sell"), start_date="2024-01-01", component="month"
    )
    last = next_month(-1)
    for measure, volume, revenue in zip(measures, (1000, 20), (10_000, None), strict=True):
        ProductMonth.objects.bulk_create(
            ProductMonth(
                product=found,
                measure=measure,
                month=month_add(last, -n),
                volume=volume,
                revenue=revenue,
                days=30,
            )
            for n in range(13)
        )
        forecast = Forecast.objects.create(
            product=found,
            measure=measure,
            as_of=last,
            data_month=last,
            method="mean",
            computed_at=timezone.now(),
        )
        band = {f"{end}{share}": volume * by for end, share, by in (("lo", 80, 0.9), ("hi", 80, 1.1))}
        band |= {f"{end}{share}": volume * by for end, share, by in (("lo", 95, 0.8), ("hi", 95, 1.2))}
        ForecastMonth.objects.bulk_create(
            ForecastMonth(forecast=forecast, month=next_month(n), mean=volume, median=volume, **band)
            for n in range(14)
        )
    elasticity_factory(found, measure=measures[1], sd=0.001)
    return found


def test_the_price_moves_what_comes_in_and_that_adds_up(contracts: Product) -> None:
    """Of 20 a month 15.76 come: 4.24 fewer every month, of whom 2 % would have left by the next."""
    ground = ground_of(contracts)
    assert ground.inflow is not None
    assert ground.inflow.stays == pytest.approx(0.98)
    outcome = ground.answer(Asked(ground.price.amount * 11 / 10, next_month())).outcome
    fewer = 20 * (1 - 1.1**-2.5)
    lost = [fewer * sum(0.98**n for n in range(months)) for months in range(12)]
    found = [month.mean for month in outcome.volumes]
    assert found == pytest.approx([1000 - each for each in lost], rel=1e-4)
    assert outcome.revenues[1].mean == pytest.approx(11 * found[1])
    assert ground.measures == ("revenue", "volume")
    page = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", ask(client_of(marketer()), price="11")))
    assert "(New contracts). Who is there is taken to leave as in the last year, 2.0% a month" in page


def test_break_even_is_of_what_comes_in_and_of_what_leaves(contracts: Product) -> None:
    """1,000 bring in 1.00 more in eleven months; who comes in, or not, 11 in each month that he is there."""
    manager = user_factory("product-manager")
    asked = Asked(Decimal(11), next_month())
    even = ground_of(contracts).answer(asked).outcome.state
    assert even is not None
    assert even.leaving is not None
    there = sum(0.98**n for months in range(12) for n in range(months))
    assert even.coming == pytest.approx(-11_000 / (11 * 20 * there), rel=1e-6)
    cost_rate_factory(product=contracts, start_date="2024-01-01", amount=6)
    ground = ground_of(contracts, manager)
    margin = ground.answer(asked).outcome.margin
    assert margin is not None
    assert margin.state is not None
    assert margin.state.leaving is not None
    assert margin.state.coming == pytest.approx(-11_000 / (5 * 20 * there), rel=1e-6)
    for leaving in (even.leaving, margin.state.leaving):  # at so much churn nothing changes
        churn = Decimal(log(1 + leaving) / log(1.1))
        then = ground.answer(replace(asked, churn=churn)).outcome
        assert then.margin is not None
        stays = (then.revenue.mean, 120_000) if leaving == even.leaving else (then.margin.total.mean, 48_000)
        assert stays[0] == pytest.approx(stays[1], rel=1e-4)


def test_chances_only_by_an_assumption_of_who_leaves(contracts: Product) -> None:
    cost_rate_factory(product=contracts, start_date="2024-01-01", amount=6)
    manager, marketing = client_of(user_factory("product-manager")), client_of(marketer())
    page = tight(manager.get("/products/A/mix/what-if/", {"price": "11", "start": str(next_month())}))
    assert "revenue stays the same as long as what comes in falls by no more than 80.9%." in page
    assert "The margin is higher even if nobody comes in." in page
    assert "leave a month instead of 2.00%." in page
    assert "No chance is given: how many leave because of the price is not measured." in page
    assert "Chance that" not in page
    cheaper = tight(manager.get("/products/A/mix/what-if/", {"price": "9.9", "start": str(next_month())}))
    assert "Break-even: revenue stays the same if what comes in grows by" in cheaper
    assumed = tight(manager.get("/products/A/mix/what-if/", {"price": "11", "churn": "1.5"}))
    assert "By your assumption, the chance that revenue is higher than now: " in assumed
    assert "By your assumption, the chance that the margin is higher than now: " in assumed
    assert "No chance is given" not in assumed
    assert "argin" not in tight(marketing.get("/products/A/mix/what-if/", {"price": "11", "churn": "1.5"}))


def test_what_somebody_assumes_of_who_leaves_counts_and_says_so(contracts: Product) -> None:
    """At 1.5 and +10 % 2.307 % leave a month instead of 2 %: of 1,000 3.07 more in the first month, and of
    who is there in each after it."""
    ground = ground_of(contracts)
    asked = Asked(ground.price.amount * 11 / 10, next_month(), churn=Decimal("1.5"))
    fewer, leaving = 20 * (1 - 1.1**-2.5), 0.02 * 1.1**1.5
    there = [1000.0]
    for _month in range(11):
        there.append(there[-1] * (1 - leaving) + 20 - fewer)
    found = [month.mean for month in ground.answer(asked).outcome.volumes]
    assert found == pytest.approx(there, rel=1e-4)
    client = client_of(marketer())
    page = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", ask(client, price="11", churn="1.5")))
    without = ground.answer(Asked(asked.price, asked.start)).outcome.volumes[-1].mean
    assert "1.5% more leave per 1% of price is an assumption of your own, not measured" in page
    assert f"By it {without - there[-1]:.1f} contracts fewer are there at the end of" in page
    for said, taken in (("99", "10.0"), ("-1", "0.0"), ("nan", "0.0"), ("x", "0.0"), ("1.5", "1.5")):
        card = ask(client, "div#what-if", price="11", churn=said)
        assert f'name="churn" min="0" max="10" step="0.1" value="{taken}"' in card


def test_a_lower_price_keeps_more_by_the_same_assumption(contracts: Product) -> None:
    page = re.sub(r"<[^>]+>", " ", ask(client_of(marketer()), price="9", churn="1.5"))
    assert "1.5% fewer leave per 1% less of price is an assumption of your own" in page
    assert "contracts more are there at the end of" in page


def test_the_assumption_is_kept_with_its_scenario(contracts: Product) -> None:
    client = client_of(marketer())
    client.post(
        f"/products/{contracts.code}/mix/what-if/keep/", {"price": "11", "churn": "1.5", "name": "Dearer"}
    )
    row = Scenario.objects.get()
    assert row.values["churn"] == "1.5"
    assert "assumed: 1.5% more churn per 1% of price" in ask(client, "div#what-if")


def came_in(product: Product, measure: Measure, channel: Channel, volume: float) -> None:
    SalesMonth.objects.bulk_create(
        SalesMonth(
            product=product, measure=measure, channel=channel, month=next_month(-n), volume=volume, days=30
        )
        for n in range(1, 14)
    )


def test_distribution_moves_what_comes_in_where_it_is_measured(
    contracts: Product, measures: tuple[Measure, Measure]
) -> None:
    """12 of the 20 come in by shops at 40 %; at half as much again 3 more a month, of whom 2 % leave."""
    client = client_of(marketer())
    card = tight(client.get("/products/A/mix/what-if/", {"kind": "distribution"}))
    assert "no channel has three months with its sales and its weighted distribution" in card
    shops = channel_factory(name="Shops")
    came_in(contracts, measures[1], shops, 12)
    came_in(contracts, measures[1], channel_factory(), 8)
    DistributionMonth.objects.bulk_create(
        DistributionMonth(product=contracts, channel=shops, month=next_month(-n), weighted_rate=0.4)
        for n in range(1, 14)
    )
    asker = Asker(marketer(), ground_of(contracts))
    said = {"kind": "distribution", "start": str(next_month()), "rate": "0.5", "channel": [str(shops.pk)]}
    found = asker.answer(asker.read(said))
    assert found is not None
    more = [3 * sum(0.98**n for n in range(months)) for months in range(12)]
    volumes = [month.mean for month in found.outcome.volumes]
    assert [volume - 1000 for volume in volumes] == pytest.approx(more, rel=0.05)
    page = tight(client.get("/products/A/mix/what-if/", said))
    assert "That is of what comes in (New contracts); who is there is taken to leave as in the last" in page
    assert "The channel sells 60% of all volume." in page


def test_a_channel_with_a_list_of_its_own_is_asked_alone(
    contracts: Product, measures: tuple[Measure, Measure]
) -> None:
    """A quarter of the contracts is the broker's: of its 5 new a month 1.06 fewer at +10 %; at 1.5 more of
    its own 250 leave too, and the others stay."""
    broker = channel_factory(name="Broker")
    for measure, volumes in zip(measures, ((250, 750), (5, 15)), strict=True):
        came_in(contracts, measure, broker, volumes[0])
        came_in(contracts, measure, channel_factory(), volumes[1])
    price_factory(
        product=contracts,
        price_list=price_list_factory(channel=broker),
        start_date="2024-01-01",
        component="month",
    )
    ground = ground_of(contracts)
    for churn, leaving in ((Decimal(0), 0.02), (Decimal("1.5"), 0.02 * 1.1**1.5)):
        asked = Asked(Decimal(11), next_month(), broker.pk, churn=churn)
        answer = ground.answer(asked)
        assert answer.there is not None
        there = [250.0]
        for _month in range(11):
            there.append(there[-1] * (1 - leaving) + 5 * 1.1**-2.5)
        assert [month.mean for month in answer.there.volumes] == pytest.approx(there, rel=1e-4)
        whole = [750 + each for each in there]
        assert [month.mean for month in answer.outcome.volumes] == pytest.approx(whole, rel=1e-4)
    page = ask(client_of(marketer()), price="11", channel=str(broker.pk))
    assert "In Broker at the end of" in page


def test_cancelled_contracts_are_what_leaves_and_new_ones_what_comes_in(
    contracts: Product, measures: tuple[Measure, Measure]
) -> None:
    """30 of 1,000 are said to leave a month, whatever the difference of new ones and those in force says."""
    gone = measure_factory(code="cancelled", unit_en="contracts", unit_nl="contracten")
    LineMeasure.objects.create(line=contracts.line, measure=gone)
    client = client_of(marketer())
    assert "where it counts cancelled ones too, say of that measure that it counts what leaves" in tight(
        client.get("/products/A/mix/what-if/")
    )
    editor = client_of(user_factory("product-manager"))
    said = {"code": "cancelled", "name_en": "Cancelled", "name_nl": "Opgezegd", "kind": "flow", "version": 1}
    said |= {"unit_en": "contracts", "unit_nl": "contracten", "leaves": "on"}
    assert editor.post("/products/measures/cancelled/", said).status_code == 302
    ProductMonth.objects.bulk_create(
        ProductMonth(product=contracts, measure=gone, month=next_month(-n), volume=30, days=30)
        for n in range(1, 14)
    )
    inflow = ground_of(contracts).inflow
    assert inflow is not None
    assert inflow.measure == measures[1]
    assert inflow.stays == pytest.approx(0.97)
    assert states_of({contracts.pk: contracts})[contracts.pk].flow == StateFlow(
        measures[0].pk, measures[1].pk, pytest.approx(0.97), pytest.approx(0.02)
    )
    assert "3.0% a month" in ask(client, price="11")


def test_where_no_price_was_measured_who_asks_says_how_many_fewer_come_in(contracts: Product) -> None:
    """At 2 and +10 % 16.53 come in instead of 20, whatever the forecast: no range, and no chance."""
    cost_rate_factory(product=contracts, start_date="2024-01-01", amount=6)
    Elasticity.objects.update(method="portfolio")
    client = client_of(user_factory("product-manager"))
    card = ask(client, "div#what-if", price="11")
    assert "is not measured yet, neither of this product nor of its line" in card
    assert 'name="fewer" min="0" max="10" step="0.1" value=""' in card
    assert "what-if-sensitivity" not in card
    assert "what-if-recommended" not in card
    page = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", ask(client, price="11", fewer="2")))
    assert "That 2.0% fewer come in per 1% of price is an assumption of your own, not measured" in page
    assert "Break-even: revenue" in page
    for said in ("No chance is given", "the chance that"):
        assert said not in page
    assert "the chance that" not in ask(client, price="11", fewer="2", churn="1")
    ground = ground_of(contracts)
    found = ground.answer(Asked(ground.price.amount * 11 / 10, next_month(), fewer=Decimal(2))).outcome
    lost = [20 * (1 - 1.1**-2) * sum(0.98**n for n in range(months)) for months in range(12)]
    assert [month.mean for month in found.volumes] == pytest.approx([1000 - each for each in lost])
    same = ground.answer(Asked(ground.price.amount * 11 / 10, next_month(), fewer=Decimal(0))).outcome
    assert same.volumes[-1].mean == pytest.approx(1000)
    for said, taken in (("99", "10.0"), ("-1", ""), ("nan", ""), ("x", ""), ("0", "0.0")):
        assert f'name="fewer" min="0" max="10" step="0.1" value="{taken}"' in ask(
            client, "div#what-if", price="11", fewer=said
        )
    client.post(f"/products/{contracts.code}/mix/what-if/keep/", {"price": "11", "fewer": "2", "name": "A"})
    assert Scenario.objects.get().values["fewer"] == "2.0"
    assert "assumed: 2.0% fewer come in per 1% of price" in ask(client, "div#what-if")
    Elasticity.objects.update(method="quasi_poisson")
    card = ask(client, "div#what-if", price="11", fewer="2")
    assert "what-if-fewer" not in card
    assert "assumed: 2.0% fewer come in per 1% of price" in card  # as it was kept
    assert "Ask it again" not in card


def test_a_flow_has_no_such_assumption(contracts: Product, measures: tuple[Measure, Measure]) -> None:
    LineMeasure.objects.filter(measure=measures[0]).delete()
    page = ask(client_of(marketer()), "div#what-if", churn="1.5")
    assert "what-if-churn" not in page
    assert "what-if-price" in page


@pytest.mark.parametrize(
    ("change", "reason"), [("flow", "level"), ("unmeasured", ""), ("more", "inflow"), ("", "")]
)
def test_refused_with_its_reason(
    contracts: Product, measures: tuple[Measure, Measure], change: str, reason: str
) -> None:
    force, new = measures
    if change == "flow":
        Measure.objects.filter(pk=new.pk).update(unit_en="calls")
    elif change == "unmeasured":
        Elasticity.objects.update(method="portfolio")
    elif change == "more":  # 30 more in force every month than came in
        for n, row in enumerate(ProductMonth.objects.filter(measure=force).order_by("month")):
            ProductMonth.objects.filter(pk=row.pk).update(volume=1000 + 50 * n)
        assert state_flows({contracts.pk: (force.pk, new.pk, None)}) == {}
    found = what_if_ground(marketer(), contracts)
    assert (found if isinstance(found, str) else "") == reason


def test_it_takes_no_more_queries_than_a_page_may(contracts: Product) -> None:
    cost_rate_factory(product=contracts, start_date="2024-01-01", amount=6)
    client = client_of(user_factory("product-manager"))
    ask(client, price="11")
    with CaptureQueriesContext(connection) as queries:
        ask(client, price="10.5")
    assert len(queries) <= 12


def test_the_night_measures_what_comes_in(measures: tuple[Measure, Measure]) -> None:
    product = product_factory(line=line_factory(measures=measures))
    prices_give(product, price_list_factory(), LEVELS, 48)
    sales_answering(product, channel_factory(), e=-2.0, measure="new")
    sold: dict[str, Any] = {"product": product, "measure": measures[0]}
    sales_answering(product, channel_factory(), e=0.0, measure="in-force")
    assert ProductMonth.objects.filter(**sold).exists()
    night()
    found = of(product)
    assert (found.measure, found.reason_code) == (measures[1], "own_months")
    assert found.estimate == pytest.approx(-2.0, abs=0.4)
    assert answers_of(product)[product.pk][2] == "own"
    Elasticity.objects.update(method="portfolio")  # what others' inflow does says nothing of this one's
    assert answers_of(product) == {}


def test_no_price_is_recommended_of_a_state(contracts: Product) -> None:
    """What a price does to who is there goes on long after the twelve months that are looked at."""
    cost_rate_factory(product=contracts, start_date="2024-01-01", amount=6)
    manager = user_factory("product-manager")
    ground = ground_of(contracts, manager)
    assert "margin" in ground.measures
    made = replace(ground.price.made, parts={UNIT: ground.price.made.steps})
    per_unit = replace(ground, price=replace(ground.price, made=made))
    assert recommended(replace(per_unit, inflow=None), next_month())
    assert recommended(per_unit, next_month()) is None
