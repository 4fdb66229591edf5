"""From what each month says alone to the stage that is shown: smoothing, and a margin before it changes.

The numbers were chosen on simulated lives: most changes found within half a year, at no more than one and a
half times as many changes shown as there are and hardly any that come back.
"""

import numpy as np

from ..codes import STAGES
from ..series import FloatArray
from .definition import DECLINE, GROWTH, INTRODUCTION, MATURITY, REVIVAL

NEW_SHARE = 0.8
# Another stage must lead the one shown by this to take its place: nothing where one mostly follows the other
# and the change is seen late, more for what is rare, most for what the definition knows no way to.
_MARGIN = {
    (INTRODUCTION, GROWTH): 0.25,
    (INTRODUCTION, MATURITY): 0.2,
    (INTRODUCTION, DECLINE): 0.5,
    (GROWTH, INTRODUCTION): 0.05,
    (GROWTH, MATURITY): -0.1,
    (MATURITY, INTRODUCTION): 0.5,
    (MATURITY, GROWTH): 0.6,
    (MATURITY, DECLINE): 0.0,
    (MATURITY, REVIVAL): 0.45,
    (DECLINE, GROWTH): 0.25,
    (DECLINE, MATURITY): 0.55,
    (DECLINE, REVIVAL): 0.25,
    (REVIVAL, MATURITY): -0.1,
}
_AGAINST_ORDER = 0.35
# A month in full doubt needs so much more.
_DOUBT_MARGIN = 0.15
# The start shown moves only when the months say another for more than this share of the stage's age, and at
# least so many months.
_DRIFT_SHARE, _DRIFT_MONTHS = 0.25, 2
# Under this slope a year a single step that explains the year better than a line takes weight from it.
_STEADY_SLOPE = 0.5
_MARGINS = [
    [_MARGIN.get((before, after), _AGAINST_ORDER) for after in range(len(STAGES))]
    for before in range(len(STAGES))
]


def walk(
    alone: FloatArray, begun: FloatArray, doubt: FloatArray, *, first: int
) -> tuple[FloatArray, tuple[int, ...], tuple[int, ...]]:
    """Smoothed probabilities, the stage shown (−1 before `first`) and its first month, month by month.

    `alone` and `begun` hold a column a stage: its probability and its first month by what that month says.
    `doubt` (0 to 1) is the share by which a month counts for less.
    """
    smooth = np.zeros_like(alone)
    shown, since = [-1] * first, [0] * first
    # Five numbers a month: plain lists are several times faster than arrays.
    months, starts, doubts = alone.tolist(), begun.tolist(), doubt.tolist()
    state: list[float] = months[first]
    stage = max(range(len(state)), key=state.__getitem__)
    start = starts[first][stage]
    for t in range(first, len(months)):
        new = NEW_SHARE * (1 - doubts[t])
        state = [new * said + (1 - new) * before for said, before in zip(months[t], state, strict=True)]
        smooth[t] = state
        needed = _DOUBT_MARGIN * doubts[t]
        leads = [p - margin - needed for p, margin in zip(state, _MARGINS[stage], strict=True)]
        leads[stage] = state[stage]
        best = max(range(len(leads)), key=leads.__getitem__)
        if best != stage:
            stage, start = best, starts[t][best]
        elif abs(starts[t][stage] - start) > max(_DRIFT_MONTHS, _DRIFT_SHARE * (t - start)):
            start = starts[t][stage]
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
