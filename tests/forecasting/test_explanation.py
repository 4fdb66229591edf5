"""The paragraph says level, trend, season, drivers, people, certainty and past error, with their numbers."""

from __future__ import annotations

import datetime
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from django.utils import translation

from core.months import month_add
from forecasting.explanation import explanation
from forecasting.models import Forecast, ForecastMonth
from forecasting.selectors.accuracy import LAG
from forecasting.selectors.accuracy_sums import LAYERS, Errors, Sums
from forecasting.selectors.forecasts import ForecastNow
from products.models import Measure
from products.selectors.sales import MonthSales

pytestmark = pytest.mark.usefixtures("english")

FIRST = datetime.date(2026, 11, 1)
FLOW = Measure(kind=Measure.Kind.FLOW)
LEVEL = Measure(kind=Measure.Kind.LEVEL)
# December is 40 above the rest; the second year is 10 % higher throughout.
SHAPE = [100, 140, *[100] * 10]
MEANS = [float(v) for v in SHAPE] + [v * 1.1 for v in SHAPE[:6]]
SALES = [MonthSales(month_add(FIRST, step - 12), Decimal(80)) for step in range(12)]


def now(means: list[float] = MEANS, wape: float | None = 0.08, **layers: Any) -> ForecastNow:
    months = [
        ForecastMonth(
            month=month_add(FIRST, step),
            mean=mean,
            median=mean,
            lo80=mean * 0.9,
            hi80=mean * 1.1,
            lo95=mean * 0.8,
            hi95=mean * 1.2,
            **{name: rate * mean for name, rate in layers.items()},
        )
        for step, mean in enumerate(means)
    ]
    return ForecastNow(Forecast(wape=wape), months, 1.0, 0.12)


def told(*args: Any) -> str:
    return explanation(*args).replace("\u00a0", " ")


def test_a_flow() -> None:
    said = told(now(), SALES, FLOW, "packs")
    assert "The last 12 months brought 960 packs; for the next 12 we expect 1,240 packs (+29.2%)." in said
    assert "rises about 10.0% a year" in said
    assert "Dec 2026 is its strongest month (35% above the mean), Nov 2026 its weakest." in said
    assert "between 1,116 and 1,364 packs" in said
    assert "8.0% off on average; repeating the year before was 12.0% off." in said
    assert "drivers" not in said
    assert "People" not in said


def test_what_drivers_and_people_add_is_told_apart() -> None:
    said = told(now(driven=1.05, overridden=1.15), SALES, FLOW, "packs")
    assert "Known drivers change it by +62 packs." in said
    assert "People changed it by +124 packs." in said
    assert "we expect 1,426 packs" in said


@pytest.mark.parametrize(
    ("used", "year", "words"),
    [
        ([], -0.1, "What is decided changes it by +62 packs."),
        ([{"id": 1}], -0.1, "Known drivers and what is decided change it by +62 packs."),
        ([{"id": 1}], 0.0, "Known drivers change it by +62 packs."),  # left out, or of no volume
    ],
)
def test_what_is_decided_is_called_so(used: list[Any], year: float, words: str) -> None:
    decided = now(driven=1.05)
    decided.forecast.driver_effects = {"used": used, "planned": [{"year": year}]}
    assert words in told(decided, SALES, FLOW, "packs")


def test_the_strongest_month_is_that_of_the_plan() -> None:
    planned = now()
    planned.months[1].overridden = 0.0  # December, the strongest by statistics
    said = told(planned, SALES, FLOW, "packs")
    assert "Dec 2026 is its strongest month" not in said
    assert "Dec 2026 its weakest." in said


@pytest.mark.parametrize(
    "made",
    [
        {"method": "like_item"},
        {"method": "blend"},
        {"method": "bass"},
        {"reason_params": {"phased_out": 1}},
        {"means": [0.0] * 3 + MEANS[3:]},
        {"means": MEANS[:12] + [0.0] * 6},
    ],
)
def test_what_starts_or_ends_has_neither_trend_nor_season(made: dict[str, Any]) -> None:
    found = now(made.pop("means", MEANS))
    for name, value in made.items():
        setattr(found.forecast, name, value)
    said = told(found, SALES, FLOW, "packs")
    assert "Apart from the season" not in said
    assert "strongest" not in said
    assert "for the next 12 we expect" in said


def test_a_level_is_a_state_and_never_added() -> None:
    said = told(now([1000.0 + step for step in range(18)]), SALES, LEVEL, "contracts")
    assert "It stood at 80 contracts at the end of Oct 2026; a year later we expect 1,011 contracts" in said
    assert "strongest" not in said


def test_gaps_and_short_pasts_are_said_and_not_made_up() -> None:
    said = told(now(wape=None), SALES[1:], FLOW, "packs")
    assert said.startswith("For the next 12 months we expect 1,240 packs.")
    assert "too short to say how good" in said
    assert told(None, SALES, FLOW, "packs") == ""
    assert told(replace(now(), months=[]), SALES, FLOW, "packs") == ""


def test_what_ends_within_the_year_is_told_until_then() -> None:
    ends = replace(now([100.0] * 5 + [0.0] * 13), ended=datetime.date(2027, 3, 31))
    said = told(ends, SALES, FLOW, "packs")
    assert said.startswith("For the 5 months until it ends we expect 500 packs.")
    assert "between 450 and 550 packs" in said
    said = told(ends, SALES, LEVEL, "contracts")
    assert said.startswith("At the end of Mar 2027, before it ends, we expect 100 contracts.")
    assert "between 90 and 110 contracts" in said


def test_how_good_it_was_is_what_was_forecast_once_a_year_of_it_is_over() -> None:
    def measured(months: int) -> Sums:
        final = Errors(n=months, off=30, size=200, net=200)
        layers = dict.fromkeys(LAYERS, final) | {"naive": Errors(n=months, off=50, size=200, net=200)}
        return Sums(layers, {})

    said = told(replace(now(), accuracy={LAG: measured(12)}), SALES, FLOW, "packs")
    assert "the forecasts of the last 12 months were 15.0% off" in said
    assert "Tried on its own past" not in said
    said = told(replace(now(), accuracy={LAG: measured(11)}), SALES, FLOW, "packs")
    assert "Tried on its own past" in said


def test_what_sells_only_now_and_then_is_judged_by_its_total() -> None:
    rare = replace(now(), forecast=Forecast(method="tsb", wape=0.9, bias=-0.05))
    said = told(rare, SALES, FLOW, "packs")
    assert "Tried on its own past, the total of its months was −5.0% off." in said.replace("-5.0", "−5.0")
    assert "90.0%" not in said
    final = Errors(n=12, off=150, over=20, size=200, net=200)
    layers = dict.fromkeys(LAYERS, final)
    said = told(replace(rare, accuracy={LAG: Sums(layers, {})}), SALES, FLOW, "packs")
    assert "Of 12 months that were forecast a month ahead the total was +10.0% off." in said
    unknown = replace(now(), forecast=Forecast(method="tsb"))
    assert "too short to say how good" in told(unknown, SALES, FLOW, "packs")


def test_dutch() -> None:
    with translation.override("nl"):
        said = told(now(), SALES, FLOW, "pakken")
    assert "De afgelopen 12 maanden" in said
    assert "+29,2%" in said
