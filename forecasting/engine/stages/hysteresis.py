"""From what each month says alone to the stage that is shown: smoothing, and a margin before it changes.

The numbers were chosen on simulated lives: most changes found within half a year, at no more than one and a
half times as many changes shown as there are and hardly any that come back.
"""

import numpy as np

from ..codes import STAGES
from ..series import FloatArray
from .definition import DECLINE, GROWTH, INTRODUCTION, MATURITY, REVIVAL

NEW_SHARE = 0.75
# Another stage must lead the one shown by this to take its place: little where one stage mostly follows the
# other, more for what is rare, most where the definition knows no such change.
_MARGIN = {
    (INTRODUCTION, GROWTH): 0.30,
    (GROWTH, MATURITY): 0.0,
    (MATURITY, DECLINE): 0.0,
    (MATURITY, REVIVAL): 0.30,
    (DECLINE, REVIVAL): 0.35,
    (DECLINE, MATURITY): 0.45,
    (REVIVAL, MATURITY): 0.05,
}
_AGAINST_ORDER = 0.45
# A month in full doubt needs so much more.
_DOUBT_MARGIN = 0.3
# The start shown moves only when the months say another for more than this share of the stage's age, and at
# least so many months.
_DRIFT_SHARE, _DRIFT_MONTHS = 0.25, 2
# Under this slope a year a single step that explains the year better than a line takes weight from it.
_STEADY_SLOPE = 0.5
_MARGINS = np.full((len(STAGES), len(STAGES)), _AGAINST_ORDER)
for _change, _margin in _MARGIN.items():
    _MARGINS[_change] = _margin


def walk(
    alone: FloatArray, begun: FloatArray, doubt: FloatArray, *, first: int
) -> tuple[FloatArray, tuple[int, ...], tuple[int, ...]]:
    """Smoothed probabilities, the stage shown (−1 before `first`) and its first month, month by month.

    `alone` and `begun` hold a column a stage: its probability and its first month by what that month says.
    `doubt` (0 to 1) is the share by which a month counts for less.
    """
    smooth = np.zeros_like(alone)
    shown, since = [-1] * first, [0] * first
    state, stage, start = alone[first], -1, 0.0
    for t in range(first, len(alone)):
        new = NEW_SHARE * (1 - doubt[t])
        state = new * alone[t] + (1 - new) * state
        smooth[t] = state
        lead = state - _MARGINS[stage] - _DOUBT_MARGIN * doubt[t] if stage >= 0 else state
        best = int(lead.argmax())
        if stage < 0 or (best != stage and lead[best] >= state[stage]):
            stage, start = best, begun[t, best]
        elif abs(begun[t, stage] - start) > max(_DRIFT_MONTHS, _DRIFT_SHARE * (t - start)):
            start = begun[t, stage]
        shown.append(stage)
        since.append(int(start))
    return smooth, tuple(shown), tuple(since)


def step_doubt(step: FloatArray, slope: FloatArray) -> FloatArray:
    """How much less a month counts after what looks like a one-off step: 0 to 0.9.

    A customer won or lost tilts the slope for a year; while one step explains that year better than a line,
    the months say little of the stage.
    """
    flat = np.abs(np.nan_to_num(slope)) < _STEADY_SLOPE
    doubt: FloatArray = np.where(flat, np.clip(1.4 * step, 0, 0.9), 0.0)
    return doubt
