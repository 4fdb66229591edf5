"""The level of a product month by month, as it could be known in that month: without season, promotions and
stock-outs.

Causal by construction: what is said for a month uses that month and those before it, so later months never
change it. The season is measured again every half year (from two years on) on what was known then and holds
for the half year after.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..series import FloatArray
from .definition import FALLING, NEAR_PEAK, NEAR_PEAK_GROWTH
from .steps import AFTER, BEFORE, first_step

Months = np.ndarray[Any, np.dtype[np.int_]]
SEASON = 12
# The season is measured anew so often, later once a year.
FIRST_SEASON, REVIEW, SETTLED = 24, 6, 60
# A month sold out for more than this share says nothing of demand.
MAX_STOCKOUT = 0.6
# Months and years looked back on from each month.
LAGS, YEARS = 48, 10
# No fall is counted as deeper than to this share.
_DEEPEST = 0.005


@dataclass(frozen=True, eq=False)
class Views:
    """The past as each month sees it, a row a month.

    `lags` (months, LAGS) and `years` (months, YEARS): adjusted level of the month and those before it, the
    mean of the last twelve and the twelves before them; NaN where nothing is known. `peak` highest half-year
    level so far, `low` the lowest quarter since; `fallen` the log of the deepest fall of the half-year level
    below an earlier one, `lowest` the level at its bottom; `since_…` the months since each. `first` is the
    level of the first three months with sales, `season` the strength of the season taken out,
    `crossed` months since its marks were passed (months, 7), `spread` share
    of months that repeat the one before.
    """

    lags: FloatArray
    years: FloatArray
    peak: FloatArray
    since_peak: FloatArray
    low: FloatArray
    since_low: FloatArray
    fallen: FloatArray
    lowest: FloatArray
    since_lowest: FloatArray
    first: FloatArray
    season: FloatArray
    crossed: FloatArray
    spread: FloatArray


def clean_demand(units: FloatArray, promo: FloatArray | None, stockout: FloatArray | None) -> FloatArray:
    """Demand without stock-outs and promotions, NaN where a month says nothing of the level.

    A product in promotion most of the year has no month without one: then its promotion months count.
    """
    demand = np.maximum(units, 0)
    if stockout is not None:
        share = np.nan_to_num(stockout)
        demand = np.where(share > MAX_STOCKOUT, np.nan, demand / np.maximum(1 - share, 1 - MAX_STOCKOUT))
    if promo is not None:
        flagged = np.nan_to_num(promo) > 0
        seen = np.cumsum(flagged) / np.arange(1, len(flagged) + 1)
        demand = np.where(flagged & (seen <= 0.4), np.nan, demand)
    return demand


def views(demand: FloatArray) -> Views:
    """What each month sees of the past. One-off steps are taken out of the past from the month they are
    believed."""
    seen = _views(demand, 0)
    spread = _spread(demand)
    begin = 0
    while (found := first_step(seen[0], begin, spread)) is not None:
        begin, ratio = found
        demand = demand.copy()
        demand[: begin + 1 - AFTER] *= ratio
        for values, renewed in zip(seen, _views(demand, begin), strict=True):
            values[begin:] = renewed
        begin += 1
    return Views(*(*seen, spread))


def _spread(demand: FloatArray) -> FloatArray:
    """Share of the last year and a half in which a month repeats the one before, a value a month."""
    same = np.zeros(len(demand))
    same[1:] = (demand[1:] == demand[:-1]) & (demand[1:] > 0)
    total = np.concatenate([np.zeros(BEFORE + AFTER), np.cumsum(same)])
    share: FloatArray = (total[BEFORE + AFTER :] - total[: len(demand)]) / (BEFORE + AFTER)
    return share


def _views(demand: FloatArray, begin: int) -> tuple[FloatArray, ...]:
    """The fields of Views for the months from `begin`.

    Months are judged in blocks that share one season; `[block, month]` is the past as a block sees it, and
    whatever is accumulated along it is known in that month.
    """
    n = len(demand)
    reviews = np.array([0, *range(FIRST_SEASON, min(n, SETTLED), REVIEW), *range(SETTLED, n, SEASON)])
    rows = np.arange(begin, n)
    block = np.searchsorted(reviews, rows, side="right") - 1
    reviews, block = reviews[block[0] :], block - block[0]
    season = _seasons(demand, reviews + 1)
    season[reviews < FIRST_SEASON] = 1
    at = (block, rows)
    months = np.arange(n)
    with np.errstate(invalid="ignore", divide="ignore"):
        adjusted = demand / season[:, months % SEASON]
        known = ~np.isnan(adjusted)
        sums, counts = np.zeros((2, len(reviews), n + 1))
        np.cumsum(np.where(known, adjusted, 0.0), axis=1, out=sums[:, 1:])
        np.cumsum(known, axis=1, out=counts[:, 1:])
        half, quarter = (
            (sums[:, 1:] - sums[:, np.maximum(months + 1 - w, 0)])
            / (counts[:, 1:] - counts[:, np.maximum(months + 1 - w, 0)])
            for w in (6, 3)
        )
        edges = np.maximum(rows[:, None] + 1 - SEASON * np.arange(YEARS + 1), 0)
        years = np.diff(sums[block[:, None], edges]) / np.diff(counts[block[:, None], edges])
        filled = np.where(np.isnan(half), -np.inf, half)
        peak = np.maximum.accumulate(filled, axis=1)
        at_peak = np.maximum.accumulate(np.where(filled >= peak, months, 0), axis=1)
        fall = np.log(np.maximum(peak, 1e-300) / np.maximum(half, _DEEPEST * peak))
        fall = np.where(np.isfinite(fall), fall, 0.0)
    fallen = np.maximum.accumulate(fall, axis=1)
    at_lowest = np.maximum.accumulate(np.where(fall >= fallen, months, 0), axis=1)[at]
    from_peak = at_peak[at]
    low = np.where(np.isnan(quarter), np.inf, quarter)
    at_low = np.array(
        [
            p + int(low[b, p : t + 1].argmin())
            for b, t, p in zip(*map(np.ndarray.tolist, (*at, from_peak)), strict=True)
        ]
    )
    padded = np.concatenate([np.full((len(reviews), LAGS - 1), np.nan), adjusted], axis=1)
    first = int(np.argmax(np.nan_to_num(demand) > 0))
    return (
        padded[block[:, None], rows[:, None] + np.arange(LAGS - 1, -1, -1)],
        years,
        np.where(np.isfinite(peak), peak, np.nan)[at],
        (rows - from_peak).astype(np.float64),
        np.where(np.isfinite(low), low, np.nan)[block, at_low],
        (rows - at_low).astype(np.float64),
        fallen[at],
        half[block, at_lowest],
        (rows - at_lowest).astype(np.float64),
        quarter[block, np.minimum(rows, first + 2)],
        season.std(axis=1)[block],
        _crossed(quarter, block, rows, peak, at_lowest),
    )


def _crossed(
    level: FloatArray, block: Months, rows: Months, peak: FloatArray, at_lowest: Months
) -> FloatArray:
    """Months since the level, as each row sees it, first reached 10, 50 and 90 % of the peak, was last there,
    reached 90 % of the highest after the lowest, last grew by 25 % a year and last by no less than -10 %; the
    age where it never did. `level` and `peak` hold a row a block."""
    n = level.shape[1]
    months = np.arange(n)
    level = np.nan_to_num(level)
    highest = peak[block, rows]
    highest = np.where(highest > 0, highest, np.inf)
    since = np.empty((7, len(rows)))
    edges = np.searchsorted(block, np.arange(len(level) + 1)).tolist()
    for mine, begin, end in zip(level, edges, edges[1:], strict=False):
        these, top = rows[begin:end], highest[begin:end]
        upto = int(these[-1]) + 1
        known = np.where(months[:upto] <= these[:, None], mine[:upto], 0.0)
        most = np.maximum.accumulate(mine)
        for k, part in enumerate((0.1, 0.5, NEAR_PEAK)):
            found = np.searchsorted(most, part * top)
            since[k, begin:end] = these - np.where(found <= these, found, 0)
        since[3, begin:end] = these - _latest(known >= NEAR_PEAK * top[:, None])
        after = int(at_lowest[begin:end].min())
        again = np.where(months[after:upto] >= at_lowest[begin:end, None], known[:, after:], 0.0)
        reached = (again >= NEAR_PEAK * again.max(axis=1, keepdims=True)).argmax(axis=1)
        since[4, begin:end] = these - np.maximum(reached + after, at_lowest[begin:end])
    floored = np.maximum(level, _DEEPEST * np.where(peak > 0, peak, 1.0))
    growth = np.full_like(level, -np.inf)
    growth[:, 6:] = 2 * np.log(floored[:, 6:] / floored[:, :-6])
    for k, rate in enumerate((NEAR_PEAK_GROWTH, FALLING), start=5):
        last = np.maximum.accumulate(np.where(growth >= rate, months, 0), axis=1)
        since[k] = rows - last[block, rows]
    crossed: FloatArray = since.T
    return crossed


def _latest(condition: np.ndarray[Any, np.dtype[np.bool_]]) -> Months:
    """The last place in each row, 0 where there is none."""
    n = condition.shape[1]
    place: Months = np.where(condition.any(axis=1), n - 1 - condition[:, ::-1].argmax(axis=1), 0)
    return place


def season_index(demand: FloatArray) -> FloatArray:
    """Index by position modulo 12, mean 1, shrunk by k/(k+1) with k years: ratios to the centred yearly
    mean."""
    index: FloatArray = _seasons(demand, np.array([len(demand)]))[0]
    return index


def _seasons(demand: FloatArray, ends: Months) -> FloatArray:
    """The season index of the first `ends` months, a row each; 1 where there is no year around a month."""
    n = int(ends[-1])
    demand = demand[:n]
    half = SEASON // 2
    if n <= SEASON:
        return np.ones((len(ends), SEASON))
    known = ~np.isnan(demand)
    weights = np.concatenate([[0.5], np.ones(SEASON - 1), [0.5]])
    total = np.convolve(np.where(known, demand, 0), weights, "valid")
    count = np.convolve(known.astype(np.float64), weights, "valid")
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = demand[half : half + len(total)] * count / total
    years = -(-len(ratio) // SEASON)
    table = np.full((len(ends), years * SEASON), np.nan)
    table[:, : len(ratio)] = ratio
    table[(np.arange(years * SEASON) >= (ends - SEASON)[:, None]) | ~np.isfinite(table)] = np.nan
    index = np.roll(_medians(table.reshape(len(ends), years, SEASON)), half, axis=1)
    index = np.clip(index, 0.05, 8)
    share = (1 - SEASON / ends)[:, None]  # k/(k+1) with k years beyond the first
    shrunk: FloatArray = 1 + (index / index.mean(axis=1, keepdims=True) - 1) * share
    return np.maximum(shrunk, 0.05)


def _medians(table: FloatArray) -> FloatArray:
    """Median along the second axis without NaN, 1 where there is nothing else."""
    table = np.sort(table, axis=1)
    count = (~np.isnan(table)).sum(axis=1, keepdims=True)
    below = np.take_along_axis(table, np.maximum(count - 1, 0) // 2, axis=1)
    above = np.take_along_axis(table, np.minimum(count // 2, table.shape[1] - 1), axis=1)
    medians: FloatArray = np.where(count > 0, (below + above) / 2, 1.0)[:, 0]
    return medians
