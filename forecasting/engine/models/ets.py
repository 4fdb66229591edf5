"""Exponential smoothing in state space form, chosen by AICc: Hyndman, Koehler, Snyder and Grose (2002), "A
state space framework for automatic forecasting using exponential smoothing methods", International Journal of
Forecasting 18.

Of the family only what earned its time in rolling origins is tried: no trend or a damped one (an undamped
trend was worse over 18 months and costs half as much again), never a multiplicative trend, no additive error
with a multiplicative season.
"""

from typing import Any

import numpy as np

from ..heavy import ets_module
from ..series import FloatArray

MIN_PERIODS = 8
_LOWER = (1e-4, 1e-4, 1e-4, 0.8)
_UPPER = (0.9999, 0.9999, 0.9999, 0.98)
_TRENDS = (("N", False), ("A", True))


def damped_ets(y: FloatArray, *, season_length: int, horizon: int) -> FloatArray:
    """Mean of the next `horizon` periods by the best of the candidates; needs MIN_PERIODS values.

    Raises ArithmeticError when no candidate could be fitted.
    """
    ets = ets_module()
    best: dict[str, Any] | None = None
    for error, trend, season, damped in _candidates(y, season_length):
        # Fresh bounds for each candidate: the fit narrows them in place, and a search that shares one pair
        # gives the later candidates the bounds of the earlier ones.
        fitted = ets.etsmodel(
            y, season_length, error, trend, season, damped, np.nan, np.nan, np.nan, np.nan,
            lower=np.array(_LOWER), upper=np.array(_UPPER), opt_crit="lik", nmse=3, bounds="both", maxit=2000,
        )  # fmt: skip
        if np.isfinite(fitted["aicc"]) and (best is None or fitted["aicc"] < best["aicc"]):
            best = fitted
    if best is None:
        raise ArithmeticError("no exponential smoothing model could be fitted")
    return np.asarray(ets.forecast_ets(best, horizon)["mean"], dtype=np.float64)


def _candidates(y: FloatArray, season_length: int) -> list[tuple[str, str, str, bool]]:
    positive = bool(y.min() > 0)
    seasons = ["N"]
    if season_length > 1 and len(y) >= 2 * season_length:
        seasons += ["A", "M"] if positive else ["A"]
    return [
        (error, trend, season, damped)
        for error in (("A", "M") if positive else ("A",))
        for season in seasons
        for trend, damped in _TRENDS
        if not (error == "A" and season == "M")
    ]
