"""What in a history looks like an error or an event nobody flagged: spikes, stock-outs, steps, months stored
as zero, a last month that was loaded half.

Robust throughout: the season from medians by position, the level from running medians (Tukey 1977,
"Exploratory Data Analysis"), the noise from the median size of changes, so that what is looked for does not
hide itself. Thresholds were set on simulated products (`simulate_dirt`): docs/algorithms/forecast.md.
"""

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .series import FloatArray, Series

Kind = Literal["spike", "stockout", "step", "zero", "half_month"]
BoolArray = NDArray[np.bool_]

# Under this many values with sales nothing is said.
LEAST_PERIODS = 12
# A run of this many periods is an event; a longer one is a level of its own.
LONGEST_SPIKE, LONGEST_STOCKOUT = 2, 3
# How many times the ordinary noise, and how much at least (logarithms), an event is away from the level.
NOISES, SURE_NOISES = 5.0, 7.0
LEAST_SPIKE, LEAST_STOCKOUT, LEAST_HALF_MONTH, LEAST_STEP = 0.34, 0.30, 0.35, 0.18
SURE_SPIKE = 0.69
# The last period is one, so that less is needed to believe it: noises, the weight of how much the five before
# it differ, and how much of the fall must lie between it and the one before (two low ones are no half month).
HALF_MONTH_NOISES, _BEFORE_WEIGHT, _ABRUPT = 2.0, 0.6, 0.35
# A step is judged by the means of this many periods on either side, without their largest and smallest,
# beside those of the periods around it: so many times the noise, so many times how much such means vary, this
# share of the whole difference, and with the nearest half of the periods at least this share of it again.
STEP_SIDE, STEP_AROUND = 6, 30
STEP_NOISES, STEP_VARIES, STEP_OF_WHOLE, STEP_ABRUPT = 2.6, 1.4, 0.7, 0.75
# A level (contracts in force) moves little from period to period. A change of it is one that is so many times
# the usual one, and at least so much (logarithms). What goes back within so many periods, all but this share
# or so many usual changes, was never there. A step has so many periods behind it and is so many times the
# changes beside it.
LEVEL_NOISES, LEAST_LEVEL = 7.0, 0.08
LONGEST_EXCURSION, BACK_BUT, BACK_NOISES = 3, 0.2, 3.0
LEVEL_SIDE, LEVEL_ABRUPT = 3, 2.0
_LEVEL_WINDOW, _SEASON_WINDOW = 7, 13
_LEAST_NOISE = 0.015
# More zeros than this share are demand, not errors.
_ZEROS = 0.05


@dataclass(frozen=True)
class Finding:
    """Something seen from `first` to `last` (ordinals of periods). `seen` and `expected` are sums over these
    periods in the unit of the series, of a level means (for a step: the level after it, and what it would
    have been without). With `sure` the forecast leaves the values out unless a person has said that they are
    right (`Series.trusted`)."""

    kind: Kind
    first: int
    last: int
    seen: float
    expected: float
    sure: bool


def findings(series: Series, *, season_length: int) -> tuple[Finding, ...]:
    """All findings of one history, by time. Years, and histories with many zeros or negative values, have
    none."""
    return _search(series, season_length, with_steps=True)


def _search(series: Series, season_length: int, *, with_steps: bool) -> tuple[Finding, ...]:
    seen = series.once("events", season_length, lambda: _events(series, season_length))
    if seen is None:
        return ()
    base, sold, events = seen
    if with_steps and series.kind == "flow":
        taken = np.zeros(len(sold), dtype=bool)
        for event in events:
            taken[event.first : event.last + 1] = True
        events = events + _steps(base, sold & ~taken)
    trusted = set(series.trusted)
    return tuple(
        _finding(series, base, event)
        for event in sorted(events, key=lambda event: (event.first, event.kind))
        if not trusted.intersection(range(series.start + event.first, series.start + event.last + 1))
    )


