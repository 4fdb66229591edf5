"""What a promotion did: sales without it, from the periods around it, and what was sold above them.

Log sales of normal periods are a level, a trend, a season of two waves a year and a level that wanders
(persistence a period), with noise of its own: all normal, so what the periods of the promotion would have
sold is a conditional normal too, with all that is not known of them. How far the level wanders and how long
it stays is weighed by likelihood on a small grid. Method, limits, measured: docs/algorithms/promotions.md.

Sums over periods are of draws with a fixed seed: the same input gives the same digits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

# Raised whenever a result may change.
VERSION = "1"
Step = Literal["weeks", "months"]
A_YEAR = {"weeks": 365.25 / 7, "months": 12.0}
LEAST = {"weeks": 26, "months": 12}
# Normal periods needed, and for how many periods after it a promotion is looked for.
LEAST_NORMAL = {"weeks": 16, "months": 8}
AFTER = {"weeks": 4, "months": 1}
DRAWS = 4000
_SEED = 20261101
# What is expected of log sales before anything was seen.
_LEVEL_SD, _TREND_SD, _SEASON_SD = 10.0, 0.3, (0.2, 0.08)
_SPREADS, _PERSISTENCES = (0.0, 0.05, 0.1, 0.2, 0.35), (0.6, 0.85, 0.95)
_NOISES = (0.03, 0.06, 0.1, 0.16, 0.25, 0.4)
# So many of those that fit best are drawn from.
_KEPT = 12
# Draws of simulated products (seeds from 7 on) were this much too near together, or too far apart.
_WIDEN = {"weeks": 0.9, "months": 1.1}
# Sales of nothing count as this share of a normal period.
_LEAST_SHARE = 0.05


@dataclass(frozen=True)
class Window:
    """A product's sales by period. ``units``: NaN is missing. ``promo``: which part of each period the
    promotion ran (0–1). ``busy``: periods in which another promotion ran or had just ended."""

    step: Step
    units: FloatArray
    promo: FloatArray
    busy: BoolArray


@dataclass(frozen=True)
class Refused:
    """Why nothing can be said: ``no_sales``, ``gap``, ``short_history`` or ``few_normal``."""

    reason: str


@dataclass(frozen=True)
class Range:
    """A figure and its 80 % interval."""

    value: float
    lo80: float
    hi80: float


@dataclass(frozen=True)
class Effect:
    """``baseline`` and ``sold`` are of the part of the periods in which it ran. ``uplift`` is a rate.
    ``after`` is what was sold above the baseline (below: negative) in the periods after it; None where they
    are not known, or another promotion ran. ``expected`` is the baseline by period: median, 10 and 90 %."""

    baseline: float
    sold: float
    uplift: Range
    after: Range | None
    expected: FloatArray


def promotion_effect(window: Window) -> Effect | Refused:
    """Measure one promotion of one product."""
    ran = window.promo > 0
    draws = _baseline(window)
    if isinstance(draws, Refused):
        return draws
    part = window.promo[ran]
    normal = draws[:, ran] @ part
    extra = window.units[ran].sum() - draws[:, ran].sum(axis=1)
    uplift = extra / normal
    baseline = float(np.median(normal))
    value = float(np.median(uplift))
    return Effect(
        baseline=baseline,
        sold=baseline * (1 + value),
        uplift=Range(value, *_edges(uplift)),
        after=_after(window, draws),
        expected=np.quantile(draws, (0.5, 0.1, 0.9), axis=0),
    )


def sister_effect(window: Window) -> FloatArray | None:
    """Draws of what a product beside the promotion sold above its own baseline while that ran; None where it
    cannot be said. Of several sisters the draws may be added."""
    draws = _baseline(window)
    if isinstance(draws, Refused) or (window.busy & (window.promo > 0)).any():
        return None
    ran = window.promo > 0
    return np.asarray(window.units[ran].sum() - draws[:, ran].sum(axis=1))


def apart(draws: Sequence[FloatArray]) -> FloatArray:
    """The sum of figures that err apart from each other: each one's draws in an order of their own, as all
    were drawn from one seed."""
    rng = np.random.default_rng(_SEED)
    return np.asarray(sum(rng.permutation(one) for one in draws))


def range_of(draws: FloatArray) -> Range:
    return Range(float(np.median(draws)), *_edges(draws))


def _edges(draws: FloatArray) -> tuple[float, float]:
    low, high = np.quantile(draws, (0.1, 0.9))
    return float(low), float(high)


def _after(window: Window, draws: FloatArray) -> Range | None:
    last = int(np.flatnonzero(window.promo > 0)[-1])
    rows = np.arange(last + 1, last + 1 + AFTER[window.step])
    if rows[-1] >= len(window.units) or window.busy[rows].any() or np.isnan(window.units[rows]).any():
        return None
    return range_of(window.units[rows].sum() - draws[:, rows].sum(axis=1))


def _baseline(window: Window) -> FloatArray | Refused:
    """Draws of what every period would have sold without the promotion."""
    known, ran = np.isfinite(window.units), window.promo > 0
    if not ran.any() or not known.any() or np.nanmax(window.units) <= 0:
        return Refused("no_sales")
    if not known[ran].all():
        return Refused("gap")
    first = int(np.flatnonzero(known & (np.nan_to_num(window.units) > 0))[0])
    if known[first:].sum() < LEAST[window.step]:
        return Refused("short_history")
    after = np.zeros_like(ran)
    for lag in range(1, AFTER[window.step] + 1):
        after[lag:] |= ran[:-lag]
    normal = known & ~ran & ~after & ~window.busy & (np.arange(len(ran)) >= first)
    if normal.sum() < LEAST_NORMAL[window.step] or np.median(window.units[normal]) <= 0:
        return Refused("few_normal")
    return _conditional(window, normal)


def _conditional(window: Window, normal: BoolArray) -> FloatArray:
    time = np.arange(len(window.units), dtype=np.float64)
    least = _LEAST_SHARE * float(np.median(window.units[normal]))
    seen = np.log(np.maximum(window.units[normal], least))
    centre = float(np.mean(seen))
    smooth = _smooth(time, A_YEAR[window.step])
    apart = np.abs(time[:, None] - time[None, :])
    tried: list[tuple[float, FloatArray, float]] = []
    for spread in _SPREADS:
        for persistence in _PERSISTENCES if spread else _PERSISTENCES[:1]:
            shared = smooth + spread**2 * persistence**apart
            values, vectors = np.linalg.eigh(shared[np.ix_(normal, normal)])
            along = (vectors.T @ (seen - centre)) ** 2
            for noise in _NOISES:
                each = np.maximum(values, 0) + noise**2
                tried.append((float(-0.5 * (along / each + np.log(each)).sum()), shared, noise))
    # Several may fit: each has draws by its likelihood, so that short histories are as unsure as they should.
    likely = sorted(tried, key=lambda one: -one[0])[:_KEPT]
    weights = np.exp([fit - likely[0][0] for fit, _shared, _noise in likely])
    counts = np.round(DRAWS * np.cumsum(weights) / weights.sum()).astype(int)
    rng = np.random.default_rng(_SEED)
    drawn = []
    for (_fit, shared, noise), count in zip(likely, np.diff(counts, prepend=0), strict=True):
        if count:
            inside = shared[np.ix_(normal, normal)] + noise**2 * np.eye(int(normal.sum()))
            across = shared[:, normal]
            solved = np.linalg.solve(inside, across.T)
            mean = centre + solved.T @ (seen - centre)
            # With the noise of single periods: what was sold had it too.
            spread_of = shared - across @ solved + (noise**2 + 1e-9) * np.eye(len(time))
            root = np.linalg.cholesky(spread_of)
            wide = _WIDEN[window.step]
            drawn.append(mean + wide * rng.standard_normal((count, len(time))) @ root.T)
    return np.asarray(np.exp(np.concatenate(drawn)))


def _smooth(time: FloatArray, a_year: float) -> FloatArray:
    """Covariance of level, trend and season."""
    years = (time - time.mean()) / a_year
    columns = [np.full(len(time), _LEVEL_SD), _TREND_SD * years]
    for wave, sd in enumerate(_SEASON_SD, start=1):
        angle = 2 * np.pi * wave * time / a_year
        columns += [sd * np.sin(angle), sd * np.cos(angle)]
    design = np.column_stack(columns)
    return np.asarray(design @ design.T)
