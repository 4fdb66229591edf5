"""The margin ahead of product lines and of everything: sums of products, bands that are none, by channel."""

from __future__ import annotations

import csv
import datetime
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from core.months import month_add
from forecasting.selectors.totals import correlations
from pricing.selectors.cost_months import cost_months
from pricing.selectors.costs import product_rates
from pricing.selectors.costs_ahead import ahead_after
from pricing.selectors.margin_total_falls import total_fall, year_before
from pricing.selectors.margin_totals import MarginsAhead, MarginTotal
from pricing.selectors.margins import Margins, margins_read
from pricing.selectors.margins_ahead import channels_ahead, channels_together, year_band
from products.models import Product, ProductLine, SalesMonth
from tests.factories import (
    line_factory,
    price_factory,
    price_list_factory,
    product_factory,
    user_factory,
)
from tests.forecasting.conftest import FORECASTS, LAST, months_give, run_now
from tests.pricing.test_margins import costs
from tests.pricing.test_margins_ahead import AHEAD, LONG_AGO, ahead_of, dearer, floor, juice

__all__ = ["juice"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]
D = Decimal


def night() -> None:
    run_now(only=[*FORECASTS, "standard_costs", "costs_ahead"])


@pytest.fixture
def water(juice: Product) -> Product:
    """In the line of the juice, sold at 2.00 in one of its channels, bought for 1.50."""
    made = product_factory(line=juice.line)
    months_give(made, 36, volume=lambda _step: 40)
    row = SalesMonth.objects.filter(product=juice).order_by("pk")[0]
    for step in range(12):
        SalesMonth.objects.create(
            product=made,
            measure_id=row.measure_id,
            channel_id=row.channel_id,
            month=month_add(LAST, -step),
            volume=40,
            revenue=80,
            days=30,
        )
    costs("purchase", "1.50", product=made)
    return made


def margins_of(product: Product) -> Margins:
    user = user_factory("administrator")
    rates = product_rates(user, product)
    found = margins_read(user, product, month_add(LAST, -11), LAST, rates)
    assert found is not None
    return found


def total(line: object = None, role: str = "administrator") -> MarginTotal:
    found = MarginsAhead(user_factory(role), LAST).totals()
    return next(row for row in found if row.line == line)


def test_of_one_product_it_is_its_own_margin_ahead(juice: Product) -> None:
    dearer(juice, AHEAD[3], "1.20")
    night()
    months, _fall = ahead_of(juice)
    found = total(juice.line)
    assert [month.month for month in found.months] == AHEAD
    for own, month in zip(months, found.months, strict=True):
        assert month.net == pytest.approx(float(own.statement.net), abs=0.01)
        assert month.margin == pytest.approx(float(own.statement.cm2), abs=0.02)
        assert month.low == pytest.approx(float(own.band[0]), abs=0.05)
        assert month.high == pytest.approx(float(own.band[1]), abs=0.05)
    assert (found.low, found.high) == pytest.approx(year_band(months, correlations().of_months), abs=0.3)


def test_margins_add_up_and_bands_do_not(juice: Product, water: Product) -> None:
    elsewhere = product_factory(line=line_factory())
    months_give(elsewhere, 36, volume=lambda _step: 10)
    costs("overhead", "500", basis="month", key="revenue")  # below the margin
    costs("marketing", "9", product=water, basis="month")  # below it too
    costs("inbound", "7", product=water, basis="month")
    costs("energy", "60", line=line_factory(), basis="month", key="volume")  # of a line without products
    night()
    own = [ahead_of(product)[0] for product in (juice, water)]
    line, whole = total(juice.line), total()
    for place, month in enumerate(line.months):
        each = [months[place] for months in own]
        assert month.margin == pytest.approx(float(sum(row.statement.cm2 for row in each)), abs=0.03)
        half = month.margin - month.low
        apart = [float(row.statement.cm2 - row.band[0]) for row in each]
        assert max(apart) < half < sum(apart)
    of_elsewhere = total(elsewhere.line)
    assert of_elsewhere.margin == pytest.approx(of_elsewhere.net)  # it costs nothing before CM3
    assert whole.margin == pytest.approx(line.margin + of_elsewhere.margin - 12 * 60)
    assert (line.without, whole.without) == (0, 0)


