"""What a history can be read as: candidate paths for its level, candidate seasons, and a row of figures that
say what kind of history it is. All on the logarithm and free of unit and level, so that weights learnt on
other series fit (`trained`).

The first candidates are the models of `core`; the others are the plainest there are: no change, the mean
change of the history, and a return to its straight line.
"""

from dataclasses import dataclass

import numpy as np

from ..series import FloatArray
from . import core
from .blended_season import blended_season, season_means
from .season import shrunk_season
from .transform import LOG, ROOT, scales

# The horizon the weights were learnt for; what is looked at of the paths.
LEARNT_HORIZON = {12: 18, 4: 8, 1: 6}
_LOOKED_AT = {12: (0, 2, 5, 8, 11, 14, 17), 4: (0, 1, 3, 5, 7), 1: (0, 1, 2, 3, 5)}
# Of the level without season: the last values one by one, what was before them in means of so many.
_LAST = {12: 24, 4: 12, 1: 12}
_BLOCKS = {12: (12, 6), 4: (6, 4), 1: (6, 4)}
_SPANS = {12: (2, 6, 12, 24), 4: (2, 4, 8), 1: (2, 3, 5)}
_SHORT_LAST, _SHORT_SPANS = {12: 12, 4: 8}, {12: (2, 4, 8), 4: (2, 4)}
PATHS, SEASONS = 7, 4
# Combination as in `core`, then no change, mean change, back to the line.
PRIOR = np.array([0.40, 0.175, 0.175, 0.25, 0.02, 0.02, 0.02])
MIN_PERIODS = 6
_LEAST_UNIT = 1e-4
_FADE, _FADE_YEARLY = 0.97, 0.9
_LINE_KEPT = 0.95


@dataclass(frozen=True, eq=False)
class Candidates:
    """`level` and `unit` (a usual change) on the logarithm; `paths` above the level, shape (PATHS, steps);
    `seasons`, shape (SEASONS, steps), the first of them the one believed so far; `plain` the forecast of
    `core` or of the ladder; `kind` the figures, shape (figures,). Steps are at least LEARNT_HORIZON."""

    level: float
    unit: float
    paths: FloatArray
    seasons: FloatArray
    plain: FloatArray
    kind: FloatArray


def candidates(y: FloatArray, *, season_length: int, horizon: int, calm: float = 0.0) -> Candidates | None:
    """None where the history has no logarithm (zeros, negative values), does not move or a model fails.

    Under three seasons the season is a shrunk index and `calm` the share of a mere level in the plain answer.
    """
    m = season_length
    if m not in LEARNT_HORIZON or len(y) < MIN_PERIODS:
        return None
    short = m > 1 and len(y) < 3 * m
    known = len(y)
    y = y[-(core.WINDOW if m > 1 else core.WINDOW_WITHOUT_SEASON) :]
    size = float(np.abs(y).mean())
    if size == 0 or np.ptp(y) <= 1e-9 * size:
        return None
    scaled = core.to_working(y, size)
    if scales(scaled)[0] is not LOG:
        return None
    steps = max(horizon, LEARNT_HORIZON[m])
    z, n = np.log(scaled), len(y)
    place = np.arange(n + steps) % m
    seasons = _short_seasons(scaled, z, m) if short else _seasons(z, m)
    rest = z - seasons[0][place[:n]]
    answers = _models(np.exp(rest) if short else scaled, 1 if short else m, steps)
    if answers is None:
        return None
    if short:
        plain = core.weighted(answers)
        plain = (1 - calm) * plain + calm * float(np.exp(_smooth_end(rest, 0.3)))
        logs = np.log(np.maximum(answers, 1.0))
        plain = plain * np.exp(seasons[0][place[n:]])
    else:
        plain = core.weighted(answers)
        logs = np.log(np.maximum(answers, 1.0)) - seasons[0][place[n:]]
    level = 0.5 * (_smooth_end(rest, 0.5) + _smooth_end(rest, 0.25))
    change = np.abs(np.diff(rest))
    fade = (_FADE_YEARLY if m == 1 else _FADE) ** np.arange(len(change))[::-1]
    unit = max(float((fade * change).sum() / fade.sum()), _LEAST_UNIT)
    paths = np.vstack([logs - level, _plain_paths(rest, level, steps)])
    ahead = seasons[:, place[n:]]
    kind = _kind(rest, z, level, unit, seasons, paths, m, short, known)
    return Candidates(
        level + float(np.log(size)) - core.WORKING_LOG,
        unit,
        paths,
        ahead,
        core.from_working(plain, size),
        kind,
    )


def _models(scaled: FloatArray, m: int, steps: int) -> FloatArray | None:
    """Theta, smoothing on the logarithm and on the root, autoregression; shape (4, steps)."""
    tried = [
        core.attempt(model, scaled, m, steps)
        for model in (
            core.theta_answer,
            lambda y, k, h: core.smoothing_on(LOG, y, k, h),
            lambda y, k, h: core.smoothing_on(ROOT, y, k, h),
            core.autoregression_answer,
        )
    ]
    found = [answer for answer in tried if answer is not None]
    return np.array(found) if len(found) == len(tried) else None


