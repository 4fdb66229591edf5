"""Measures of forecast error. Definitions and worked figures: docs/algorithms/forecast.md.

Every function takes arrays of one length and answers None where the measure is undefined (shown as "—"),
never 0 and never infinite.
"""

import numpy as np

from .series import FloatArray


def wape(actual: FloatArray, forecast: FloatArray) -> float | None:
    """Weighted absolute percentage error, Σ|f−y| / Σ|y|, as a share."""
    total = float(np.abs(actual).sum())
    return float(np.abs(forecast - actual).sum()) / total if total > 0 else None


def bias(actual: FloatArray, forecast: FloatArray) -> float | None:
    """Σ(f−y) / Σy, as a share; positive means too high a forecast."""
    total = float(actual.sum())
    return float((forecast - actual).sum()) / total if total != 0 else None


def naive_scale(insample: FloatArray, *, season_length: int) -> float | None:
    """Mean absolute in-sample error of the seasonal naive forecast (Hyndman and Koehler 2006)."""
    if len(insample) <= season_length:
        return None
    scale = float(np.abs(insample[season_length:] - insample[:-season_length]).mean())
    return scale if scale > 0 else None


def mase(
    actual: FloatArray, forecast: FloatArray, insample: FloatArray, *, season_length: int
) -> float | None:
    """Mean absolute scaled error: mean |f−y| over the in-sample error of seasonal naive."""
    scale = naive_scale(insample, season_length=season_length)
    return float(np.abs(forecast - actual).mean()) / scale if scale is not None else None


def rmsse(actual: FloatArray, forecast: FloatArray, insample: FloatArray) -> float | None:
    """Root mean squared scaled error: the root of mean (f−y)² over the in-sample mean squared error of no
    change (Makridakis, Spiliotis and Assimakopoulos 2022). For intermittent demand, of which an absolute
    error is least for a forecast of nothing."""
    if len(insample) < 2:
        return None
    scale = float((np.diff(insample) ** 2).mean())
    return float(np.sqrt(((forecast - actual) ** 2).mean() / scale)) if scale > 0 else None


def value_added(actual: FloatArray, before: FloatArray, after: FloatArray) -> tuple[float, float] | None:
    """Forecast value added of a step: WAPE before − WAPE after, in points and as a share of the one
    before."""
    first, second = wape(actual, before), wape(actual, after)
    if first is None or second is None or first == 0:
        return None
    return first - second, (first - second) / first


def pinball(actual: float, quantile: float, *, tau: float) -> float:
    """Pinball loss of the forecast `quantile` at level `tau`."""
    return max(tau * (actual - quantile), (tau - 1) * (actual - quantile))


def interval_score(actual: float, lo: float, hi: float, *, coverage: float) -> float:
    """Width plus 2/α for each unit the actual lies outside (Gneiting and Raftery 2007); α = 1 − coverage."""
    outside = max(lo - actual, 0.0) + max(actual - hi, 0.0)
    return hi - lo + 2 / (1 - coverage) * outside
