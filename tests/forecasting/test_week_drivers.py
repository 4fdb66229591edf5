"""Drivers of products that are forecast by the week: tried on weeks, seen in weeks and in their months."""

from __future__ import annotations

import datetime
from collections import defaultdict
from decimal import Decimal
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from core.months import month_add, month_end, month_start
from forecasting import engine
from forecasting.models import Driver, ForecastWeek, SharedEffect
from forecasting.selectors.drivers import by_week
from forecasting.services.drivers import driver_calendar_use, driver_values_set
from forecasting.week_months import months_driven
from products.models import Measure, Product
from tests.factories import line_factory, product_factory, user_factory

from .conftest import LAST, run_now
from .test_weeks import FIRST_WEEK, WEEK, of, weeks_give

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]

AHEAD = datetime.date(2026, 10, 29)
"""The first week ahead; with the promotions of 12 November and 14 January still to come."""


def is_promoted(week: datetime.date) -> bool:
    return (week - FIRST_WEEK).days // 7 % 9 in (3, 7)


def promoted(step: int) -> float:
    return (90 + step * 7919 % 7) * (1.6 if is_promoted(FIRST_WEEK + step * WEEK) else 1)


@pytest.fixture
def product(db: Any) -> Product:
    found = product_factory(line=line_factory(forecast_step="week"))
    weeks_give(found, volume=promoted)
    return found


def promotions_give(product: Product | None, *, until: int = 20, **values: int) -> Driver:
    """By the week, known so many weeks ahead."""
    count = (AHEAD - FIRST_WEEK).days // 7 + until
    weeks = [FIRST_WEEK + step * WEEK for step in range(count)]
    return driver_values_set(
        code="promotion",
        name="Promotions",
        kind="event",
        step="week",
        values={week: Decimal(int(is_promoted(week))) for week in weeks},
        product=product,
    )


def summed(weeks: list[ForecastWeek]) -> dict[datetime.date, float]:
    found: dict[datetime.date, float] = defaultdict(float)
    for row in weeks:
        for day in range(7):
            found[month_start(row.week + datetime.timedelta(days=day))] += row.final / 7
    return found


