"""The centre: a fixed mean of Dynamic Optimized Theta and damped exponential smoothing.

A fixed mean beat each of its parts and beat choosing one of them a series by backtest (Clemen 1989,
"Combining forecasts: a review and annotated bibliography", International Journal of Forecasting 5, for why).
With a season each model enters twice: with its own season, and without one on data divided by the season of
the last years.
"""

import warnings
from collections.abc import Callable

import numpy as np

from ..series import FloatArray
from . import ets, theta
from .level import level
from .recent_season import recent_season

# Data is brought to this mean before a fit and rounded there, so that results do not depend on the unit of
# the data (the optimisers stop at absolute tolerances).
_WORKING_MEAN = 1000.0
_WORKING_DECIMALS = 7
# Beyond this multiple of the largest value seen a forecast is a failed fit, not a forecast.
_LIMIT = 10.0
# Older periods only teach habits that are gone, and cost time: eight years of months.
WINDOW = 96

_MODELS: tuple[tuple[Callable[..., FloatArray], int], ...] = (
    (theta.dynamic_theta, theta.MIN_PERIODS),
    (ets.damped_ets, ets.MIN_PERIODS),
)


def theta_ets_mean(y: FloatArray, *, season_length: int, horizon: int) -> FloatArray:
    """Mean of the models for the next `horizon` periods, shape (horizon,); needs one value.

    A model that the history is too short for, or that fails, is left out; without any the level is the
    answer. A season is used with three of them in the history.
    """
    y = y[-WINDOW:] if season_length > 1 else y
    size = float(np.abs(y).mean())
    if size == 0 or np.ptp(y) <= 1e-9 * size:
        return np.full(horizon, float(y[-1]))
    scaled = np.round(y * (_WORKING_MEAN / size), _WORKING_DECIMALS)
    answers = _answers(scaled, season_length, horizon)
    if season_length > 1 and len(y) >= 3 * season_length:
        season, multiplies = recent_season(scaled, season_length=season_length)
        both = season[np.arange(len(y) + horizon) % season_length]
        past, ahead = both[: len(y)], both[len(y) :]
        if multiplies:
            answers += [a * ahead for a in _answers(np.round(scaled / past, _WORKING_DECIMALS), 1, horizon)]
        else:
            answers += [a + ahead for a in _answers(np.round(scaled - past, _WORKING_DECIMALS), 1, horizon)]
    if not answers:
        return level(y, horizon=horizon)
    mean: FloatArray = np.mean(answers, axis=0) * (size / _WORKING_MEAN)
    return mean


def _answers(scaled: FloatArray, season_length: int, horizon: int) -> list[FloatArray]:
    answers = []
    for model, needed in _MODELS:
        if len(scaled) < needed:
            continue
        try:
            with warnings.catch_warnings(), np.errstate(all="ignore"):
                warnings.simplefilter("ignore")
                answer = model(scaled, season_length=season_length, horizon=horizon)
        # The models raise whatever their optimiser ran into; the other models are the answer to each of them.
        except Exception:  # noqa: S112
            continue
        if np.isfinite(answer).all() and np.abs(answer).max() <= _LIMIT * np.abs(scaled).max():
            answers.append(answer)
    return answers
