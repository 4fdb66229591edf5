"""Laws that hold for any history: unit, time, order, chunks, nesting."""

import json
from random import Random

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from forecasting.engine import (
    BacktestResult,
    Calibration,
    Series,
    backtest,
    built_in_calibration,
    calibrate,
    forecast,
)

from .shapes import START, sales, series

H = 6
ARRAYS = ("mean", "median", "lo80", "hi80", "lo95", "hi95")
amounts = st.one_of(st.just(0.0), st.just(float("nan")), st.integers(-50, 2000).map(float))
histories = st.lists(amounts, min_size=0, max_size=45)
few = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@few
@given(histories)
def test_any_history_has_nested_finite_bands_above_zero(values: list[float]) -> None:
    f = forecast(series(values), season_length=12, horizon=H)
    if f.method == "none":
        assert len(f.mean) == 0
        return
    rows = np.vstack([f.lo95, f.lo80, f.median, f.hi80, f.hi95])
    assert np.isfinite(rows).all()
    assert (np.diff(rows, axis=0) >= 0).all()
    assert rows.min() >= 0
    assert ((f.hi80 > f.lo80).all()) == (f.method != "zero")


@few
@given(histories)
def test_a_thousand_times_the_sales_is_a_thousand_times_the_forecast(values: list[float]) -> None:
    one = forecast(series(values), season_length=12, horizon=H)
    thousand = forecast(series(np.array(values) * 1000), season_length=12, horizon=H)
    for name in ARRAYS:
        np.testing.assert_allclose(getattr(thousand, name), getattr(one, name) * 1000, rtol=2e-6, atol=1e-9)


@few
@given(histories, st.integers(-600, 600))
def test_a_shift_in_time_changes_only_the_periods(values: list[float], months: int) -> None:
    one = forecast(Series("A", START, values), season_length=12, horizon=H)
    later = forecast(Series("A", START + months, values), season_length=12, horizon=H)
    assert later.first_period == one.first_period + months
    for name in ARRAYS:
        assert (getattr(later, name) == getattr(one, name)).all()


def test_the_same_to_the_digit_in_any_order_and_again() -> None:
    collection = [Series(f"S{i}", START, sales(20 + 7 * i, seed=i)) for i in range(6)]

    def night(order: list[Series]) -> str:
        tests = [backtest(s, season_length=12, horizon=H) for s in order]
        bands = calibrate(tests, horizon=H)
        answers = {s.id: forecast(s, season_length=12, horizon=H, calibration=bands).to_dict() for s in order}
        return json.dumps(answers, sort_keys=True)

    assert night(collection) == night(collection[::-1]) == night(collection[3:] + collection[:3])


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(histories, min_size=1, max_size=4), st.randoms(use_true_random=False))
def test_order_and_duplicates_change_nothing(drawn: list[list[float]], chance: Random) -> None:
    def night(order: list[Series]) -> dict[str, dict[str, object]]:
        tests = [backtest(s, season_length=12, horizon=H) for s in order]
        bands = calibrate(tests, horizon=H)
        return {s.id: forecast(s, season_length=12, horizon=H, calibration=bands).to_dict() for s in order}

    collection = [Series(f"{copy}{i}", START, values) for i, values in enumerate(drawn) for copy in "AB"]
    shuffled = chance.sample(collection, len(collection))
    found = night(collection)
    assert json.dumps(found, sort_keys=True) == json.dumps(night(shuffled), sort_keys=True)
    for i in range(len(drawn)):
        assert found[f"A{i}"] | {"id": f"B{i}"} == found[f"B{i}"]


def test_figures_have_seven_digits() -> None:
    f = forecast(series(sales(40) * 1234.567), season_length=12, horizon=H)
    for name in ARRAYS:
        assert [float(f"{v:.7g}") for v in getattr(f, name)] == getattr(f, name).tolist()


def test_backtest_and_calibration_survive_storage() -> None:
    values = sales(60)
    values[50] = np.nan
    result = backtest(series(values), season_length=12, horizon=18)
    assert result.errors[50 - 42] is None
    assert BacktestResult.from_dict(json.loads(json.dumps(result.to_dict()))) == result
    bands = calibrate([result], horizon=18)
    again = Calibration.from_dict(json.loads(json.dumps(bands.to_dict())))
    assert (again.factors == bands.factors).all()
    assert again.series == bands.series == 1


