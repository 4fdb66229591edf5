"""The learnt part of the centre: what it sees, what it answers, and that it earns its place on series that
it never saw."""

import numpy as np
import pytest

from forecasting.engine import BacktestResult, built_in_calibration, calibrate, train_centre
from forecasting.engine.models.candidates import LEARNT_HORIZON, PATHS, SEASONS, candidates
from forecasting.engine.models.core import combined_mean
from forecasting.engine.models.trained import bends, trained
from forecasting.engine.scaling import error_sizes
from forecasting.engine.simulate_families import FAMILIES

SIZES = [(12, 80, 0.0), (12, 30, 0.35), (12, 14, 0.5), (12, 8, 0.8), (4, 40, 0.0), (4, 9, 0.35), (1, 20, 0.0)]


def history(name: str, n: int, m: int, seed: int) -> np.ndarray:  # type: ignore[type-arg]
    return FAMILIES[name](np.random.default_rng(seed), n, m)


@pytest.mark.parametrize(("m", "n", "calm"), SIZES)
def test_candidates_of_every_length_are_finite_and_know_no_unit(m: int, n: int, calm: float) -> None:
    y = history("arima", n, m, 3)
    one = candidates(y, season_length=m, horizon=4, calm=calm)
    other = candidates(y * 1e6, season_length=m, horizon=4, calm=calm)
    assert one is not None
    assert other is not None
    steps = LEARNT_HORIZON[m]
    assert one.paths.shape == (PATHS, steps)
    assert one.seasons.shape == (SEASONS, steps)
    assert np.isfinite(one.kind).all()
    np.testing.assert_allclose(one.kind, other.kind, atol=1e-4)
    np.testing.assert_allclose(other.level - one.level, np.log(1e6), rtol=1e-6)


def test_what_has_no_logarithm_does_not_move_or_is_too_short_has_no_candidates() -> None:
    y = history("states", 60, 12, 1)
    for values in (np.where(np.arange(60) == 30, 0.0, y), y - y.mean(), np.full(60, 7.0), y[:5]):
        assert candidates(values, season_length=12, horizon=6) is None
        assert trained(values, season_length=12, horizon=6) is None


@pytest.mark.parametrize(("m", "n", "calm"), SIZES)
def test_a_longer_horizon_starts_the_same_and_errors_only_grow(m: int, n: int, calm: float) -> None:
    y = history("process", n, m, 5)
    near = trained(y, season_length=m, horizon=3, calm=calm)
    far = trained(y, season_length=m, horizon=30, calm=calm)
    assert near is not None
    assert far is not None
    assert (near.mean == far.mean[:3]).all()
    assert near.mean.shape == near.spread.shape == (3,)
    assert (np.diff(far.spread / far.mean) >= -1e-12).all()
    assert far.spread.min() > 0


def test_bends_are_flat_beyond_the_horizon_learnt() -> None:
    shapes = bends(12, 40)
    assert (shapes[:, 18:] == shapes[:, 17:18]).all()


def test_on_other_seeds_the_learnt_centre_is_better_than_the_plain_one() -> None:
    learnt, plain = [], []
    for name in ("states", "macro", "tourism", "process"):
        for seed in range(900, 925):
            y = history(name, 108, 12, seed)
            past, actual = y[:90], y[90:]
            scale = np.abs(past[12:] - past[:-12]).mean()
            answer = trained(past, season_length=12, horizon=18)
            assert answer is not None
            learnt.append(np.abs(answer.mean - actual).mean() / scale)
            plain.append(np.abs(combined_mean(past, season_length=12, horizon=18) - actual).mean() / scale)
    assert np.mean(learnt) < 0.985 * np.mean(plain)


def test_the_size_of_errors_is_told_apart() -> None:
    t = np.arange(72)
    calm, wild = (
        1000 * np.exp(0.1 * np.sin(2 * np.pi * t / 12) + np.random.default_rng(2).normal(0, s, 72))
        for s in (0.01, 0.15)
    )
    sizes = [trained(y, season_length=12, horizon=18).spread.mean() for y in (calm, wild)]  # type: ignore[union-attr]
    assert sizes[1] > 5 * sizes[0]


def test_training_learns_a_family_and_is_the_same_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(train_centre, "MEMBERS", 1)
    monkeypatch.setattr(train_centre, "EPOCHS", 6)
    drawn = train_centre.draw("macro", 1, 10, 40, count=600, seed=1)
    fresh = train_centre.draw("macro", 1, 10, 40, count=200, seed=2)
    one, same = (train_centre.networks_of(drawn, 1, seed=5) for _ in range(2))
    for a, b in zip(one[0][0].values, same[0][0].values, strict=True):
        assert (a == b).all()
    shapes = bends(1, 6)
    path = train_centre.centre_path(one[0][0].outputs(fresh), fresh, shapes)[1] + fresh.level[:, None]
    gap, plain_gap = (np.abs(np.log(fresh.actual) - p).mean() for p in (path, fresh.plain))
    assert gap < plain_gap


def test_the_error_to_expect_lies_halfway_between_the_ordinary_and_the_learnt_one() -> None:
    y = history("states", 60, 12, 1)
    usual = error_sizes(y, None, season_length=12, horizon=18)
    assert (np.diff(usual) > 0).all()
    np.testing.assert_allclose(error_sizes(y, 4 * usual, season_length=12, horizon=18), 2 * usual)


def test_tests_on_less_than_a_year_say_nothing_of_bands() -> None:
    short = [BacktestResult(f"S{k}", 12, "nonseasonal", errors=(9.0,) * 4) for k in range(200)]
    base = built_in_calibration(12, horizon=6)
    assert (calibrate(short, horizon=6).factors == base.factors).all()
    weekly = [BacktestResult(f"S{k}", 52, "nonseasonal", errors=(9.0,) * 4) for k in range(200)]
    assert calibrate(weekly, horizon=4).factors[0, 0] > 5


def test_what_wanders_is_less_sure_further_ahead_and_mere_noise_is_not() -> None:
    rng = np.random.default_rng(4)
    wandering = 1000 * np.exp(np.cumsum(rng.normal(0, 0.05, 90)))
    noisy = 1000 * np.exp(rng.normal(0, 0.05, 90))
    growth = []
    for y in (wandering, noisy):
        answer = trained(y, season_length=12, horizon=18)
        assert answer is not None
        share = answer.spread / answer.mean
        growth.append(share[-1] / share[0])
    assert growth[0] > 2 > 1.5 > growth[1]
