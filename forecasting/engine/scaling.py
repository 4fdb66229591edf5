"""The size of a series' ordinary error, by which errors are pooled and bands are drawn."""

import numpy as np

from .measures import naive_scale
from .series import FloatArray

# A short history knows its own error badly: this share of its level counts as much as PRIOR_PERIODS
# observations.
PRIOR_SHARE = 0.25
PRIOR_PERIODS = 4
# No series is surer than this share of its level, so that a constant history still has a band.
FLOOR_SHARE = 0.005


def error_scale(y: FloatArray, *, season_length: int) -> float:
    """In-sample error of seasonal naive (naive under a season and a half), pulled to a quarter of the level
    when short.

    Zero only for a history of zeros.
    """
    size = float(np.abs(y).mean())
    m = season_length if len(y) >= season_length + max(season_length // 2, 4) else 1
    own = naive_scale(y, season_length=m) or 0.0
    seen = max(len(y) - m, 0)
    if len(y) < 12:
        own = (own * seen + PRIOR_SHARE * size * PRIOR_PERIODS) / (seen + PRIOR_PERIODS)
    return max(own, FLOOR_SHARE * size)
