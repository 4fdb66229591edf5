"""One-off steps: a customer won or lost moves the level for good and says nothing of the stage.

A step is believed half a year later, when the year before it was flat and that half year lies together on one
side, further away than noise explains. From then on the months before it are brought to the new level. Before
that it is a doubt, which `path` weighs. Steps up of 30 % and more are left alone, a relaunch looks like that.
"""

from typing import Any

import numpy as np

from ..series import FloatArray

BEFORE, AFTER = 12, 6
_NEEDED_BEFORE, _NEEDED_AFTER = 8, 3
_LEAST, _LARGEST_DOWN, _LARGEST_UP = 0.06, 0.6, 0.26
# Each month of the half year lies at least this share of the jump away.
_TOGETHER = 0.4
_SURE = 6.0
_FLAT_YEAR = 0.15
_LEAST_NOISE = 0.02
# A history in which so many months repeat the one before is a figure of years or quarters spread over months.
SPREAD = 0.6


def first_step(lags: FloatArray, begin: int, spread: FloatArray) -> tuple[int, float] | None:
    """The first month from `begin` in which a step is believed that lies AFTER months back, and the ratio of
    the level after to before it; None without one. `lags` as in Views; the
    steps of a figure that was spread over months are not believed."""
    after, before = lags[begin:, :AFTER][:, ::-1], lags[begin:, AFTER : AFTER + BEFORE][:, ::-1]
    seen_before, seen_after = ~np.isnan(before), ~np.isnan(after)
    n, m = seen_before.sum(axis=1), seen_after.sum(axis=1)
    x, y = np.where(seen_before, before, 0.0), np.where(seen_after, after, 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        old, new = x.sum(axis=1) / n, y.sum(axis=1) / m
        jump = np.log(new / old)
        possible = np.flatnonzero(
            (n >= _NEEDED_BEFORE)
            & (spread[begin:] < SPREAD)
            & (m >= _NEEDED_AFTER)
            & ((jump > _LEAST) & (jump < _LARGEST_UP) | (jump < -_LEAST) & (jump > -_LARGEST_DOWN))
        )
        together = np.log(after[possible] / old[possible, None]) / jump[possible, None]
    possible = possible[((together > _TOGETHER) | ~seen_after[possible]).all(axis=1)]
    for row in possible.tolist():
        if _believed(
            before[row][seen_before[row]], after[row][seen_after[row]], np.flatnonzero(seen_before[row])
        ):
            return begin + row, float(new[row] / old[row])
    return None


def _believed(before: FloatArray, after: FloatArray, t: np.ndarray[Any, np.dtype[np.int_]]) -> bool:
    """Whether the year before was flat and the jump is beyond its noise and has come to rest."""
    if min(before.min(), after.min()) <= 0:
        return False
    old = float(before.mean())
    jump = np.log(float(after.mean()) / old)
    shift = t - t.mean()
    slope = float(shift @ before) / float(shift @ shift)
    rest = before - old - slope * shift
    noise = max(float(np.sqrt(rest @ rest / (len(before) - 2))) / old, _LEAST_NOISE)
    flat = abs(slope) * 12 / old < _FLAT_YEAR
    sure = abs(jump) > _SURE * noise * np.sqrt(1 / len(before) + 1 / len(after))
    half = len(after) // 2
    # Still moving on the same way is a decline (or a rise) that has begun, not a step.
    stopped = np.log(after[half:].mean() / after[:half].mean()) / jump < 0.2
    return bool(flat and sure and stopped)
