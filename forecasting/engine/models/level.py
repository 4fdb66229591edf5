"""A level from few observations: halfway between the last value and the mean of all.

With one to five observations neither trend nor season can be told from noise. The last value follows a launch
that is still climbing, the mean is calmer; halfway is simple exponential smoothing with a weight that needs
no estimate.
"""

import numpy as np

from ..series import FloatArray

START, WEIGHT = 3, 0.3


def level(y: FloatArray, *, horizon: int) -> FloatArray:
    """The same level for every period; needs one value."""
    return np.full(horizon, (float(y[-1]) + float(y.mean())) / 2)


def smoothed_level(y: FloatArray, *, horizon: int) -> FloatArray:
    """Simple exponential smoothing with a fixed weight, from the mean of the first three values."""
    at = float(y[:START].mean())
    for value in y:
        at += WEIGHT * (float(value) - at)
    return np.full(horizon, at)
