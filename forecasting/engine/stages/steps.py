"""One-off steps: a customer won or lost moves the level for good and says nothing of the stage.

A step is believed half a year later, when the year before it was flat and that half year lies together on one
side, further away than noise explains. From then on the months before it are brought to the new level. Before
that it is a doubt, which `path` weighs. Steps up of 30 % and more are left alone: that is what a relaunch
looks like.
"""

import numpy as np

from ..series import FloatArray

BEFORE, AFTER = 12, 6
_NEEDED_BEFORE, _NEEDED_AFTER = 8, 3
_LEAST, _LARGEST_DOWN, _LARGEST_UP = 0.06, 0.6, 0.26
_SURE = 6.0
_FLAT_YEAR = 0.15
_LEAST_NOISE = 0.02


def step_at(adjusted: FloatArray) -> float | None:
    """Ratio of the level after to before a step AFTER months before the end of `adjusted`; None without
    one."""
    if len(adjusted) < _NEEDED_BEFORE + AFTER:
        return None
    before, after = adjusted[-(BEFORE + AFTER) : -AFTER], adjusted[-AFTER:]
    t = np.flatnonzero(~np.isnan(before))
    before, after = before[t], after[~np.isnan(after)]
    if len(before) < _NEEDED_BEFORE or len(after) < _NEEDED_AFTER or min(before.min(), after.min()) <= 0:
        return None
    old, new = float(before.mean()), float(after.mean())
    jump = np.log(new / old)
    if not (_LEAST < jump < _LARGEST_UP or -_LARGEST_DOWN < jump < -_LEAST):
        return None
    shift = t - t.mean()
    slope = float(shift @ before) / float(shift @ shift)
    rest = before - old - slope * shift
    noise = max(float(np.sqrt(rest @ rest / (len(before) - 2))) / old, _LEAST_NOISE)
    flat = abs(slope) * 12 / old < _FLAT_YEAR
    sure = abs(jump) > _SURE * noise * np.sqrt(1 / len(before) + 1 / len(after))
    together = bool((np.log(after / old) / jump > 0.4).all())
    half = len(after) // 2
    # Still moving on the same way is a decline (or a rise) that has begun, not a step.
    stopped = np.log(after[half:].mean() / after[:half].mean()) / jump < 0.2
    return new / old if flat and sure and together and stopped else None
