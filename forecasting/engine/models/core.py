"""The centre: a fixed mean of Dynamic Optimized Theta and damped exponential smoothing.

A fixed mean beat each of the two and beat choosing one of them a series by backtest (Clemen 1989, "Combining
forecasts: a review and annotated bibliography", International Journal of Forecasting 5, for why).
"""

import warnings

import numpy as np

from ..series import FloatArray
from . import ets, theta
from .level import level

# Data is brought to this mean before a fit and rounded there, so that results do not depend on the unit of
# the data (the optimisers stop at absolute tolerances).
_WORKING_MEAN = 1000.0
_WORKING_DECIMALS = 7
# Beyond this multiple of the largest value seen a forecast is a failed fit, not a forecast.
_LIMIT = 10.0


def theta_ets_mean(y: FloatArray, *, season_length: int, horizon: int) -> FloatArray:
    """Mean of both models for the next `horizon` periods, shape (horizon,); needs one value.

    A model that the history is too short for, or that fails, is left out; without any the level is the
    answer.
    """
    size = float(np.abs(y).mean())
    if size == 0 or np.ptp(y) <= 1e-9 * size:
        return np.full(horizon, float(y[-1]))
    scaled = np.round(y * (_WORKING_MEAN / size), _WORKING_DECIMALS)
    answers = []
    for model, needed in ((theta.dynamic_theta, theta.MIN_PERIODS), (ets.damped_ets, ets.MIN_PERIODS)):
        if len(y) < needed:
            continue
        try:
            with warnings.catch_warnings(), np.errstate(all="ignore"):
                warnings.simplefilter("ignore")
                answer = model(scaled, season_length=season_length, horizon=horizon)
        # The models raise whatever their optimiser ran into; the ladder's next rung is the answer to each of
        # them.
        except Exception:  # noqa: S112
            continue
        if np.isfinite(answer).all() and np.abs(answer).max() <= _LIMIT * np.abs(scaled).max():
            answers.append(answer)
    if not answers:
        return level(y, horizon=horizon)
    mean: FloatArray = np.mean(answers, axis=0) * (size / _WORKING_MEAN)
    return mean