def _events(series: Series, season_length: int) -> tuple["_Baseline", BoolArray, list["_Event"]] | None:
    """The baseline, the periods with sales and all that is seen but the steps of a flow; none where nothing
    is said."""
    y = series.array
    if season_length == 1:
        return None
    known = ~np.isnan(y)
    sold = known & (np.nan_to_num(y) > 0)
    if (y[known] < 0).any() or int(sold.sum()) < LEAST_PERIODS:
        return None
    first = int(np.flatnonzero(sold)[0])
    zeros = known & ~sold
    zeros[:first] = False
    if zeros.sum() > max(1, _ZEROS * sold.sum()):
        return None
    if series.kind == "level" and len(y) < 3 * season_length:
        # Of two years' medians half an event would seem to come back a year later.
        season_length = 1
    base = _Baseline.of(y, sold, season_length)
    if series.kind == "level":
        return base, sold, _zeros(zeros, len(y)) + _level_changes(base, sold, zeros)
    runs = _runs(base, sold)
    unusual = np.zeros(len(y), dtype=bool)
    for run in runs:
        unusual[run.first : run.last + 1] = True
    return base, sold, _zeros(zeros, len(y)) + runs + _half_month(base, sold, zeros, unusual, season_length)


def cleaned(series: Series, *, season_length: int) -> Series:
    """The series without what is surely wrong: those values become missing, so that they are filled or
    bridged."""
    return series.once("cleaned", season_length, lambda: _cleaned(series, season_length))


def _cleaned(series: Series, season_length: int) -> Series:
    # Steps are never sure.
    wrong = [f for f in _search(series, season_length, with_steps=False) if f.sure]
    if not wrong:
        return series
    values = series.array.copy()
    for found in wrong:
        values[found.first - series.start : found.last - series.start + 1] = np.nan
    return series.with_values(values)


class _Event(NamedTuple):
    """Positions; of a step by how much the logarithm of the level jumps."""

    kind: Kind
    first: int
    last: int
    sure: bool
    jump: float = 0.0


@dataclass(frozen=True, eq=False)
class _Baseline:
    """Logarithms without season, the level below them, both NaN without sales; the season and the noise."""

    rest: FloatArray
    level: FloatArray
    season: FloatArray
    noise: float

    @classmethod
    def of(cls, y: FloatArray, sold: BoolArray, season_length: int) -> "_Baseline":
        z = np.full(len(y), np.nan)
        z[sold] = np.log(y[sold])
        season = _robust_season(z, season_length)
        rest = z - season
        level = _running_median(rest, _LEVEL_WINDOW)
        change = np.diff(rest[sold])
        noise = max(
            1.4826 * float(np.median(np.abs(change - np.median(change)))) / np.sqrt(2),
            1.4826 * float(np.median(np.abs((rest - level)[sold]))),
            _LEAST_NOISE,
        )
        return cls(rest, level, season, noise)


def _robust_season(z: FloatArray, m: int) -> FloatArray:
    """Additive season of every period from medians by position, weaker where it is not plain; zeros under two
    and a half seasons."""
    n = len(z)
    if m == 1 or n < 2 * m + m // 2:
        return np.zeros(n)
    gap = z - _running_median(z, max(_SEASON_WINDOW, m + 1 - m % 2))
    place = np.arange(n) % m
    season = np.array([_median(gap[place == k]) for k in range(m)])
    season -= season.mean()
    rest = gap - season[place]
    noise = 1.4826 * _median(np.abs(rest))
    size = float(np.square(season).mean())
    believed = max(0.0, 1 - 1.57 * noise**2 * m / n / size) if size > 0 else 0.0
    spread: FloatArray = believed * season[place]
    return spread


def _median(x: FloatArray) -> float:
    x = x[~np.isnan(x)]
    return float(np.median(x)) if len(x) else 0.0


def _running_median(z: FloatArray, window: int) -> FloatArray:
    """Centred; at the ends of what is there. NaN only where nothing is near."""
    half = window // 2
    padded = np.concatenate([np.full(half, np.nan), z, np.full(half, np.nan)])
    return _row_medians(np.lib.stride_tricks.sliding_window_view(padded, window))


def _row_medians(rows: FloatArray) -> FloatArray:
    """Of what is there in each row; NaN where nothing is."""
    ordered = np.sort(rows, axis=1)  # NaN last
    count = (~np.isnan(ordered)).sum(axis=1)
    row = np.arange(len(rows))
    low, high = np.maximum(count - 1, 0) // 2, count // 2
    middle: FloatArray = (ordered[row, low] + ordered[row, np.minimum(high, rows.shape[1] - 1)]) / 2
    return np.where(count > 0, middle, np.nan)


def _zeros(zeros: BoolArray, n: int) -> list[_Event]:
    """Single zeros in a history that never comes near zero: a month that was not stored, or not sold at
    all."""
    return [
        _Event("zero", a, b, a == b) for a, b in _stretches(zeros) if b < n - 1 and b - a < LONGEST_STOCKOUT
    ]


