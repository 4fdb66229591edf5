"""Damped exponential smoothing, averaged over its parameters: Gardner and McKenzie (1985), "Forecasting
trends in time series", Management Science 31; the averaging after Kolassa (2011), "Combining exponential
smoothing forecasts using Akaike weights", International Journal of Forecasting 27.

With level l, slope b and season s of length m, all on an additive scale:

    e = z − (l + φ b + s_t),  l ← l + φ b + α e,  b ← φ b + β e,  s_t ← s_t + γ e

No optimiser: every point of a fixed grid of (α, β, φ, γ) is run over the history at once, its first level and
slope by least squares (the errors are linear in them), and the forecasts are averaged by the likelihood of
their points. That is steadier than the best point, has no tolerances to depend on, and costs a hundredth.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ..series import FloatArray

MIN_PERIODS = 4
# A first slope of this many ordinary changes is as far from none as is believed (a prior's standard
# deviation).
_SLOPE_PRIOR = 1.0
_LEVEL_RIDGE = 1e-3
_NO_SLOPE = 1e12
_BLOCK = 128


@dataclass(frozen=True, eq=False)
class Grid:
    """Points of (α, β, φ, γ), each of shape (points,). φ = 0 is no trend."""

    alpha: FloatArray
    beta: FloatArray
    phi: FloatArray
    gamma: FloatArray


def _grid(
    alphas: tuple[float, ...], ratios: tuple[float, ...], phis: tuple[float, ...], seasons: tuple[float, ...]
) -> Grid:
    """β = ratio × α, γ = season × (1 − α); without a trend only one ratio."""
    points = [
        (a, a * r, p, c * (1 - a))
        for a in alphas
        for c in seasons
        for p in (0.0, *phis)
        for r in (ratios if p else (0.0,))
    ]
    return Grid(*(np.array(column) for column in zip(*points, strict=True)))


_PLAIN = _grid(
    (0.02, 0.05, 0.1, 0.16, 0.24, 0.34, 0.46, 0.6, 0.78, 1.0),
    (0.0, 0.03, 0.08, 0.2, 0.45),
    (0.8, 0.9, 0.95, 0.98, 1.0),
    (0.0,),
)
_SEASONAL = _grid(
    (0.03, 0.1, 0.2, 0.34, 0.5, 0.75), (0.0, 0.05, 0.2), (0.85, 0.93, 0.98), (0.0, 0.04, 0.12, 0.3)
)


@dataclass(frozen=True, eq=False)
class _Response:
    """What a first level of one (row 0) and a first slope of one (row 1) do: one-step forecasts, shape
    (periods, 2, points), and level and slope after each number of periods, (periods + 1, 2, points)."""

    forecasts: FloatArray
    levels: FloatArray
    slopes: FloatArray


@lru_cache(maxsize=16)
def _response(season_length: int, periods: int) -> _Response:
    grid = _PLAIN if season_length == 1 else _SEASONAL
    points = len(grid.phi)
    level, slope = np.zeros((2, points)), np.zeros((2, points))
    level[0], slope[1] = 1.0, 1.0
    season = np.zeros((season_length, 2, points))
    forecasts = np.empty((periods, 2, points))
    levels, slopes = np.empty((periods + 1, 2, points)), np.empty((periods + 1, 2, points))
    levels[0], slopes[0] = level, slope
    for t in range(periods):
        damped = grid.phi * slope
        ahead = level + damped + season[t % season_length]
        forecasts[t] = ahead
        level = level + damped - grid.alpha * ahead
        slope = damped - grid.beta * ahead
        season[t % season_length] -= grid.gamma * ahead
        levels[t + 1], slopes[t + 1] = level, slope
    return _Response(forecasts, levels, slopes)


def smoothed(z: FloatArray, *, season: FloatArray | None = None, horizon: int) -> FloatArray:
    """Mean of the next `horizon` periods on the scale of `z`, shape (horizon,); needs MIN_PERIODS values.

    `season` is the season at the start of `z`, shape (season_length,), which the model then follows; without
    one there is none.
    """
    m = 1 if season is None else len(season)
    grid = _PLAIN if season is None else _SEASONAL
    unit = float(np.sqrt(np.square(np.diff(z)).mean()))
    if unit == 0:
        return np.full(horizon, float(z[-1]))
    first = float(z[0]) - (0.0 if season is None else float(season[0]))
    n = len(z)
    level, slope, seasons, errors = _run(
        (z - first) / unit, season if season is None else season / unit, grid
    )
    response = _response(m, -(-n // _BLOCK) * _BLOCK)
    seen = response.forecasts[:n]
    to_level, to_slope = (seen[:, 0] * errors).sum(0), (seen[:, 1] * errors).sum(0)
    level_level = np.square(seen[:, 0]).sum(0) + _LEVEL_RIDGE
    level_slope = (seen[:, 0] * seen[:, 1]).sum(0)
    slope_slope = np.square(seen[:, 1]).sum(0) + np.where(grid.phi > 0, 1 / _SLOPE_PRIOR**2, _NO_SLOPE)
    determinant = level_level * slope_slope - level_slope**2
    level0 = (slope_slope * to_level - level_slope * to_slope) / determinant
    slope0 = (level_level * to_slope - level_slope * to_level) / determinant
    squares = np.square(errors).sum(0) - level0 * to_level - slope0 * to_slope
    weights = _weights(squares, n)
    level = level + level0 * response.levels[n, 0] + slope0 * response.levels[n, 1]
    slope = slope + level0 * response.slopes[n, 0] + slope0 * response.slopes[n, 1]
    reach = np.cumsum(grid.phi ** np.arange(1, horizon + 1)[:, None], axis=0)
    mean = (weights * level).sum() + (reach * (weights * slope)).sum(1)
    if seasons is not None:
        moved = level0 * seen[:, 0] + slope0 * seen[:, 1]
        ends = np.array(
            [(weights * (at - grid.gamma * moved[k::m].sum(0))).sum() for k, at in enumerate(seasons)]
        )
        mean = mean + ends[(n + np.arange(horizon)) % m]
    ahead: FloatArray = first + unit * mean
    return ahead


def _run(
    z: FloatArray, season: FloatArray | None, grid: Grid
) -> tuple[FloatArray, FloatArray, FloatArray | None, FloatArray]:
    """Level, slope, season at the end and all errors, from a first level and slope of zero."""
    points = len(grid.phi)
    level, slope, errors = np.zeros(points), np.zeros(points), np.empty((len(z), points))
    seasons = None if season is None else np.repeat(season[:, None], points, axis=1)
    for t, value in enumerate(z):
        damped = grid.phi * slope
        base = level + damped
        if seasons is None:
            error = value - base
        else:
            place = t % len(seasons)
            error = value - base - seasons[place]
            seasons[place] += grid.gamma * error
        errors[t] = error
        level = base + grid.alpha * error
        slope = damped + grid.beta * error
    return level, slope, seasons, errors


def _weights(squares: FloatArray, n: int) -> FloatArray:
    """Likelihood of each point with its own error variance, adding up to one."""
    least = max(float(squares.min()), 1e-9)
    weights = np.exp(-0.5 * n * np.log(np.maximum(squares, least) / least))
    shares: FloatArray = weights / weights.sum()
    return shares
