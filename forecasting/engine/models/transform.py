"""The scales a model may work on: where growth and season multiply they add up on the logarithm.

Box and Cox (1964), "An analysis of transformations", Journal of the Royal Statistical Society B 26, with the
power fixed at 0 (logarithm), ½ (square root) or 1: an estimated power was no better and less steady.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..series import FloatArray

# A value under this share of the mean is too near to zero for logarithms: it would rule the fit.
_LEAST_SHARE = 0.002
# The largest logarithm taken back; far beyond any limit on forecasts.
_LARGEST_LOG = 60.0


@dataclass(frozen=True)
class Scale:
    """To a scale and back, elementwise. `name` is "log", "root" or "plain"."""

    name: str
    there: Callable[[FloatArray], FloatArray]
    back: Callable[[FloatArray], FloatArray]


def _from_log(z: FloatArray) -> FloatArray:
    back: FloatArray = np.exp(np.clip(z, -_LARGEST_LOG, _LARGEST_LOG))
    return back


def _from_root(z: FloatArray) -> FloatArray:
    back: FloatArray = np.square(np.maximum(z, 0.0))
    return back


LOG = Scale("log", np.log, _from_log)
ROOT = Scale("root", np.sqrt, _from_root)
PLAIN = Scale("plain", lambda y: y, lambda z: z)


def scales(y: FloatArray) -> tuple[Scale, ...]:
    """The scales `y` can be put on, the most wanted first: a negative value leaves only the plain one."""
    if y.min() < 0:
        return (PLAIN,)
    return (LOG, ROOT) if y.min() > _LEAST_SHARE * y.mean() else (ROOT,)
