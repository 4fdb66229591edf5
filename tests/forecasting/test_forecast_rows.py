"""Months and weeks are written as they were made, to the last digit, with what is missing."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from core.upsert import unsaved
from forecasting.doctor import forecasts_whole
from forecasting.models import Forecast, ForecastMonth, ForecastWeek, NightlyRun
from forecasting.services.forecasts import ForecastWrite, MonthRow, WeekRow, forecasts_write
from forecasting.services.list_figures import MonthMade, list_figures, list_figures_made
from forecasting.tasks import purge
from products.models import Measure
from tests.factories import product_factory

pytestmark = pytest.mark.django_db
BANDS = (0.1 + 0.2, 1 / 3, 5e-324, 1e22, -1 / 7, 1e300)
MONTHS: list[MonthRow] = [
    ("1999-12-01", *BANDS, 2.5, 1 / 3, 1.05, 0.2),
    ("2026-11-01", *BANDS, None, None, None, None),
    ("2026-12-01", *BANDS, 0.0, None, 1.1, None),
]
WEEKS: list[WeekRow] = [("2026-10-26", *BANDS, 4.0, 1 / 3, 0.1), ("2026-11-02", *BANDS, None, None, None)]


def test_what_is_read_is_what_was_made(run: NightlyRun) -> None:
    (written,) = forecasts_write(forecasts=[ForecastWrite(_header(), MONTHS, WEEKS)], run=run)
    named = ("mean", "median", "lo80", "hi80", "lo95", "hi95", "naive")
    months = written.months.order_by("month").values_list("month", *named, "driven", "price_ratio", "spread")
    assert [(str(month), *rest) for month, *rest in months] == MONTHS
    weeks = written.weeks.order_by("week").values_list("week", *named, "driven", "spread")
    assert [(str(week), *rest) for week, *rest in weeks] == WEEKS


def test_the_doctor_sees_months_that_lost_their_forecast(run: NightlyRun) -> None:
    (written,) = forecasts_write(forecasts=[ForecastWrite(_header(), MONTHS, WEEKS)], run=run)
    written.months.update(forecast_id=written.pk + 1)
    said = f"forecast {written.pk + 1} does not exist"
    with CaptureQueriesContext(connection) as asked:
        assert [line.startswith(said) for line in forecasts_whole()].count(True) == 1
    # Not by looking each month up in the list of all forecasts.
    assert not [query["sql"] for query in asked if "IN (SELECT" in query["sql"]]
    written.delete()
    assert not ForecastWeek.objects.exists()


def test_months_that_lost_their_forecast_go_within_the_hour(
    run: NightlyRun, django_assert_num_queries: Any
) -> None:
    lost, kept = (
        forecasts_write(forecasts=[ForecastWrite(_header(), MONTHS, WEEKS)], run=run)[0] for _ in range(2)
    )
    Forecast.objects.filter(pk=lost.pk)._raw_delete(using="default")
    with django_assert_num_queries(2):
        purge()
    for part in (ForecastMonth, ForecastWeek):
        assert set(part.objects.values_list("forecast_id", flat=True)) == {kept.pk}


@pytest.mark.parametrize("is_level", [False, True])
def test_the_list_shows_the_same_of_months_with_layers_and_without(run: NightlyRun, is_level: bool) -> None:
    header = _header()
    months: list[MonthRow] = [
        (f"2027-{n:02}-01", 10.1 + n / 3, 9.0, 7.7, 12 + n, 5.0, 15.1, None, None, None, None)
        for n in range(1, 13)
    ]
    asked: dict[str, Any] = {"is_level": is_level, "correlation": 0.4, "price": 1.1}
    made = [MonthMade.of(row) for row in months]
    assert list_figures_made(header, months, **asked) == list_figures(header, made, **asked)
    months[3] = (*months[3][:8], 20.5, 1.02, 0.1)
    moved = [MonthMade.of(row) for row in months]
    assert list_figures_made(header, months, **asked) == list_figures(header, moved, **asked)
    assert list_figures(header, moved, **asked) != list_figures(header, made, **asked)
    nothing = list_figures_made(header, [], **asked)
    assert (nothing.forecast_12m, nothing.forecast_12m_amount, nothing.spark_forecast) == (None, None, [])


def _header() -> Forecast:
    return unsaved(
        Forecast,
        product_id=product_factory().pk,
        measure_id=Measure.objects.get(code="units").pk,
        as_of=datetime.date(2026, 10, 1),
        computed_at=timezone.now(),
        reason_params={},
        by_week=True,
    )


@pytest.fixture
def run() -> NightlyRun:
    return NightlyRun.objects.create(
        kind=NightlyRun.Kind.MANUAL,
        key="rows",
        local_date=datetime.date(2026, 11, 24),
        as_of=datetime.date(2026, 10, 1),
        started_at=timezone.now(),
    )
