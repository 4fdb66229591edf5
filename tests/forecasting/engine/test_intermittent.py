"""How products that sell only now and then are judged."""

import numpy as np
import pytest

from forecasting.engine import Series, backtest
from forecasting.engine.evaluate import intermittent_rows
from forecasting.engine.simulate_intermittent import simulate_intermittent


def test_a_backtest_of_intermittent_demand_has_an_rmsse_and_no_mase() -> None:
    values = np.zeros(48)
    values[::3] = 12.0
    tested = backtest(Series("a", 24000, values), season_length=12, horizon=18)
    assert tested.method == "tsb"
    assert tested.mase is None
    assert tested.rmsse is not None
    # A sale of 12 every third month, each forecast 4 or somewhat less: (2·4² + 8²) / 3 over 2/3 of 12².
    assert tested.rmsse == pytest.approx(((2 * 16 + 64) / 3 / (144 * 2 / 3)) ** 0.5, abs=0.02)
    assert tested.bias == pytest.approx(0, abs=0.1)


def test_simulated_ones_are_drawn_from_the_seed_alone() -> None:
    for seed in range(50):
        one, same = (simulate_intermittent(np.random.default_rng(seed), 60) for _ in range(2))
        assert (one == same).all()
        assert one[0] > 0
        assert (one >= 0).all()
        assert (one == np.round(one)).all()


def test_only_absolute_errors_call_nothing_the_best_forecast() -> None:
    rows = [line.split(" | ") for line in intermittent_rows(60, seed=5, horizon=18)]
    ours, nothing, _mean = ([float(cell) for cell in row[1:]] for row in rows[:3])
    assert ours[0] < nothing[0]  # RMSSE
    assert ours[1] > nothing[1]  # MASE
    assert nothing[2:] == [1.0, -1.0]
    assert ours[2] < 1
