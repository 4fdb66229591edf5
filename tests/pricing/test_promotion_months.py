"""Months in promotion say nothing of the level that a stage is judged on."""

from __future__ import annotations

import datetime
from typing import Any

import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core.months import month_add, month_end
from core.organisation import today
from forecasting import engine
from forecasting.models import StageEstimate
from pricing.selectors.promotion_months import promotion_months
from products.models import Channel, FamilyMember, Measure, Product, SalesMonth
from tests.factories import (
    channel_factory,
    family_factory,
    line_factory,
    measure_factory,
    product_factory,
)
from tests.forecasting.conftest import LAST, months_give, run_now
from tests.forecasting.test_night import totals

from .promotions import approved_factory, promotion_factory, stopped

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]
MONTHS = 48
AGO2 = month_add(LAST, -2)
STEPS = ("changes", "forecast", "lifecycle", "totals", "accuracy")
"""The stage, and what lets the next night leave alone what is settled."""


def sales(step: int) -> float:
    """100 a month that wobble, twice as many in the third month before the last."""
    return (100 + step * 7919 % 13) * (2 if step == MONTHS - 3 else 1)


@pytest.fixture
def juice() -> Product:
    product = product_factory(line=line_factory(), launched=datetime.date(2022, 1, 1))
    months_give(product, MONTHS, volume=sales)
    return product


def whole_month(*products: Product, month: datetime.date = AGO2, **more: Any) -> Any:
    return approved_factory(*products, store_start=month, store_end=month_end(month), **more)


def found(product: Product) -> dict[datetime.date, float]:
    return dict(promotion_months([product.pk], LAST).get(product.pk, {}))


def test_the_part_of_the_month_in_which_it_ran(juice: Product) -> None:
    """The last ten of 31 days of August, and five of September's 30."""
    first = AGO2 + datetime.timedelta(21)
    approved_factory(juice, store_start=first, store_end=first + datetime.timedelta(14))
    assert found(juice) == {
        AGO2: pytest.approx(10 / 31, abs=1e-6),
        month_add(AGO2, 1): pytest.approx(5 / 30, abs=1e-6),
    }


def test_two_at_once_are_no_more_than_the_month(juice: Product) -> None:
    whole_month(juice)
    whole_month(juice)
    assert found(juice) == {AGO2: 1.0}


def test_its_channels_count_as_much_as_they_sold_that_month(juice: Product) -> None:
    shop, web = channel_factory(), channel_factory()
    below = channel_factory(parent=shop)
    for channel, volume in ((shop, 20), (below, 10), (web, 70)):
        sold(juice, channel, volume)
        sold(juice, channel, 1000, month=LAST)
    whole_month(juice, channels=[shop])
    assert found(juice) == {AGO2: pytest.approx(0.3)}


def test_of_a_state_its_channels_count_as_much_as_came_in_there() -> None:
    """As the forecast weighs them: where most are in force says nothing of where a welcome discount works."""
    kinds = {"in-force": "level", "came-in": "flow"}
    measures = [measure_factory(code=c, kind=k, unit_en="policies") for c, k in kinds.items()]
    policy = product_factory(line=line_factory(measures=measures))
    shop, web = channel_factory(), channel_factory()
    for channel, held, came in ((shop, 90, 2), (web, 10, 8)):
        sold(policy, channel, held, measure="in-force")
        sold(policy, channel, came, measure="came-in")
    whole_month(policy, channels=[shop])
    assert found(policy) == {AGO2: pytest.approx(0.2)}


def sold(
    product: Product, channel: Channel, volume: int, month: datetime.date = AGO2, measure: str = "units"
) -> None:
    SalesMonth.objects.create(
        product_id=product.pk,
        measure_id=Measure.objects.get(code=measure).pk,
        channel_id=channel.pk,
        month=month,
        volume=volume,
        days=30,
    )


def test_what_did_not_run_is_none(juice: Product) -> None:
    with CaptureQueriesContext(connection) as queries:
        assert found(juice) == {}
    assert len(queries) <= 2  # the other reads the organisation's time zone
    promotion_factory(juice, store_start=AGO2, store_end=month_end(AGO2))  # a draft
    whole_month(juice, month=month_add(LAST, 3))
    assert found(juice) == {}
    row = approved_factory(juice, store_start=AGO2, store_end=today() + datetime.timedelta(30))
    stopped(row, AGO2 + datetime.timedelta(14))
    assert found(juice) == {AGO2: pytest.approx(15 / 31, abs=1e-6)}


def probabilities(product: Product) -> list[float]:
    row = StageEstimate.objects.get(product=product, current=True)
    return [getattr(row, f"p_{stage}") for stage in engine.STAGES]


def test_a_stage_leaves_months_in_promotion_out(juice: Product) -> None:
    run_now(only=STEPS)
    before = probabilities(juice)
    whole_month(juice)
    assert totals(run_now(only=STEPS))["lifecycle"][0] == 1
    start = engine.month_ordinal(month_add(LAST, 1 - MONTHS))
    said = engine.Series(
        "-", start, [sales(step) for step in range(MONTHS)], launch=engine.month_ordinal(juice.launched)
    )
    flags = np.zeros(MONTHS)
    flags[MONTHS - 3] = 1
    assert probabilities(juice) == pytest.approx(engine.lifecycle(said, promo=flags).last.probabilities)
    assert probabilities(juice) != pytest.approx(before)
    # What has not changed is left alone.
    assert totals(run_now(only=STEPS))["lifecycle"][:2] == (0, 1)


def test_a_few_days_in_promotion_leave_a_month_in(juice: Product) -> None:
    run_now(only=STEPS)
    approved_factory(juice, store_start=AGO2, store_end=AGO2 + datetime.timedelta(5))
    assert totals(run_now(only=STEPS))["lifecycle"][0] == 0


def test_a_state_has_no_month_in_promotion() -> None:
    line = line_factory()
    line.line_measures.create(measure=measure_factory(code="in-force", kind="level"), leads=True)
    policy = product_factory(line=line, launched=datetime.date(2022, 1, 1))
    months_give(policy, MONTHS, measure=Measure.objects.get(code="in-force"), volume=sales)
    run_now(only=STEPS)
    whole_month(policy)
    assert totals(run_now(only=STEPS))["lifecycle"][0] == 0


@pytest.mark.parametrize(("size", "renewed"), [(1.0, 2), (0.05, 1)])
def test_a_family_counts_its_members_as_they_sold(juice: Product, size: float, renewed: int) -> None:
    """Both members' own stages are unlike before where they were in promotion; the family's too, unless that
    member is small."""
    family = family_factory(line=juice.line)
    other = product_factory(line=juice.line, launched=datetime.date(2022, 1, 1))
    months_give(other, MONTHS, volume=lambda step: sales(step) * size)
    for member in (juice, other):
        FamilyMember.objects.create(product=member, family=family, start_date=datetime.date(2022, 1, 1))
    run_now(only=STEPS)
    whole_month(other)
    assert totals(run_now(only=STEPS))["lifecycle"][0] == renewed


def test_a_confirmed_gap_in_sales_is_left_out_too(juice: Product) -> None:
    """It is a missing month: to the engine the same as one that was sold out altogether."""
    values = [sales(step) for step in range(MONTHS)]
    values[MONTHS - 6] = 3.0
    out = np.zeros(MONTHS)
    out[MONTHS - 6] = 1
    gap = [*values[: MONTHS - 6], float("nan"), *values[MONTHS - 5 :]]
    sold_out = engine.lifecycle(engine.Series("-", 24000, values), stockout=out).last
    assert engine.lifecycle(engine.Series("-", 24000, gap)).last == sold_out
