"""What a person has said of a history counts, and an event that is flagged costs next to no accuracy."""

import numpy as np

from forecasting.engine import Series, backtest, decided, findings, forecast
from forecasting.engine.evaluate_flags import costs

from .shapes import START, sales, series


def test_what_is_left_out_is_missing_and_a_step_is_brought_to_the_new_level() -> None:
    made = decided(
        Series("A", START, [10.0, 20, 30, 40, 50, 60]),
        left_out=[START + 4, START + 99],
        steps=[(START + 2, 2.0), (START + 3, 0.5), (START + 5, 0.0)],
        trusted=[START + 5],
    )
    assert np.array_equal(made.array, [10, 20, 15, 40, np.nan, 60], equal_nan=True)
    assert made.trusted == (START + 5,)


def test_nothing_decided_changes_nothing() -> None:
    values = sales(60)
    values[30] *= 3
    plain, same = series(values), decided(series(values))
    assert forecast(plain, season_length=12, horizon=18).to_dict() == (
        forecast(same, season_length=12, horizon=18).to_dict()
    )


def test_what_is_left_out_counts_neither_in_the_fit_nor_in_the_backtest() -> None:
    values = sales(60)
    spiked = values.copy()
    spiked[50] *= 1.6  # among the months that the backtest forecasts
    left = decided(series(spiked), left_out=[START + 50])
    other = decided(series(np.where(np.arange(60) == 50, 1e6, spiked)), left_out=[START + 50])
    test = backtest(left, season_length=12, horizon=18)
    assert test == backtest(other, season_length=12, horizon=18)
    assert test.errors.count(None) == 1
    assert forecast(left, season_length=12, horizon=18).to_dict() == (
        forecast(other, season_length=12, horizon=18).to_dict()
    )


def test_a_step_that_is_confirmed_is_found_no_more() -> None:
    values = sales(60, trend=0.0, noise=0.04)
    values[30:] *= 1.5
    (step,) = findings(series(values), season_length=12)
    made = decided(series(values), steps=[(step.first, step.seen / step.expected)])
    assert findings(made, season_length=12) == ()


def test_an_event_that_is_flagged_costs_at_most_a_tenth() -> None:
    for event, cost in costs(60, seed=3).items():
        assert cost.flagged <= 1.10 * cost.clean, event
        assert cost.unflagged > 1.05 * cost.clean, f"{event}: one that would not matter proves nothing"
