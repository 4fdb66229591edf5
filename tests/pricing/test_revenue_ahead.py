"""Revenue ahead counts with what is decided of our prices, wherever it is shown or summed."""

from __future__ import annotations

import datetime
import math
from decimal import Decimal

import pytest

from core.months import month_add
from forecasting.models import Forecast, ForecastMonth, ProductNews, TotalForecast
from forecasting.selectors.drivers import months_ahead
from pricing.models import PriceList, ReferenceUse
from pricing.models.price import State
from pricing.selectors.planned_prices import price_changes
from pricing.selectors.what_if import Ground
from pricing.selectors.what_if_reading import what_if_ground
from products.models import BudgetRow, Product, ProductFigures, ProductMonth
from products.selectors.lines import LineTree
from reporting.selectors.overview import overview_get, revenue_ahead
from tests.factories import (
    line_factory,
    measure_factory,
    price_factory,
    price_list_factory,
    product_factory,
    user_factory,
)
from tests.forecasting.conftest import FORECASTS, LAST, budget_give, months_give, run_now
from tests.forecasting.test_night import totals

from .test_prices import proposal_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]
AHEAD = months_ahead(LAST, 18)


@pytest.fixture
def everybody() -> PriceList:
    return price_list_factory()


@pytest.fixture
def juice(everybody: PriceList) -> Product:
    """It sold 36 months at 2.00."""
    product = product_factory(line=line_factory(), launched=datetime.date(2022, 1, 1))
    months_give(product, 36)
    price_factory(
        product=product, price_list=everybody, start_date=month_add(LAST, -40), amount=Decimal("2.00")
    )
    return product


def price(product: Product, price_list: PriceList, start: datetime.date, amount: str, **more: object) -> None:
    price_factory(product=product, price_list=price_list, start_date=start, amount=Decimal(amount), **more)


def ratios(product: Product) -> tuple[float, ...]:
    change = price_changes([product.pk], AHEAD).get(product.pk)
    return change.prices if change else ()


