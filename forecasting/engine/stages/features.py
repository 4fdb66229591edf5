"""The numbers a stage is judged by, each month from what was known by then.

Slopes are least squares over windows of known months, relative to the mean of the window, per year; their
z-values divide by the standard error. Levels are means of the last months, compared with the highest level so
far. Everything is a ratio: the unit of the sales does not matter.
"""

from dataclasses import dataclass

import numpy as np

from ..series import FloatArray
from .estimate import LAGS, YEARS, Views
from .steps import SPREAD

# (months back from which, until which) a line is laid.
WINDOWS = ((0, 3), (0, 6), (0, 12), (0, 24), (0, 36), (0, 48), (3, 9), (6, 12), (6, 18), (12, 24), (24, 48))
YEAR = WINDOWS.index((0, 12))
_MONTHS, _QUARTERS = 6, 16
# What the columns of the features are, in order.
FEATURES = (
    *(f"slope_{begin}_{end}" for begin, end in WINDOWS), *(f"sure_{begin}_{end}" for begin, end in WINDOWS),
    "half_to_peak", *(f"month_{k}" for k in range(_MONTHS)), *(f"quarter_{k}" for k in range(_QUARTERS)),
    *(f"year_{k}" for k in range(1, YEARS)), "nothing_sold", "not_known", "to_peak", "depth", "rise",
    "fallen", "again", "again_after_fall", "to_first", "first_to_peak", "rise_by_depth",
    *(f"noise_{months}" for months in (6, 12, 24)),
    *(f"above_{rate}_in_{months}" for months in (6, 12) for rate in (25, 10, -10)),
    *(f"step_{what}_{months}" for months in (12, 18) for what in ("better", "slope", "size", "moving")),
    "sudden_better", "sudden_slope", "sudden_size", "sudden_moving",
    "age", "since_pause", "since_launch", "history", "since_peak", "since_low", "since_lowest", "idle",
    "since_10", "since_50", "since_90", "since_last_90", "since_90_again", "since_growing",
    "since_not_falling",
    "launch_known", "season", "spread",
)  # fmt: skip
_FLOOR = 0.005
_AGES = np.log(400.0)


@dataclass(frozen=True, eq=False)
class Measured:
    """Figures of each month that its sentence rests on, arrays of shape (months,): NaN where too little is
    known.

    `slope` relative slope a year over twelve months, `slope_half` over six, `noise` scatter around that line,
    `step` how much better one step explains those months, `now` level of the last three known months, `peak`
    the highest half-year level so far and `since_peak` months since it, `low` the lowest three-month level
    since the peak, `age` months since the first sale. `rows` are the features, (months, features).
    """

    slope: FloatArray
    slope_half: FloatArray
    noise: FloatArray
    step: FloatArray
    now: FloatArray
    peak: FloatArray
    since_peak: FloatArray
    low: FloatArray
    since_low: FloatArray
    age: FloatArray
    rows: FloatArray


