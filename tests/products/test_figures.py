"""The list's figures, comparisons and totals over products."""

from __future__ import annotations

import datetime
from collections.abc import Collection
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core.months import month_add
from products.models import FamilyMember, Measure, Product, ProductFigures, SalesFact, UnitFactor
from products.selectors.access import product_get
from products.selectors.family import family_sales
from products.selectors.figures import amount_over, compare, spans
from products.selectors.head import product_head
from products.selectors.lines import LineTree
from products.selectors.months import complete_month, complete_months, first_provisional_month, provisional
from products.selectors.sales import products_by_channel, products_total, sales_by_channel, sales_months
from products.services.figures import (
    ForecastFigures,
    StageFigures,
    figures_forecast_set,
    figures_refresh,
    figures_stage_set,
    figures_stale_set,
)
from products.services.rollup import rollup_rebuild
from products.sheets.budget import BudgetSheet
from tests.factories import (
    channel_factory,
    family_factory,
    line_factory,
    measure_factory,
    organisation_factory,
    product_factory,
    user_factory,
)

from .sheet_help import run

pytestmark = pytest.mark.django_db
FIRST = datetime.date(2022, 1, 1)


def sell(
    product: Product,
    volumes: list[Any],
    *,
    first: datetime.date = FIRST,
    price: int | None = 2,
    channel: Any = None,
    measure: Measure | None = None,
) -> None:
    """One month of sales after the other; ``None`` is a gap."""
    channel, measure = channel or channel_factory(), measure or Measure.objects.get(code="units")
    SalesFact.objects.bulk_create(
        SalesFact(
            product=product,
            channel=channel,
            measure=measure,
            start_date=month_add(first, step),
            period="M",
            volume=volume,
            revenue=None if price is None else volume * price,
        )
        for step, volume in enumerate(volumes)
        if volume is not None
    )
    rollup_rebuild()


def units() -> Measure:
    return Measure.objects.get(code="units")


def test_last_twelve_months_growth_and_sparkline() -> None:
    product = product_factory()
    sell(product, [10] * 12 + [11] * 12)
    assert figures_refresh() == 1
    row = ProductFigures.objects.get()
    assert (row.data_month, row.volume_12m, row.volume_12m_before) == (datetime.date(2023, 12, 1), 132, 120)
    assert (row.revenue_12m, row.growth_rate) == (264, pytest.approx(0.1))
    assert row.spark_volumes == [None] * 12 + [10.0] * 12 + [11.0] * 12
    assert figures_refresh() == 0


def test_of_a_level_the_state_at_the_end_counts() -> None:
    """formulas.md: 1,000 … 1,110 is 1,110 at the end and 1,055 on average, never 12,660."""
    contracts = measure_factory(kind="level")
    product = product_factory(line=line_factory(measures=[contracts]))
    sell(product, list(range(1000, 1120, 10)), price=None, measure=contracts)
    figures_refresh()
    assert ProductFigures.objects.get().volume_12m == 1110
    last = month_add(FIRST, 11)
    compared = compare(user_factory(), product, contracts, {"year": (FIRST, last)})["year"].volume
    assert (compared.actual.value, compared.actual.average) == (1110, 1055)


def test_growth_needs_as_many_months_before() -> None:
    sell(product_factory(), [10] * 3 + [None] * 9 + [11] * 12)
    figures_refresh()
    row = ProductFigures.objects.get()
    assert (row.volume_12m_before, row.growth_rate) == (30, None)


def test_products_of_a_line_end_in_the_same_month() -> None:
    line = line_factory()
    early, late = product_factory(line=line), product_factory(line=line)
    sell(early, [10] * 12)
    figures_refresh(product_ids=[early.pk])
    sell(late, [1] * 15)
    figures_refresh(product_ids=[late.pk])
    rows = {row.product_id: row for row in ProductFigures.objects.all()}
    assert {row.data_month for row in rows.values()} == {month_add(FIRST, 14)}
    assert rows[early.pk].volume_12m == 90


def test_what_ended_years_before_its_line_says_when() -> None:
    line = line_factory()
    early, late, unsold = (product_factory(line=line) for _number in range(3))
    sell(early, [10] * 12)
    sell(late, [1] * 48)
    figures_refresh()
    user = user_factory("product-manager")
    heads = [product_head(user, product_get(user, each.code)) for each in (early, late, unsold)]
    assert [head.data_month for head in heads] == [month_add(FIRST, 11), month_add(FIRST, 47), None]


def test_figures_of_a_product_whose_sales_went() -> None:
    product = product_factory()
    sell(product, [10] * 12)
    figures_refresh()
    SalesFact.objects.all().delete()
    rollup_rebuild()
    figures_refresh(product_ids=[product.pk])
    row = ProductFigures.objects.get()
    assert (row.data_month, row.volume_12m, row.spark_volumes) == (None, None, [])