def test_a_promotion_known_ahead_lifts_its_weeks_and_their_months(product: Product) -> None:
    driver = promotions_give(product)
    run_now()
    forecast = of(product)
    (used,) = forecast.driver_effects["used"]  # type: ignore[index]
    assert (used["id"], len(used["months"])) == (driver.pk, 18)
    weeks = list(forecast.weeks.all())
    assert [row.week for row in weeks[:1]] == [AHEAD]
    for row in weeks[:20]:
        assert row.driven is not None
        assert row.driven == pytest.approx(promoted((row.week - FIRST_WEEK).days // 7), rel=0.1)
    for row in weeks[20:]:  # not known: as it was
        assert row.driven == row.mean
    sums = summed(weeks)
    covered = [m for m in forecast.months.all() if month_end(m.month) < weeks[-1].week + WEEK]
    assert len(covered) >= 5
    for month in covered:
        assert month.driven == pytest.approx(sums[month.month], abs=1e-6, rel=1e-9)
    assert covered[0].driven != pytest.approx(covered[0].mean, rel=1e-3)
    later = [month for month in forecast.months.all() if month.month > weeks[-1].week + WEEK]
    assert all(month.driven == pytest.approx(month.mean, rel=1e-9) for month in later)


def test_drivers_go_on_in_the_months_after_the_weeks(product: Product) -> None:
    promotions_give(product, until=80)
    run_now()
    months = list(of(product).months.all())
    later = [m.driven / m.mean for m in months[8:] if m.driven]
    assert len(later) == 10
    assert max(later) > 1.01
    assert min(later) < 0.99


def test_a_night_skips_until_a_week_of_a_driver_changes(product: Product) -> None:
    promotions_give(product)
    run_now()
    before = of(product)
    run_now()
    assert of(product).computed_at == before.computed_at
    # Two weeks of one month change places: the month's mean is as it was.
    driver_values_set(
        code="promotion",
        step="week",
        kind="event",
        product=product,
        values={datetime.date(2026, 12, 3): Decimal(1), datetime.date(2026, 12, 10): Decimal(0)}
        if is_promoted(datetime.date(2026, 12, 10))
        else {datetime.date(2026, 12, 3): Decimal(0), datetime.date(2026, 12, 10): Decimal(1)},
    )
    run_now()
    assert of(product).computed_at > before.computed_at


def test_why_it_stays_out_is_counted_in_weeks(client: Any) -> None:
    product = product_factory(line=line_factory(forecast_step="week"))
    weeks_give(product, volume=promoted, first=datetime.date(2025, 9, 4))
    promotions_give(product)
    run_now()
    client.force_login(user_factory("product-manager", language="en"))
    page = client.get(reverse("forecasting:product", args=[product.code])).content.decode()
    assert "The product has 60 weeks of data; 81 weeks are needed." in page


def test_a_moving_holiday_that_does_not_enter_costs_no_forecast(product: Product, monkeypatch: Any) -> None:
    driver_calendar_use(user=user_factory("product-manager"), calendar="easter", line=product.line)
    SharedEffect.objects.create(
        line=product.line,
        measure=Measure.objects.get(code="units"),
        by_week=True,
        as_of=LAST,
        run=run_now(only=("figures",)),
        engine_version=engine.ENGINE_VERSION,
        input_hash="",
        payload={"easter": {"weight": 0.0, "gain": 0.0, "occasions": 2, "series": 6, "enters": False}},
        computed_at=timezone.now(),
    )
    horizons = []
    forecast = engine.forecast

    def noted(*given: Any, horizon: int, **more: Any) -> Any:
        horizons.append(horizon)
        return forecast(*given, horizon=horizon, **more)

    monkeypatch.setattr(engine, "forecast", noted)
    run = run_now(only=("changes", "forecast"))
    assert run.steps.get(name="forecast").failed == 0
    made = of(product)
    assert made.by_week
    assert [entry["reason"] for entry in made.driver_effects["refused"]] == ["no_shared_gain"]  # type: ignore[index]
    assert max(horizons) == 26  # the weeks, and none further ahead that nothing would move


def test_the_tab_and_the_api_tell_the_weeks_with_drivers(client: Any, product: Product) -> None:
    promotions_give(product)
    run_now()
    client.force_login(user_factory("administrator", language="en"))
    page = client.get(reverse("forecasting:product", args=[product.code]), {"step": "weeks"}).content.decode()
    assert "Promotions<small>moves it by</small>" in page
    forecast = of(product)
    (used,) = forecast.driver_effects["used"]  # type: ignore[index]
    moved = [row.driven - row.mean for row in forecast.weeks.all()]
    assert used["weeks"] == pytest.approx(moved, abs=1e-4)
    weeks = client.get(f"/api/v1/forecasts/{forecast.pk}/weeks/").json()
    for told, row in zip(weeks, forecast.weeks.all(), strict=True):
        assert told["driven"] == told["final"] == row.driven
        band = ("final_lo80", "final_hi80", "final_lo95", "final_hi95")
        assert tuple(told[name] for name in band) == row.final_band[1:]
    lifted = max(weeks, key=lambda week: week["driven"] / week["mean"])
    assert lifted["final_lo80"] > lifted["lo80"]


# -- weeks of a driver ---------------------------------------------------------------------------------------


def weeks_of(step: str, kind: str, values: dict[str, int], weekday: int = 3) -> dict[str, float]:
    driver = Driver(code="x", name="X", step=step, kind=kind)
    found = by_week(driver, {datetime.date.fromisoformat(d): Decimal(v) for d, v in values.items()}, weekday)
    return {str(week): value for week, value in found.items()}


def test_days_become_the_mean_of_a_week_that_is_covered() -> None:
    days = {f"2026-04-{day:02}": day for day in range(2, 9)} | {"2026-04-09": 9}
    assert weeks_of("day", "series", days) == {"2026-04-02": 5.0}


def test_weeks_that_begin_on_another_day_are_shared_by_days() -> None:
    mondays = {"2026-03-30": 0, "2026-04-06": 7, "2026-04-13": 7}
    assert weeks_of("week", "series", mondays) == {
        "2026-04-02": pytest.approx(3.0),  # Monday to Wednesday of the second
        "2026-04-09": 7.0,
    }


def test_a_month_counts_on_each_of_its_days() -> None:
    weeks = weeks_of("month", "series", {"2026-03-01": 1, "2026-04-01": 8})
    assert weeks["2026-03-05"] == 1.0
    assert weeks["2026-03-26"] == pytest.approx(2)  # one day of seven in April
    assert weeks["2026-04-02"] == 8.0


def test_an_event_is_nothing_in_weeks_between_those_named() -> None:
    assert weeks_of("day", "event", {"2026-04-03": 1, "2026-04-20": 1}) == {
        "2026-04-02": pytest.approx(1 / 7),
        "2026-04-09": 0.0,
        "2026-04-16": pytest.approx(1 / 7),
    }


@settings(max_examples=25)
@given(
    st.lists(st.floats(1, 1e6), min_size=80, max_size=80),
    st.lists(st.floats(0.5, 2), min_size=80, max_size=80),
)
def test_months_with_drivers_are_the_sums_of_their_weeks(plain: list[float], factors: list[float]) -> None:
    weeks = [AHEAD + step * WEEK for step in range(80)]
    driven = [value * factor for value, factor in zip(plain, factors, strict=True)]
    months = {month_add(LAST, step): 0.0 for step in range(1, 19)}
    for week, value in zip(weeks[:26], plain[:26], strict=True):
        for day in range(7):
            month = month_start(week + datetime.timedelta(days=day))
            if month in months:
                months[month] += value / 7
    months = {month: value or 1000.0 for month, value in months.items()}
    found = months_driven(list(zip(weeks, plain, driven, strict=True)), months, counted=26)
    sums: dict[datetime.date, float] = defaultdict(float)
    for week, value in zip(weeks[:26], driven[:26], strict=True):
        for day in range(7):
            sums[month_start(week + datetime.timedelta(days=day))] += value / 7
    assert found[:5] == pytest.approx([sums[month] for month in list(months)[:5]])
    still = months_driven(list(zip(weeks, plain, plain, strict=True)), months, counted=26)
    assert still == pytest.approx(list(months.values()))
