"""A series as the engine takes it, and what of it a model may see."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]
Made = TypeVar("Made")

# A pilot: at most this many periods with sales, then at least as many zeros before sales really start.
PILOT_PERIODS = 3
PILOT_GAP = 3


@dataclass(frozen=True, eq=False)
class Series:
    """The history of one product (or product × channel) and measure, one value a period, up to the last
    closed one.

    `start` is the ordinal of the first value (`month_ordinal` for months; any whole number that counts
    periods otherwise). In `values` NaN is missing, 0 a real zero, a negative number net returns. A *flow*
    adds over time, a *level* does not (contracts at the end of the month). `launch` and `end` are ordinals:
    there is no demand before `launch` or after `end`. `season_profile` is the season of the family or line,
    one index a position in the year (position = ordinal modulo the season's length, so January first), 1 on
    average. `trusted` are the ordinals of periods whose values a person has called right: never cleaned.

    Raises ValueError when values are not one row of finite numbers or NaN.
    """

    id: str
    start: int
    values: ArrayLike
    kind: Literal["flow", "level"] = "flow"
    non_negative: bool = True
    launch: int | None = None
    end: int | None = None
    season_profile: tuple[float, ...] | None = None
    trusted: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        values = np.array(self.values, dtype=np.float64)
        if values.ndim != 1:
            raise ValueError(f"series {self.id}: values must be one row")
        if np.isinf(values).any():
            raise ValueError(f"series {self.id}: values must be finite or NaN")
        values.setflags(write=False)
        object.__setattr__(self, "values", values)

    def with_values(self, values: ArrayLike) -> "Series":
        """The same series with other values."""
        return replace(self, values=values)

    def once(self, what: str, season_length: int, make: Callable[[], Made]) -> Made:
        """`make()`, which computes `what` from this series alone, the first time it is asked for: the values
        do not change, and a backtest, a forecast and a search for findings begin alike."""
        made: dict[tuple[str, int], Any] = self.__dict__.setdefault("_made", {})
        if (what, season_length) not in made:
            made[what, season_length] = make()
        found: Made = made[what, season_length]
        return found

    @property
    def array(self) -> FloatArray:
        """The values, shape (n,), not writable."""
        return self.values  # type: ignore[return-value]


@dataclass(frozen=True, eq=False)
class History:
    """What a model sees: from the first real sale to the last observation, gaps filled.

    `y` shape (n,), `start` the ordinal of y[0], `observed` how many of y were seen, `behind` how many periods
    at the end of the series were missing (the forecast has to bridge them first).
    """

    y: FloatArray
    start: int
    observed: int
    behind: int

    @property
    def filled(self) -> int:
        return len(self.y) - self.observed


def history(series: Series, *, season_length: int) -> History:
    """Strip what came before the first real sale and what is missing at the end; fill gaps inside.

    Leading zeros and missing values go, and so does a pilot followed by zeros. Sales before a `launch` date
    are kept: the date may be wrong, the sales are not. Missing values inside are interpolated on seasonally
    adjusted data.
    """
    return series.once("history", season_length, lambda: _history(series, season_length))


def _history(series: Series, season_length: int) -> History:
    y = series.array
    seen = np.flatnonzero(~np.isnan(y))
    if len(seen) == 0:
        return History(np.empty(0), series.start, 0, len(y))
    last = int(seen[-1]) + 1
    first = first_sale(y[:last])
    if first is None:  # only zeros: kept, they are an answer too
        first = int(seen[0])
    part = y[first:last]
    observed = int((~np.isnan(part)).sum())
    filled = fill_gaps(part, season_length=season_length)
    filled.setflags(write=False)
    return History(filled, series.start + first, observed, len(y) - last)


def first_sale(y: FloatArray) -> int | None:
    """Position of the first real sale: not zero, not missing, not part of a pilot followed by zeros."""
    sold = np.flatnonzero(np.nan_to_num(y) != 0)
    if len(sold) == 0:
        return None
    start = 0
    for i in range(1, min(len(sold), PILOT_PERIODS + 1)):
        if sold[i] - sold[i - 1] > PILOT_GAP:
            start = i
    rest = len(y) - sold[start]
    # An intermittent product looks like a chain of pilots: only steady sales afterwards make the start a
    # pilot.
    if start and len(sold) - start < 0.75 * rest:
        start = 0
    return int(sold[start])


def fill_gaps(y: FloatArray, *, season_length: int) -> FloatArray:
    """Missing values by straight lines between neighbours, on data without season where two years are
    there."""
    missing = np.isnan(y)
    if not missing.any():
        return np.array(y)
    place = np.arange(len(y))
    season = np.zeros(len(y))
    if season_length > 1 and int((~missing).sum()) >= 2 * season_length:
        first = np.interp(place, place[~missing], y[~missing])
        window = np.convolve(np.pad(first, season_length // 2, mode="edge"), np.ones(season_length), "valid")
        rest = y - window[: len(y)] / season_length
        means = np.array([_mean_or_zero(rest[k::season_length]) for k in range(season_length)])
        season = (means - means.mean())[place % season_length]
    adjusted = y - season
    return np.where(missing, np.interp(place, place[~missing], adjusted[~missing]) + season, y)


def _mean_or_zero(x: FloatArray) -> float:
    x = x[~np.isnan(x)]
    return float(x.mean()) if len(x) else 0.0
