"""What a series keeps of itself changes no answer, whoever asks first."""

from __future__ import annotations

import numpy as np
import pytest

from forecasting.engine import Series, backtest, findings, forecast, naive_forecast
from forecasting.engine.cleaning import cleaned
from forecasting.engine.series import history


def _series() -> Series:
    chance = np.random.default_rng(3)
    values = 100 * np.exp(0.05 * chance.standard_normal(60)) * (1 + 0.2 * np.sin(np.arange(60) / 2))
    values[20] *= 5
    values[40:] *= 2
    return Series("a", 24000, values)


def _answers(series: Series, order: list[str]) -> dict[str, object]:
    ask = {
        "findings": lambda: findings(series, season_length=12),
        "backtest": lambda: backtest(series, season_length=12, horizon=18).to_dict(),
        "forecast": lambda: forecast(series, season_length=12, horizon=18).to_dict(),
        "naive": lambda: naive_forecast(series, season_length=12, horizon=18).tolist(),
        "by the week": lambda: findings(series, season_length=52),
    }
    return {name: ask[name]() for name in order}


def test_the_order_of_questions_changes_no_answer() -> None:
    order = ["findings", "backtest", "forecast", "naive", "by the week"]
    alone = {name: _answers(_series(), [name])[name] for name in order}
    assert {found.kind for found in alone["findings"]} >= {"spike", "step"}  # type: ignore[attr-defined]
    one = _series()
    assert _answers(one, order) == alone
    assert _answers(one, order[::-1]) == alone
    assert _answers(_series(), order[::-1]) == alone


def test_what_is_kept_cannot_be_changed_and_is_not_passed_on() -> None:
    series = _series()
    past = history(cleaned(series, season_length=12), season_length=12)
    assert history(cleaned(series, season_length=12), season_length=12) is past
    with pytest.raises(ValueError, match="read-only"):
        past.y[0] = 1.0
    other = series.with_values(series.array * 2)
    assert history(cleaned(other, season_length=12), season_length=12).y[0] == past.y[0] * 2
