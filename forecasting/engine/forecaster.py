"""The forecast of one series: point, bands, method and reason."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .backtesting import BacktestResult
from .calibration import Calibration, built_in_calibration
from .cleaning import cleaned
from .ladder import Point, point_forecast
from .scaling import SHORT, error_sizes
from .series import FloatArray, History, Series, history

# Stated rule of rounding: every figure to this many significant digits, so that results can be hashed and
# compared.
SIGNIFICANT_DIGITS = 7
# Without season or a distribution of their own, short histories need wider bands than the pool's: with a mere
# level, and with less than SHORT periods.
_FEW_FACTOR, _SHORT_FACTOR = 1.5, 1.25
# A band is at least this share of the level wide on either side.
_MIN_SHARE = 0.005
# The 80 % and 95 % band of a history under a year reach no further than these multiples of its largest value.
_SHORT_LIMITS = (0.75, 1.5)


@dataclass(frozen=True, eq=False)
class Forecast:
    """What is expected for `first_period` and the periods after it.

    Arrays of shape (horizon,), empty with method "none"; lo95 ≤ lo80 ≤ median ≤ hi80 ≤ hi95, all rounded to
    seven significant digits. `mean` is what to add up, `median` what to expect in one period; they differ
    where demand is intermittent or a band meets zero. `method` and `reason` are codes of `codes`,
    `reason_params` the reason's numbers.
    """

    id: str
    first_period: int
    mean: FloatArray
    median: FloatArray
    lo80: FloatArray
    hi80: FloatArray
    lo95: FloatArray
    hi95: FloatArray
    method: str
    reason: str
    reason_params: dict[str, float] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON, lists for arrays."""
        arrays = ("mean", "median", "lo80", "hi80", "lo95", "hi95")
        plain = {"id": self.id, "first_period": self.first_period}
        plain |= {name: getattr(self, name).tolist() for name in arrays}
        return plain | {"method": self.method, "reason": self.reason, "reason_params": self.reason_params}


def forecast(
    series: Series,
    *,
    season_length: int,
    horizon: int,
    calibration: Calibration | None = None,
    backtest: BacktestResult | None = None,
) -> Forecast:
    """Forecast the `horizon` periods after the last one of `series`.

    Without a `calibration` the built-in one is used. Demand before `launch` and after `end` is zero, without
    a band. Values that are surely wrong (`findings`) are left out. The series' own `backtest`, where given,
    moves its band some of the way towards its own errors.
    """
    first = series.start + len(series.array)
    past = history(cleaned(series, season_length=season_length), season_length=season_length)
    point = point_forecast(
        past,
        season_length=season_length,
        horizon=horizon + past.behind,
        kind=series.kind,
        profile=series.season_profile,
    )
    if point.method == "none":
        nothing = np.empty(0)
        return Forecast(
            series.id, first, nothing, nothing, nothing, nothing, nothing, nothing, "none", "no_data"
        )
    bands = calibration or built_in_calibration(season_length, horizon=horizon)
    factors = bands.half_width(horizon + past.behind) * bands.own_width(backtest)
    rows = _rows(past, point, factors, season_length, series.non_negative)
    rows = rows[:, past.behind :]
    periods = first + np.arange(horizon)
    sold = np.ones(horizon, dtype=bool)
    if series.launch is not None:
        sold &= periods >= series.launch
    if series.end is not None:
        sold &= periods <= series.end
    rows = significant(np.where(sold, rows, 0.0))
    method, reason = (point.method, point.reason) if sold.any() else ("zero", "ended")
    params = point.params if sold.any() else {k: point.params[k] for k in ("periods", "filled")}
    mean, median, lo80, hi80, lo95, hi95 = rows
    return Forecast(series.id, first, mean, median, lo80, hi80, lo95, hi95, method, reason, params)


def _rows(
    past: History, point: Point, factors: FloatArray, season_length: int, non_negative: bool
) -> FloatArray:
    """Mean, median, lo80, hi80, lo95, hi95, shape (6, steps): nested, at least a little wide, not below zero
    for volumes."""
    mean = np.maximum(point.mean, 0) if non_negative else point.mean
    if point.method == "zero":
        return np.zeros((6, len(mean)))
    if point.intermittent is not None:
        demand = point.intermittent
        median, lo80, hi80, lo95, hi95 = (
            np.full(len(mean), demand.quantile(tau)) for tau in (0.5, 0.1, 0.9, 0.025, 0.975)
        )
    else:
        sizes = error_sizes(past.y, point.spread, season_length=season_length, horizon=len(mean))
        half = factors * sizes[:, None]
        if point.method == "level":
            half = half * _FEW_FACTOR
        elif past.observed < SHORT:
            half = half * _SHORT_FACTOR
        half = _believable(half, mean, past)
        median = mean
        up = _lean(half, mean) if non_negative else np.zeros_like(half)
        (lo80, lo95), (hi80, hi95) = (mean[:, None] - half + up).T, (mean[:, None] + half + up).T
    least = _MIN_SHARE * float(np.abs(past.y).mean())
    hi80 = np.maximum.reduce([hi80, median + least, mean + least])
    hi95 = np.maximum(hi95, hi80 + least)
    lo80 = np.minimum.reduce([lo80, median, mean])
    lo95 = np.minimum(lo95, lo80)
    rows = np.vstack([mean, median, lo80, hi80, lo95, hi95])
    return np.maximum(rows, 0) if non_negative else rows


def _believable(half: FloatArray, mean: FloatArray, past: History) -> FloatArray:
    """A short history's own moves are no measure of what can happen: its half widths end at a share of the
    level."""
    if past.observed >= SHORT:
        return half
    level = np.maximum(float(np.abs(past.y).max()), np.abs(mean))[:, None]
    limited: FloatArray = np.minimum(half, level * np.array(_SHORT_LIMITS))
    return limited


def _lean(half: FloatArray, mean: FloatArray) -> FloatArray:
    """How far up a band lies so that it is even on the root scale: what cannot fall below zero can rise
    further than it can fall."""
    steep = half >= 2 * mean[:, None]
    up: FloatArray = half / 2
    up[~steep] = (np.square(half) / (4 * np.where(steep, 1.0, mean[:, None])))[~steep]
    return up


def significant(values: FloatArray) -> FloatArray:
    """Round to SIGNIFICANT_DIGITS; monotone, so nested stays nested."""
    rounded = [float(f"{v:.{SIGNIFICANT_DIGITS}g}") for v in values.ravel()]
    return np.array(rounded).reshape(values.shape) + 0.0
