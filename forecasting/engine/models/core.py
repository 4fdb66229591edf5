"""The centre: a fixed mean of three models that err differently.

Dynamic Optimized Theta, damped exponential smoothing averaged over its parameters, and a shrunk
autoregression. A fixed mean beat each of its parts and beat choosing one of them a series by backtest
(Clemen 1989, "Combining forecasts: a review and annotated bibliography", International Journal of Forecasting
5, for why). Smoothing follows the season itself; the two others see data without season.
"""

import warnings
from collections.abc import Callable

import numpy as np

from ..series import FloatArray
from . import autoregression, smoothing, theta
from .blended_season import blended_season
from .level import level
from .transform import LOG, Scale, scales

# Data is brought to this mean before a fit and rounded there, so that results do not depend on the unit of
# the data (an optimiser stops at absolute tolerances).
_WORKING_MEAN = 1000.0
_WORKING_DECIMALS = 7
WORKING_LOG = float(np.log(_WORKING_MEAN))
# Beyond this multiple of the largest value seen a forecast is a failed fit, not a forecast.
_LIMIT = 10.0
# Older periods teach habits that are gone: eight years of months were better than eleven.
WINDOW, WINDOW_WITHOUT_SEASON = 96, 300
# A straight line that falls stops at this share of the smallest value of the last season.
_FLOOR_SHARE, _FLOOR_PERIODS = 0.3, 4

Model = Callable[[FloatArray, int, int], FloatArray]


def combined_mean(y: FloatArray, *, season_length: int, horizon: int) -> FloatArray:
    """Mean of the models for the next `horizon` periods, shape (horizon,); needs one value.

    A model that the history is too short for, or that fails, is left out; without any the level is the
    answer. A season is used with three of them in the history.
    """
    m = season_length if len(y) >= 3 * season_length else 1
    y = y[-(WINDOW if m > 1 else WINDOW_WITHOUT_SEASON) :]
    size = float(np.abs(y).mean())
    if size == 0 or np.ptp(y) <= 1e-9 * size:
        return np.full(horizon, float(y[-1]))
    scaled = to_working(y, size)
    tried = [(attempt(model, scaled, m, horizon), weight) for model, weight in _MODELS]
    answers = [(answer, weight) for answer, weight in tried if answer is not None]
    if not answers:
        return level(y, horizon=horizon)
    total = sum(weight for _, weight in answers)
    mean: FloatArray = np.sum([a * (w / total) for a, w in answers], axis=0)
    return from_working(mean, size)


def to_working(y: FloatArray, size: float) -> FloatArray:
    """Data of mean size `size` as the models take it."""
    working: FloatArray = np.round(y * (_WORKING_MEAN / size), _WORKING_DECIMALS)
    return working


def from_working(answer: FloatArray, size: float) -> FloatArray:
    return answer * (size / _WORKING_MEAN)


def weighted(answers: FloatArray) -> FloatArray:
    """The combination of Theta, smoothing on logarithm and root, and autoregression; rows in this order."""
    (_, theta_weight), (_, smoothing_weight), (_, weight) = _MODELS
    shares = np.array([theta_weight, smoothing_weight / 2, smoothing_weight / 2, weight])
    mean: FloatArray = shares @ answers
    return mean


def attempt(model: Model, scaled: FloatArray, season_length: int, horizon: int) -> FloatArray | None:
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            answer = model(scaled, season_length, horizon)
    # The models raise whatever their optimiser ran into; the other models are the answer to each of them.
    except Exception:
        return None
    if np.isfinite(answer).all() and np.abs(answer).max() <= _LIMIT * np.abs(scaled).max():
        return answer
    return None


def theta_answer(y: FloatArray, season_length: int, horizon: int) -> FloatArray:
    if len(y) < theta.MIN_PERIODS:
        raise ArithmeticError("too short")
    scale = scales(y)[0]
    past, ahead = _season(y if scale is not LOG else np.log(y), season_length, horizon)
    if scale is LOG:
        line = theta.dynamic_theta(np.round(y / np.exp(past), _WORKING_DECIMALS), horizon=horizon)
        answer = line * np.exp(ahead)
    else:
        answer = theta.dynamic_theta(np.round(y - past, _WORKING_DECIMALS), horizon=horizon) + ahead
    return _floored(answer, y, season_length)


def _floored(answer: FloatArray, y: FloatArray, season_length: int) -> FloatArray:
    """What falls along a straight line falls no further than a share of the least of the last season."""
    least = float(y[-max(season_length, _FLOOR_PERIODS) :].min())
    floored: FloatArray = np.maximum(answer, _FLOOR_SHARE * least) if y.min() >= 0 else answer
    return floored


def _smoothing(y: FloatArray, season_length: int, horizon: int) -> FloatArray:
    if len(y) < smoothing.MIN_PERIODS:
        raise ArithmeticError("too short")
    answers: FloatArray = np.mean(
        [smoothing_on(scale, y, season_length, horizon) for scale in scales(y)], axis=0
    )
    return answers


def smoothing_on(scale: Scale, y: FloatArray, season_length: int, horizon: int) -> FloatArray:
    z = scale.there(y)
    season = None
    if season_length > 1:
        season = blended_season(z, season_length=season_length)
    answer = scale.back(smoothing.smoothed(z, season=season, horizon=horizon))
    return answer if scale is LOG else _floored(answer, y, season_length)


def autoregression_answer(y: FloatArray, season_length: int, horizon: int) -> FloatArray:
    if len(y) < autoregression.MIN_PERIODS:
        raise ArithmeticError("too short")
    scale = scales(y)[0]
    z = scale.there(y)
    past, ahead = _season(z, season_length, horizon)
    return scale.back(autoregression.autoregressive(z - past, horizon=horizon) + ahead)


def _season(z: FloatArray, season_length: int, horizon: int) -> tuple[FloatArray, FloatArray]:
    """Season in the history and ahead on the scale of `z`; zeros without one."""
    n = len(z)
    if season_length == 1:
        return np.zeros(n), np.zeros(horizon)
    season = blended_season(z, season_length=season_length)
    both = season[np.arange(n + horizon) % season_length]
    return both[:n], both[n:]


# Weights between a half and a fifth made no difference of note in rolling origins; these lean towards the
# model that did best in published comparisons.
_MODELS: tuple[tuple[Model, float], ...] = (
    (theta_answer, 0.4),
    (_smoothing, 0.35),
    (autoregression_answer, 0.25),
)