def test_months_to_the_floor_of_the_products(juice: Product, water: Product) -> None:
    """48.75 % and 25 % are 41.96 % together; from the fourth month on the juice leaves 38.75 %: 34.8 %."""
    dearer(juice, AHEAD[3], "1.20")
    floor(juice, "0.42")
    night()
    assert (total(juice.line).floor, total(juice.line).to_floor) == (None, None)
    floor(water, "0.2")
    found = total(juice.line)
    assert found.to_floor == 4
    assert found.floor == pytest.approx((0.42 * 100 + 0.2 * 40) / 140, abs=0.005)
    floor(juice, "0.1")
    assert total(juice.line).to_floor is None


def test_which_products_and_costs_bring_it_under_its_floor(juice: Product, water: Product) -> None:
    """The juice lacks 0.42 − 0.3875 of its sales, and the water nothing. What is bought goes from 0.5 and
    0.75 of their sales to 0.6 and 0.75: seven points of both."""
    dearer(juice, AHEAD[3], "1.20")
    floor(juice, "0.42")
    floor(water, "0.2")
    night()
    ahead = MarginsAhead(user_factory("administrator"), LAST)
    found = next(row for row in ahead.totals() if row.line == juice.line)
    before = year_before(ahead, found)
    assert before.margins == {
        month_add(LAST, -step): pytest.approx(200 * 0.4875 + 80 * 0.25) for step in range(12)
    }
    fall = total_fall(ahead, found, before)
    assert fall is not None
    assert fall.month.month == AHEAD[3]
    [lacking] = fall.products
    assert (lacking.product, lacking.floor) == (juice, 0.42)
    assert lacking.rate == pytest.approx(0.3875, abs=1e-4)
    assert lacking.lacks == pytest.approx((0.42 - 0.3875) * 200, rel=0.1)
    [(kind, points)] = [move for move in fall.moves if move[1] < D("-0.001")]
    assert kind is not None
    assert kind.code == "purchase"
    assert float(points) == pytest.approx(-0.1 * 200 / 280, abs=0.005)
    floor(water, "0.1")
    floor(juice, "0.1")
    calm = MarginsAhead(user_factory("administrator"), LAST)
    [everything, *_lines] = calm.totals()
    assert total_fall(calm, everything, year_before(calm, everything)) is None


def test_a_lower_price_of_ours_is_told_as_that(juice: Product) -> None:
    """Sold for 1.60 instead of 2.00: 0.5 × 0.25 of what is bought, 0.0125 × 0.25 of the fee."""
    prices = price_list_factory()
    for start, amount in ((LONG_AGO, "2.00"), (AHEAD[0], "1.60")):
        price_factory(product=juice, price_list=prices, start_date=start, amount=D(amount))
    floor(juice, "0.4")
    night()
    ahead = MarginsAhead(user_factory("administrator"), LAST)
    everything = ahead.totals()[0]
    fall = total_fall(ahead, everything, year_before(ahead, everything))
    assert fall is not None
    kind, points = fall.moves[0]
    assert kind is None
    assert float(points) == pytest.approx(-(0.5 + 0.0125) * 0.25, abs=0.001)


def test_before_there_is_anything() -> None:
    assert MarginsAhead(user_factory("administrator"), LAST).totals() == []


