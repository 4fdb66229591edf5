"""Long seasons (weeks in a year) as a few sine and cosine pairs, fitted together with a trend by least
squares: Harvey and Koopman (1993), "Forecasting hourly electricity demand using time-varying splines", for
the idea; De Livera, Hyndman and Snyder (2011), Journal of the American Statistical Association 106, for its
use in weekly business data."""

import numpy as np

from ..series import FloatArray


def pairs_for(n: int, *, season_length: int) -> int:
    """How many pairs the history can carry: none under one season, two under three seasons, then three."""
    if n < season_length + season_length // 4:
        return 0
    return 2 if n < 3 * season_length else 3


def fourier_season(
    y: FloatArray, *, season_length: int, horizon: int, pairs: int
) -> tuple[FloatArray, FloatArray, bool]:
    """Season in the history, shape (n,), and ahead, shape (horizon,), and whether it multiplies (all values
    positive)."""
    positive = bool(y.min() > 0)
    data = np.log(y) if positive else y
    n = len(y)
    t = np.arange(n + horizon)
    waves = np.column_stack(
        [f(2 * np.pi * k * t / season_length) for k in range(1, pairs + 1) for f in (np.sin, np.cos)]
    )
    # The trend is there to keep growth out of the waves; a bend of its own keeps a change of level out of
    # them.
    line = np.column_stack([np.ones(n), t[:n] / n, np.maximum(t[:n] / n - 0.5, 0)])
    weights, *_ = np.linalg.lstsq(np.column_stack([line, waves[:n]]), data, rcond=None)
    season = waves @ weights[line.shape[1] :]
    # Under two years a wave is fitted to one sight of each week: half of it is believed.
    season *= 1.0 if n >= 2 * season_length else 0.5
    if positive:
        season = np.exp(season)
    return season[:n], season[n:], positive