def measure(seen: Views, demand: FloatArray, *, launch: int | None) -> Measured:
    """All months. `launch` is the month's place in the history, negative before it."""
    n = len(demand)
    sums = _sums(seen.lags)
    slope, error, scatter, level = _lines(sums)
    now, reference = level[:, 0], level[:, YEAR]
    age, again, idle = _ages(demand)
    with np.errstate(invalid="ignore", divide="ignore"):
        columns = [
            np.tanh(0.5 * slope[:, :2]),
            np.tanh(slope[:, 2:]),
            np.clip(slope / error, -8, 8) / 3,
            _log(level[:, [1]] / seen.peak[:, None]),
            _recent(sums, seen, reference),
            _past(seen, now, level[:, 1]),
            np.log(np.clip(scatter[:, [1, YEAR, YEAR + 1]], 0.01, 2)),
            _sure(slope, error),
            doubts := _doubts(sums, slope[:, YEAR]),
        ]  # fmt: skip
    months = np.arange(n, dtype=np.float64)
    since_launch = again if launch is None else months - launch + 1
    ages = [
        age,
        again,
        since_launch,
        months + 1,
        seen.since_peak,
        seen.since_low,
        seen.since_lowest,
        idle,
        seen.crossed,
    ]
    columns.append(np.log1p(np.maximum(np.column_stack(ages), 0)) / _AGES)
    columns.append(np.full((n, 1), 0.0 if launch is None else 1.0))
    columns.append(np.column_stack([seen.season, seen.spread]))
    rows: FloatArray = np.nan_to_num(np.clip(np.hstack(columns), -6, 6))
    return Measured(
        slope=slope[:, YEAR],
        slope_half=slope[:, 1],
        noise=scatter[:, YEAR],
        step=np.where(seen.spread < SPREAD, np.maximum(doubts[:, 0], doubts[:, -4]), 0.0),
        now=now,
        peak=seen.peak,
        since_peak=seen.since_peak,
        low=seen.low,
        since_low=seen.since_low,
        age=age,
        rows=rows,
    )


def _sums(lags: FloatArray) -> FloatArray:
    """Running sums over months back of 1, t, t², y, ty, y², shape (6, months, LAGS + 1)."""
    known = ~np.isnan(lags)
    y = np.where(known, lags, 0.0)
    t = -np.arange(LAGS, dtype=np.float64)
    out = np.zeros((6, len(lags), LAGS + 1))
    for k, values in enumerate((known, known * t, known * t * t, y, y * t, y * y)):
        np.cumsum(values, axis=1, out=out[k, :, 1:])
    return out