def _runs(base: _Baseline, sold: BoolArray) -> list[_Event]:
    """Short runs far above or below the level that come back to it."""
    gap = np.nan_to_num(base.rest - base.level)
    events: list[_Event] = []
    for kind, away, least, longest in (
        ("spike", gap, LEAST_SPIKE, LONGEST_SPIKE),
        ("stockout", -gap, LEAST_STOCKOUT, LONGEST_STOCKOUT),
    ):
        far = sold & (away > max(least, NOISES * base.noise))
        for a, b in _stretches(far):
            if b >= len(gap) - 1 or b - a >= longest or a == 0:
                continue
            size = float(away[a : b + 1].max())
            sure = kind == "spike" and size > max(SURE_SPIKE, SURE_NOISES * base.noise)
            events.append(_Event(kind, a, b, sure))  # type: ignore[arg-type]
    return events


def _half_month(
    base: _Baseline, sold: BoolArray, zeros: BoolArray, unusual: BoolArray, season_length: int
) -> list[_Event]:
    """The last period far under the level of those before it; a zero there is half of nothing.

    Beside those before it without their season, or by its change against a season ago beside their changes:
    by whichever varies less. A season that moves or that is young is better known by the second. What was
    `unusual` (a promotion a year ago) says nothing of a year later.
    """
    last = len(sold) - 1
    if zeros[last]:
        return [_Event("half_month", last, last, True)] if not zeros[last - 1] else []
    before = base.rest[:last][sold[:last]][-5:]
    if not sold[last] or len(before) < 5:
        return []
    now = float(base.rest[last])
    usual = max(base.noise, _BEFORE_WEIGHT * 1.4826 * _median(np.abs(before - np.median(before))))
    z = np.where(unusual, np.nan, base.rest + base.season)
    yearly = z[season_length:] - z[:-season_length]
    known = yearly[:-1][~np.isnan(yearly[:-1])]
    if len(known) >= 5 and not np.isnan(yearly[-1]):
        varies = max(1.4826 * _median(np.abs(np.diff(known))) / np.sqrt(2), _LEAST_NOISE)
        if varies < usual:
            before, now, usual = known[-5:], float(yearly[-1]), varies
    away = float(np.median(before)) - now
    if away <= max(LEAST_HALF_MONTH, HALF_MONTH_NOISES * usual) or before[-1] - now < _ABRUPT * away:
        return []
    return [_Event("half_month", last, last, True)]


def _level_changes(base: _Baseline, sold: BoolArray, zeros: BoolArray) -> list[_Event]:
    """The large changes of a level: there and back is a spike or a gap, a fall in the last period half of it
    (a channel that is missing), and one that stays a step. Contracts do not leave and come back, so what goes
    back is surely wrong."""
    place = np.flatnonzero(sold)
    rest = base.rest[place]
    whole = np.diff(rest)
    change = whole - _running_median(whole, _SEASON_WINDOW)
    usual = _usual_change(change)
    least, near = max(LEAST_LEVEL, LEVEL_NOISES * usual), max(LEAST_LEVEL / 2, BACK_NOISES * usual)
    events: list[_Event] = []
    last, at = len(sold) - 1, 0
    if zeros[last] and not zeros[last - 1]:
        events.append(_Event("half_month", last, last, True))
    while at < len(change):
        size = float(change[at])
        if abs(size) <= least:
            at += 1
            continue
        away = np.abs(np.cumsum(change[at : at + LONGEST_EXCURSION + 1]))
        back = np.flatnonzero(away < max(BACK_BUT * abs(size), near))
        first = int(place[at + 1])
        if len(back) and at:
            end = at + int(back[0])
            events.append(_Event("spike" if size > 0 else "stockout", first, int(place[end]), True))
            at = end + 1
            continue
        if first == last and size < 0:
            events.append(_Event("half_month", first, first, True))
        elif len(change) - at >= LEVEL_SIDE and abs(whole[at]) > LEVEL_ABRUPT * max(
            abs(whole[at - 1]) if at else 0.0, abs(whole[at + 1])
        ):
            events.append(_Event("step", first, first, False, size))
        at += 1
    return events