def test_forecast_and_stage_are_kept_apart_from_sales() -> None:
    product = product_factory()
    forecast = ForecastFigures(
        product.pk, units().pk, month_add(FIRST, 11), 120.0, 100.0, 140.0, 240.0, [10.0] * 18, [8.0], [12.0]
    )
    stage = StageFigures(product.pk, units().pk, "growth", FIRST, True)
    assert figures_forecast_set(rows=[forecast]) == 1
    assert figures_forecast_set(rows=[forecast]) == 0
    assert figures_stage_set(rows=[stage]) == 1
    sell(product, [10] * 12)
    figures_refresh()
    row = ProductFigures.objects.get()
    assert (row.forecast_12m, row.spark_forecast[17], row.stage, row.stage_by_hand) == (
        120.0,
        10.0,
        "growth",
        True,
    )
    assert row.volume_12m == 120
    assert figures_stale_set(product_ids=[product.pk]) == 1
    assert ProductFigures.objects.get().forecast_stale


def facts_of_days(
    product: Product, first: datetime.date, days: int, weekdays: Collection[int] = range(7)
) -> None:
    channel = channel_factory()
    SalesFact.objects.bulk_create(
        SalesFact(product=product, channel=channel, measure=units(), start_date=day, period="D", volume=1)
        for day in (first + datetime.timedelta(number) for number in range(days))
        if day.weekday() in weekdays
    )
    rollup_rebuild()


def test_half_loaded_month_is_not_complete() -> None:
    product = product_factory()
    key = (product.line_id, units().pk)
    facts_of_days(product, datetime.date(2026, 1, 1), 31 + 20)
    assert complete_months()[key] == datetime.date(2026, 1, 1)
    organisation_factory(closed_until=datetime.date(2026, 2, 1))
    assert complete_months()[key] == datetime.date(2026, 2, 1)


@pytest.mark.parametrize(
    ("weekdays", "first", "until", "is_complete"),
    [
        (range(5), 1, 30, True),
        (range(5), 19, 30, False),  # less than two weeks tell nothing
        (range(5), 1, 29, False),  # Friday is still to come
        (range(6), 1, 31, True),
        (range(6), 1, 30, False),  # Saturday is
        (range(7), 1, 30, False),
        ([3], 1, 29, True),  # on Thursdays
        ([2], 1, 28, False),  # on Wednesdays: three days are too many to say
    ],
)
def test_days_of_the_week_without_sales_are_no_gap_at_the_end(weekdays, first, until, is_complete) -> None:
    """January 2026 ends on a Saturday; another product of the line sells on one day."""
    product, day = product_factory(), datetime.date(2026, 1, first)
    facts_of_days(product, day, until - first + 1, weekdays)
    facts_of_days(product_factory(line=product.line), day, 1)
    found = complete_months().get((product.line_id, units().pk))
    assert found == (datetime.date(2026, 1, 1) if is_complete else None)


def test_a_day_of_the_week_on_which_one_product_sells_is_waited_for() -> None:
    """January 2026 ends on a Saturday; of two products one is sold on Thursdays and Saturdays only."""
    product = product_factory()
    other = product_factory(line=product.line)
    for row, weekdays in ((product, range(5)), (other, (3, 5))):
        facts_of_days(row, datetime.date(2026, 1, 1), 30, weekdays)
    assert (product.line_id, units().pk) not in complete_months()
    facts_of_days(other, datetime.date(2026, 1, 31), 1)
    assert complete_months()[product.line_id, units().pk] == datetime.date(2026, 1, 1)


def test_month_before_one_with_data_is_complete_even_with_gaps() -> None:
    product = product_factory()
    facts_of_days(product, datetime.date(2026, 1, 1), 10)
    assert complete_months() == {}
    facts_of_days(product, datetime.date(2026, 2, 1), 10)
    assert complete_months() == {(product.line_id, units().pk): datetime.date(2026, 1, 1)}


def test_page_reads_the_month_that_the_list_shows() -> None:
    product = product_factory()
    sell(product, [1, 1, 1])
    last, measure_id = month_add(FIRST, 2), units().pk
    assert complete_month(product.line_id, measure_id) == last
    figures_refresh()
    with CaptureQueriesContext(connection) as queries:
        assert complete_month(product.line_id, measure_id) == last
    assert len(queries) == 1
    assert complete_month(line_factory().pk, measure_id) is None


def test_running_month_is_not_complete() -> None:
    product = product_factory()
    sell(product, [1, 1, 1])
    assert complete_months(as_of=month_add(FIRST, 1)) == {(product.line_id, units().pk): month_add(FIRST, 1)}


def test_young_months_are_provisional_where_the_line_says() -> None:
    top = line_factory(final_after_months=2)
    line, other = line_factory(parent=top), line_factory()
    as_of, tree = datetime.date(2026, 5, 17), LineTree()
    assert first_provisional_month(tree, line.pk, as_of) == datetime.date(2026, 3, 1)
    assert first_provisional_month(tree, other.pk, as_of) == datetime.date(2026, 5, 1)
    moving = [provisional(datetime.date(2026, month, 1), 2, as_of) for month in (2, 3, 5)]
    assert moving == [False, True, True]