def test_channels_add_up_to_the_total(juice: Product, water: Product) -> None:
    """The juice is sold as 3 to 1, what is bought of it follows; the fee is of one channel."""
    night()
    found = MarginsAhead(user_factory("finance"), LAST).channels(juice.line)
    line = total(juice.line)
    assert sum(row.net for row in found) == pytest.approx(line.net)
    assert sum(row.margin for row in found) == pytest.approx(line.margin)
    assert [row.channel is None for row in found] == [False, False]
    months, _fall = ahead_of(juice)
    own = channels_ahead(margins_of(juice), months)
    assert sum(round(D(row.net), 2) for row in own) == sum(month.statement.net for month in months)
    assert round(D(channels_together(own).margin), 2) == sum(month.statement.cm2 for month in months)
    # The fee is of the smaller channel: 1.00 + 0.10 of 2.00 there, 1.00 in the other.
    assert [row.rate for row in own] == [pytest.approx(0.5, abs=1e-3), pytest.approx(0.45, abs=1e-3)]
    booked = cost_months().filter(source="forecast", product=juice, month=AHEAD[0])
    bought = dict(booked.filter(kind__code="purchase").values_list("channel", "amount"))
    assert len(bought) == 2
    assert max(bought.values()) == pytest.approx(3 * min(bought.values()), abs=D("0.03"))


def test_the_months_are_those_that_costs_are_booked_of(juice: Product, water: Product) -> None:
    night()
    assert ahead_after() == LAST  # whatever day it is now
    before = {month.month: month.margin for month in total().months}
    months_give(juice, 1, last=AHEAD[0], volume=lambda _step: 100)
    # The night of the first is under way: one of them has its new forecast, no costs are booked yet.
    run_now(local_date=datetime.date(2026, 12, 1), scope=[juice.pk])
    assert ahead_after() == LAST
    assert {month.month: month.margin for month in total().months} == {
        month: pytest.approx(before[month], rel=0.1) for month in AHEAD[1:]
    }
    assert sum(row.margin for row in MarginsAhead(user_factory("administrator"), LAST).channels(None)) == (
        pytest.approx(sum(month.margin for month in total().months), abs=0.1)
    )
    run_now(only=["costs_ahead"], local_date=datetime.date(2026, 12, 1))
    assert ahead_after() == AHEAD[0]
    run_now(only=["costs_ahead"], local_date=datetime.date(2026, 12, 1), as_of=LAST)  # books nothing
    run_now(only=["costs_ahead"], local_date=datetime.date(2027, 1, 1), scope=[juice.pk])
    assert ahead_after() == AHEAD[0]


def test_on_the_page(client: Client, juice: Product, water: Product) -> None:
    night()
    client.force_login(user_factory("finance"))
    address = "/costs/break-even/?show=ahead"
    assert "all together" in client.get(address).content.decode()
    for by, head in (("month", "80% chance"), ("channel", "before CM2")):
        page = client.get(f"{address}&by={by}&line={juice.line.code}").content.decode()
        assert head in page
    assert len(client.get(f"{address}&by=month").context["rows"]) == 12
    parent = line_factory(code="above")
    ProductLine.objects.filter(pk=juice.line_id).update(parent=parent)
    page = client.get(address)
    assert [(row.line, row.depth) for row in page.context["rows"]] == [
        (None, 0),
        (parent, 0),
        (juice.line, 1),
    ]
    assert 'class="pin ps-5"' in page.content.decode()
    assert 'href="?show=ahead"' in client.get("/costs/break-even/").content.decode()
    for by, head in (("line", "Product line"), ("month", "CM2, low (80%)"), ("channel", "Channel")):
        answer: Any = client.get(f"/costs/break-even/export/csv/?show=ahead&by={by}")
        file = list(csv.DictReader(b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()))
        assert head in file[0]
        own = file[:1] if by == "line" else file
        assert sum(float(row["CM2"]) for row in own) == pytest.approx(total().margin, abs=0.1)
    floor(juice, "0.6")
    floor(water, "0.2")
    page = client.get(f"{address}&by=channel&line={juice.line.code}")
    assert page.context["together"].margin == pytest.approx(total(juice.line).margin)
    page = client.get(f"{address}&by=month&line={juice.line.code}")
    assert "margin-ahead-chart" in page.content.decode()
    assert [row.product for row in page.context["card"].lacking] == [juice]
    assert "Short of its floor" in page.content.decode()
    floor(juice, None)
    client.force_login(user_factory("finance", lines=[juice.line]))
    page = client.get(f"{address}&by=month")
    assert [row.line for row in page.context["rows"]] == [juice.line]
    client.force_login(user_factory("sales"))
    assert client.get(address).status_code == 403
