"""Months and weeks are written as they were made, to the last digit, with what is missing."""

from __future__ import annotations

import datetime

import pytest
from django.utils import timezone

from core.upsert import unsaved
from forecasting.models import Forecast, NightlyRun
from forecasting.services.forecasts import ForecastWrite, MonthRow, WeekRow, forecasts_write
from products.models import Measure
from tests.factories import product_factory

pytestmark = pytest.mark.django_db
BANDS = (0.1 + 0.2, 1 / 3, 5e-324, 1e22, -1 / 7, 1e300)
MONTHS: list[MonthRow] = [
    ("1999-12-01", *BANDS, 2.5, 1 / 3, 1.05, 0.2),
    ("2026-11-01", *BANDS, None, None, None, None),
    ("2026-12-01", *BANDS, 0.0, None, 1.1, None),
]
WEEKS: list[WeekRow] = [("2026-10-26", *BANDS, 4.0, 1 / 3), ("2026-11-02", *BANDS, None, None)]


def test_what_is_read_is_what_was_made(run: NightlyRun) -> None:
    header = unsaved(
        Forecast,
        product_id=product_factory().pk,
        measure_id=Measure.objects.get(code="units").pk,
        as_of=datetime.date(2026, 10, 1),
        computed_at=timezone.now(),
        reason_params={},
        by_week=True,
    )
    (written,) = forecasts_write(forecasts=[ForecastWrite(header, MONTHS, WEEKS)], run=run)
    named = ("mean", "median", "lo80", "hi80", "lo95", "hi95", "naive")
    months = written.months.order_by("month").values_list("month", *named, "driven", "price_ratio", "spread")
    assert [(str(month), *rest) for month, *rest in months] == MONTHS
    weeks = written.weeks.order_by("week").values_list("week", *named, "driven")
    assert [(str(week), *rest) for week, *rest in weeks] == WEEKS


@pytest.fixture
def run() -> NightlyRun:
    return NightlyRun.objects.create(
        kind=NightlyRun.Kind.MANUAL,
        key="rows",
        local_date=datetime.date(2026, 11, 24),
        as_of=datetime.date(2026, 10, 1),
        started_at=timezone.now(),
    )
