"""Approved prices ahead move the night's forecast, and it says so."""

from __future__ import annotations

import datetime
from decimal import Decimal
from math import exp, log
from typing import Any

import pytest

from core.months import month_add
from core.registries import PlannedChange
from forecasting.models import Forecast, ForecastMonth, TotalForecast
from forecasting.services.drivers import driver_values_set
from forecasting.steps.totals import _correlations
from forecasting.totals import summed_half
from forecasting.words.drivers import driver_card
from pricing.models import PassThrough, Price, PriceList
from pricing.models.price import State
from pricing.selectors.planned_prices import price_changes
from pricing.selectors.price_answers import price_answers
from pricing.words.prices import planned_words
from products.models import FamilyMember, Measure, Product
from tests.factories import family_factory, line_factory, price_factory, price_list_factory, product_factory
from tests.forecasting.conftest import LAST, months_give, run_now
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


# -- the night ----------------------------------------------------------------------------------------------


def months_of(product: Product) -> list[ForecastMonth]:
    rows = ForecastMonth.objects.filter(forecast__product=product, forecast__current=True)
    return list(rows.order_by("month"))


def test_an_approved_price_moves_its_product_alone_and_says_so(juice: Product, everybody: PriceList) -> None:
    other = product_factory(line=juice.line, launched=datetime.date(2022, 1, 1))
    months_give(other, 36)
    price(juice, everybody, month_add(LAST, -24), "2.00")
    run_now()
    before = months_of(juice)
    assert {row.driven for row in before} == {None}
    approved = price(juice, everybody, AHEAD[2], "2.08")
    again = run_now()
    assert (totals(again)["changes"][0], totals(again)["forecast"][0]) == (1, 1)
    now, other_months = months_of(juice), months_of(other)
    assert [row.mean for row in now] == [row.mean for row in before]  # the statistics stay beside it
    assert now[1].driven == pytest.approx(now[1].mean)
    # The night that came before found it sold at one price only, as all others: the engine's own belief.
    answer = price_answers([juice.pk])[juice.pk]
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
        summed_half(sum(widths), sum(w * w for w in widths), correlation=_correlations().of_products),
        rel=1e-3,
    )
    card = driver_card(Forecast.objects.get(product=juice, current=True))
    assert card is not None
    assert (card.used, card.refused) == ([], [])
    assert card.planned[0].name == "Own price +4.0%"
    assert card.planned[0].year.text.startswith("−8.")
    assert "−14" in card.planned[0].text
    # Nothing new: nothing is computed.
    assert totals(run_now())["forecast"][0] == 0
    # Withdrawn: as it was.
    Price.objects.filter(pk=approved.pk).update(state=State.WITHDRAWN)
    assert totals(run_now())["forecast"][0] == 1
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
    run_now()
    before = Forecast.objects.get(family=family, current=True)
    assert {row.driven for row in before.months.all()} == {None}
    for product in (juice, left):
        price(product, everybody, AHEAD[2], "2.20")
    run_now()
    now = Forecast.objects.get(family=family, current=True)
    rows = list(now.months.order_by("month"))
    answer = price_answers([juice.pk])[juice.pk]
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
    assert totals(run_now())["forecast"][0] == 0


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
    run_now()
    said = Forecast.objects.get(product=juice, current=True).driver_effects
    assert said is not None
    assert [entry["code"] for entry in said["used"]] == ["price"]
    assert "planned" not in said


def test_a_level_stands_still(juice: Product, everybody: PriceList) -> None:
    Measure.objects.filter(pk__in=[Measure.objects.get(code="units").pk]).update(kind="level")
    price(juice, everybody, month_add(LAST, -24), "2.00")
    price(juice, everybody, AHEAD[2], "2.08")
    run_now()
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
