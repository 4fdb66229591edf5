"""Effects that many series tell of together: found where they are, left out where they are not."""

from __future__ import annotations

import numpy as np
import pytest

from forecasting.engine.drivers import Driver
from forecasting.engine.series import FloatArray, Series
from forecasting.engine.shared import CrossProducts, SharedEffect, cross_products, pooled, summed

WEEKS = 209
# Weeks of a holiday that moves: 13 to 16 in the year.
HOLIDAYS = (14, 67, 117, 171, 221)


def column() -> FloatArray:
    x = np.zeros(WEEKS + 26)
    x[list(HOLIDAYS)] = 1
    return x


def weekly(rng: np.random.Generator, effect: float, *, noise: float = 0.08) -> Series:
    t = np.arange(WEEKS)
    level = np.cumsum(0.01 * rng.normal(size=WEEKS))
    season = 0.2 * np.sin(2 * np.pi * (t / 52 + rng.random()))
    y = 5 + level + season + effect * column()[:WEEKS] + noise * rng.normal(size=WEEKS)
    return Series("S", 100, np.exp(y))


def of(series: Series) -> CrossProducts | None:
    x = column()
    return cross_products(series, [Driver("easter", x[:WEEKS], x[WEEKS:], "event")], season_length=52)


def effect_of(effect: float, count: int, seed: int = 1) -> SharedEffect:
    rng = np.random.default_rng(seed)
    sums = summed(of(weekly(rng, effect)) for _ in range(count))
    assert sums is not None
    return pooled(["easter"], sums, season_length=52)["easter"]


@pytest.mark.parametrize("effect", [-0.25, 0.2])
def test_what_all_share_is_found(effect: float) -> None:
    found = effect_of(effect, 12)
    assert found.enters
    assert found.weight == pytest.approx(effect, abs=0.04)
    assert (found.series, found.occasions) == (12, 2)
    assert 0.1 < found.gain < 1


def test_what_nobody_has_stays_out() -> None:
    assert sum(effect_of(0.0, 8, seed).enters for seed in range(12)) <= 2


def test_few_noisy_series_are_drawn_towards_nothing() -> None:
    sums = of(weekly(np.random.default_rng(2), 0.3, noise=0.4))
    assert sums is not None
    assert abs(pooled(["easter"], sums, season_length=52, least_series=1)["easter"].weight) < 0.2


def test_the_order_of_the_series_and_their_grouping_change_nothing() -> None:
    rng = np.random.default_rng(5)
    parts = [of(weekly(rng, 0.2)) for _ in range(5)]
    one = summed(parts)
    other = summed([summed(parts[3:]), summed([*parts[:3], None])])
    assert one is not None
    assert other is not None
    left, right = (pooled(["easter"], sums, season_length=52)["easter"] for sums in (one, other))
    assert left.weight == pytest.approx(right.weight, rel=1e-9)
    assert left.gain == pytest.approx(right.gain, rel=1e-9)


def test_the_size_of_a_series_changes_nothing() -> None:
    series = weekly(np.random.default_rng(6), 0.2)
    small, large = of(series), of(series.with_values(1000 * series.array))
    assert small is not None
    assert large is not None
    assert np.allclose(small.last, large.last)


def test_a_series_that_cannot_try_one_driver_tells_of_the_others() -> None:
    rng = np.random.default_rng(8)
    x, never = column(), np.full(WEEKS + 26, np.nan)
    own, none = (
        Driver("easter", x[:WEEKS], x[WEEKS:], "event"),
        Driver("x", never[:WEEKS], never[WEEKS:], "event"),
    )
    other = np.roll(x, 20)
    both = Driver("x", other[:WEEKS], other[WEEKS:], "event")
    parts = [
        cross_products(weekly(rng, 0.2), [none if i < 6 else both, own], season_length=52) for i in range(9)
    ]
    sums = summed(parts)
    assert sums is not None
    found = pooled(["x", "easter"], sums, season_length=52)
    assert list(found) == ["easter"]  # three are no group
    assert (found["easter"].series, found["easter"].enters) == (9, True)
    assert found["easter"].weight == pytest.approx(0.2, abs=0.04)
    three = pooled(["x", "easter"], sums, season_length=52, least_series=3)
    assert (three["x"].series, three["x"].enters) == (3, False)


def test_who_is_too_short_or_has_zeros_tells_nothing() -> None:
    series = weekly(np.random.default_rng(7), 0.2)
    assert of(series.with_values(np.where(np.arange(WEEKS) % 4 == 1, 0, series.array))) is None
    x = column()
    short = Series("S", 0, series.array[:60])
    assert cross_products(short, [Driver("easter", x[:60], x[60:86], "event")], season_length=52) is None
    assert summed([None]) is None
