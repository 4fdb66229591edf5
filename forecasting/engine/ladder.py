"""Which method a history can carry, and its point forecast. Thresholds and what they were measured on:
docs/algorithms/forecast.md."""

from dataclasses import dataclass, field, replace
from typing import Literal, Protocol

import numpy as np

from .models.core import combined_mean
from .models.fourier import fourier_season, pairs_for
from .models.level import level, smoothed_level
from .models.season import shrunk_season
from .models.trained import trained
from .models.tsb import Intermittent, mean_interval, tsb
from .series import FloatArray, History

# Mean interval between sales above which demand is intermittent (Syntetos and Boylan 2005).
INTERMITTENT_FROM = 1.32
# Judged on the last periods only: a product that sold now and then at its start is not intermittent for ever.
RECENT = 24
# Under this many observed periods neither trend nor season is told from noise.
FEW = 6
# The less there is of a season, the more it looks like a trend: this share of the forecast is a mere level.
CALM_UNDER_A_SEASON, CALM_FAMILY_SEASON, CALM_ONE_SEASON, CALM_TWO_SEASONS = 0.8, 0.5, 0.5, 0.35
# Above this length a season is fitted by waves.
LONG_SEASON = 24


class Plain(Protocol):
    def __call__(self, y: FloatArray, *, season_length: int, horizon: int) -> FloatArray: ...


@dataclass(frozen=True, eq=False)
class Point:
    """Mean ahead, shape (horizon,), how it came about, the size of the errors to expect where it was learnt,
    shape (horizon,), and the demand's distribution where demand is intermittent."""

    mean: FloatArray
    method: str
    reason: str
    params: dict[str, float] = field(default_factory=dict)
    intermittent: Intermittent | None = None
    spread: FloatArray | None = None


def _since_sale(y: FloatArray) -> int:
    """Periods since the last one with a sale."""
    return len(y) - 1 - int(np.flatnonzero(y)[-1])


def point_forecast(
    past: History,
    *,
    season_length: int,
    horizon: int,
    kind: Literal["flow", "level"],
    profile: tuple[float, ...] | None,
) -> Point:
    """The ladder, from nothing to three seasons and more. Never fails, never answers NaN."""
    y, n = past.y, past.observed
    if n == 0:
        return Point(np.empty(0), "none", "no_data")
    params: dict[str, float] = {"periods": n, "filled": past.filled}
    if not y.any():
        return Point(np.zeros(horizon), "zero", "all_zero", params)
    if n < FEW:
        return Point(level(y, horizon=horizon), "level", "few_periods", params)
    interval = mean_interval(y[-max(RECENT, 2 * season_length) :])
    if kind == "flow" and interval > INTERMITTENT_FROM:
        demand = tsb(y)
        mean = np.full(horizon, demand.chance * demand.size)
        if not np.isfinite(interval):
            return Point(mean, "tsb", "none_lately", params | {"since": _since_sale(y)}, demand)
        return Point(mean, "tsb", "intermittent", params | {"mean_interval": round(interval, 2)}, demand)
    if season_length > LONG_SEASON:
        return _long_season(y, season_length, horizon, params)
    none = np.empty(0)
    if season_length == 1 or n >= 3 * season_length:
        y = _after_old_zeros(y, season_length)
        answer = Point(none, "theta_ets", "enough_history", params)
        return _trained_or(answer, y, season_length, horizon, combined_mean)
    if n >= season_length:
        answer = Point(none, "half_season", "under_three_years", params)
        return _trained_or(answer, y, season_length, horizon, _half_season)
    if profile is not None and len(profile) == season_length and min(profile) > 0 and y.min() >= 0:
        season = np.roll(np.array(profile), -(past.start % season_length)) / np.mean(profile)
        past_season, ahead = _past_and_ahead(season, len(y), horizon)
        mean = _without_season(y, past_season, ahead, True, horizon, calm=CALM_FAMILY_SEASON)
        return Point(mean, "family_season", "under_a_year", params)
    answer = Point(none, "nonseasonal", "under_a_year", params)
    return _trained_or(answer, y, season_length, horizon, _without_a_year)


def calm_share(n: int, season_length: int) -> float:
    """How much of the forecast from `n` periods is a mere level."""
    if n >= 3 * season_length or season_length == 1:
        return 0.0
    if n >= season_length:
        return CALM_ONE_SEASON if n < 2 * season_length else CALM_TWO_SEASONS
    return CALM_UNDER_A_SEASON


def _trained_or(answer: Point, y: FloatArray, season_length: int, horizon: int, plain: Plain) -> Point:
    """`answer` with the trained mean, or where there is none (zeros, negative values, no movement) the plain
    one."""
    found = trained(y, season_length=season_length, horizon=horizon, calm=calm_share(len(y), season_length))
    if found is None:
        return replace(answer, mean=plain(y, season_length=season_length, horizon=horizon))
    return replace(answer, mean=found.mean, spread=found.spread)


def _half_season(y: FloatArray, *, season_length: int, horizon: int) -> FloatArray:
    season, multiplies = shrunk_season(y, season_length=season_length)
    past_season, ahead = _past_and_ahead(season, len(y), horizon)
    calm = calm_share(len(y), season_length)
    return _without_season(y, past_season, ahead, multiplies, horizon, calm=calm)


def _without_a_year(y: FloatArray, *, season_length: int, horizon: int) -> FloatArray:
    none = np.zeros(len(y)), np.zeros(horizon)
    return _without_season(y, *none, False, horizon, calm=calm_share(len(y), season_length))


def _after_old_zeros(y: FloatArray, season_length: int) -> FloatArray:
    """Without what lies before the last zero or negative value, where four seasons (sixteen periods) come
    after it.

    One old zero would rule out every model whose season multiplies.
    """
    bad = np.flatnonzero(y <= 0)
    enough = max(4 * season_length, 16)
    return y[bad[-1] + 1 :] if len(bad) and len(y) - 1 - bad[-1] >= enough else y


def _long_season(y: FloatArray, season_length: int, horizon: int, params: dict[str, float]) -> Point:
    pairs = pairs_for(len(y), season_length=season_length)
    if not pairs:
        return Point(
            combined_mean(y, season_length=1, horizon=horizon), "nonseasonal", "under_a_year", params
        )
    past, ahead, multiplies = fourier_season(y, season_length=season_length, horizon=horizon, pairs=pairs)
    mean = _without_season(y, past, ahead, multiplies, horizon)
    return Point(mean, "fourier", "long_season", params | {"pairs": pairs})


def _past_and_ahead(season: FloatArray, n: int, horizon: int) -> tuple[FloatArray, FloatArray]:
    both = season[np.arange(n + horizon) % len(season)]
    return both[:n], both[n:]


def _without_season(
    y: FloatArray, past: FloatArray, ahead: FloatArray, multiplies: bool, horizon: int, *, calm: float = 0.0
) -> FloatArray:
    """Take the season off, forecast the rest without one, a share `calm` of it as a level, put it back."""
    rest = y / past if multiplies else y - past
    mean = combined_mean(rest, season_length=1, horizon=horizon)
    if calm:
        mean = (1 - calm) * mean + calm * smoothed_level(rest, horizon=horizon)
    return mean * ahead if multiplies else mean + ahead