def _smooth_end(z: FloatArray, weight: float) -> float:
    weights = weight * (1 - weight) ** np.arange(len(z))[::-1]
    weights[0] = (1 - weight) ** (len(z) - 1)
    return float(weights @ z)


def _plain_paths(rest: FloatArray, level: float, steps: int) -> FloatArray:
    """No change, the mean change, and back to the straight line through the history."""
    t = np.arange(len(rest)) - (len(rest) - 1) / 2
    slope = float(t @ rest) / float(t @ t)
    ahead = np.arange(1.0, steps + 1)
    line = rest.mean() + slope * (t[-1] + ahead) - level
    gap = level - (rest.mean() + slope * t[-1])
    off = rest - rest.mean() - slope * t
    kept = float(np.clip((off[1:] @ off[:-1]) / max(float(off @ off), 1e-12), 0, _LINE_KEPT))
    mean_change = (rest[-1] - rest[0]) / (len(rest) - 1)
    return np.vstack([np.zeros(steps), mean_change * ahead, line + gap * kept**ahead])


def _seasons(z: FloatArray, m: int) -> FloatArray:
    """By position: the one believed; how the last three years differ from the whole; the last season and the
    one before it by themselves. Shape (SEASONS, m)."""
    if m == 1:
        return np.zeros((SEASONS, 1))
    whole, late = season_means(z, season_length=m)
    rest_season = blended_season(z, season_length=m)
    rest = z - rest_season[np.arange(len(z)) % m]
    return np.array([rest_season, late - whole, _one(rest, m, 0), _one(rest, m, 1)])


def _one(rest: FloatArray, m: int, before: int) -> FloatArray:
    """What one season at the end leaves over, without its own straight line."""
    stop = len(rest) - before * m
    part = rest[stop - m : stop]
    t = np.arange(m) - (m - 1) / 2
    part = part - part.mean() - t * float(t @ part) / float(t @ t)
    season = np.empty(m)
    season[np.arange(stop - m, stop) % m] = part
    return season


def _short_seasons(scaled: FloatArray, z: FloatArray, m: int) -> FloatArray:
    """The shrunk index; what shrinking took from it; the last season by itself, with and without its line."""
    seasons = np.zeros((SEASONS, m))
    if len(z) < m:
        return seasons
    index, _ = shrunk_season(scaled, season_length=m)
    seasons[0] = np.log(index)
    rest = z - seasons[0][np.arange(len(z)) % m]
    last = rest[-m:] - rest[-m:].mean()
    seasons[1][np.arange(len(z) - m, len(z)) % m] = last
    seasons[2] = _one(rest, m, 0)
    if len(z) >= 2 * m:
        seasons[3] = _one(rest, m, 1)
    return seasons


def _kind(
    rest: FloatArray,
    z: FloatArray,
    level: float,
    unit: float,
    seasons: FloatArray,
    paths: FloatArray,
    m: int,
    short: bool,
    known: int,
) -> FloatArray:
    off = (rest - level) / unit
    n = len(rest)
    size = _SHORT_LAST[m] if short else _LAST[m]
    last = np.full(size, off[0])
    last[-min(size, n) :] = off[-size:]
    count, width = (0, 1) if short else _BLOCKS[m]
    if short and m == 12:
        count, width = 6, 4
    blocks: list[float] = []
    for k in range(count):
        part = off[max(n - size - (k + 1) * width, 0) : max(n - size - k * width, 0)]
        blocks.append(float(part.mean()) if len(part) else (blocks[-1] if blocks else float(off[0])))
    change = np.diff(rest)
    gap = change - change.mean()
    variance = float(gap @ gap) / len(gap) + 1e-12
    lags = [float(gap[k:] @ gap[:-k]) / len(gap) / variance for k in (1, 2, 3)]
    spans = [
        float(np.log(np.abs(rest[k:] - rest[:-k]).mean() / unit + 1e-3)) if n > k + 1 else 0.0
        for k in (_SHORT_SPANS[m] if short else _SPANS[m])
    ]
    spread = float(np.median(np.abs(gap))) * 1.48 + 1e-9
    figures = [
        np.log(n / (5 * m if m > 1 else 20)),
        np.log(unit) + 3.5,
        *(np.log(np.abs(s).mean() / unit + 0.05) for s in seasons),
        np.log(np.abs(off[-4:]).mean() + 0.1),
        np.log(np.sqrt(variance) / spread + 0.1),
        np.log(np.abs(change[-max(6, m) :]).mean() / (np.abs(change).mean() + 1e-12) + 0.05),
        *lags,
        *spans,
        float(known > n),
    ]
    looked = paths[:, list(_LOOKED_AT[m])] / unit
    looked = np.delete(looked, 4, axis=0)  # no change is always nothing
    return np.concatenate(
        [np.arcsinh(last / 2), np.arcsinh(np.array(blocks) / 2), np.arcsinh(looked / 2).ravel(), figures]
    )
