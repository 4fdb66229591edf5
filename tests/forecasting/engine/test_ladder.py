"""Each history gets the method it can carry, an answer that can be shown, and the reason."""

import numpy as np
import pytest

from forecasting.engine import (
    METHODS,
    REASON_CODES,
    Forecast,
    backtest,
    calibrate,
    forecast,
)

from .shapes import START, sales, series

H = 18
ARRAYS = ("mean", "median", "lo80", "hi80", "lo95", "hi95")


def answer(values: object, **extra: object) -> Forecast:
    return forecast(series(values, **extra), season_length=12, horizon=H)


def assert_can_be_shown(f: Forecast, *, wide: bool = True) -> None:
    for name in ARRAYS:
        row = getattr(f, name)
        assert row.shape == (H,)
        assert np.isfinite(row).all()
        assert (row >= 0).all()
    assert (f.lo95 <= f.lo80).all()
    assert (f.lo80 <= f.median).all()
    assert (f.median <= f.hi80).all()
    assert (f.hi80 <= f.hi95).all()
    assert (f.lo80 <= f.mean).all()
    assert (f.mean <= f.hi80).all()
    assert ((f.hi80 > f.lo80) == wide).all()
    assert f.method in METHODS
    assert set(f.reason_params) == set(REASON_CODES[f.reason])


@pytest.mark.parametrize(
    ("months", "method", "reason"),
    [
        (1, "level", "few_periods"),
        (2, "level", "few_periods"),
        (5, "level", "few_periods"),
        (6, "nonseasonal", "under_a_year"),
        (11, "nonseasonal", "under_a_year"),
        (13, "half_season", "under_three_years"),
        (30, "half_season", "under_three_years"),
        (36, "theta_ets", "enough_history"),
        (60, "theta_ets", "enough_history"),
    ],
)
def test_the_ladder(months: int, method: str, reason: str) -> None:
    f = answer(sales(months))
    assert (f.method, f.reason) == (method, reason)
    assert f.first_period == START + months
    assert f.reason_params["periods"] == months
    assert_can_be_shown(f)


def test_without_data_there_is_no_forecast_and_a_reason() -> None:
    for nothing in ([], [np.nan, np.nan]):
        f = answer(nothing)
        assert (f.method, f.reason, len(f.mean)) == ("none", "no_data", 0)


def test_one_month_is_forecast_at_its_level() -> None:
    assert answer([120.0]).mean.tolist() == [120.0] * H


def test_all_zero_is_zero_without_a_band() -> None:
    f = answer(np.zeros(24))
    assert (f.method, f.reason) == ("zero", "all_zero")
    assert_can_be_shown(f, wide=False)
    assert f.hi95.max() == 0


def test_a_constant_history_still_has_a_band() -> None:
    f = answer(np.full(40, 50.0))
    assert f.mean.tolist() == [50.0] * H
    assert_can_be_shown(f)


def test_intermittent_demand_has_chance_and_size() -> None:
    values = np.zeros(48)
    values[::3] = 12.0
    f = answer(values)
    assert (f.method, f.reason) == ("tsb", "intermittent")
    assert f.reason_params["mean_interval"] == 3.0
    assert 2.5 < f.mean[0] < 6  # 12 every third month is 4 a month
    assert_can_be_shown(f)


def test_a_product_that_died_out_is_forecast_to_almost_nothing() -> None:
    values = np.concatenate([sales(36), np.zeros(24)])
    assert answer(values).mean[0] < 0.1 * values[:36].mean()


def test_a_level_with_zeros_is_never_intermittent() -> None:
    values = np.tile([0.0, 0.0, 5.0], 16)
    assert answer(values, kind="level").method == "theta_ets"


def test_net_returns_do_not_crash_and_volumes_stay_above_zero() -> None:
    values = sales(48) - 190
    assert (values < 0).any()
    assert_can_be_shown(answer(values))
    free = answer(values, non_negative=False)
    assert free.lo95.min() < 0


def test_only_net_returns_are_forecast_at_zero_with_a_band() -> None:
    assert_can_be_shown(answer(np.full(40, -5.0) + np.arange(40) % 3))


def test_gaps_are_filled_and_counted() -> None:
    values = sales(60)
    whole = answer(values)
    values[[10, 11, 30]] = np.nan
    f = answer(values)
    assert f.reason_params == {"periods": 57, "filled": 3}
    assert np.abs(f.mean / whole.mean - 1).max() < 0.1
    assert_can_be_shown(f)


