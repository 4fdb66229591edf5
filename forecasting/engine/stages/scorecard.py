"""From features to probabilities and months: a linear scorecard for each stage, fitted by `train` on
simulated lives.

Multinomial logistic regression (Bishop 2006, section 4.3): each feature adds its weight to the score of each
stage, the scores become probabilities by softmax. Weights live in `weights`; the card is
docs/algorithms/lifecycle.md.
"""

import numpy as np

from ..codes import STAGES
from ..series import FloatArray
from . import weights

# Nobody knows the peak while it happens: no stage is ever excluded or certain.
LEAST = 0.005
# Months ahead are estimated for a next stage within this many.
MAX_MONTHS = 36.0

_MEAN, _SD = np.array(weights.MEAN), np.array(weights.SD)
_WEIGHTS, _BIAS = np.array(weights.STAGE_WEIGHTS), np.array(weights.STAGE_BIAS)
_NEXT, _NEXT_SPREAD = np.array(weights.NEXT_WEIGHTS), np.array(weights.NEXT_QUANTILES)


def standardised(rows: FloatArray) -> FloatArray:
    """Features at mean 0 and standard deviation 1 of the training set."""
    scaled: FloatArray = (rows - _MEAN) / _SD
    return scaled


def probabilities(rows: FloatArray) -> FloatArray:
    """Probability of each stage, shape (months, 5), rows sum to 1, each at least LEAST."""
    scores = standardised(rows) @ _WEIGHTS + _BIAS
    shares = np.exp(scores - scores.max(axis=1, keepdims=True))
    shares /= shares.sum(axis=1, keepdims=True)
    kept: FloatArray = LEAST + (1 - LEAST * len(STAGES)) * shares
    return kept


def months_to_next(row: FloatArray, stage: int) -> tuple[float, float, float]:
    """Median and 80 % range of the months until the next stage, given that it comes within three years."""
    centre = float(np.append(standardised(row[None])[0], 1.0) @ _NEXT[stage])
    lo, middle, hi = (float(np.clip(np.exp(centre + q), 1, MAX_MONTHS)) for q in _NEXT_SPREAD[stage])
    return round(middle, 1), round(lo, 1), round(hi, 1)
