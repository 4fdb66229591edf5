"""What a night computes, and what it leaves alone."""

from __future__ import annotations

import pytest

from forecasting.models import Forecast, NightlyRun, StageEstimate

from .conftest import LAST, run_now

pytestmark = pytest.mark.django_db


def test_every_product_with_data_gets_forecast_and_stage(products):
    run = run_now()
    assert run.state == NightlyRun.State.DONE
    assert not run.failures.exists()
    for product in products:
        forecast = Forecast.objects.get(product=product)
        assert (forecast.current, forecast.stale, forecast.as_of) == (True, False, LAST)
        assert forecast.months.count() == 18
        assert forecast.months.first().month.isoformat() == "2026-11-01"
        assert StageEstimate.objects.get(product=product).stage
        product.figures.refresh_from_db()
        assert product.figures.forecast_12m > 0
        assert product.figures.stage
