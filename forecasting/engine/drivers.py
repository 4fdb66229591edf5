"""What known drivers (temperature, promotions, holidays) do to a series, and whether they earn their place.

The statistical forecast already holds a driver's usual course: its season and its level of late. What counts
is how far the driver departs from that, so the series (as logarithm) and the drivers are freed from trend and
season alike, and the one is regressed on the other: Frisch and Waugh (1933), "Partial time regressions as
compared with individual trends", Econometrica 1; with a ridge, Hoerl and Kennard (1970), Technometrics 12, as
wide as effects usually are. A driver enters only where the errors of a plain forecast, from many origins in
the series' own past, become smaller with it by a margin. docs/algorithms/drivers.md.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from .cleaning import cleaned
from .forecaster import forecast
from .ladder import LONG_SEASON
from .models.fourier import pairs_for
from .series import FloatArray, Series, fill_gaps, history

BoolArray = NDArray[np.bool_]

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
# Fewer periods with the driver known than two seasons, or this many, tell nothing.
LEAST_KNOWN = 24
# It must be known in this share of them, and to work both ways have more values than this.
KNOWN_SHARE, FEW_VALUES = 0.9, 6
# What is left of a driver without its trend and season, as a share of its spread, to learn from.
LEAST_LEFT = 0.02


@dataclass(frozen=True, eq=False)
class Driver:
    """One driver of a series: `past` beside the series' own periods, NaN where not known; `ahead` the periods
    after them, NaN where not known. An *event* lies at 0 while nothing happens; a *series* always has a
    value, and may work both ways (cold and heat)."""

    id: str
    past: FloatArray
    ahead: FloatArray
    kind: Literal["series", "event"] = "series"


@dataclass(frozen=True, eq=False)
class DriverResult:
    """`moves`: by driver that entered, in order, what it does to the logarithm of every period of the series
    and of the `horizon` after it, beside its usual course; NaN where the driver is not known ahead. `gains`:
    by how much its squared error fell, a share, when it entered. `refused`: why the others did not enter,
    code of `codes.DRIVER_REASONS` and its numbers."""

    moves: dict[str, FloatArray] = field(default_factory=dict)
    gains: dict[str, float] = field(default_factory=dict)
    refused: dict[str, tuple[str, dict[str, float]]] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class _Column:
    """One regressor: `raw` as it was, `seen` as the statistical forecast saw it (what was cleaned away did
    not happen), `ahead`, and the first period from which it is known."""

    raw: FloatArray
    seen: FloatArray
    ahead: FloatArray
    first: int


def driver_effects(
    series: Series,
    drivers: Sequence[Driver],
    *,
    season_length: int,
    horizon: int,
    shared: Mapping[str, float] | None = None,
) -> DriverResult:
    """Which of the drivers enter, and what each does to the series and the `horizon` periods after it. Those
    `shared`, by id with the weight that many series found (`shared.pooled`), enter untried, before all
    others; their gain is not this series' and stays out."""
    ready = _ready(series, drivers, season_length)
    if isinstance(ready, DriverResult):
        return ready
    steps, moves = ready.behind + horizon, {}
    learnt, quiet = ready.learnt, ready.quiet
    for name, weight in (shared or {}).items():
        if name in ready.columns:
            did, does = _moves(ready.columns.pop(name)[0][0], weight, season_length, steps)
            learnt, quiet = learnt - did, quiet - did
            moves[name] = np.concatenate([np.zeros(ready.begin), did, does])
    gains: dict[str, float] = {}
    refused = dict(ready.refused)
    if ready.columns:
        trial = _Trial(learnt, quiet, ready.columns, ready.events, season_length)
        chosen, gains, tried = trial.enter()
        refused |= {name: ("no_gain", {"gain_pct": round(100 * gain, 1)}) for name, gain in tried.items()}
        for name, (did, does) in trial.moves(chosen, steps).items():
            moves[name] = np.concatenate([np.zeros(ready.begin), did, does])
    return DriverResult(moves, gains, refused)


@dataclass(frozen=True, eq=False)
class _Ready:
    """A series and its drivers as they are tried: logarithms of its periods from `begin` on, as they are
    learnt from and as the plain forecast sees them, the last `behind` of the series being gaps; the drivers'
    shapes; and why some have none."""

    learnt: FloatArray
    quiet: FloatArray
    begin: int
    behind: int
    columns: dict[str, list[list[_Column]]]
    events: set[str]
    refused: dict[str, tuple[str, dict[str, float]]]


def _ready(series: Series, drivers: Sequence[Driver], season_length: int) -> _Ready | DriverResult:
    """What the trial needs; or the answer, where nothing can be tried."""
    past = history(series, season_length=season_length)
    calm = cleaned(series, season_length=season_length)
    usual = history(calm, season_length=season_length)
    begin = max(past.start, usual.start) - series.start
    n = len(series.array) - past.behind - begin
    needed = least_periods(season_length)
    if n < needed:
        params = {"periods": float(max(n, 0)), "needed": float(needed)}
        return DriverResult(refused={driver.id: ("series_too_short", params) for driver in drivers})
    y = past.y[-n:]
    quiet = usual.y[begin - (usual.start - series.start) :]
    quiet = np.concatenate([quiet, y[len(quiet) :]])
    if y.min() <= 0 or quiet.min() <= 0:
        return DriverResult(refused={driver.id: ("not_positive", {}) for driver in drivers})
    here = slice(begin, begin + n)
    left_out = np.isnan(calm.array[here]) & ~np.isnan(series.array[here])
    refused: dict[str, tuple[str, dict[str, float]]] = {}
    columns: dict[str, list[list[_Column]]] = {}
    happened = np.zeros(n, dtype=bool)
    for driver in drivers:
        made = _columns(driver, here, left_out, past.behind, season_length)
        if isinstance(made, tuple):
            refused[driver.id] = made
            continue
        columns[driver.id] = made
        if driver.kind == "event":
            happened |= np.nan_to_num(driver.past[here]) != 0
    if not columns:
        return DriverResult(refused=refused)
    # What was cleaned away while something happened is what is to be learnt.
    learnt = np.where(left_out & ~happened, quiet, y)
    events = {driver.id for driver in drivers if driver.kind == "event"}
    return _Ready(np.log(learnt), np.log(quiet), begin, past.behind, columns, events, refused)


