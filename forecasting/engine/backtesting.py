"""One backtest a series: forecast from a point in its own past, keep the errors by step, scaled.

The result is small and serialisable: it is stored with the product and used again every night until a month
closes.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .cleaning import cleaned
from .ladder import FEW, point_forecast
from .measures import bias, mase, rmsse, wape
from .scaling import error_sizes
from .series import FloatArray, History, Series, history

# The past a backtest leaves the model, and the least it is asked to forecast.
MIN_TRAIN = FEW
MIN_AHEAD = 3


@dataclass(frozen=True)
class BacktestResult:
    """Errors of one series at one origin.

    `errors[step - 1]` is (actual − forecast) / the size of error to expect at that step, None where the
    actual was missing; empty with a `reason` when there was too little to test on. `scale` is that size at
    the first step, in the series' own unit. `wape`, `bias`, `mase` and `rmsse` are over the tested steps,
    None where undefined; `naive_wape` is seasonal naive on the same steps. Intermittent demand has no `mase`,
    which would praise a forecast of nothing.
    """

    id: str
    season_length: int
    method: str
    errors: tuple[float | None, ...] = ()
    scale: float | None = None
    wape: float | None = None
    naive_wape: float | None = None
    bias: float | None = None
    mase: float | None = None
    rmsse: float | None = None
    reason: str | None = None
    reason_params: dict[str, float] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "id": self.id,
            "season_length": self.season_length,
            "method": self.method,
            "errors": list(self.errors),
            "scale": self.scale,
            "wape": self.wape,
            "naive_wape": self.naive_wape,
            "bias": self.bias,
            "mase": self.mase,
            "rmsse": self.rmsse,
            "reason": self.reason,
            "reason_params": self.reason_params,
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "BacktestResult":
        return cls(**{**data, "errors": tuple(data["errors"])})


def backtest(series: Series, *, season_length: int, horizon: int) -> BacktestResult:
    """Forecast the last third of the history, at most `horizon` periods, from what was known before it."""
    past = history(series, season_length=season_length)
    n = len(past.y)
    ahead = min(horizon, n // 3)
    needed = max(MIN_TRAIN + MIN_AHEAD, 3 * MIN_AHEAD)
    if ahead < MIN_AHEAD or n - ahead < MIN_TRAIN:
        return _none(series, season_length, "too_short", {"periods": past.observed, "needed": needed})
    train = _cut(series, past, n - ahead, season_length)
    if train.observed == 0 or not train.y.any():
        return _none(series, season_length, "no_sales", {"periods": train.observed})
    point = point_forecast(
        train, season_length=season_length, horizon=ahead, kind=series.kind, profile=series.season_profile
    )
    mean = np.maximum(point.mean, 0) if series.non_negative else point.mean
    offset = past.start - series.start
    actual = series.array[offset + n - ahead : offset + n]
    sizes = error_sizes(train.y, point.spread, season_length=season_length, horizon=ahead)
    return _scored(series, season_length, point.method, train.y, actual, mean, sizes)


def _scored(
    series: Series,
    season_length: int,
    method: str,
    train: FloatArray,
    actual: FloatArray,
    mean: FloatArray,
    sizes: FloatArray,
) -> BacktestResult:
    seen = ~np.isnan(actual)
    if not seen.any() or sizes.min() <= 0:
        return _none(series, season_length, "flat_history", {"periods": len(train)})
    errors = tuple(
        round(float(e), 4) if ok else None for e, ok in zip((actual - mean) / sizes, seen, strict=True)
    )
    naive = seasonal_naive(train, season_length=season_length, horizon=len(actual))
    y, f = actual[seen], mean[seen]
    return BacktestResult(
        id=series.id,
        season_length=season_length,
        method=method,
        errors=errors,
        scale=_short(float(sizes[0])),
        wape=_short(wape(y, f)),
        naive_wape=_short(wape(y, naive[seen])),
        bias=_short(bias(y, f)),
        mase=None if method == "tsb" else _short(mase(y, f, train, season_length=season_length)),
        rmsse=_short(rmsse(y, f, train)),
    )


def seasonal_naive(y: FloatArray, *, season_length: int, horizon: int) -> FloatArray:
    """The same period a season ago; the last value under one season. Shape (horizon,)."""
    last = y[-season_length:] if len(y) >= season_length else y[-1:]
    return np.resize(last, horizon)


def _cut(series: Series, past: History, n: int, season_length: int) -> History:
    """What `history` would have said n periods after the start: gaps filled without sight of what came
    later."""
    stop = past.start - series.start + n
    known = series.with_values(series.array[:stop])
    return history(cleaned(known, season_length=season_length), season_length=season_length)


def _none(series: Series, season_length: int, reason: str, params: dict[str, float]) -> BacktestResult:
    return BacktestResult(
        id=series.id, season_length=season_length, method="none", reason=reason, reason_params=params
    )


def _short(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.6g}")