class TestTheRatio:
    def test_of_a_price_ahead(self, juice: Product, everybody: PriceList) -> None:
        assert ratios(juice) == ()
        price(juice, everybody, AHEAD[2], "2.08")
        assert ratios(juice) == (1, 1, *[1.04] * 16)

    def test_of_one_that_began_within_the_year_it_is_weighed_by_what_came_in(
        self, juice: Product, everybody: PriceList
    ) -> None:
        """Sold for 2.00 in the season and for 3.00 after it: revenue / units is what a unit brought in."""
        year = list(ProductMonth.objects.filter(product=juice).order_by("-month")[:12])
        for row in year:
            late = row.month > month_add(LAST, -4)
            row.volume = Decimal(10 if late else 100)
            row.revenue = row.volume * (3 if late else 2)
            row.save()
        price(juice, everybody, month_add(LAST, -3), "3.00")
        brought = (4 * 10 * 3 + 8 * 100 * 2) / (4 * 10 + 8 * 100)
        assert ratios(juice) == pytest.approx([3 / brought] * 18, rel=1e-5)

    def test_of_what_is_not_approved_ends_or_is_for_one_channel_there_is_none(
        self, juice: Product, everybody: PriceList
    ) -> None:
        price(juice, everybody, AHEAD[2], "2.08", state=State.PROPOSED, proposal=proposal_of(everybody))
        price(juice, price_list_factory(kind="advised"), AHEAD[2], "4.00")
        assert ratios(juice) == ()
        price_factory(product=juice, price_list=everybody, start_date=AHEAD[3], amount=None)
        assert ratios(juice) == ()

    def test_of_a_price_by_the_month(self, everybody: PriceList) -> None:
        policy = product_factory(line=line_factory(), kind=Product.Kind.SERVICE)
        for start, amount in ((month_add(LAST, -24), "12.00"), (AHEAD[3], "12.60")):
            price(policy, everybody, start, amount, component="month")
        assert ratios(policy) == (1, 1, 1, *[1.05] * 15)

    def test_of_components_it_is_what_a_reference_customer_pays(
        self, juice: Product, everybody: PriceList
    ) -> None:
        """2,500 at 0.30 and 12 × 5.00: 810; at 0.33: 885. Nobody says what he uses: nothing is known."""
        power = product_factory(line=juice.line, kind=Product.Kind.SERVICE)
        price(power, everybody, month_add(LAST, -24), "0.30")
        price(power, everybody, month_add(LAST, -24), "5.00", component="month")
        price(power, everybody, AHEAD[0], "0.33")
        assert ratios(power) == ()
        ReferenceUse.objects.create(line=power.line, customer="Home", amount=2500)
        assert ratios(power) == pytest.approx([885 / 810] * 18, rel=1e-5)

    def test_of_components_it_is_by_what_is_really_used_where_a_measure_counts_it(
        self, everybody: PriceList
    ) -> None:
        """100 contracts and 20,000 kWh a month are 2,400 kWh a contract and year: 12 × 5.00 + 2,400 × 0.20 is
        540, at 0.25 it is 660. What the line's reference customer uses counts without it: 260 and 310."""
        contracts = measure_factory(kind="level", unit_en="contracts", unit_nl="contracten")
        used = measure_factory(unit_en="kWh", unit_nl="kWh")
        power = product_factory(line=line_factory(measures=[contracts, used]), kind=Product.Kind.SERVICE)
        ReferenceUse.objects.create(line=power.line, customer="Home", tier="kWh", amount=1000)
        price(power, everybody, month_add(LAST, -24), "0.20", tier="kWh")
        price(power, everybody, month_add(LAST, -24), "5.00", component="month")
        price(power, everybody, AHEAD[0], "0.25", tier="kWh")
        months_give(power, 24, measure=contracts, volume=lambda _step: 100)
        months_give(power, 11, measure=used, volume=lambda _step: 20_000)
        assert ratios(power) == pytest.approx([310 / 260] * 18, rel=1e-5)
        months_give(power, 13, last=month_add(LAST, -11), measure=used, volume=lambda _step: 20_000)
        assert ratios(power) == pytest.approx([660 / 540] * 18, rel=1e-5)


def months_of(product: Product) -> list[ForecastMonth]:
    rows = ForecastMonth.objects.filter(forecast__product=product, forecast__current=True)
    return list(rows.order_by("month"))


def test_everywhere_the_same(juice: Product, everybody: PriceList) -> None:
    """The list, the line's total, the page of the product, the year beside its budget and its chart."""
    budget_give([juice], 200)
    price(juice, everybody, AHEAD[2], "2.08")
    run_now(only=[*FORECASTS, "alerts"])
    months = months_of(juice)
    assert [row.price_ratio for row in months] == [1, 1, *[1.04] * 16]
    assert months[5].final < months[5].mean  # volume answers, too
    worth = [2.0 * row.final * (row.price_ratio or 1) for row in months]
    figures = ProductFigures.objects.get(product=juice)
    assert figures.forecast_12m_amount == pytest.approx(sum(worth[:12]))
    for line in (juice.line, None):
        total = TotalForecast.objects.get(line=line, measure=None)
        assert total.year == pytest.approx(sum(worth[:12]))
        assert [row[1] for row in total.months] == pytest.approx(worth)
    units = TotalForecast.objects.get(line=juice.line, measure__isnull=False)
    assert units.year == pytest.approx(sum(row.final for row in months[:12]))

    overview = overview_get(user_factory("administrator"), juice, LineTree(), "")
    assert overview.figures is not None
    year = overview.figures.of("revenue", "full_year")
    rest = sum(worth[place] for place, month in enumerate(AHEAD) if month.year == LAST.year)
    sold = ProductMonth.objects.filter(product=juice, month__year=LAST.year, month__lte=LAST)
    booked = float(sum((row.revenue or 0) for row in sold))
    assert float(year.value or 0) == pytest.approx(booked + rest, abs=0.01)
    news = ProductNews.objects.get(product=juice)
    assert news.year_amount == pytest.approx(booked + rest, abs=0.01)
    ahead = revenue_ahead(overview)
    assert ahead is not None
    assert ahead.mean == pytest.approx(sum(worth[:12]))
    assert ahead.lo80 < ahead.mean < ahead.hi80


