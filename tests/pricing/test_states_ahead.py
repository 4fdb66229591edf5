"""An approved price ahead of what is counted as a state: forecast, proposal and decision as the what-if."""

from __future__ import annotations

import datetime
from decimal import Decimal

import pytest
from django.utils import translation

from collaboration.models import DecisionProduct
from core.months import month_add
from core.registries import PlannedChange
from forecasting.models import Forecast, ForecastMonth
from forecasting.words.drivers import driver_card
from pricing.decision_readings import price_words
from pricing.models import Elasticity, Price, PriceList, Proposal
from pricing.selectors.planned_prices import price_changes
from pricing.selectors.states import StateFlow
from pricing.selectors.what_if import Asked
from pricing.services.price_rules import Rule
from pricing.services.proposals import proposal_approve, proposal_draft, proposal_submit
from pricing.words.prices import planned_words
from products.models import LineMeasure, Measure, Product, ProductFigures, ProductMonth
from tests.factories import (
    line_factory,
    price_factory,
    price_list_factory,
    product_factory,
    user_factory,
)
from tests.forecasting.conftest import LAST, months_give, night_now
from tests.html import tight

from .elasticities import elasticity_factory
from .test_decisions import ago, begun, step_now, vintage
from .test_proposal_effect import card
from .test_what_if import ground_of, next_month
from .test_what_if_level import contracts, measures  # noqa: F401

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]
FEWER = 1.1**-2.5


def dearer(product: Product, by: str = "1.1") -> None:
    """From the next month on."""
    old = Price.objects.get(product=product)
    price_factory(
        product=product,
        price_list=old.price_list,
        component=old.component,
        start_date=next_month(),
        amount=(old.amount or 0) * Decimal(by),
    )


def dearer_proposed(product: Product) -> Proposal:
    author = user_factory()
    draft = proposal_draft(
        user=author,
        price_list=PriceList.objects.get(),
        start_date=next_month(),
        reason="Grid",
        rule=Rule("percentage", Decimal("0.1"), component="month"),
        product_ids=[product.pk],
    )
    return proposal_submit(user=author, proposal=draft)


def change_of(product: Product) -> PlannedChange:
    return price_changes([product.pk], [next_month(step) for step in range(14)])[product.pk]


def test_by_hand() -> None:
    """2 % leave and 2 % come a month; of half as many as come a state keeps 1 − 0.01, then 1 − 0.0198."""
    assert StateFlow(1, 2, 0.98, 0.02).course([0.5, 0.5]) == pytest.approx([0.99, 0.9802])


def test_the_forecast_moves_as_the_what_if_says(
    contracts: Product,  # noqa: F811
    measures: tuple[Measure, Measure],  # noqa: F811
) -> None:
    force, new = measures
    ground = ground_of(contracts)
    dearer(contracts)
    change = change_of(contracts)
    assert change.on(new.pk, is_level=False).factors == pytest.approx([1, *[FEWER] * 13])
    moved = change.on(force.pk, is_level=True)
    said = ground.answer(Asked(ground.price.amount * 11 / 10, next_month())).outcome.volumes
    assert [1000 * factor for factor in moved.factors[:12]] == pytest.approx(
        [month.mean for month in said], rel=1e-4
    )
    assert moved.spreads[0] == 0
    assert moved.spreads[12] > moved.spreads[2] > 0
    assert "What comes in changes by elasticity −2.50" in planned_words(moved.params)[1]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ("flow", "its line has no single measure in the same unit of what is new"),
        ("unmeasured", "how what comes in answers a price is not measured"),
        ("more", "of what comes in and leaves too little is known"),
    ],
)
def test_what_is_not_known_says_so_everywhere(
    contracts: Product,  # noqa: F811
    measures: tuple[Measure, Measure],  # noqa: F811
    change: str,
    why: str,
) -> None:
    force, new = measures
    if change == "flow":
        Measure.objects.filter(pk=new.pk).update(unit_en="calls")
    elif change == "unmeasured":
        Elasticity.objects.update(method="portfolio")
    else:
        for n, row in enumerate(ProductMonth.objects.filter(measure=force).order_by("month")):
            ProductMonth.objects.filter(pk=row.pk).update(volume=1000 + 50 * n)
    ProductFigures.objects.update_or_create(
        product=contracts, defaults={"volume_12m": 1000, "revenue_12m": 120_000, "measure": force}
    )
    proposal = dearer_proposed(contracts)
    assert why in tight(card(user_factory(language="en"), proposal))
    proposal_approve(user=user_factory(), proposal=proposal)
    row = DecisionProduct.objects.get()
    assert row.expected is None
    with translation.override("en"):
        assert why in price_words(row.what)
        assert why in planned_words({**change_of(contracts).params, "still": True})[1]
    said = change_of(contracts)
    assert (said.factors, said.apart) == ((), {})
    assert said.prices[-1] == pytest.approx(1.1)


