"""The season of a history on an additive scale: means by position of the gaps to the centred yearly mean,
shrunk towards none as far as noise could have made them (James and Stein 1961; Miller and Williams 2003,
"Shrinkage estimators of time series seasonal factors and their effect on forecasting accuracy", International
Journal of Forecasting 19).

Shrinking takes the place of a test: where nothing but noise was seen the season vanishes, and a season that
is plainly there loses nothing.
"""

import numpy as np
from numpy.typing import NDArray

from ..series import FloatArray

# Habits change: at least half of the season is that of the last years alone.
RECENT = 3
RECENT_SHARE = 0.5


def blended_season(z: FloatArray, *, season_length: int) -> FloatArray:
    """Season by position from the first value, mean zero, shape (season_length,); needs two and a half
    seasons.

    The last years and the whole history in halves, more of the last years as far as the two plainly differ.
    """
    whole, whole_noise = _means(*_gaps(z, season_length, None), season_length)
    late, late_noise = _means(*_gaps(z, season_length, RECENT), season_length)
    share = max(RECENT_SHARE, _believed(late - whole, late_noise))
    whole = whole * _believed(whole, whole_noise)
    late = late * _believed(late, late_noise)
    blended: FloatArray = share * late + (1 - share) * whole
    return blended


def season_means(z: FloatArray, *, season_length: int) -> tuple[FloatArray, FloatArray]:
    """As they were seen, not shrunk: of the whole history and of the last years."""
    whole, _ = _means(*_gaps(z, season_length, None), season_length)
    late, _ = _means(*_gaps(z, season_length, RECENT), season_length)
    return whole, late


def _gaps(z: FloatArray, m: int, seasons: int | None) -> tuple[FloatArray, NDArray[np.int_]]:
    """Gaps to the centred mean over a season, and their positions in it."""
    weights = np.ones(m + 1 - m % 2)
    if m % 2 == 0:
        weights[[0, -1]] = 0.5
    middle = np.convolve(z, weights / weights.sum(), "valid")
    half = m // 2
    gaps = z[half : half + len(middle)] - middle
    place = (half + np.arange(len(gaps))) % m
    return (gaps, place) if seasons is None else (gaps[-seasons * m :], place[-seasons * m :])


def _means(gaps: FloatArray, place: NDArray[np.int_], m: int) -> tuple[FloatArray, float]:
    """Mean gap by position, zero on average, and the variance that noise gives such a mean."""
    season = np.bincount(place, gaps, m) / np.bincount(place, minlength=m)
    season -= season.mean()
    noise = float(np.square(gaps - season[place]).sum()) / max(len(gaps) - m, 1) * m / len(gaps)
    return season, noise


def _believed(season: FloatArray, noise: float) -> float:
    """Share of a season that is more than noise, from 0 to 1."""
    m = len(season)
    size = float(np.square(season).sum()) / (m - 1)
    if size == 0 or m < 4:
        return 1.0
    return max(0.0, 1 - (m - 3) / (m - 1) * noise / size)
