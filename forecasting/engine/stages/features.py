"""The numbers a stage is judged by, each month from what was known by then.

Slopes are least squares over the last 3, 6, 12 and 24 known months, relative to the mean of the window, per
year; their z-values divide by the standard error. Levels are means of the last months, compared with the
highest level so far.
"""

from dataclasses import dataclass

import numpy as np

from ..series import FloatArray
from .estimate import Block

WINDOWS = (3, 6, 12, 24)
_LOG_FLOOR = 0.005


@dataclass(frozen=True, eq=False)
class Measured:
    """Raw figures of each month, arrays of shape (months,): NaN where too little is known.

    `slope` and `z` by window: relative slope a year and its z-value. `now` level of the last three known
    months, `peak` the highest half-year level so far and `since_peak` months since it, `trough` the lowest
    three-month level since the peak, `first` the level of the first three months, `noise` the relative
    scatter around the half-year line.
    """

    slope: dict[int, FloatArray]
    z: dict[int, FloatArray]
    now: FloatArray
    half: FloatArray
    year: FloatArray
    peak: FloatArray
    since_peak: FloatArray
    trough: FloatArray
    since_trough: FloatArray
    first: FloatArray
    noise: FloatArray
    step: FloatArray
    age: FloatArray


def measure(parts: list[Block]) -> Measured:
    """All months of all blocks, in order."""
    each = [_measure_block(part) for part in parts]
    joined = {
        name: np.concatenate([getattr(m, name) for m in each])
        for name in Measured.__dataclass_fields__
        if name not in ("slope", "z")
    }
    slope = {w: np.concatenate([m.slope[w] for m in each]) for w in WINDOWS}
    z = {w: np.concatenate([m.z[w] for m in each]) for w in WINDOWS}
    return Measured(slope=slope, z=z, **joined)


def _measure_block(part: Block) -> Measured:
    a, rows = part.adjusted, slice(part.begin, part.end)
    n = len(a)
    known = ~np.isnan(a)
    t = np.arange(n, dtype=np.float64)
    y = np.where(known, a, 0.0)
    sums = [np.concatenate([[0.0], np.cumsum(known * x)]) for x in (np.ones(n), t, t * t, y, t * y, y * y)]
    slope, z, scatter = {}, {}, {}
    for window in WINDOWS:
        s, error, rest = _lines(sums, n, window)
        slope[window], scatter[window] = s[rows], rest[rows]
        with np.errstate(invalid="ignore", divide="ignore"):
            z[window] = (s / error)[rows]
    now, half, year = (_means(sums, n, w) for w in (3, 6, 12))
    peak, at_peak = _running_max(half)
    trough, at_trough = _low_since(now, at_peak)
    sold = np.flatnonzero(known & (y > 0))
    start = int(sold[0]) if len(sold) else n
    first = np.full(n, np.nan)
    if start < n:
        first[start:] = now[np.minimum(np.arange(start, n), start + 2)]
    return Measured(
        slope=slope,
        z=z,
        now=now[rows],
        half=half[rows],
        year=year[rows],
        peak=peak[rows],
        since_peak=(t - at_peak)[rows],
        trough=trough[rows],
        since_trough=(t - at_trough)[rows],
        first=first[rows],
        noise=scatter[12],
        step=_step_over_line(sums, n)[rows],
        age=(t - start + 1)[rows],
    )


def _means(sums: list[FloatArray], n: int, window: int) -> FloatArray:
    last = np.arange(1, n + 1)
    begin = np.maximum(last - window, 0)
    count = sums[0][last] - sums[0][begin]
    with np.errstate(invalid="ignore", divide="ignore"):
        return (sums[3][last] - sums[3][begin]) / np.where(count > 0, count, np.nan)


