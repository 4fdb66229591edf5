"""Costs of the months ahead, booked by the night: forecast × dated rates, splits without a cent lost."""

from __future__ import annotations

import datetime
from collections import defaultdict
from decimal import Decimal
from typing import Any

import pytest

from core.months import month_add
from forecasting.models import ForecastMonth
from pricing.models import CostMonth
from pricing.selectors.cost_months import cost_months
from products.models import Product, SalesMonth
from tests.factories import line_factory, product_factory
from tests.forecasting.conftest import FORECASTS, LAST, months_give, run_now
from tests.pricing.test_margins import costs
from tests.pricing.test_margins_ahead import AHEAD, LONG_AGO, ahead_of, dearer, juice

__all__ = ["juice"]
pytestmark = pytest.mark.django_db
D = Decimal


def book_now(**fields: Any) -> None:
    run_now(only=[*FORECASTS, "costs_ahead"], **fields)


def ahead(**of: Any) -> dict[tuple[datetime.date, str], Decimal]:
    found: dict[tuple[datetime.date, str], Decimal] = defaultdict(Decimal)
    for row in cost_months().filter(source="forecast", **of).select_related("kind"):
        found[row.month, row.kind.code] += row.amount
    return dict(found)


def test_forecast_times_the_rates_of_the_month(juice: Product) -> None:
    """Bought for 1.00, from the fourth month ahead for 1.20: as the margin ahead has it, by channel."""
    dearer(juice, AHEAD[3], "1.20")
    book_now()
    months, _fall = ahead_of(juice)
    assert ahead(product=juice) == {
        (month.month, line.kind.code): amount for month in months for line, amount in month.expected.costs
    }
    finals = dict(ForecastMonth.objects.filter(forecast__current=True).values_list("month", "mean"))
    for place, month in enumerate(AHEAD):
        cost = ahead(product=juice)[month, "purchase"]
        assert float(cost) == pytest.approx(finals[month] * (1.2 if place >= 3 else 1.0), abs=0.01)
    channels = set(cost_months().filter(kind__code="commission").values_list("channel", flat=True))
    assert len(channels) == 1
    assert None not in channels
    count = CostMonth.objects.count()
    book_now()
    assert CostMonth.objects.count() == count  # a night in which nothing changed books nothing


def test_what_is_split_adds_up_and_what_nobody_can_split_is_on_no_product(juice: Product) -> None:
    others = [product_factory(line=juice.line) for _each in range(2)]
    for other, volume in zip(others, (7, 13), strict=True):
        months_give(other, 14, volume=lambda _step, volume=volume: volume)
    costs("overhead", "1000.01", basis="month", key="revenue")
    costs("quality", "50.50", line=line_factory(), basis="month", key="revenue")
    costs("licences", "12.34", product=others[0], basis="month")
    Product.objects.filter(pk=others[0].pk).update(ended=AHEAD[1])
    book_now()
    shared = ahead(kind__code="overhead")
    assert shared == {(month, "overhead"): D("1000.01") for month in AHEAD}
    assert cost_months().filter(source="forecast", kind__code="overhead", product=None).count() == 0
    assert (
        cost_months().filter(kind__code="overhead", source="forecast").values("product").distinct().count()
        == 3
    )
    assert ahead(product=None) == {(month, "quality"): D("50.50") for month in AHEAD}
    own = ahead(product=others[0], kind__code="licences")
    assert own == {(month, "licences"): D("12.34") for month in AHEAD[:2]}


def test_what_an_ended_product_bore_is_borne_by_the_others_after_its_tail(juice: Product) -> None:
    other = product_factory(line=juice.line)
    months_give(other, 14, volume=lambda _step: 7)
    costs("overhead", "100", basis="month", key="revenue")
    costs("quality", "60", basis="month", key="revenue", tail_months=1)
    Product.objects.filter(pk=other.pk).update(ended=AHEAD[1])
    book_now()
    own = ahead(product=other)
    assert [month for month in AHEAD if (month, "overhead") in own] == AHEAD[:2]
    assert [month for month in AHEAD if (month, "quality") in own] == AHEAD[:3]
    for month in AHEAD[3:]:
        assert (ahead()[month, "overhead"], ahead(product=juice)[month, "overhead"]) == (100, 100)
    Product.objects.filter(pk=other.pk).update(ended=None)
    book_now()
    assert (AHEAD[-1], "overhead") in ahead(product=other)


def test_after_the_end_the_margin_ahead_has_the_costs_that_go_on(juice: Product) -> None:
    """As they are booked: without sales, also where nothing was sold in the year before."""
    costs("licences", "12.34", product=juice, basis="month", tail_months=2)
    Product.objects.filter(pk=juice.pk).update(ended=AHEAD[1] + datetime.timedelta(14))
    juice.refresh_from_db()
    book_now()
    months, _fall = ahead_of(juice)
    assert [month.month for month in months] == AHEAD[:4]
    assert ahead(product=juice) == {
        (month.month, line.kind.code): amount for month in months for line, amount in month.expected.costs
    }
    tail = months[2:]
    assert [(month.statement.net, month.statement.cm3, month.is_under) for month in tail] == [
        (0, D("-12.34"), False)
    ] * 2
    SalesMonth.objects.all().delete()
    assert [month.month for month in ahead_of(juice)[0]] == AHEAD[2:4]


def test_a_month_that_passed_keeps_what_was_last_expected_of_it(juice: Product) -> None:
    book_now()
    before = ahead()
    months_give(juice, 1, last=AHEAD[0], volume=lambda _step: 900)
    book_now(local_date=month_add(LAST, 2) + datetime.timedelta(20))
    after = ahead()
    assert {key: after[key] for key in before if key[0] == AHEAD[0]} == {
        key: amount for key, amount in before.items() if key[0] == AHEAD[0]
    }
    assert max(month for month, _kind in after) == month_add(AHEAD[-1], 1)
    assert after[AHEAD[1], "purchase"] != before[AHEAD[1], "purchase"]


def test_a_run_that_looks_back_books_nothing(juice: Product) -> None:
    assert LONG_AGO < LAST
    book_now(as_of=month_add(LAST, -1), kind="manual")
    assert ahead() == {}