def test_missing_months_at_the_end_are_bridged_not_read_as_zero() -> None:
    values = sales(60)
    whole = answer(values)
    f = answer(np.concatenate([values[:-2], [np.nan, np.nan]]))
    assert f.first_period == whole.first_period
    assert np.abs(f.mean / whole.mean - 1).max() < 0.15


def test_months_before_the_first_sale_and_a_pilot_do_not_count() -> None:
    values = sales(13)
    plain = answer(values)
    led = answer(np.concatenate([[np.nan, 0.0], np.zeros(5), values]))
    piloted = answer(np.concatenate([[3.0, 4.0], np.zeros(5), values]))
    for f in (led, piloted):
        assert f.method == "half_season"
        assert f.reason_params["periods"] == 13
        assert (f.mean == plain.mean).all()


def test_no_demand_after_the_end_and_before_the_launch() -> None:
    values = sales(60)
    free = answer(values)
    ends = answer(values, end=START + 60 + 4)
    assert (ends.mean[:5] == free.mean[:5]).all()
    for name in ARRAYS:
        assert not getattr(ends, name)[5:].any()
    launched = answer(values, launch=START + 60 + 2)
    assert not launched.hi95[:2].any()
    assert (launched.mean[2:] == free.mean[2:]).all()
    over = answer(values, end=START + 59)
    assert (over.method, over.reason) == ("zero", "ended")
    assert set(over.reason_params) == set(REASON_CODES["ended"])


def test_the_season_of_the_family_is_used_under_a_year() -> None:
    profile = tuple(1 + 0.5 * np.cos(2 * np.pi * np.arange(12) / 12))  # January highest
    t = np.arange(8)
    values = 100 * np.array(profile)[t % 12]
    f = answer(values, season_profile=profile)
    assert f.method == "family_season"
    january = 12 - 8
    assert f.mean[january] == pytest.approx(150, rel=0.02)
    assert f.mean[january + 6] == pytest.approx(50, rel=0.02)


def test_infinite_values_are_refused() -> None:
    with pytest.raises(ValueError, match="finite"):
        series([1.0, np.inf])


@pytest.mark.parametrize(
    ("season_length", "n", "method"),
    [(4, 24, "theta_ets"), (1, 20, "theta_ets"), (52, 156, "fourier"), (52, 40, "nonseasonal")],
)
def test_other_frequencies(season_length: int, n: int, method: str) -> None:
    rng = np.random.default_rng(5)
    t = np.arange(n)
    values = 500 * (1 + 0.3 * np.sin(2 * np.pi * t / max(season_length, 2))) * np.exp(rng.normal(0, 0.05, n))
    f = forecast(series(values), season_length=season_length, horizon=H)
    assert f.method == method
    assert_can_be_shown(f)


def test_a_weekly_season_is_found() -> None:
    t = np.arange(156)
    f = forecast(series(500 + 200 * np.sin(2 * np.pi * t / 52)), season_length=52, horizon=52)
    truth = 500 + 200 * np.sin(2 * np.pi * (156 + np.arange(52)) / 52)
    assert np.abs(f.mean - truth).mean() < 25


def test_a_clear_season_and_trend_beat_seasonal_naive() -> None:
    values = sales(84, noise=0.05)
    f = answer(values[:66])
    ours = np.abs(f.mean - values[66:]).sum()
    naive = np.abs(np.resize(values[54:66], H) - values[66:]).sum()
    assert ours < 0.6 * naive


def test_backtest_and_calibration_reach_the_bands() -> None:
    tests = [backtest(series(sales(60, seed=s)), season_length=12, horizon=H) for s in range(4)]
    calm = calibrate(tests, horizon=H)
    wild = calibrate(
        [type(t)(**{**t.to_dict(), "errors": tuple(3 * e for e in t.errors)}) for t in tests], horizon=H
    )
    one = forecast(series(sales(60)), season_length=12, horizon=H, calibration=calm)
    other = forecast(series(sales(60)), season_length=12, horizon=H, calibration=wild)
    assert (one.mean == other.mean).all()
    assert (other.hi80 > one.hi80).all()


def test_what_sold_long_ago_says_since_when_it_did_not() -> None:
    f = answer([5.0, 0.0, 8.0, 4.0] * 6 + [0.0] * 40)
    assert (f.method, f.reason, f.reason_params["since"]) == ("tsb", "none_lately", 40)
    assert_can_be_shown(f)