def test_a_backtest_never_sees_what_it_is_tested_on() -> None:
    values = sales(60)
    other = values.copy()
    other[42:] = 1.0
    train = backtest(series(values), season_length=12, horizon=18)
    trained = backtest(series(other), season_length=12, horizon=18)
    assert train.scale == trained.scale
    first, second = train.errors[0], trained.errors[0]
    assert first is not None
    assert second is not None
    np.testing.assert_allclose(values[42] - first * train.scale, other[42] - second * train.scale, rtol=1e-3)


def test_too_short_and_empty_histories_have_a_reason_instead_of_errors() -> None:
    for values, reason in ((sales(5), "too_short"), ([], "too_short"), (np.zeros(40), "no_sales")):
        result = backtest(series(values), season_length=12, horizon=18)
        assert (result.errors, result.reason) == ((), reason)


def test_few_series_move_the_bands_little_and_many_much() -> None:
    base = built_in_calibration(12, horizon=H)
    result = backtest(series(sales(60)), season_length=12, horizon=H)
    tripled = BacktestResult.from_dict(
        {**result.to_dict(), "errors": [10 * float(base.factors[k, 0]) for k in range(H)]}
    )
    one, many = calibrate([tripled], horizon=H), calibrate([tripled] * 200, horizon=H)
    assert one.factors[0, 0] < 1.5 * base.factors[0, 0]
    assert many.factors[0, 0] > 5 * base.factors[0, 0]


def test_a_series_own_errors_move_its_band_part_of_the_way_and_not_its_mean() -> None:
    own = series(sales(60))
    bands = built_in_calibration(12, horizon=H)
    factors = bands.factors[:, 0]

    def tested(size: float) -> BacktestResult:
        return BacktestResult("A", 12, "theta_ets", errors=tuple(size * float(f) for f in factors))

    plain = forecast(own, season_length=12, horizon=H, calibration=bands)
    usual, poor, good = (
        forecast(own, season_length=12, horizon=H, calibration=bands, backtest=tested(size))
        for size in (0.6, 1.8, 0.2)
    )
    assert (usual.hi80 == plain.hi80).all()
    assert (good.mean == poor.mean).all()
    width, wide, narrow = ((f.hi80 - f.lo80)[0] for f in (usual, poor, good))
    # Three times the usual error over six steps: the power is 0.3 × 6 / (6 + 12).
    np.testing.assert_allclose([wide / width, narrow / width], [3**0.1, 3**-0.1], rtol=1e-5)


def test_a_band_never_narrows_as_it_looks_further_ahead() -> None:
    rng = np.random.default_rng(9)
    growth = np.sqrt(np.arange(1, 19))
    results = [
        BacktestResult(f"S{k}", 12, "theta_ets", errors=tuple(growth * rng.normal(0, 1, 18)))
        for k in range(25)
    ]
    bands = calibrate(results, horizon=18)
    assert (np.diff(bands.factors, axis=0) >= 0).all()
    f = forecast(series(sales(60) + 5000), season_length=12, horizon=18, calibration=bands)
    for lo, hi in ((f.lo80, f.hi80), (f.lo95, f.hi95)):
        assert (np.diff(hi - lo) > -1e-3).all()


def test_the_band_of_a_short_history_is_believable() -> None:
    values = np.array([400.0, 900.0, 300.0, 1200.0, 700.0, 200.0, 1100.0])
    f = forecast(series(values), season_length=12, horizon=18)
    assert (f.hi80 - f.lo80).max() <= 1.5 * max(1200, f.mean.max()) + 1
    assert f.hi95.max() <= 3.3 * max(1200, f.mean.max())


def test_a_band_that_meets_zero_leans_upwards() -> None:
    f = forecast(series(sales(40)), season_length=12, horizon=18)
    assert ((f.hi95 - f.mean) > (f.mean - f.lo95)).all()
    free = forecast(series(sales(40), non_negative=False), season_length=12, horizon=18)
    np.testing.assert_allclose(free.hi95 - free.mean, free.mean - free.lo95, rtol=1e-4)
