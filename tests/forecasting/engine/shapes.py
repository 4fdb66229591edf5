"""Clean histories for the tests of the engine. Everything is drawn from a seed given here."""

import numpy as np
from numpy.typing import NDArray

from forecasting.engine import Series

START = 24240  # 2020-01


def sales(months: int, *, seed: int = 1, trend: float = 0.01, noise: float = 0.08) -> NDArray[np.float64]:
    """Monthly sales around 200 with growth, a season and noise."""
    rng = np.random.default_rng(seed)
    t = np.arange(months)
    season = 1 + 0.25 * np.sin(2 * np.pi * t / 12)
    return np.round(200 * np.exp(trend * t) * season * np.exp(rng.normal(0, noise, months)), 2)


def series(values: object, **extra: object) -> Series:
    return Series(id="A", start=START, values=values, **extra)  # type: ignore[arg-type]


def bumpy(level: NDArray[np.float64], *, seed: int = 3, noise: float = 0.04) -> NDArray[np.float64]:
    rng = np.random.default_rng(seed)
    return np.round(1000 * level * np.exp(rng.normal(0, noise, len(level))))


def life(*parts: tuple[int, float]) -> NDArray[np.float64]:
    """A level that starts at 0.03 and goes to each value in that many months, exponentially."""
    level = [0.03]
    for months, to in parts:
        level += list(np.exp(np.linspace(np.log(level[-1]), np.log(to), months + 1)[1:]))
    return np.array(level)
