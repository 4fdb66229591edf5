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
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from .cleaning import cleaned
from .driver_trial import Column, Trial, basis_of, least_periods, moves_of
from .forecaster import forecast
from .ladder import LONG_SEASON
from .series import FloatArray, Series, fill_gaps, history

BoolArray = NDArray[np.bool_]

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
    ready = drivers_ready(series, drivers, season_length)
    if isinstance(ready, DriverResult):
        return ready
    steps, moves = ready.behind + horizon, {}
    learnt, quiet = ready.learnt, ready.quiet
    for name, weight in (shared or {}).items():
        if name in ready.columns:
            did, does = moves_of(ready.columns.pop(name)[0][0], weight, season_length, steps)
            learnt, quiet = learnt - did, quiet - did
            moves[name] = np.concatenate([np.zeros(ready.begin), did, does])
    gains: dict[str, float] = {}
    refused = dict(ready.refused)
    if ready.columns:
        trial = Trial(learnt, quiet, ready.columns, ready.events, season_length)
        chosen, gains, tried = trial.enter()
        refused |= {name: ("no_gain", {"gain_pct": round(100 * gain, 1)}) for name, gain in tried.items()}
        for name, (did, does) in trial.moves(chosen, steps).items():
            moves[name] = np.concatenate([np.zeros(ready.begin), did, does])
    return DriverResult(moves, gains, refused)


@dataclass(frozen=True, eq=False)
class Ready:
    """A series and its drivers as they are tried: logarithms of its periods from `begin` on, as they are
    learnt from and as the plain forecast sees them, the last `behind` of the series being gaps; the drivers'
    shapes; and why some have none."""

    learnt: FloatArray
    quiet: FloatArray
    begin: int
    behind: int
    columns: dict[str, list[list[Column]]]
    events: set[str]
    refused: dict[str, tuple[str, dict[str, float]]]


def drivers_ready(series: Series, drivers: Sequence[Driver], season_length: int) -> Ready | DriverResult:
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
    columns: dict[str, list[list[Column]]] = {}
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
    return Ready(np.log(learnt), np.log(quiet), begin, past.behind, columns, events, refused)


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


def _columns(
    driver: Driver, here: slice, left_out: BoolArray, behind: int, season_length: int
) -> list[list[Column]] | tuple[str, dict[str, float]]:
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
    left = float(basis_of(n - first, season_length).rest(full[first:]).std())
    if left <= LEAST_LEFT * spread:
        return "moves_with_season", {}
    ahead = np.clip(ahead, full[first:].min(), full[first:].max())  # no further than was seen
    if driver.kind == "event":
        return [[Column(full, np.where(left_out, 0.0, full), ahead, first)]]
    plain = Column(full, full, ahead, first)
    if len(np.unique(x[known])) <= FEW_VALUES:
        return [[plain]]
    middle = float(np.median(full[first:]))
    away = np.abs(full - middle)
    return [[plain], [plain, Column(away, away, np.abs(ahead - middle), first)]]