def test_the_proposal_and_its_decision_expect_it_of_what_comes_in(
    contracts: Product,  # noqa: F811
    measures: tuple[Measure, Measure],  # noqa: F811
) -> None:
    ProductFigures.objects.update_or_create(
        product=contracts, defaults={"volume_12m": 1000, "revenue_12m": 120_000, "measure": measures[0]}
    )
    proposal = dearer_proposed(contracts)
    page = card(user_factory(language="en"), proposal)
    there = sum(StateFlow(1, 2, 0.98, 0.02).course([FEWER] * 12)) / 12
    assert page.context["volume"].change == pytest.approx(there - 1)
    assert page.context["revenue"].change == pytest.approx(1.1 * there - 1)
    assert "what comes in" in tight(page)
    assert "That is why no chance of more revenue is given." in tight(page)
    assert "Chance that" not in tight(page)
    proposal_approve(user=user_factory(), proposal=proposal)
    row = DecisionProduct.objects.get()
    assert row.expected == pytest.approx(FEWER - 1, abs=1e-5)
    with translation.override("en"):
        assert "measured of what comes in" in price_words(row.what)


def test_what_it_did_is_measured_of_what_comes_in(measures: tuple[Measure, Measure]) -> None:  # noqa: F811
    """90 came in a month where the forecast from before it had 100; the state itself says nothing."""
    force, new = measures
    product = product_factory(line=line_factory(measures=measures), launched=datetime.date(2022, 1, 1))
    months_give(product, 36, measure=force, volume=lambda step: 1000)
    months_give(product, 36, measure=new, volume=lambda step: 90)
    vintage(product, month_add(ago(4), -1))
    Forecast.objects.update(measure=new)
    row = begun(product, ago(4))
    step_now()
    outcome = row.outcomes.get()
    assert (outcome.months, outcome.effect) == (3, pytest.approx(-0.1))


def test_a_state_that_stands_beside_its_inflow_moves_too(
    contracts: Product,  # noqa: F811
    measures: tuple[Measure, Measure],  # noqa: F811
) -> None:
    """New contracts lead: they answer as other sales do, and the contracts in force follow."""
    force, _new = measures
    LineMeasure.objects.update(leads=False)
    LineMeasure.objects.exclude(measure=force).update(leads=True)
    dearer(contracts)
    change = change_of(contracts)
    assert change.factors[1] == pytest.approx(FEWER)
    assert list(change.apart) == [force.pk]
    assert change.on(force.pk, is_level=True).factors[1] == pytest.approx(1 + 0.02 * (FEWER - 1))
    assert "state" not in change.params


def test_the_night_writes_it(measures: tuple[Measure, Measure]) -> None:  # noqa: F811
    force, new = measures
    product = product_factory(line=line_factory(measures=measures), launched=datetime.date(2022, 1, 1))
    months_give(product, 36, measure=force, volume=lambda step: 1000 + step * 7919 % 13)
    months_give(product, 36, measure=new, volume=lambda step: 20 + step * 7919 % 3)
    everybody = price_list_factory()
    for start, amount in ((month_add(LAST, -24), 10), (month_add(LAST, 3), 11)):
        price_factory(
            product=product, price_list=everybody, start_date=start, amount=amount, component="month"
        )
    elasticity_factory(product, measure=new, sd=0.2)
    night_now()
    months = {
        measure.code: list(
            ForecastMonth.objects.filter(forecast__current=True, forecast__measure=measure).order_by("month")
        )
        for measure in measures
    }
    shares = {
        code: [None if row.driven is None else row.driven / row.mean for row in rows]
        for code, rows in months.items()
    }
    assert shares["new"][3] == pytest.approx(FEWER, rel=1e-4)
    state = [share or 0 for share in shares["in-force"]]
    assert state[:2] == pytest.approx([1, 1])
    assert 0.9 < state[17] < state[5] < state[2] < 1
    assert months["in-force"][17].spread
    read = driver_card(Forecast.objects.get(current=True, measure=force))
    assert read is not None
    assert "what is there follows" in read.planned[0].text
