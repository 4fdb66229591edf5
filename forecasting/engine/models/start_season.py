"""The season of a history on an additive scale: means by position of the gaps to the centred yearly mean,
shrunk towards none as far as noise could have made them (James and Stein 1961; Miller and Williams 2003,
"Shrinkage estimators of time series seasonal factors and their effect on forecasting accuracy", International
Journal of Forecasting 19).

Shrinking takes the place of a test: where nothing but noise was seen the season vanishes, and a season that
is plainly there loses nothing.
"""

import numpy as np

from ..series import FloatArray

# Habits change: half of the season is that of the last years alone.
RECENT = 3


def start_season(z: FloatArray, *, season_length: int, seasons: int | None = None) -> FloatArray:
    """Season by position from the first value, mean zero, shape (season_length,); needs two and a half
    seasons.

    With `seasons` only the gaps of that many last seasons count.
    """
    m = season_length
    weights = np.ones(m + 1 - m % 2)
    if m % 2 == 0:
        weights[[0, -1]] = 0.5
    middle = np.convolve(z, weights / weights.sum(), "valid")
    half = m // 2
    rest = z[half : half + len(middle)] - middle
    place = (half + np.arange(len(rest))) % m
    if seasons is not None:
        rest, place = rest[-seasons * m :], place[-seasons * m :]
    season = np.array([rest[place == k].mean() for k in range(m)])
    season -= season.mean()
    size = float(np.square(season).sum()) / (m - 1)
    if size == 0 or m < 4:
        return season
    noise = float(np.square(rest - season[place]).sum()) / max(len(rest) - m, 1) * m / len(rest)
    believed = max(0.0, 1 - (m - 3) / (m - 1) * noise / size)
    shrunk: FloatArray = season * believed
    return shrunk


def blended_season(z: FloatArray, *, season_length: int) -> FloatArray:
    """Half of the whole history's season and half of the last years'; shape (season_length,)."""
    whole = start_season(z, season_length=season_length)
    return (whole + start_season(z, season_length=season_length, seasons=RECENT)) / 2
