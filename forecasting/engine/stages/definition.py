"""The five stages by definition, on a level that is known without noise. This is the truth that estimates are
judged by.

Levitt (1965) and Polli and Cook (1969) for the idea; the thresholds are those of
docs/algorithms/lifecycle.md.
"""

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
    """Centred six-month growth as a rate a year, shape (n,); at the ends over what is there."""
    n = len(level)
    t = np.arange(n)
    before, after = np.maximum(t - 3, 0), np.minimum(t + 3, n - 1)
    span = np.maximum(after - before, 1)
    safe = np.maximum(level, 1e-9 * max(float(level.max()), 1e-300))
    growth: FloatArray = (safe[after] / safe[before]) ** (12 / span) - 1
    return growth


def true_stages(level: FloatArray, *, relaunch: int | None = None) -> FloatArray:
    """Index in STAGES a month, −1 before the first sale; shape (n,).

    `level` covers the whole life, without noise. `relaunch` is the month a relaunch starts (the trough before
    its rise); it counts when it lifts the level by 30 %.
    """
    n = len(level)
    growth = growth_a_year(level)
    if relaunch is not None and level[relaunch:].max() < LIFT * level[relaunch]:
        relaunch = None
    peak = float(level[:relaunch].max())
    stages = np.full(n, -1.0)
    sold = np.flatnonzero(level > 0)
    if len(sold) == 0:
        return stages
    stage, since, steady, falling = INTRODUCTION, int(sold[0]), 0, 0
    for t in range(int(sold[0]), n):
        steady = steady + 1 if abs(growth[t]) <= STEADY else 0
        falling = falling + 1 if growth[t] < FALLING and level[t] < NEAR_PEAK * peak else 0
        if t == relaunch:
            peak = float(level[t:].max())
            if stage in (MATURITY, DECLINE):
                stage, steady, falling = REVIVAL, 0, 0
        if stage == INTRODUCTION:
            if t - since >= INTRODUCTION_MONTHS and level[t] >= INTRODUCTION_SHARE * peak:
                stage = GROWTH
        elif stage == GROWTH:
            near = level[t] >= NEAR_PEAK * peak and growth[t] <= NEAR_PEAK_GROWTH
            if near or (steady >= STEADY_MONTHS and level[t] >= STEADY_SHARE * peak):
                stage, falling = MATURITY, 0
        elif stage == REVIVAL:
            if level[t] >= NEAR_PEAK * peak:
                stage, falling = MATURITY, 0
        elif stage == MATURITY:
            if falling >= FALLING_MONTHS:
                stage, steady = DECLINE, 0
        elif steady >= SETTLED_MONTHS and level[t] >= STEADY_SHARE * peak:
            stage, falling = MATURITY, 0
        stages[t] = stage
    return stages
