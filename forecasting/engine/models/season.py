"""Seasonal indices shrunk towards none: Miller and Williams (2003), "Shrinkage estimators of time series
seasonal factors and their effect on forecasting accuracy", International Journal of Forecasting 19.

With one to three years a season cannot be told from noise well enough for a seasonal model; dividing by an
index moved half-way to none and using a model without season is better. A season that is plainly larger than
noise is believed more: with two years by how well they agree, with one by its size alone.
"""

import numpy as np
from numpy.typing import NDArray

from ..series import FloatArray

SHRINK = 0.5
# A relative swing of this size is as likely noise as season when it was seen once.
_ORDINARY_NOISE = 0.1


def shrunk_season(y: FloatArray, *, season_length: int) -> tuple[FloatArray, bool]:
    """Season by position from the first value, shape (season_length,), and whether it multiplies (else it
    adds).

    Multiplies where all values are positive. Needs one full season.
    """
    positive = bool(y.min() > 0)
    data = np.log(y) if positive else y / float(np.abs(y).mean())
    place = np.arange(len(y)) % season_length
    rest = data - _trend(data, season_length)
    means = np.array([rest[place == k].mean() for k in range(season_length)])
    means -= means.mean()
    season = _believed(rest, means, place) * means
    return (np.exp(season), True) if positive else (season * float(np.abs(y).mean()), False)


def _believed(rest: FloatArray, means: FloatArray, place: NDArray[np.int_]) -> float:
    """Share of the season seen that is believed, from SHRINK to 1."""
    m = len(means)
    seen = float(np.square(means).mean())
    if seen == 0:
        return SHRINK
    if len(rest) >= 2 * m:
        noise = float(np.square(rest - rest.mean() - means[place]).sum()) / (len(rest) - m)
        share = 1 - noise * m / len(rest) / seen
    else:
        share = seen / (seen + _ORDINARY_NOISE**2)
    return max(SHRINK, share)


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
