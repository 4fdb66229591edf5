"""The season of the last years: trimmed mean ratios to the centred yearly mean (X-11's first step, Ladiray
and Quenneville 2001, on four years only).

A season measured over a whole history is stale where habits or rules changed; over the last four years it
follows them.
"""

import numpy as np

from ..series import FloatArray

SEASONS = 4


def recent_season(y: FloatArray, *, season_length: int) -> tuple[FloatArray, bool]:
    """Season by position from the first value, shape (season_length,), and whether it multiplies (else it
    adds).

    Needs three seasons. Multiplies where the values used are all positive.
    """
    m = season_length
    part = y[-(min(SEASONS, len(y) // m - 1) * m + m) :]
    positive = bool(y.min() > 0)
    data = np.log(part) if positive else part
    weights = np.ones(m + 1 - m % 2)
    if m % 2 == 0:
        weights[[0, -1]] = 0.5
    middle = np.convolve(data, weights / weights.sum(), "valid")
    half = m // 2
    rest = data[half : half + len(middle)] - middle
    place = (len(y) - len(part) + half + np.arange(len(rest))) % m
    season = np.array([_trimmed_mean(rest[place == k]) for k in range(m)])
    season -= season.mean()
    return (np.exp(season), True) if positive else (season, False)


def _trimmed_mean(x: FloatArray) -> float:
    """Mean without the smallest and the largest of four and more."""
    return float(np.sort(x)[1:-1].mean()) if len(x) > 3 else float(x.mean())