def test_months_with_gaps_within_a_persons_channels() -> None:
    product, web, shop = product_factory(), channel_factory(), channel_factory()
    sell(product, [10, None, 30], channel=web)
    sell(product, [1, 2], channel=shop)
    last = month_add(FIRST, 3)

    def volumes(user: Any) -> list[Any]:
        return [month.volume for month in sales_months(user, product, units(), FIRST, last)]

    assert volumes(user_factory()) == [11, 2, 30, None]
    assert volumes(user_factory(channels=[web])) == [10, None, 30, None]
    assert volumes(user_factory(lines=[line_factory()])) == []
    assert [month.complete for month in sales_months(user_factory(), product, units(), FIRST, last)][2:] == [
        True,
        False,
    ]
    sold = sales_by_channel(user_factory(), product, units(), FIRST, last)
    assert [(row.channel, row.volume, row.revenue, row.months) for row in sold] == [
        (web, 40, 80, 2),
        (shop, 3, 6, 2),
    ]
    assert [
        row.channel for row in sales_by_channel(user_factory(channels=[shop]), product, units(), FIRST, last)
    ] == [shop]


@pytest.mark.parametrize("later", [1, 3])
def test_of_a_level_a_channel_that_stopped_has_no_state_any_more(later: int) -> None:
    """So that channels add up to the whole, as it last was."""
    contracts, web, shop = measure_factory(kind="level"), channel_factory(), channel_factory()
    product = product_factory(line=line_factory(measures=[contracts]))
    sell(product, [10, 12], channel=web, measure=contracts)
    sell(product, [5], channel=shop, measure=contracts)
    user, last = user_factory(), month_add(FIRST, later)
    found = (
        sales_by_channel(user, product, contracts, FIRST, last),
        products_by_channel(user, [product], contracts, product.line_id, FIRST, last),
    )
    for sold in found:
        assert {row.channel: row.volume for row in sold} == {web: 12, shop: None}


def test_unlike_units_are_never_added() -> None:
    line = line_factory(reporting_unit="litre")
    carton, bottle = product_factory(line=line, unit="carton"), product_factory(line=line, unit="bottle")
    sell(carton, [10])
    sell(bottle, [4])

    def total() -> tuple[Any, ...]:
        both = products_total(user_factory(), [carton, bottle], units(), line.pk, FIRST, FIRST)
        return both.unit, both.addable, both.months[0].volume, both.months[0].revenue

    assert total() == ("", False, None, 28)
    UnitFactor.objects.create(product=carton, unit="litre", factor=Decimal("1.5"))
    assert total() == ("", False, None, 28)
    UnitFactor.objects.create(product=bottle, unit="litre", factor=Decimal("0.75"))
    assert total() == ("litre", True, Decimal("18"), 28)


def test_family_counts_members_while_they_belong_to_it() -> None:
    line = line_factory()
    family = family_factory(line=line)
    stays, leaves = product_factory(line=line), product_factory(line=line)
    for product in (stays, leaves):
        sell(product, [10, 10, 10])
        FamilyMember.objects.create(product=product, family=family, start_date=month_add(FIRST, 1))
    FamilyMember.objects.create(product=leaves, family=None, start_date=month_add(FIRST, 2))
    months = family_sales(user_factory(), family, units(), FIRST, month_add(FIRST, 2)).months
    assert [month.volume for month in months] == [None, 20, 10]


def test_spans_follow_the_financial_year() -> None:
    organisation_factory(financial_year_first_month=4)
    assert spans(datetime.date(2026, 2, 1)) == {
        "month": (datetime.date(2026, 2, 1), datetime.date(2026, 2, 1)),
        "year_to_date": (datetime.date(2025, 4, 1), datetime.date(2026, 2, 1)),
        "last_12_months": (datetime.date(2025, 3, 1), datetime.date(2026, 2, 1)),
        "full_year": (datetime.date(2025, 4, 1), datetime.date(2026, 3, 1)),
    }


def test_compared_with_last_year_and_budget() -> None:
    product = product_factory(code="A1")
    sell(product, [100] * 12 + [104] * 3)
    months = [month_add(FIRST, 12 + step) for step in range(12)]
    run(BudgetSheet(), [{"product": "A1", "month": month, "volume": 130} for month in months])
    last = month_add(FIRST, 14)
    user = user_factory()
    found = compare(user, product, units(), spans(last))
    to_date = found["year_to_date"].volume
    assert (to_date.actual.value, to_date.last_year.value, to_date.budget.value) == (312, 300, 390)
    assert (to_date.difference, to_date.index) == (12, pytest.approx(104))
    assert (to_date.budget_difference, to_date.budget_index) == (-78, pytest.approx(80))
    full = found["full_year"].volume
    assert (full.actual.known, full.actual.asked, full.index, full.budget.value) == (3, 12, None, 1560)
    assert found["month"].revenue.index == pytest.approx(104)


def test_nothing_to_compare_with_is_not_zero() -> None:
    assert amount_over([None, None], level=False).value is None
    assert amount_over([Decimal(3), None], level=False).value == 3
    assert amount_over([Decimal(3), None], level=True).value is None
    product = product_factory()
    sell(product, [5])
    compared = compare(user_factory(), product, units(), spans(FIRST))["month"].volume
    assert (compared.last_year.value, compared.difference, compared.index, compared.budget_index) == (
        None,
    ) * 4
