"""What a forecast has to beat: the same period a season ago, said for the same periods."""

import numpy as np

from .backtesting import seasonal_naive
from .cleaning import cleaned
from .forecaster import significant
from .series import FloatArray, Series, history


def naive_forecast(series: Series, *, season_length: int, horizon: int) -> FloatArray:
    """Seasonal naive of the `horizon` periods after the last one of `series`, shape (horizon,); the last
    value under one season, empty without data. From the same cleaned history as `forecast`, rounded like it
    and, like it, zero before `launch` and after `end`."""
    past = history(cleaned(series, season_length=season_length), season_length=season_length)
    if not len(past.y):
        return np.empty(0)
    ahead = seasonal_naive(past.y, season_length=season_length, horizon=horizon + past.behind)[past.behind :]
    periods = series.start + len(series.array) + np.arange(horizon)
    first = -np.inf if series.launch is None else series.launch
    last = np.inf if series.end is None else series.end
    return significant(np.where((periods >= first) & (periods <= last), ahead, 0.0))
