"""The errors of a plain forecast from many origins in a series' past, with and without what drives it.

The plain forecast is a smoothed level and a season; the regression on what trend and season leave is that of
:mod:`.drivers`, which says what enters.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from .ladder import LONG_SEASON
from .models.fourier import pairs_for
from .series import FloatArray

# What one standard deviation of a driver usually does to sales: a share.
USUAL_EFFECT = 0.10
# By how much the squared error must fall, a share, before a driver enters.
MARGIN = 0.02
# How often the fall must be its own standard error, in which neighbouring origins count together (Newey and
# West 1987, Econometrica 55). Where few origins tell of it a large fall is enough: of events, which are rare,
# and of the rest.
SURE, LAGS = 1.7, 6
PLAIN_GAIN, PLAIN_GAIN_SERIES = 0.15, 0.5
# A plain forecast's weight of the newest period.
SMOOTHING = 0.3
# Steps that are tried from every origin, and how many periods of the past are tried.
TRIED_STEPS, TRIED_PERIODS = 3, 36


@dataclass(frozen=True, eq=False)
class Column:
    """One regressor: `raw` as it was, `seen` as the statistical forecast saw it (what was cleaned away did
    not happen), `ahead`, and the first period from which it is known."""

    raw: FloatArray
    seen: FloatArray
    ahead: FloatArray
    first: int


def least_periods(season_length: int) -> int:
    """The least history that can be tried: two seasons to learn from, and something to try on."""
    if season_length > LONG_SEASON:
        return season_length + season_length // 2 + TRIED_STEPS
    return max(2 * season_length, 18) + TRIED_STEPS


class Trial:
    """The errors of the plain forecast from many origins, with and without each column. `learnt` is the
    logarithm of the series, `quiet` the same without what was cleaned away."""

    def __init__(
        self,
        learnt: FloatArray,
        quiet: FloatArray,
        columns: dict[str, list[list[Column]]],
        events: set[str],
        season_length: int,
        origins: Sequence[int] | None = None,
    ) -> None:
        self.events, self.m = events, season_length
        self._learnt, self._quiet = learnt, quiet
        self._all: list[Column] = []
        # By driver the shapes in which it may enter, as places in `_all`; the last one holds all its columns.
        self._shapes: dict[str, list[list[int]]] = {}
        for name, shapes in columns.items():
            begin = len(self._all)
            self._all += shapes[-1]
            self._shapes[name] = [list(range(begin, begin + len(shape))) for shape in shapes]
        n, long = len(learnt), season_length > LONG_SEASON
        tried = min(season_length if long else TRIED_PERIODS, n - least_periods(season_length) + TRIED_STEPS)
        usual = range(n - tried, n - 1, 2 if long else 1)
        self.parts = [self.part(origin) for origin in (usual if origins is None else origins)]

    def part(self, origin: int) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
        """Learnt before `origin`: what trend and season leave of the series and of the columns; met after it:
        by how much the plain forecast misses the series, and how far the columns depart from their own."""
        steps = min(TRIED_STEPS, len(self._learnt) - origin)
        rest_y, rests = self.rests(origin)
        errors = self._learnt[origin : origin + steps] - basis_of(origin, self.m).ahead(
            self._quiet[:origin], steps
        )
        departs = np.column_stack(
            [self._departs(c, origin, c.raw[origin : origin + steps]) for c in self._all]
        )
        return rest_y, rests, errors, departs

    def rests(self, n: int) -> tuple[FloatArray, FloatArray]:
        rest_y = basis_of(n, self.m).rest(self._learnt[:n])
        rests = np.zeros((n, len(self._all)))
        for place, column in enumerate(self._all):
            if n - column.first >= self.m + 6:
                rests[column.first :, place] = basis_of(n - column.first, self.m).rest(
                    column.raw[column.first : n]
                )
        return rest_y, rests

    def _departs(self, column: Column, n: int, met: FloatArray) -> FloatArray:
        """How far what was met departs from what the plain forecast took for granted."""
        if n - column.first < self.m + 6:
            return np.zeros(len(met))
        usual = basis_of(n - column.first, self.m).ahead(column.seen[column.first : n], len(met))
        departs: FloatArray = met - usual
        return departs

    def _weights(self, rest_y: FloatArray, rests: FloatArray, chosen: list[int]) -> FloatArray:
        """Ridge on standardised columns, in the columns' own units."""
        x = rests[:, chosen]
        size = np.sqrt((x**2).mean(axis=0))
        size[size == 0] = np.inf
        x = x / size
        ridge = max(float((rest_y**2).mean()), 1e-12) / USUAL_EFFECT**2
        weights: FloatArray = np.linalg.solve(x.T @ x + ridge * np.eye(len(chosen)), x.T @ rest_y) / size
        return weights

    def _errors(self, chosen: list[int]) -> FloatArray:
        """Squared errors summed by origin."""
        sums = []
        for rest_y, rests, errors, departs in self.parts:
            left = errors
            if chosen:
                left = errors - departs[:, chosen] @ self._weights(rest_y, rests, chosen)
            sums.append(float((left**2).sum()))
        return np.array(sums)

    def enter(self) -> tuple[dict[str, list[int]], dict[str, float], dict[str, float]]:
        """Forward, the best first: what enters and its gain; what does not and the gain it would have."""
        chosen: dict[str, list[int]] = {}
        gains: dict[str, float] = {}
        while True:
            held = [place for shape in chosen.values() for place in shape]
            before = self._errors(held)
            best: tuple[float, str, list[int]] | None = None
            tried: dict[str, float] = {}
            for name, shape in self._left(chosen):
                fall = before - self._errors(held + shape)
                gain = float(fall.sum()) / float(before.sum()) if before.sum() > 0 else 0.0
                tried[name] = max(gain, tried.get(name, -np.inf))
                if self._earns(name, gain, fall) and (best is None or gain > best[0]):
                    best = gain, name, shape
            if best is None:
                return chosen, gains, tried
            gains[best[1]], chosen[best[1]] = round(best[0], 4), best[2]

    def _left(self, chosen: dict[str, list[int]]) -> list[tuple[str, list[int]]]:
        return [(name, s) for name, shapes in self._shapes.items() if name not in chosen for s in shapes]

    def _earns(self, name: str, gain: float, fall: FloatArray) -> bool:
        """Whether the fall of the squared error is large enough, and stands out of its own spread."""
        if gain < MARGIN or len(fall) < 2:
            return False
        if gain >= (PLAIN_GAIN if name in self.events else PLAIN_GAIN_SERIES):
            return True
        off = fall - fall.mean()
        spread = float(off @ off)
        for lag in range(1, min(LAGS, len(off) - 1) + 1):
            spread += 2 * (1 - lag / (LAGS + 1)) * float(off[lag:] @ off[:-lag])
        return bool(fall.sum() > SURE * np.sqrt(max(spread, 0.0)))

    def moves(self, chosen: dict[str, list[int]], steps: int) -> dict[str, tuple[FloatArray, FloatArray]]:
        """What each driver did to the logarithm of every period, and does to every step after them (NaN where
        it is not known), beside its usual course."""
        if not chosen:
            return {}
        n = len(self._learnt)
        held = [place for shape in chosen.values() for place in shape]
        weights = dict(zip(held, self._weights(*self.rests(n), held).tolist(), strict=True))
        found = {}
        for name, shape in chosen.items():
            did, does = np.zeros(n), np.zeros(steps)
            for place in shape:
                past, ahead = moves_of(self._all[place], weights[place], self.m, steps)
                did, does = did + past, does + ahead
            found[name] = did, does
        return found


