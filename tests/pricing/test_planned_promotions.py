"""Approved promotions ahead move the night's forecast by what those of their mechanic did."""

from __future__ import annotations

import datetime
from math import exp, log
from typing import Any

import pytest
from django.utils import timezone

from core.months import month_add, month_end
from core.registries import PlannedChange
from forecasting.driver_words import driver_card
from forecasting.models import Forecast, ForecastMonth
from forecasting.selectors.drivers import months_ahead
from pricing.models import Promotion, PromotionEffect
from pricing.selectors.planned_promotions import promotion_changes
from pricing.selectors.promotion_series import SeriesReader
from products.models import Measure, Product, SalesMonth
from products.selectors.months import complete_months
from tests.factories import channel_factory, line_factory, product_factory
from tests.forecasting.conftest import LAST, months_give, run_now
from tests.forecasting.test_night import totals

from .promotions import approved_factory, promotion_factory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]
AHEAD = months_ahead(LAST, 18)


@pytest.fixture
def juice() -> Product:
    product = product_factory(line=line_factory(), launched=datetime.date(2022, 1, 1))
    months_give(product, 36)
    return product


def promotion(product: Product, first: datetime.date, last: datetime.date, **more: Any) -> Promotion:
    return approved_factory(product, store_start=first, store_end=last, name="Zomer", **more)


def measured(product: Product, uplift: float, *, after: float = 0.0, mechanic: str = "one_plus_one") -> None:
    """Long ago, on a baseline of 100."""
    first = month_add(LAST, -24)
    PromotionEffect.objects.create(
        promotion=promotion(product, first, first + datetime.timedelta(13), mechanic=mechanic),
        product=product,
        measure=Measure.objects.get(code="units"),
        method="weeks",
        baseline=100,
        sold=100 * (1 + uplift),
        uplift=uplift,
        uplift_lo80=uplift - 0.1,
        uplift_hi80=uplift + 0.1,
        after=after,
        computed_at=timezone.now(),
    )


def change_of(product: Product) -> PlannedChange | None:
    return promotion_changes([product.pk], AHEAD).get(product.pk)


def test_a_whole_month_by_the_uplift_of_its_mechanic(juice: Product) -> None:
    """Two others brought +50 % and +100 %: the middle of their logarithms is +73 %. One of another mechanic
    says nothing."""
    other = product_factory(line=juice.line)
    measured(other, 0.5)
    measured(other, 1.0)
    measured(other, 3.0, mechanic="display")
    promotion(juice, AHEAD[2], month_end(AHEAD[2]))
    change = change_of(juice)
    assert change is not None
    uplift = exp((log(1.5) + log(2)) / 2)
    assert change.factors[:4] == pytest.approx((1, 1, uplift, 1), rel=1e-6)
    assert (change.params["count"], change.params["own"]) == (2, False)
    assert change.prices == ()


def test_its_own_go_first_and_what_is_pulled_forward_is_missing_after(juice: Product) -> None:
    """Half of what its own brought was missing afterwards: 14 days at +60 % in a month, then 28 days without
    0.6 × 0.5 × 14 days of sales."""
    measured(product_factory(line=juice.line), 3.0)
    measured(juice, 0.6, after=-30)
    measured(juice, 0.6, after=-30)
    first = AHEAD[1].replace(day=10)
    last = first + datetime.timedelta(13)
    promotion(juice, first, last)
    change = change_of(juice)
    assert change is not None
    assert change.params["own"] is True
    assert change.params["pulled"] == pytest.approx(0.5)
    in_month, in_next = month_end(AHEAD[1]).day, month_end(AHEAD[2]).day
    rest = (month_end(AHEAD[1]) - last).days
    lost = 0.6 * 0.5 * 14 / 28
    assert change.factors[1] == pytest.approx(1 + 0.6 * 14 / in_month - lost * rest / in_month, rel=1e-5)
    assert change.factors[2] == pytest.approx(1 - lost * (28 - rest) / in_next, rel=1e-5)
    assert change.factors[3] == 1


def test_what_ran_a_year_before_is_in_the_statistics_already(juice: Product) -> None:
    measured(juice, 0.5)
    promotion(juice, month_add(AHEAD[2], -12), month_end(month_add(AHEAD[2], -12)))
    promotion(juice, AHEAD[2], month_end(AHEAD[2]))
    assert change_of(juice) is None
    promotion(juice, AHEAD[3], month_end(AHEAD[3]))
    change = change_of(juice)
    assert change is not None
    assert change.factors[2] == 1
    assert change.factors[3] == pytest.approx(1.5 / (1 + 0.5 / 12), rel=1e-5)


def test_in_some_channels_it_is_their_part_of_the_volume(juice: Product) -> None:
    measured(juice, 0.5)
    chain = channel_factory()
    shop = channel_factory(parent=chain)
    for channel, volume in ((shop, 30), (channel_factory(), 70)):
        SalesMonth.objects.create(
            product=juice,
            measure=Measure.objects.get(code="units"),
            channel=channel,
            month=LAST,
            volume=volume,
            days=30,
        )
    promotion(juice, AHEAD[2], month_end(AHEAD[2]), channels=[chain])
    change = change_of(juice)
    assert change is not None
    assert change.factors[2] == pytest.approx(1 + 0.3 * 0.5, rel=1e-6)


def test_what_was_never_measured_or_is_called_off_moves_nothing(juice: Product) -> None:
    measured(juice, 0.5)
    promotion(juice, AHEAD[2], month_end(AHEAD[2]), mechanic="display")
    promotion_factory(juice, store_start=AHEAD[2])  # a draft
    assert change_of(juice) is None
    row = promotion(juice, AHEAD[3], month_end(AHEAD[3]))
    assert change_of(juice) is not None
    Promotion.objects.filter(pk=row.pk).update(state="cancelled")
    assert change_of(juice) is None


def test_the_night_moves_its_product_alone_and_says_so(juice: Product) -> None:
    other = product_factory(line=juice.line, launched=datetime.date(2022, 1, 1))
    months_give(other, 36)
    sold_once = product_factory(line=juice.line)
    measured(sold_once, 0.5, after=-25)
    [around] = SeriesReader(complete_months(as_of=LAST)).around(sold_once)
    PromotionEffect.objects.update(input_hash=around.digest)  # or the night measures it anew
    changes = dict.fromkeys(AHEAD, 1.0)
    run_now()
    promotion(juice, AHEAD[2], month_end(AHEAD[2]))
    change = change_of(juice)
    assert change is not None
    changes |= dict(zip(AHEAD, change.factors, strict=True))
    again = run_now()
    assert (totals(again)["changes"][0], totals(again)["forecast"][0]) == (1, 1)
    rows = ForecastMonth.objects.filter(forecast__product=juice, forecast__current=True)
    for row in rows:
        assert row.driven == pytest.approx(row.mean * changes[row.month], rel=1e-5)
    card = driver_card(Forecast.objects.get(product=juice, current=True))
    assert card is not None
    assert card.planned[0].name == "Promotion Zomer"
    assert "+50.0% while it runs" in card.planned[0].text
    assert "50% of that is missing" in card.planned[0].text
    assert totals(run_now())["forecast"][0] == 0
