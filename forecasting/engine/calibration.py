"""How wide bands must be: quantiles of scaled backtest errors, pooled over all series of a frequency, by
step.

Bands from a model's own variance are too narrow: they know nothing of a wrong model. Pooled errors do. Under
some fifty series the pool itself is uncertain, so its factors are shrunk towards built-in ones by n / (n +
50); the far quantile, which hangs on a few series, by n / (n + 150).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from .backtesting import BacktestResult
from .series import FloatArray

COVERAGES = (0.80, 0.95)
SHRINK_SERIES = np.array([50, 150])
# How far a series' own errors move its band from the pool's: the power of the ratio, and how many tested
# steps count half. The learnt size of errors tells most of it; further was worse on simulated series
# (interval score 1 % higher) and no better on real products.
OWN_SHARE, OWN_STEPS = 0.3, 12
_TYPICAL_RATIO = 0.6  # mean size of an error over the 80 % factor
_OWN_LIMITS = (0.3, 3.0)
# Errors of the neighbouring steps count with a step's own: a band should not be ragged.
NEIGHBOURS = 1

# Half width of the 80 % and 95 % band in units of the error to expect at a step (`scaling.error_sizes`), at
# step 1, and how it grows: width × step^power. From rolling origins of the care data and of simulated series.
_BUILT_IN = {1: (1.65, 3.1, 0.08), 4: (1.7, 3.0, 0.02), 12: (1.75, 3.15, 0.05), 52: (1.0, 2.1, 0.15)}
# Tests of a history without a season say nothing of forecasts that have seen one.
_LONG_SEASON = 24


@dataclass(frozen=True, eq=False)
class Calibration:
    """Half widths of bands in units of a series' error to expect: `factors` of shape (horizon, 2) for 80 and
    95 %.

    `series` is the number of series pooled. Steps beyond the horizon take the last step's factor, grown by
    the square root.
    """

    season_length: int
    factors: FloatArray
    series: int = 0

    def half_width(self, horizon: int) -> FloatArray:
        """Factors for the first `horizon` steps, shape (horizon, 2)."""
        known = len(self.factors)
        if horizon <= known:
            return self.factors[:horizon]
        growth = np.sqrt(np.arange(known + 1, horizon + 1) / known)[:, None]
        return np.vstack([self.factors, self.factors[-1] * growth])

    def own_width(self, result: BacktestResult | None) -> float:
        """How much wider than the pool's this series' band is to be, by its own backtest; 1 without one."""
        errors = [] if result is None else [(k, abs(e)) for k, e in enumerate(result.errors) if e is not None]
        if not errors:
            return 1.0
        factors = self.half_width(errors[-1][0] + 1)[:, 0]
        ratio = float(np.mean([e / factors[k] for k, e in errors])) / _TYPICAL_RATIO
        power = OWN_SHARE * len(errors) / (len(errors) + OWN_STEPS)
        return float(np.clip(ratio, *_OWN_LIMITS) ** power)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {"season_length": self.season_length, "factors": self.factors.tolist(), "series": self.series}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "Calibration":
        return cls(data["season_length"], np.array(data["factors"], dtype=np.float64), data["series"])


def built_in_calibration(season_length: int, *, horizon: int) -> Calibration:
    """Factors for use before there are backtests, by the nearest season length known."""
    nearest = min(_BUILT_IN, key=lambda m: (abs(np.log(m / season_length)), m))
    at_80, at_95, power = _BUILT_IN[nearest]
    growth: FloatArray = np.power(np.arange(1, horizon + 1, dtype=np.float64), power)
    return Calibration(season_length, np.round(np.outer(growth, [at_80, at_95]), 4))


BUILT_IN_CALIBRATION = built_in_calibration(12, horizon=18)


def calibrate(results: Iterable[BacktestResult], *, horizon: int, season_length: int = 12) -> Calibration:
    """Pool backtests of one frequency into factors by step. The order of `results` does not matter.

    Intermittent series have a distribution of their own and stay out, and so do tests on less than a year,
    which is all that a history of up to a year and a half can be tested on. `season_length` is used when
    there is no result. Raises ValueError when results of different season lengths are mixed.
    """
    used = [r for r in results if r.errors and not _apart(r)]
    lengths = {r.season_length for r in used}
    if len(lengths) > 1:
        raise ValueError(f"backtests of different season lengths are mixed: {sorted(lengths)}")
    base = built_in_calibration(lengths.pop() if lengths else season_length, horizon=horizon)
    errors = np.full((len(used), horizon), np.nan)
    for row, result in zip(errors, used, strict=True):
        known = min(horizon, len(result.errors))
        row[:known] = [np.nan if e is None else abs(e) for e in result.errors[:known]]
    factors = base.factors.copy()
    ratio = np.ones(len(COVERAGES))
    for step in range(horizon):
        near = errors[:, max(0, step - NEIGHBOURS) : step + NEIGHBOURS + 1]
        count = int((~np.isnan(errors[:, step])).sum())
        if count:
            own = np.nanquantile(near, COVERAGES)
            # A step that short histories could not be tested on is as much wider than built in as the one
            # before it.
            weight = count / (count + SHRINK_SERIES)
            ratio = weight * own / base.factors[step] + (1 - weight)
        factors[step] = ratio * base.factors[step]
    factors = np.column_stack([_rising(column) for column in factors.T])
    factors[:, 1] = np.maximum(factors[:, 1], 1.05 * factors[:, 0])
    return Calibration(base.season_length, np.round(factors, 4), len(used))


def _apart(result: BacktestResult) -> bool:
    under_a_season = result.method == "nonseasonal" and 1 < result.season_length <= _LONG_SEASON
    return result.method == "tsb" or under_a_season


def _rising(values: FloatArray) -> FloatArray:
    """The nearest row that never falls (pooling adjacent violators): nothing is surer for lying further
    ahead."""
    blocks: list[tuple[float, int]] = []
    for value in values:
        mean, count = float(value), 1
        while blocks and blocks[-1][0] > mean:
            before, length = blocks.pop()
            mean = (mean * count + before * length) / (count + length)
            count += length
        blocks.append((mean, count))
    return np.repeat([mean for mean, _ in blocks], [count for _, count in blocks])
