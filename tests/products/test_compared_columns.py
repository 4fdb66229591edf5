"""The list's columns of month, year to date, 12 months and full year against last year and budget."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.db import connection
from django.db.models import F
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext

from core.months import month_add
from products.models import (
    BudgetRow,
    BudgetVersion,
    Channel,
    ChannelLimit,
    Measure,
    Product,
    ProductFigures,
)
from products.selectors.compared_columns import compared_columns
from products.selectors.lines import LineTree
from products.selectors.product_list import list_queryset, list_rows, list_totals, query_read
from products.services.figures import ForecastFigures, figures_forecast_set, figures_refresh
from products.services.rollup import rollup_rebuild
from tests.factories import channel_factory, line_factory, organisation_factory, product_factory, user_factory

from .test_figures import sell

pytestmark = pytest.mark.django_db
FIRST = datetime.date(2023, 1, 1)
KEYS = ",".join(column.key for column in compared_columns())


@pytest.fixture
def today_is_in_november(monkeypatch: Any) -> None:
    monkeypatch.setattr("products.selectors.months.today", lambda: datetime.date(2025, 11, 5))


def values(user: Any, product: Product, cols: str = KEYS, sort: str = "name") -> dict[str, Any]:
    query, tree = query_read(user, QueryDict(f"cols={cols}&sort={sort}")), LineTree()
    rows = list_rows(user, list_queryset(user, query, tree), tree, query)
    return dict(next(row.added for row in rows if row.product == product))


def grown(product: Product) -> None:
    """Ten units a month in 2023, twelve in 2024, fifteen in 2025, each 2 in money."""
    sell(product, [10] * 12 + [12] * 12 + [15] * 10, first=FIRST)
    rollup_rebuild()
    figures_refresh()


def budget(product: Product, year: int, revenue: int, months: int = 12) -> None:
    version, _new = BudgetVersion.objects.get_or_create(code=f"b{year}", defaults={"name": "B", "year": year})
    BudgetRow.objects.bulk_create(
        BudgetRow(
            version=version,
            product=product,
            measure=Measure.objects.get(code="units"),
            month=datetime.date(year, month, 1),
            revenue=revenue,
        )
        for month in range(1, months + 1)
    )


@pytest.mark.usefixtures("today_is_in_november")
def test_every_span_against_last_year_and_budget() -> None:
    organisation_factory()
    product = product_factory(launched=FIRST)
    grown(product)
    for year in (2024, 2025):
        budget(product, year, 25)
    figures_forecast_set(
        rows=[
            ForecastFigures(
                product_id=product.pk,
                measure_id=Measure.objects.get(code="units").pk,
                forecast_as_of=datetime.date(2025, 10, 1),
                forecast_12m=180,
                forecast_12m_lo80=170,
                forecast_12m_hi80=190,
                forecast_12m_amount=360,
                year_rest_amount=70,
            )
        ]
    )
    found = {key: round(value, 2) for key, value in values(user_factory(), product).items()}
    assert found == {
        "revenue_month": 30,
        "change_month": 6,
        "index_month": 125,
        "budget_month": 120,
        "revenue_ytd": 300,
        "change_ytd": 60,
        "index_ytd": 125,
        "budget_ytd": 120,
        # Two months of 24 and ten of 30, before them two of 20 and ten of 24.
        "change_12m": 68,
        "index_12m": 124.29,
        "budget_12m": 116,
        "revenue_year": 370,
        "change_year": 82,
        "index_year": 128.47,
        "budget_year": 123.33,
    }


@pytest.mark.usefixtures("today_is_in_november")
def test_the_financial_year_starts_where_the_organisation_says() -> None:
    organisation_factory(financial_year_first_month=7)
    product = product_factory(launched=FIRST)
    grown(product)
    found = values(user_factory(), product)
    assert (found["revenue_ytd"], found["change_ytd"]) == (120, 24)
    # From July 2023 to June 2024 it was six times 20, and six times 24.
    product.figures.refresh_from_db()
    assert product.figures.revenue_year_before == 24 * 6 + 30 * 6


@pytest.mark.usefixtures("today_is_in_november")
def test_too_little_to_compare_with_is_no_index() -> None:
    organisation_factory()
    line = line_factory()
    grown(product_factory(line=line, launched=FIRST))
    young = product_factory(line=line)
    sell(young, [5] * 5, first=datetime.date(2025, 6, 1))
    rollup_rebuild()
    figures_refresh()
    budget(young, 2025, 4, months=3)
    found = values(user_factory(), young)
    assert (found["revenue_ytd"], found["revenue_month"]) == (50, 10)
    names = ("change_month", "index_ytd", "budget_ytd", "budget_month", "revenue_year", "budget_year")
    assert [found[name] for name in names] == [None] * 6


@pytest.mark.usefixtures("today_is_in_november")
def test_sorted_added_up_and_at_no_query_a_row() -> None:
    organisation_factory()
    user, line = user_factory(), line_factory()
    products = [product_factory(line=line, launched=FIRST) for _ in range(3)]
    for product, units in zip(products, (10, 30, 20), strict=True):
        sell(product, [10] * 12 + [units] * 12, first=month_add(datetime.date(2025, 10, 1), -23))
    rollup_rebuild()
    figures_refresh()
    budget(products[0], 2025, 1)
    query, tree = query_read(user, QueryDict(f"cols={KEYS}&sort=-index_ytd")), LineTree()
    user.has_perm("products.view")
    with CaptureQueriesContext(connection) as many:
        rows = list_rows(user, list_queryset(user, query, tree), tree, query)
    assert [row.product for row in rows] == [products[1], products[2], products[0]]
    sums = list_totals(user, query, tree).values
    assert (sums["revenue_month"], sums["change_month"]) == (120, 60)
    assert "index_month" not in sums
    Product.objects.exclude(pk=products[0].pk).delete()
    with CaptureQueriesContext(connection) as one:
        list_rows(user, list_queryset(user, query, tree), tree, query)
    assert len(one) == len(many)


@pytest.mark.usefixtures("today_is_in_november")
def test_totals_are_of_the_same_months(client: Any) -> None:
    """A line that is a month late, one whose data end in the financial year before, and one of long ago."""
    organisation_factory()
    user = user_factory()
    product = product_factory(launched=FIRST)
    grown(product)
    for code, last in (("LATE", (2025, 9, 1)), ("YEAR", (2024, 12, 1)), ("OLD", (2023, 12, 1))):
        other = product_factory(code=code, line=line_factory(), launched=FIRST)
        sell(other, [1000] * 12, first=month_add(datetime.date(*last), -11))
    rollup_rebuild()
    figures_refresh()
    ProductFigures.objects.update(forecast_as_of=F("data_month"), forecast_12m_amount=500)
    query = query_read(user, QueryDict(f"view=all&cols=revenue_12m,forecast_12m,{KEYS}"))
    totals = list_totals(user, query, LineTree())
    assert (totals.count, totals.older, totals.data_month) == (4, 3, datetime.date(2025, 10, 1))
    assert totals.values["revenue_month"] == 30
    assert totals.values["revenue_ytd"] == 300 + 9 * 2000
    assert totals.values["revenue_12m"] == 348 + 2 * 12 * 2000
    assert totals.values["forecast_12m"] == 3 * 500
    client.force_login(user)
    page = " ".join(client.get("/products/?view=all").content.decode().replace("\u00a0", " ").split())
    assert "1 with older data is not in every total" in page  # of 12 months
    assert page.count("data up to Sep 2025") == 1
    assert page.count("data up to Oct 2025") == 1  # of all, in the head
    limited = user_factory(channels=Channel.objects.all())
    query = query_read(limited, QueryDict("view=all&cols=revenue_12m"))
    assert list_totals(limited, query, LineTree()).values["revenue_12m"] == 348 + 2 * 12 * 2000


@pytest.mark.usefixtures("today_is_in_november")
def test_who_sees_some_channels_is_told_none_of_them() -> None:
    organisation_factory()
    user, product = user_factory(), product_factory(launched=FIRST)
    ChannelLimit.objects.create(user=user, channel=channel_factory())
    grown(product)
    assert set(values(user, product, sort="-revenue_ytd").values()) == {None}
