"""Drivers: real ones are found, useless ones stay out, and what is not known changes nothing."""

from __future__ import annotations

import numpy as np
import pytest

from forecasting.engine.codes import DRIVER_REASONS
from forecasting.engine.drivers import Driver, DriverResult, driven, driver_effects
from forecasting.engine.evaluate_drivers import KINDS, entered, promotions
from forecasting.engine.forecaster import forecast
from forecasting.engine.series import FloatArray, Series

AHEAD = 18
M = {"season_length": 12, "horizon": AHEAD}


def tried(
    values: FloatArray, x: FloatArray, *, kind: str = "series", known: int = AHEAD
) -> tuple[Series, DriverResult]:
    n = len(values)
    ahead = x[n : n + AHEAD].copy()
    ahead[known:] = np.nan
    series = Series("S", 0, values)
    return series, driver_effects(series, [Driver("x", x[:n], ahead, kind)], **M)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["promotions", "weather", "mood", "prices"])
def test_useless_drivers_stay_out(name: str) -> None:
    make, kind, _effects = KINDS[name]
    assert entered(make, kind, 0.0, 100, seed=20)[0] <= 0.05


@pytest.mark.parametrize(("name", "effect"), [("promotions", 0.4), ("weather", 0.08), ("mood", 0.16)])
def test_real_drivers_are_found_and_make_the_forecast_better(name: str, effect: float) -> None:
    make, kind, _effects = KINDS[name]
    share, without, with_it = entered(make, kind, effect, 60, seed=20)
    assert share >= 0.9
    assert with_it < 0.8 * without


def steady(n: int = 72) -> FloatArray:
    step = np.arange(n)
    return np.asarray(500 + step + 60 * np.sin(step * np.pi / 6) + (step * 7919 % 13))


def with_promotions(effect: float = 0.4) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Five years of history with promotions, the truth ahead, and the promotions of both."""
    x = promotions(np.random.default_rng(4), 72 + AHEAD)
    whole = steady(72 + AHEAD) * np.exp(effect * x)
    return whole[:72], whole[72:], x


def test_a_promotion_known_ahead_lifts_its_months_and_no_others() -> None:
    past, truth, x = with_promotions()
    series, found = tried(past, x, kind="event")
    plain = forecast(series, **M).mean
    with_it = driven(series, plain, found, **M)["x"]
    on = x[72:] == 1
    assert on.any()
    assert (with_it[on] > 1.25 * plain[on]).all()
    assert np.abs(with_it - truth).sum() < 0.5 * np.abs(plain - truth).sum()
    assert 0 < found.gains["x"] <= 1


def test_where_the_driver_is_not_known_nothing_changes() -> None:
    past, _truth, x = with_promotions()
    series, found = tried(past, x, kind="event", known=6)
    plain = forecast(series, **M).mean
    with_it = driven(series, plain, found, **M)["x"]
    assert not np.allclose(with_it[:6], plain[:6])
    assert np.array_equal(with_it[6:], plain[6:])


def test_the_layers_multiply_to_the_whole_in_order_of_entry() -> None:
    rng = np.random.default_rng(8)
    promo, warm = promotions(rng, 72 + AHEAD), rng.normal(size=72 + AHEAD)
    past = (steady(72 + AHEAD) * np.exp(0.4 * promo + 0.1 * warm))[:72]
    series = Series("S", 0, past)
    given = [Driver("promo", promo[:72], promo[72:], "event"), Driver("warm", warm[:72], warm[72:])]
    found = driver_effects(series, given, **M)
    assert set(found.moves) == {"promo", "warm"}
    plain = forecast(series, **M).mean
    layers = driven(series, plain, found, **M)
    assert list(layers) == list(found.moves)
    # the other way round changes nothing
    again = driver_effects(series, given[::-1], **M)
    assert list(again.moves) == list(found.moves)


def test_a_driver_in_other_units_does_the_same() -> None:
    past, _truth, x = with_promotions()
    series, found = tried(past, x, kind="event")
    big, other = tried(1000 * past, 250 * x, kind="event")
    plain, plain_big = forecast(series, **M).mean, forecast(big, **M).mean
    ours, theirs = driven(series, plain, found, **M)["x"], driven(big, plain_big, other, **M)["x"]
    assert np.allclose(1000 * ours, theirs, rtol=1e-4)


def test_cold_and_heat_both_move_it() -> None:
    rng = np.random.default_rng(5)
    x = rng.normal(15, 6, size=96 + AHEAD)
    past = (steady(96 + AHEAD) * np.exp(0.03 * np.abs(x - 15)))[:96]
    series, found = tried(past, x)
    assert found.gains["x"] > 0.3
    with_it = driven(series, forecast(series, **M).mean, found, **M)["x"] / forecast(series, **M).mean
    far = np.abs(x[96:] - 15)
    assert np.corrcoef(far, with_it)[0, 1] > 0.9


REFUSED = {
    "future_unknown": lambda y, x: tried(y, x, known=0),
    "known_too_short": lambda y, x: tried(y, np.where(np.arange(len(x)) < 60, np.nan, x)),
    "moves_with_season": lambda y, x: tried(y, np.tile(np.arange(12.0), 10)[: len(x)]),
    "series_too_short": lambda y, x: tried(y[:20], x),
    "not_positive": lambda y, x: tried(np.where(np.arange(len(y)) % 5 == 2, 0, y), x),
    "no_gain": lambda y, x: tried(y, x),
}


@pytest.mark.parametrize("reason", REFUSED)
def test_why_a_driver_stays_out_is_said_with_its_numbers(reason: str) -> None:
    x = np.random.default_rng(1).normal(size=72 + AHEAD)
    _series, found = REFUSED[reason](steady(), x)
    code, params = found.refused["x"]
    assert (code, set(params)) == (reason, set(DRIVER_REASONS[reason]))
    assert not found.moves


def test_every_reason_is_tried_above() -> None:
    # What a line says of moving holidays is no trial of one series (test_shared).
    assert {*REFUSED, "no_shared_gain"} == set(DRIVER_REASONS)


def test_no_further_than_was_seen() -> None:
    past, _truth, x = with_promotions()
    wild = x.copy()
    wild[72:] *= 50
    _series, found = tried(past, x, kind="event")
    _series, other = tried(past, wild, kind="event")
    assert np.array_equal(found.moves["x"], other.moves["x"])


def test_a_gap_at_the_end_of_the_series_is_bridged() -> None:
    past, _truth, x = with_promotions()
    past = past.copy()
    past[-2:] = np.nan
    series, found = tried(past, x, kind="event")
    assert len(found.moves["x"]) == 72 + AHEAD
    with_it = driven(series, forecast(series, **M).mean, found, **M)["x"]
    assert np.isfinite(with_it).all()
