"""The five stages by definition, on a level that is known without noise. This is the truth that estimates are
judged by.

Levitt (1965) and Polli and Cook (1969) for the idea; the thresholds are those of
docs/algorithms/lifecycle.md.
"""

from typing import Any

import numpy as np

from ..codes import STAGES
from ..series import FloatArray

INTRODUCTION, GROWTH, MATURITY, DECLINE, REVIVAL = range(len(STAGES))
INTRODUCTION_SHARE, INTRODUCTION_MONTHS = 0.10, 2
NEAR_PEAK, NEAR_PEAK_GROWTH = 0.90, 0.25
STEADY, STEADY_MONTHS, STEADY_SHARE = 0.10, 6, 0.50
FALLING, FALLING_MONTHS = -0.10, 6
SETTLED_MONTHS = 12
LIFT = 1.30


def growth_a_year(level: FloatArray) -> FloatArray:
    """Centred six-month growth as a continuous rate a year, shape (n,); at the ends over what is there."""
    n = len(level)
    t = np.arange(n)
    before, after = np.maximum(t - 3, 0), np.minimum(t + 3, n - 1)
    span = np.maximum(after - before, 1)
    logs = np.log(np.maximum(level, 1e-9 * max(float(level.max()), 1e-300)))
    growth: FloatArray = (logs[after] - logs[before]) * (12 / span)
    return growth


def true_stages(level: FloatArray, *, relaunch: int | None = None, clock: float = 1.0) -> FloatArray:
    """Index in STAGES a month, −1 before the first sale; shape (n,).

    `level` covers the whole life, without noise. What must last for months to count is dated from the first
    of them. `relaunch` is the month a relaunch starts (the trough before its rise); it counts when it lifts
    the level by 30 %. The rates of growth are those of a life at the pace of a product; `clock` says how many
    times slower this one goes.
    """
    n = len(level)
    stages = np.full(n, -1.0)
    sold = np.flatnonzero(level > 0)
    if len(sold) == 0:
        return stages
    if relaunch is not None and level[relaunch:].max() < LIFT * level[relaunch]:
        relaunch = None
    peak = np.full(n, level[:relaunch].max())
    if relaunch is not None:
        peak[relaunch:] = level[relaunch:].max()
    growth = growth_a_year(level) * clock
    steady = np.abs(growth) <= STEADY
    high = level >= STEADY_SHARE * peak
    near = level >= NEAR_PEAK * peak
    ripe = (near & (growth <= NEAR_PEAK_GROWTH)) | (_lasts(steady, STEADY_MONTHS) & high)
    falls = _lasts((growth < FALLING) & ~near, FALLING_MONTHS)
    settles = _lasts(steady, SETTLED_MONTHS) & high
    first = int(sold[0])
    started = level >= INTRODUCTION_SHARE * peak
    started[: first + INTRODUCTION_MONTHS] = False
    leaves = {
        INTRODUCTION: (started, GROWTH),
        GROWTH: (ripe, MATURITY),
        MATURITY: (falls, DECLINE),
        DECLINE: (settles, MATURITY),
        REVIVAL: (near, MATURITY),
    }
    stage, begin = INTRODUCTION, first
    while begin < n:
        when, following = leaves[stage]
        ahead = np.flatnonzero(when[begin:])
        end = begin + int(ahead[0]) if len(ahead) else n
        if relaunch is not None and begin <= relaunch <= end and stage in (MATURITY, DECLINE):
            end, following = relaunch, REVIVAL
        stages[begin:end] = stage
        stages[end : end + 1] = following
        stage, begin = following, end + 1
    return stages


def _lasts(
    condition: np.ndarray[Any, np.dtype[np.bool_]], months: int
) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Where a run of at least so many months begins or goes on for that long."""
    count = np.concatenate([[0], np.cumsum(condition), np.zeros(months, dtype=int)])
    n = len(condition)
    count[n + 1 :] = count[n]
    lasts: np.ndarray[Any, np.dtype[np.bool_]] = count[months : months + n] - count[:n] == months
    return lasts