def driven(
    series: Series, plain: FloatArray, found: DriverResult, *, season_length: int, horizon: int
) -> dict[str, FloatArray]:
    """The mean with each driver that entered and those before it, shape (horizon,): the history without what
    they did is forecast, and what they will do is put on top. `plain` is the mean without any; where a driver
    is not known ahead it changes nothing."""
    before, answers, n = plain, {}, len(series.array)
    values = series.array
    together = np.zeros(horizon)
    for name, moves in found.moves.items():
        values = values * np.exp(-np.nan_to_num(moves[:n]))
        known = ~np.isnan(moves[n:])
        together = together + np.nan_to_num(moves[n:])
        calm = forecast(series.with_values(values), season_length=season_length, horizon=horizon)
        before = np.where(known, calm.mean * np.exp(together), before)
        answers[name] = before
    return answers


def least_periods(season_length: int) -> int:
    """The least history that can be tried: two seasons to learn from, and something to try on."""
    if season_length > LONG_SEASON:
        return season_length + season_length // 2 + TRIED_STEPS
    return max(2 * season_length, 18) + TRIED_STEPS


def _columns(
    driver: Driver, here: slice, left_out: BoolArray, behind: int, season_length: int
) -> list[list[_Column]] | tuple[str, dict[str, float]]:
    """The shapes in which a driver may enter, each as its columns; or why it cannot be tried."""
    x = driver.past[here]
    n = len(x)
    ahead = np.concatenate([driver.past[here.stop :], driver.ahead])
    if np.isnan(ahead[behind:]).all():
        return "future_unknown", {}
    known = np.flatnonzero(~np.isnan(x))
    first = int(known[0]) if len(known) else n
    needed = max(2 * season_length if season_length <= LONG_SEASON else season_length + 6, LEAST_KNOWN)
    if n - first < needed or len(known) < KNOWN_SHARE * (n - first):
        return "known_too_short", {"periods": float(len(known)), "needed": float(needed)}
    full = np.concatenate([np.full(first, np.nan), fill_gaps(x[first:], season_length=season_length)])
    spread = float(full[first:].std())
    left = float(_basis(n - first, season_length).rest(full[first:]).std())
    if left <= LEAST_LEFT * spread:
        return "moves_with_season", {}
    ahead = np.clip(ahead, full[first:].min(), full[first:].max())  # no further than was seen
    if driver.kind == "event":
        return [[_Column(full, np.where(left_out, 0.0, full), ahead, first)]]
    plain = _Column(full, full, ahead, first)
    if len(np.unique(x[known])) <= FEW_VALUES:
        return [[plain]]
    middle = float(np.median(full[first:]))
    away = np.abs(full - middle)
    return [[plain], [plain, _Column(away, away, np.abs(ahead - middle), first)]]


def _moves(column: _Column, weight: float, season_length: int, steps: int) -> tuple[FloatArray, FloatArray]:
    """What a column does to the logarithm of every period and of the `steps` after them, beside its usual
    course."""
    x = column.raw[column.first :]
    usual, usual_ahead = _basis(len(x), season_length).usual(x, steps)
    did = np.concatenate([np.zeros(column.first), weight * (x - usual)])
    does: FloatArray = weight * (column.ahead[:steps] - usual_ahead)
    return did, does


@lru_cache(maxsize=256)
def _basis(n: int, season_length: int) -> "_Basis":
    """The same for every series of a length."""
    return _Basis(n, season_length)


class _Basis:
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


class _Trial:
    """The errors of the plain forecast from many origins, with and without each column. `learnt` is the
    logarithm of the series, `quiet` the same without what was cleaned away."""

    def __init__(
        self,
        learnt: FloatArray,
        quiet: FloatArray,
        columns: dict[str, list[list[_Column]]],
        events: set[str],
        season_length: int,
        origins: Sequence[int] | None = None,
    ) -> None:
        self.events, self.m = events, season_length
        self._learnt, self._quiet = learnt, quiet
        self._all: list[_Column] = []
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
        errors = self._learnt[origin : origin + steps] - _basis(origin, self.m).ahead(
            self._quiet[:origin], steps
        )
        departs = np.column_stack(
            [self._departs(c, origin, c.raw[origin : origin + steps]) for c in self._all]
        )
        return rest_y, rests, errors, departs

    def rests(self, n: int) -> tuple[FloatArray, FloatArray]:
        rest_y = _basis(n, self.m).rest(self._learnt[:n])
        rests = np.zeros((n, len(self._all)))
        for place, column in enumerate(self._all):
            if n - column.first >= self.m + 6:
                rests[column.first :, place] = _basis(n - column.first, self.m).rest(
                    column.raw[column.first : n]
                )
        return rest_y, rests

    def _departs(self, column: _Column, n: int, met: FloatArray) -> FloatArray:
        """How far what was met departs from what the plain forecast took for granted."""
        if n - column.first < self.m + 6:
            return np.zeros(len(met))
        usual = _basis(n - column.first, self.m).ahead(column.seen[column.first : n], len(met))
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
                past, ahead = _moves(self._all[place], weights[place], self.m, steps)
                did, does = did + past, does + ahead
            found[name] = did, does
        return found
