"""The budget of a line as a whole: its own row, else what is below it, and never both."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import pytest

from core.months import month_range
from products.models import BudgetRow, BudgetVersion, ChannelLimit, LineMeasure, Measure, Product
from products.selectors.budget import budget_months
from products.selectors.budget_lines import budget_revenue
from products.selectors.lines import LineTree
from tests.factories import (
    channel_factory,
    line_factory,
    measure_factory,
    organisation_factory,
    product_factory,
    user_factory,
)

pytestmark = pytest.mark.django_db
JAN, FEB, DEC = (datetime.date(2026, month, 1) for month in (1, 2, 12))


@pytest.fixture
def version() -> BudgetVersion:
    organisation_factory()
    return BudgetVersion.objects.create(code="b26", name="Budget 2026", year=2026)


def plan(version: BudgetVersion, revenue: int | None, month: datetime.date = JAN, **of: Any) -> None:
    row = {"measure": Measure.objects.get(code="units"), "volume": 1} | of
    BudgetRow.objects.create(version=version, month=month, revenue=revenue, **row)


def planned(line: Any, user: Any = None, **narrower: Any) -> dict[datetime.date, Decimal]:
    tree = LineTree()
    found = budget_revenue(user or user_factory(), tree, tree.descendants(line.pk), JAN, DEC, **narrower)
    return dict(found.months)


def test_without_rows_of_its_own_a_line_has_the_sum_of_what_is_below(version: BudgetVersion) -> None:
    top = line_factory()
    below = line_factory(parent=top)
    plan(version, 10, product=product_factory(line=top))
    plan(version, 20, product=product_factory(line=below))
    plan(version, 5, FEB, line=below)
    plan(version, 99, line=line_factory())
    assert planned(top) == {JAN: 30, FEB: 5}
    assert planned(below) == {JAN: 20, FEB: 5}


def test_the_rows_of_a_line_are_its_budget_and_those_below_it_details(version: BudgetVersion) -> None:
    top = line_factory()
    below = line_factory(parent=top)
    product = product_factory(line=below)
    plan(version, 100, line=top)
    plan(version, 40, line=below)
    for month in (JAN, FEB):
        plan(version, 7, month, product=product)
    # January is said for the line as a whole; February only by product.
    assert planned(top) == {JAN: 100, FEB: 7}
    assert planned(below) == {JAN: 40, FEB: 7}


def test_a_row_in_one_channel_stands_for_what_is_below_it_in_that_channel(version: BudgetVersion) -> None:
    line, product = line_factory(), None
    product = product_factory(line=line)
    retail, web = channel_factory(kind="type"), channel_factory(kind="type")
    shop = channel_factory(kind="account", parent=retail)
    plan(version, 100, line=line, channel=retail)
    plan(version, 1, product=product, channel=retail)
    plan(version, 2, product=product, channel=shop)
    plan(version, 3, product=product, channel=web)
    assert planned(line) == {JAN: 103}
    plan(version, 50, line=line)
    # A row for all channels covers every one of them below; the line's own rows add up.
    assert planned(line) == {JAN: 150}


def test_only_what_leads_counts_and_the_others_are_named(version: BudgetVersion) -> None:
    """Of a line also what leads a line below it."""
    line, new = line_factory(), measure_factory(code="new")
    below, other = (line_factory(parent=line) for _number in range(2))
    LineMeasure.objects.create(line=below, measure=new, leads=True)
    LineMeasure.objects.create(line=below, measure=Measure.objects.get(code="units"), leads=False)
    product = product_factory(line=other)
    plan(version, 10, line=line)
    plan(version, 5, line=line, measure=new)
    plan(version, 3, line=other, measure=new)
    plan(version, 2, product=product, measure=new)
    tree = LineTree()
    found = {
        row: budget_revenue(user_factory(), tree, tree.descendants(row.pk), JAN, DEC)
        for row in (line, below, other)
    }
    assert [(dict(each.months), each.others) for each in found.values()] == [
        ({JAN: 15}, {new.pk}),
        ({}, frozenset()),
        ({}, {new.pk}),
    ]


def test_a_line_is_planned_as_a_whole_by_itself_or_the_line_above(version: BudgetVersion) -> None:
    """Not by a product of it, nor by a measure that does not lead it."""
    calls = measure_factory(code="calls")
    top = line_factory()
    below, other, beside = line_factory(parent=top), line_factory(parent=top), line_factory()
    LineMeasure.objects.create(line=other, measure=calls, leads=True)
    plan(version, 10, line=top)
    plan(version, 10, FEB, product=product_factory(line=beside))
    tree = LineTree()
    found = budget_revenue(user_factory(), tree, tree.lines, JAN, DEC)
    assert found.wholes == {JAN: {top.pk, below.pk}}


def test_a_row_without_revenue_covers_no_revenue(version: BudgetVersion) -> None:
    line = line_factory()
    plan(version, None, line=line)
    plan(version, 8, product=product_factory(line=line))
    assert planned(line) == {JAN: 8}


def test_a_product_does_not_have_the_budget_of_its_line(version: BudgetVersion) -> None:
    line = line_factory()
    product = product_factory(line=line)
    plan(version, 100, line=line)
    assert budget_months(user_factory(), product, Measure.objects.get(code="units"), JAN, DEC) == {}


def test_for_some_of_the_products_only_the_lines_they_make_up_count(version: BudgetVersion) -> None:
    whole, shared = line_factory(), line_factory()
    mine = [product_factory(line=whole), product_factory(line=shared)]
    plan(version, 100, line=whole)
    plan(version, 500, line=shared)
    plan(version, 3, product=mine[1])
    plan(version, 4, product=product_factory(line=shared))
    products = Product.objects.filter(pk__in=[product.pk for product in mine])
    found = budget_revenue(user_factory(), LineTree(), [whole.pk], JAN, DEC, products)
    assert (found.months, found.of_lines) == ({JAN: 103}, True)
    assert (found.over(JAN, JAN), found.over(JAN, FEB)) == (103, None)


def test_who_sees_some_channels_has_the_budget_of_those(version: BudgetVersion) -> None:
    line, web = line_factory(), channel_factory()
    user = user_factory()
    ChannelLimit.objects.create(user=user, channel=web)
    plan(version, 100, line=line)
    plan(version, 30, line=line, channel=web)
    assert planned(line, user) == {JAN: 30}


def test_only_the_version_of_the_year_counts(version: BudgetVersion) -> None:
    line = line_factory()
    other = BudgetVersion.objects.create(code="b25", name="Budget 2025", year=2025)
    for month in month_range(JAN, FEB):
        plan(other, 1000, month, line=line)
    assert planned(line) == {}