def moves_of(column: Column, weight: float, season_length: int, steps: int) -> tuple[FloatArray, FloatArray]:
    """What a column does to the logarithm of every period and of the `steps` after them, beside its usual
    course."""
    x = column.raw[column.first :]
    usual, usual_ahead = basis_of(len(x), season_length).usual(x, steps)
    did = np.concatenate([np.zeros(column.first), weight * (x - usual)])
    does: FloatArray = weight * (column.ahead[:steps] - usual_ahead)
    return did, does


@lru_cache(maxsize=256)
def basis_of(n: int, season_length: int) -> "Basis":
    """The same for every series of a length."""
    return Basis(n, season_length)


class Basis:
    """Trend in straight pieces and season of `n` periods: what the plain forecast knows without drivers."""

    def __init__(self, n: int, season_length: int) -> None:
        self.n, self.m = n, season_length
        piece = max(8, min(season_length, 26))
        t = np.arange(n)
        knots = np.arange(piece, n - piece // 2, piece)
        self._trend = np.column_stack([np.ones(n), t / n, *(np.maximum(t - k, 0) / n for k in knots)])
        self._season = self._seasons(t)
        design = np.hstack([self._trend, self._season])
        self._solve = np.linalg.pinv(design)
        self._design = design

    def _seasons(self, t: NDArray[np.int_]) -> FloatArray:
        if self.m == 1:
            return np.zeros((len(t), 0))
        if self.m <= LONG_SEASON:
            place = (t % self.m)[:, None] == np.arange(self.m - 1)
            dummies: FloatArray = place.astype(np.float64)
            return dummies
        pairs = pairs_for(self.n, season_length=self.m)
        waves = [f(2 * np.pi * k * t / self.m) for k in range(1, pairs + 1) for f in (np.sin, np.cos)]
        return np.column_stack(waves) if waves else np.zeros((len(t), 0))

    def rest(self, z: FloatArray) -> FloatArray:
        """Without trend and season."""
        rest: FloatArray = z - self._design @ (self._solve @ z)
        return rest

    def ahead(self, z: FloatArray, steps: int) -> FloatArray:
        """The plain forecast: smoothed level and season. Linear in `z`, so that it means the same for the
        series and for what drives it."""
        weights = (self._solve @ z)[self._trend.shape[1] :]
        level_of = z - self._season @ weights
        smooth = SMOOTHING * (1 - SMOOTHING) ** np.arange(self.n)[::-1]
        level = float(smooth @ level_of) / float(smooth.sum())
        answer: FloatArray = level + self._seasons(self.n + np.arange(steps)) @ weights
        return answer

    def usual(self, x: FloatArray, steps: int) -> tuple[FloatArray, FloatArray]:
        """Mean and season of a driver, in the history and ahead."""
        weights = (self._solve @ x)[self._trend.shape[1] :]
        season, ahead = self._season @ weights, self._seasons(self.n + np.arange(steps)) @ weights
        mean = float((x - season).mean())
        return mean + season, mean + ahead
