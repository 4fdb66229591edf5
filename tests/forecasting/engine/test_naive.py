"""Seasonal naive: the layer every forecast has to beat."""

import datetime

import numpy as np

from forecasting.engine import Series, month_ordinal, naive_forecast

START = month_ordinal(datetime.date(2024, 1, 1))
YEAR = [float(month) for month in range(101, 113)]


def ahead(values: list[float], horizon: int = 14, **more: int) -> list[float]:
    return naive_forecast(Series("a", START, values, **more), season_length=12, horizon=horizon).tolist()


def test_the_same_month_a_year_ago() -> None:
    assert ahead([1.0] * 12 + YEAR) == [*YEAR, *YEAR[:2]]


def test_under_a_year_the_last_value() -> None:
    assert ahead([5.0, 7.0, 6.0], horizon=3) == [6.0, 6.0, 6.0]


def test_a_missing_last_month_is_bridged() -> None:
    nan = float("nan")
    assert ahead([1.0] * 12 + YEAR + [nan], horizon=2) == [102.0, 103.0]


def test_nothing_after_the_end_and_nothing_from_nothing() -> None:
    assert ahead([1.0] * 12 + YEAR, horizon=3, end=START + 24) == [101.0, 0.0, 0.0]
    assert ahead([float("nan")] * 3) == []
    assert np.isfinite(ahead([1 / 3] * 14)).all()
