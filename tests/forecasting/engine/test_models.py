"""The three models of the centre, each on data whose answer is known."""

import numpy as np
import pytest

from forecasting.engine.models.autoregression import autoregressive
from forecasting.engine.models.blended_season import blended_season
from forecasting.engine.models.core import combined_mean
from forecasting.engine.models.level import smoothed_level
from forecasting.engine.models.smoothing import smoothed
from forecasting.engine.models.transform import LOG, PLAIN, ROOT, scales
from forecasting.engine.simulate_business import simulate_business

WAVE = np.cos(2 * np.pi * np.arange(12) / 12)


def test_smoothing_of_a_level_with_noise_stays_near_it() -> None:
    rng = np.random.default_rng(1)
    ahead = smoothed(50 + rng.normal(0, 1, 80), horizon=12)
    assert np.abs(ahead - 50).max() < 1


def test_smoothing_follows_a_plain_trend_and_damps_an_uncertain_one() -> None:
    straight = smoothed(100 + 2.0 * np.arange(40), horizon=6)
    np.testing.assert_allclose(straight, 100 + 2.0 * np.arange(40, 46), rtol=0.01)
    rng = np.random.default_rng(2)
    wandering = np.cumsum(rng.normal(0, 1, 60))
    wandering[-4:] += [1, 2, 3, 4]
    ahead = smoothed(wandering, horizon=18)
    assert abs(ahead[-1] - ahead[8]) < abs(ahead[9] - ahead[0]) + 1e-9


def test_smoothing_keeps_a_season_and_follows_one_that_grows() -> None:
    t = np.arange(72)
    fixed = smoothed(10 + WAVE[t % 12], season=WAVE, horizon=12)
    np.testing.assert_allclose(fixed, 10 + WAVE, atol=0.02)
    growing = (1 + t / 36) * WAVE[t % 12]
    ahead = smoothed(10 + growing, season=WAVE, horizon=12)
    # A season kept as it started would be two waves short, the last one seen a sixth of a wave.
    assert np.abs(ahead - 10 - 3 * WAVE).mean() < 0.75 * np.abs(2 * WAVE).mean()


def test_smoothing_does_not_depend_on_the_unit_or_the_level() -> None:
    rng = np.random.default_rng(3)
    z = np.cumsum(rng.normal(0, 1, 50))
    np.testing.assert_allclose(smoothed(7 + 3 * z, horizon=8), 7 + 3 * smoothed(z, horizon=8), rtol=1e-9)


def test_autoregression_carries_on_what_goes_on_and_takes_back_what_comes_back() -> None:
    rng = np.random.default_rng(4)
    change = np.zeros(200)
    for t in range(1, 200):
        change[t] = 0.8 * change[t - 1] + rng.normal(0, 0.1)
    change[-1] = 1.0
    z = np.cumsum(change)
    assert autoregressive(z, horizon=4)[-1] > z[-1] + 0.8
    noise = rng.normal(0, 1, 200)
    noise[-1] = 4.0
    assert autoregressive(noise, horizon=4)[-1] < 3.0


def test_autoregression_of_two_changes_is_a_damped_line() -> None:
    np.testing.assert_allclose(autoregressive(np.array([1.0, 2.0, 4.0, 7.0]), horizon=2), [7.8, 8.6])


def test_noise_has_no_season_and_a_plain_season_keeps_its_size() -> None:
    rng = np.random.default_rng(5)
    t = np.arange(72)
    sizes = [np.abs(blended_season(rng.normal(0, 1, 72), season_length=12)).mean() for _ in range(30)]
    unshrunk = np.sqrt(2 / np.pi) / np.sqrt(5)
    assert np.mean(sizes) < 0.5 * unshrunk
    plain = blended_season(3 * WAVE[t % 12] + rng.normal(0, 0.1, 72), season_length=12)
    np.testing.assert_allclose(plain, 3 * WAVE, atol=0.2)


def test_the_blended_season_leans_to_the_last_years() -> None:
    rng = np.random.default_rng(6)
    t = np.arange(120)
    noise = rng.normal(0, 0.3, 120)
    mild = blended_season(np.where(t < 72, 1.0, 1.2) * WAVE[t % 12] + noise, season_length=12)
    plain = blended_season(np.where(t < 72, 1.0, -4.0) * WAVE[t % 12] + noise, season_length=12)
    assert 0.8 < mild[0] < 1.3
    np.testing.assert_allclose(plain, -4 * WAVE, atol=0.5)


@pytest.mark.parametrize(
    ("values", "expected"),
    [([5.0, 6.0], (LOG, ROOT)), ([0.0, 6.0], (ROOT,)), ([1e-6, 6.0], (ROOT,)), ([-1.0, 6.0], (PLAIN,))],
)
def test_scales(values: list[float], expected: tuple[object, ...]) -> None:
    y = np.array(values)
    assert scales(y) == expected
    for scale in scales(y):
        np.testing.assert_allclose(scale.back(scale.there(y)), y, rtol=1e-12)


def test_a_smoothed_level() -> None:
    assert smoothed_level(np.array([10.0, 10.0, 10.0, 20.0]), horizon=2).tolist() == [13.0, 13.0]


def test_a_steep_fall_stops_above_zero() -> None:
    falling = np.linspace(1000, 60, 48)
    ahead = combined_mean(falling, season_length=1, horizon=18)
    assert ahead.min() > 0
    assert ahead[-1] < 60


@pytest.mark.parametrize("frequency", ["monthly", "quarterly", "yearly"])
def test_simulated_business_series_are_positive_and_drawn_from_the_seed(frequency: str) -> None:
    one, same, other = (simulate_business(np.random.default_rng(s), frequency, ahead=6) for s in (1, 1, 2))
    assert (one == same).all()
    assert one.min() > 0
    assert len(one) != len(other) or (one != other).any()
