"""The size of a series' ordinary error, by which errors are pooled and bands are drawn."""

import numpy as np

from .measures import naive_scale
from .models.blended_season import blended_season
from .series import FloatArray

# A short history knows its own error badly: this share of its level counts as much as PRIOR_PERIODS changes.
PRIOR_SHARE = 0.2
PRIOR_PERIODS = 2
# What is called short where bands are kept from being absurd.
SHORT = 12
# No series is surer than this share of its level, so that a constant history still has a band.
FLOOR_SHARE = 0.005
# How much less each older change counts.
_FADE, _FADE_YEARLY = 0.97, 0.9
# How the mean error grows with the step, in ordinary errors: at step 1, and the power. From simulated
# families and the care data; weeks keep their growth in the factors of `calibration`.
_GROWTH = {1: (0.85, 0.6), 4: (0.72, 0.36), 12: (0.6, 0.26), 52: (1.0, 0.0)}
LEARNT_SHARE = 0.5


def error_scale(y: FloatArray, *, season_length: int) -> float:
    """Geometric mean of two sizes: the in-sample error of seasonal naive (naive under a season and a half),
    and how much the series lately moved from one period to the next without its season.

    The first knows the years, the second that they differ: together they told the size of the errors to come
    better than either. The shorter the history, the more both are pulled to a fifth of the level.
    Zero only for a history of zeros.
    """
    size = float(np.abs(y).mean())
    if size == 0:
        return 0.0
    m = season_length if len(y) >= season_length + max(season_length // 2, 4) else 1
    yearly = _pulled(naive_scale(y, season_length=m) or 0.0, size, seen=len(y) - m)
    move = _pulled(_recent_move(y, season_length), size, seen=len(y) - 1)
    return float(np.sqrt(yearly * move))


def error_sizes(y: FloatArray, spread: FloatArray | None, *, season_length: int, horizon: int) -> FloatArray:
    """The size of the error to expect at each step, shape (horizon,): the ordinary error as it usually grows,
    and half of the way (geometrically) to what was learnt of such histories, where something was."""
    nearest = min(_GROWTH, key=lambda m: (abs(np.log(m / season_length)), m))
    first, power = _GROWTH[nearest]
    usual: FloatArray = first * np.arange(1.0, horizon + 1) ** power
    sizes = usual * error_scale(y, season_length=season_length)
    if spread is None:
        return sizes
    both: FloatArray = sizes ** (1 - LEARNT_SHARE) * np.maximum(spread, 0) ** LEARNT_SHARE
    return both


def _pulled(own: float, size: float, *, seen: int) -> float:
    seen = max(seen, 0)
    own_share = seen / (seen + PRIOR_PERIODS)
    return float(max(own, FLOOR_SHARE * size) ** own_share * (PRIOR_SHARE * size) ** (1 - own_share))


def _recent_move(y: FloatArray, season_length: int) -> float:
    """Mean size of the change from one period to the next on data without season; older ones count less."""
    if len(y) < 2:
        return 0.0
    rest = y
    if season_length > 1 and len(y) >= 3 * season_length:
        place = np.arange(len(y)) % season_length
        if y.min() > 0:
            rest = y / np.exp(blended_season(np.log(y), season_length=season_length))[place]
        else:
            rest = y - blended_season(y, season_length=season_length)[place]
    change = np.abs(np.diff(rest))
    weights = (_FADE_YEARLY if season_length == 1 else _FADE) ** np.arange(len(change))[::-1]
    return float((weights * change).sum() / weights.sum())