def _usual_change(change: FloatArray) -> float:
    """From the median size and, as most changes of a small level are none, from the mean without the largest
    sixth."""
    size = np.sort(np.abs(change))
    most = size[: len(size) - len(size) // 6]
    return max(1.4826 * float(np.median(size)), 1.6 * float(most.mean()), _LEAST_NOISE / 3)


def _steps(base: _Baseline, used: BoolArray) -> list[_Event]:
    """The sharpest lasting changes of level, one after another.

    A living product changes its level all the time; a step is more than that and all at once. So the means of
    six periods on either side are compared, and those of three; from each difference goes what is ordinary
    for this series in the years around it, and what is left must be large beside the noise and beside how
    much the difference usually varies. Of a slope the three periods see half of what the six see, of a step
    all of it.
    """
    place = np.flatnonzero(used)
    rest = base.rest[place]
    n = len(rest)
    if n <= 2 * STEP_SIDE:
        return []
    at = np.arange(STEP_SIDE, n - STEP_SIDE + 1)
    sides = np.lib.stride_tricks.sliding_window_view(rest, STEP_SIDE)
    middle = np.sort(sides, axis=1)[:, 1:-1].mean(axis=1)
    near = np.lib.stride_tricks.sliding_window_view(rest, STEP_SIDE // 2).mean(axis=1)
    whole = middle[at] - middle[at - STEP_SIDE]
    jump, varies = _beyond_ordinary(whole)
    abrupt, near_varies = _beyond_ordinary(near[at] - near[at - STEP_SIDE // 2])
    # What either side wanders by itself is no step.
    spread = 1.4826 * np.median(np.abs(sides - middle[:, None]), axis=1)
    noise = np.maximum(base.noise, (spread[at] + spread[at - STEP_SIDE]) / 2) * np.sqrt(np.pi / STEP_SIDE)
    size, near_size = np.abs(jump), np.abs(abrupt)
    score = np.minimum(
        size / np.maximum(noise, STEP_VARIES * varies), near_size / np.maximum(noise, near_varies)
    )
    score[
        (np.sign(jump) != np.sign(abrupt))
        | (size < LEAST_STEP)
        | (size < STEP_OF_WHOLE * np.abs(whole))
        | (near_size < STEP_ABRUPT * size)
    ] = 0
    events: list[_Event] = []
    while score.max(initial=0.0) > STEP_NOISES:
        best = int(score.argmax())
        position = int(place[at[best]])
        events.append(_Event("step", position, position, False, float(jump[best])))
        score[max(0, best - STEP_SIDE) : best + STEP_SIDE + 1] = 0
    return events


def _beyond_ordinary(difference: FloatArray) -> tuple[FloatArray, FloatArray]:
    """By how much each difference is more than the median of those around it that share no period with it,
    and how much those vary. Under six of them the median of all, and no measure of how they vary."""
    n = len(difference)
    away = np.concatenate([np.arange(-STEP_AROUND, -STEP_SIDE), np.arange(STEP_SIDE + 1, STEP_AROUND + 1)])
    places = np.arange(n)[:, None] + away
    inside = (places >= 0) & (places < n)
    around = np.where(inside, difference[np.clip(places, 0, n - 1)], np.nan)
    enough = inside.sum(axis=1) >= 6
    usual = np.where(enough, _row_medians(around), np.median(difference))
    varies = np.where(enough, 1.4826 * _row_medians(np.abs(around - usual[:, None])), 0.0)
    return difference - usual, varies


def _stretches(flags: BoolArray) -> list[tuple[int, int]]:
    """First and last position of every run of true values."""
    edges = np.diff(np.concatenate([[0], flags.astype(np.int8), [0]]))
    starts, ends = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    return [(int(a), int(b) - 1) for a, b in zip(starts, ends, strict=True)]


def _finding(series: Series, base: _Baseline, event: _Event) -> Finding:
    kind, a, b, sure, jump = event
    if kind == "step":
        after = _median(base.rest[a : a + STEP_SIDE])
        seen, expected = float(np.exp(after)), float(np.exp(after - jump))
    else:
        outside = np.concatenate([base.rest[max(0, a - 4) : a], base.rest[b + 1 : b + 5]])
        usual = np.exp(_median(outside) + base.season[a : b + 1])
        values = series.array[a : b + 1]
        is_level = series.kind == "level"
        expected = float(usual.mean() if is_level else usual.sum())
        seen = float(np.nanmean(values) if is_level else np.nansum(values))
    return Finding(
        kind, series.start + a, series.start + b, float(f"{seen:.7g}"), float(f"{expected:.7g}"), sure
    )