def _lines(sums: list[FloatArray], n: int, window: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Relative slope a year, its standard error, relative scatter; over the last `window` months."""
    last = np.arange(1, n + 1)
    begin = np.maximum(last - window, 0)
    c, st, stt, sy, sty, syy = (s[last] - s[begin] for s in sums)
    c = np.where((c >= 3) & (sy > 0), c, np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        vt = stt - st * st / c
        cov = sty - st * sy / c
        vy = np.maximum(syy - sy * sy / c, 0)
        mean = sy / c
        slope = cov / vt
        # Three points lie on a line by chance: a tenth of the level is the least scatter believed, less with
        # more points.
        rest = np.maximum(vy - slope * cov, 0) + (0.1 * mean) ** 2
        scatter = np.sqrt(rest / np.maximum(c - 1.5, 1.0))
        error = scatter / np.sqrt(vt)
        return slope / mean * 12, error / mean * 12, scatter / mean


def _step_over_line(sums: list[FloatArray], n: int) -> FloatArray:
    """Log of (squared error of a line) / (of one step at its best place) over the last 12 known months; 0
    under eight.

    A customer won or lost is a step: it must not be read as growth or decline.
    """
    last = np.arange(1, n + 1)
    begin = np.maximum(last - 12, 0)
    c, st, stt, sy, sty, syy = (s[last] - s[begin] for s in sums)
    c = np.where((c >= 8) & (sy > 0), c, np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        least = c * (0.02 * sy / c) ** 2
        line = syy - sy * sy / c - (sty - st * sy / c) ** 2 / (stt - st * st / c)
        step = syy - sy * sy / c
        for back in range(3, 10):
            cut = np.maximum(last - back, begin)
            count, total = sums[0][last] - sums[0][cut], sums[3][last] - sums[3][cut]
            inside = syy - total * total / count - (sy - total) ** 2 / (c - count)
            step = np.fmin(step, inside)
        better = np.log((np.maximum(line, 0) + least) / (np.maximum(step, 0) + least))
    return np.nan_to_num(better)


def _running_max(level: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Largest value so far and its place (the latest of equals)."""
    filled = np.where(np.isnan(level), -np.inf, level)
    peak = np.maximum.accumulate(filled)
    at = np.maximum.accumulate(np.where(filled >= peak, np.arange(len(level)), 0)).astype(np.float64)
    return np.where(np.isfinite(peak), peak, np.nan), at


def _low_since(level: FloatArray, at_peak: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Smallest value since the peak of that month, and its place."""
    low, place = np.full(len(level), np.nan), at_peak.copy()
    lowest, where, peak_was = np.inf, 0, -1.0
    for i, (value, peak) in enumerate(zip(level.tolist(), at_peak.tolist(), strict=True)):
        if peak != peak_was:
            lowest, where, peak_was = np.inf, i, peak
        if value < lowest:
            lowest, where = value, i
        if lowest < np.inf:
            low[i], place[i] = lowest, where
    return low, place


def feature_rows(m: Measured, *, launch: int | None) -> FloatArray:
    """Features of every month, shape (months, FEATURES): bounded, unit-free, 0 where nothing is known."""
    n = len(m.now)
    t = np.arange(n, dtype=np.float64)
    columns = []
    for window in WINDOWS:
        columns += [np.tanh(m.slope[window] * (0.5 if window <= 6 else 1.0)), np.clip(m.z[window], -5, 5) / 3]
    s12, s6 = m.slope[12], m.slope[6]
    with np.errstate(invalid="ignore", divide="ignore"):
        to_peak = np.log(np.maximum(m.now / m.peak, _LOG_FLOOR))
        half_to_peak = np.log(np.maximum(m.half / m.peak, _LOG_FLOOR))
        depth = np.log(np.maximum(m.trough / m.peak, _LOG_FLOOR))
        rise = np.log(np.maximum(m.now / np.maximum(m.trough, _LOG_FLOOR * m.peak), _LOG_FLOOR))
        since_start = np.log(np.maximum(m.now / m.first, _LOG_FLOOR))
        first_to_peak = np.log(np.maximum(m.first / m.peak, _LOG_FLOOR))
        yearly = np.log(np.maximum(m.year / _lag(m.year, 12), _LOG_FLOOR))
    age = m.age if launch is None else t - launch + 1
    columns += [
        to_peak, half_to_peak, depth, rise, since_start, first_to_peak, yearly,
        np.tanh(s12 - _lag(s12, 6)), np.tanh(s12 - _lag(s12, 12)), np.tanh(s6 - _lag(s6, 6)),
        np.log1p(np.maximum(m.since_peak, 0)) / 3, np.log1p(np.maximum(m.since_trough, 0)) / 3,
        np.log1p(np.clip(age, 0, None)) / 3, np.log1p(np.clip(m.age, 0, None)) / 3,
        np.full(n, 0.0 if launch is None else 1.0),
        np.log(np.clip(m.noise, 0.02, 2)),
        np.minimum(half_to_peak, 0) * (m.since_peak > 6),
        np.maximum(rise, 0) * np.minimum(depth, 0),
        np.clip(m.step, -1, 2),
        np.clip(m.step, -1, 2) * np.tanh(np.nan_to_num(s12)),
        np.clip(m.step, 0, 2) * np.clip(np.nan_to_num(to_peak), -1, 0),
        _shares(m, 0.25), _shares(m, 0.10), _shares(m, -0.10),
    ]  # fmt: skip
    rows: FloatArray = np.nan_to_num(np.clip(np.column_stack(columns), -6, 6))
    return rows


def _shares(m: Measured, rate: float) -> FloatArray:
    """How sure it is that half-year growth exceeds `rate` a year, by the window of 12 months: 0 to 1,
    logistic."""
    with np.errstate(invalid="ignore", divide="ignore"):
        error = np.abs(m.slope[12] / m.z[12])
        gap = (m.slope[12] - rate) / np.maximum(error, 0.02)
    return 1 / (1 + np.exp(-np.clip(1.7 * gap, -30, 30)))


def _lag(x: FloatArray, months: int) -> FloatArray:
    out = np.full(len(x), np.nan)
    out[months:] = x[: max(len(x) - months, 0)]
    return out
