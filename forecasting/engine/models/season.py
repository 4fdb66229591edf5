"""Seasonal indices shrunk half-way to 1: Miller and Williams (2003), "Shrinkage estimators of time series
seasonal factors and their effect on forecasting accuracy", International Journal of Forecasting 19.

With one to three years a season cannot be told from noise well enough for a seasonal model; dividing by an
index moved half-way to 1 and using a model without season was better by a tenth (numerics of
docs/algorithms/forecast.md).
"""

import numpy as np

from ..series import FloatArray

SHRINK = 0.5


def shrunk_season(y: FloatArray, *, season_length: int) -> tuple[FloatArray, bool]:
    """Season by position from the first value, shape (season_length,), and whether it multiplies (else it
    adds).

    Multiplies where all values are positive. Needs one full season.
    """
    positive = bool(y.min() > 0)
    data = np.log(y) if positive else y
    place = np.arange(len(y)) % season_length
    rest = data - _trend(data, season_length)
    means = np.array([rest[place == k].mean() for k in range(season_length)])
    season = SHRINK * (means - means.mean())
    return (np.exp(season), True) if positive else (season, False)


def _trend(data: FloatArray, season_length: int) -> FloatArray:
    """Centred mean over a season, held at the ends by the slope between the first and the last year (at least
    two years); a plain mean below that, because a slope would eat the season."""
    n = len(data)
    if n < 2 * season_length:
        return np.full(n, data.mean())
    half = season_length // 2
    weights = np.ones(season_length + 1 - season_length % 2)
    if season_length % 2 == 0:
        weights[[0, -1]] = 0.5
    middle = np.convolve(data, weights / weights.sum(), "valid")
    slope = (data[-season_length:].mean() - data[:season_length].mean()) / (n - season_length)
    before = middle[0] - slope * np.arange(half, 0, -1)
    after = middle[-1] + slope * np.arange(1, n - half - len(middle) + 1)
    return np.concatenate([before, middle, after])