def _lines(sums: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Relative slope a year, its standard error, relative scatter, level: a column a window."""
    begin, end = (np.array(edge) for edge in zip(*WINDOWS, strict=True))
    c, st, stt, sy, sty, syy = sums[:, :, end] - sums[:, :, begin]
    with np.errstate(invalid="ignore", divide="ignore"):
        level = sy / np.where(c > 0, c, np.nan)
        c = np.where((c >= 3) & (sy > 0), c, np.nan)
        vt = stt - st * st / c
        cov = sty - st * sy / c
        vy = np.maximum(syy - sy * sy / c, 0)
        slope = cov / vt
        # Few points lie on a line by chance: a twentieth of the level is the least scatter believed, less
        # with more points.
        rest = np.maximum(vy - slope * cov, 0) + (0.05 * level) ** 2
        scatter = np.sqrt(rest / np.maximum(c - 1.5, 1.0))
        error = scatter / np.sqrt(vt)
        return slope / level * 12, error / level * 12, scatter / level, level


def _recent(sums: FloatArray, seen: Views, reference: FloatArray) -> FloatArray:
    """The shape of four years: log of the last months and quarters over the level of the year; before the
    history the first quarter known stands for what was not seen."""
    ends = 3 * np.arange(1, _QUARTERS + 1)
    total, count = (sums[k][:, ends] - sums[k][:, ends - 3] for k in (3, 0))
    quarters = total / np.where(count > 0, count, np.nan)
    for k in range(1, _QUARTERS):
        quarters[:, k] = np.where(np.isnan(quarters[:, k]), quarters[:, k - 1], quarters[:, k])
    months = np.where(
        np.isnan(seen.lags[:, :_MONTHS]), quarters[:, [0] * 3 + [1] * 3], seen.lags[:, :_MONTHS]
    )
    years = seen.years[:, 1:].copy()
    for k in range(years.shape[1]):
        before = years[:, k - 1] if k else reference
        years[:, k] = np.where(np.isnan(years[:, k]), before, years[:, k])
    shape = _log(np.hstack([months, quarters, years]) / reference[:, None])
    unseen = [(seen.lags[:, :12] == 0).mean(axis=1), np.isnan(seen.lags).mean(axis=1)]
    return np.hstack([shape, np.column_stack(unseen)])


def _past(seen: Views, now: FloatArray, half: FloatArray) -> FloatArray:
    """Where the level stands between the highs, lows and beginnings of its past."""
    to_peak = _log(now / seen.peak)
    depth = _log(seen.low / seen.peak)
    rise = np.log(np.maximum(now, _FLOOR * seen.peak) / np.maximum(seen.low, _FLOOR * seen.peak))
    again = np.log(np.maximum(half, _FLOOR * seen.peak) / np.maximum(seen.lowest, _FLOOR * seen.peak))
    return np.column_stack(
        [
            to_peak,
            depth,
            rise,
            seen.fallen,
            again,
            again * (seen.fallen > 0.3),
            _log(now / seen.first),
            _log(seen.first / seen.peak),
            rise * np.minimum(depth, 0),
        ]
    )


def _sure(slope: FloatArray, error: FloatArray) -> FloatArray:
    """How sure it is that the growth of half a year and of a year exceeds the rates of the definition: 0 to
    1, logistic."""
    out = []
    for window in (1, YEAR):
        for rate in (0.25, 0.10, -0.10):
            gap = (slope[:, window] - rate) / np.maximum(error[:, window], 0.02)
            out.append(1 / (1 + np.exp(-np.clip(1.7 * gap, -30, 30))))
    return np.column_stack(out)


def _doubts(sums: FloatArray, slope: FloatArray) -> FloatArray:
    """Whether one step explains the last twelve (eighteen) months better than a line: log of their squared
    errors, the same with the slope, the size of that step and how the level moved after it. A sudden one lies
    one or two months back."""
    out = []
    for months, cuts in ((12, np.arange(3, 10)), (18, np.arange(3, 15)), (12, np.arange(1, 3))):
        c, st, stt, sy, sty, syy = sums[:, :, months]
        c = np.where((c >= 8) & (sy > 0), c, np.nan)
        least = c * (0.02 * sy / c) ** 2
        line = syy - sy * sy / c - (sty - st * sy / c) ** 2 / (stt - st * st / c)
        count, total = sums[0][:, cuts], sums[3][:, cuts]
        rest_count, rest = c[:, None] - count, sy[:, None] - total
        inside = syy[:, None] - total * total / count - rest * rest / rest_count
        inside = np.where(np.isnan(inside), np.inf, inside)
        best = inside.argmin(axis=1)
        row = np.arange(len(best))
        size = _log((total / count)[row, best] / (rest / rest_count)[row, best])
        half = (cuts[best] + 1) // 2
        late, early = sums[:, row, half], sums[:, row, cuts[best]] - sums[:, row, half]
        moving = _log((late[3] / late[0]) / (early[3] / early[0]))
        step = np.minimum(syy - sy * sy / c, inside[row, best])
        better = np.nan_to_num(np.log((np.maximum(line, 0) + least) / (np.maximum(step, 0) + least)))
        out += [better, np.clip(better, -1, 2) * np.tanh(np.nan_to_num(slope)), size, moving]
    return np.column_stack(out)


def _ages(demand: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Months since the first sale, since the last time of two months without any (a pilot is followed by
    zeros), and since the last sale."""
    months = np.arange(len(demand))
    sold = np.nan_to_num(demand) > 0
    start = int(np.argmax(sold)) if sold.any() else len(demand)
    idle = demand == 0
    pause = idle & np.concatenate([[False], idle[:-1]])
    paused = np.maximum.accumulate(np.where(pause, months, start - 1))
    last = np.maximum.accumulate(np.where(sold | np.isnan(demand), months, 0))
    return (months - start + 1).astype(float), (months - paused).astype(float), (months - last).astype(float)


def _log(ratio: FloatArray) -> FloatArray:
    logs: FloatArray = np.log(np.clip(ratio, _FLOOR, 1 / _FLOOR))
    return logs
