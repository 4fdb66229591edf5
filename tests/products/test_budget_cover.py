"""What sold is held against a budget of all of it: by product, in the months that it sold in."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from core.months import month_range
from products.models import BudgetRow, BudgetVersion, Measure, Product, ProductMonth
from products.selectors.budget_cover import budget_cover
from products.selectors.budget_lines import budget_revenue
from products.selectors.lines import LineTree
from tests.factories import line_factory, measure_factory, organisation_factory, product_factory, user_factory

pytestmark = pytest.mark.django_db
JAN, JUN, SEP, OCT, NOV, DEC = (datetime.date(2026, month, 1) for month in (1, 6, 9, 10, 11, 12))


@pytest.fixture
def version() -> BudgetVersion:
    organisation_factory()
    return BudgetVersion.objects.create(code="b26", name="Budget 2026", year=2026)


def plan(version: BudgetVersion, first: datetime.date, last: datetime.date, **of: Any) -> None:
    row = {"version": version, "measure": Measure.objects.get(code="units"), "revenue": 10} | of
    BudgetRow.objects.bulk_create(BudgetRow(month=month, **row) for month in month_range(first, last))


def sold(
    line: Any, first: datetime.date = JAN, last: datetime.date = OCT, revenue: int = 5, **of: Any
) -> Product:
    product, units = product_factory(line=line, **of), Measure.objects.get(code="units").pk
    ProductMonth.objects.bulk_create(
        ProductMonth(product_id=product.pk, measure_id=units, month=month, volume=1, revenue=revenue, days=28)
        for month in month_range(first, last)
    )
    return product


def covered(
    first: datetime.date = JAN, last: datetime.date = OCT, ahead: datetime.date | None = None, **of: Any
) -> dict[int, tuple[int, int]]:
    user, tree = user_factory(), LineTree()
    budget = budget_revenue(user, tree, tree.lines, JAN, DEC)
    return budget_cover(user, Product.objects.all(), JAN, OCT).over(budget, first, last, ahead, **of).lines


def test_three_of_twenty_products(version: BudgetVersion) -> None:
    food, drinks = line_factory(), line_factory()
    for _number in range(3):
        plan(version, JAN, DEC, product=sold(food))
    for _number in range(17):
        sold(food)
    sold(drinks)
    plan(version, JAN, DEC, line=drinks)
    assert covered() == {food.pk: (3, 20), drinks.pk: (1, 1)}
    plan(version, JAN, DEC, line=food)
    assert covered() == {food.pk: (20, 20), drinks.pk: (1, 1)}


def test_one_month_is_no_year(version: BudgetVersion) -> None:
    """Of a line planned for January alone, and of a product."""
    whole, line = line_factory(), line_factory()
    sold(whole)
    plan(version, JAN, JAN, line=whole)
    plan(version, JAN, JAN, product=sold(line))
    assert covered(JAN, JAN) == {whole.pk: (1, 1), line.pk: (1, 1)}
    assert covered(OCT, OCT) == covered() == {whole.pk: (0, 1), line.pk: (0, 1)}


def test_a_product_needs_a_plan_for_the_months_that_it_sold_in(version: BudgetVersion) -> None:
    line = line_factory()
    plan(version, JUN, DEC, product=sold(line, JUN))
    sold(line, revenue=0)
    sold(line, OCT, OCT, revenue=-12)  # a credit note
    assert covered() == {line.pk: (1, 1)}
    sold(line, SEP, SEP)
    assert covered() == {line.pk: (1, 2)}
    assert covered(OCT, OCT) == {line.pk: (1, 1)}


def test_ahead_what_sold_last_needs_one_as_long_as_it_goes_on(version: BudgetVersion) -> None:
    line = line_factory()
    plan(version, JAN, OCT, product=sold(line, JAN, SEP))
    plan(version, JAN, OCT, product=sold(line, ended=datetime.date(2026, 10, 31)))
    plan(version, JAN, NOV, product=sold(line, ended=datetime.date(2026, 11, 30)))
    plan(version, JAN, NOV, product=sold(line, ended=datetime.date(2026, 12, 1)))
    assert covered() == {line.pk: (4, 4)}
    assert covered(ahead=DEC) == {line.pk: (3, 4)}


def test_a_line_that_ends_earlier_needs_one_after_it_too(version: BudgetVersion) -> None:
    line, early = line_factory(), line_factory()
    plan(version, JAN, DEC, product=sold(line))
    plan(version, JAN, SEP, product=sold(early, JAN, SEP))
    sold(early, JAN, JUN)
    sold(early, JAN, SEP, ended=datetime.date(2026, 9, 30))
    assert covered(OCT, OCT) == {line.pk: (1, 1)}
    assert covered(OCT, OCT, ends={early.pk: SEP}) == {line.pk: (1, 1), early.pk: (0, 1)}
    plan(version, JAN, SEP, line=early)
    assert covered(SEP, OCT, ends={early.pk: SEP}) == {line.pk: (1, 1), early.pk: (1, 2)}


def test_another_measure_or_the_version_of_another_year_is_no_plan(version: BudgetVersion) -> None:
    line, calls = line_factory(), measure_factory(code="calls")
    product = sold(line)
    plan(version, JAN, DEC, product=product, measure=calls)
    other = BudgetVersion.objects.create(code="b25", name="Budget 2025", year=2025)
    plan(other, JAN, DEC, product=product)
    assert covered() == {line.pk: (0, 1)}