def test_a_new_price_makes_its_product_due_and_a_quiet_night_nothing(
    juice: Product, everybody: PriceList
) -> None:
    service = product_factory(line=juice.line, kind=Product.Kind.SERVICE, launched=datetime.date(2022, 1, 1))
    months_give(service, 36)
    price(service, everybody, month_add(LAST, -24), "2.00")
    run_now()
    before = [(row.mean, row.driven) for row in months_of(service)]
    price(service, everybody, AHEAD[2], "2.08")
    assert totals(run_now())["forecast"][0] == 1
    assert [row.price_ratio for row in months_of(service)] == [1, 1, *[1.04] * 16]
    said = Forecast.objects.get(product=service, current=True).driver_effects
    assert said is not None
    told = said["planned"][0]
    if told["params"].get("still"):  # no elasticity: its volume stays
        assert [(row.mean, row.driven) for row in months_of(service)] == before
    assert totals(run_now())["forecast"][0] == 0


def test_a_level_stays_and_its_revenue_moves(everybody: PriceList) -> None:
    level = measure_factory(code="in-force", name_en="Policies in force", unit_en="policies", kind="level")
    policy = product_factory(
        line=line_factory(), kind=Product.Kind.SERVICE, launched=datetime.date(2022, 1, 1)
    )
    policy.line.line_measures.create(measure=level, leads=True)
    months_give(policy, 36, measure=level, volume=lambda step: 100 + math.sin(step))
    for start, amount in ((month_add(LAST, -24), "2.00"), (AHEAD[1], "2.20")):
        price(policy, everybody, start, amount, component="month")
    budget_give([policy], 200)
    BudgetRow.objects.update(measure=level)
    run_now()
    months = [row for row in months_of(policy) if row.forecast.measure_id == level.pk]
    assert {row.driven for row in months} == {None}
    assert [row.price_ratio for row in months] == [1, *[1.1] * 17]
    figures = ProductFigures.objects.get(product=policy)
    worth = sum(2.0 * row.final * (row.price_ratio or 1) for row in months[:12])
    assert figures.forecast_12m_amount == pytest.approx(worth, rel=1e-3)
    assert figures.forecast_12m == pytest.approx(months[11].final)
    said = Forecast.objects.get(product=policy, measure=level, current=True).driver_effects
    assert said is not None
    assert said["planned"][0]["params"]["still"] is True


def test_data_that_end_before_the_others_see_the_change_in_its_month(
    juice: Product, everybody: PriceList
) -> None:
    late = product_factory(line=line_factory(), launched=datetime.date(2022, 1, 1))
    months_give(late, 36, last=month_add(LAST, -2))
    price(late, everybody, month_add(LAST, -40), "2.00")
    price(late, everybody, AHEAD[2], "2.08")
    run_now()
    assert Forecast.objects.get(product=late, current=True).as_of == month_add(LAST, -2)
    rows = {row.month: row for row in months_of(late)}
    assert {month: row.price_ratio for month, row in rows.items()} == {
        month: 1.04 if month >= AHEAD[2] else 1.0 for month in rows
    }
    assert all((row.final < row.mean) == (month >= AHEAD[2]) for month, row in rows.items())


def test_a_what_if_starts_from_what_a_unit_brings_in_now(juice: Product, everybody: PriceList) -> None:
    """Sold for 2.00 through most of the year and for 2.40 now: a unit brings in 2.40 from now on."""
    price(juice, everybody, LAST, "2.40")
    newest = ProductMonth.objects.get(product=juice, month=LAST)
    assert newest.volume is not None
    newest.revenue = newest.volume * Decimal("2.40")
    newest.save()
    run_now()
    ground = what_if_ground(user_factory("administrator"), juice)
    assert isinstance(ground, Ground)
    assert ground.revenue == pytest.approx(2.4, rel=1e-3)
