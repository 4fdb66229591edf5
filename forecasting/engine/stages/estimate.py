"""The level of a product month by month, as it could be known in that month: without season, promotions and
stock-outs.

Causal by construction: what is said for a month uses that month and those before it, so later months never
change it. The season is measured again every half year (from two years on) on what was known then and holds
for the half year after.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ..series import FloatArray
from .steps import AFTER, BEFORE, step_at

SEASON = 12
FIRST_SEASON, REVIEW = 24, 6
# A month sold out for more than this share says nothing of demand.
MAX_STOCKOUT = 0.6


@dataclass(frozen=True, eq=False)
class Block:
    """Months `begin` to `end` (exclusive) are judged on `adjusted`, shape (end,), NaN where nothing is
    known."""

    begin: int
    end: int
    adjusted: FloatArray


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


def blocks(demand: FloatArray) -> list[Block]:
    """The months in runs that share one estimate of the season and one set of one-off steps; together they
    cover every month once."""
    n = len(demand)
    edges = [0, *range(FIRST_SEASON, n, REVIEW), n]
    place = np.arange(n) % SEASON
    demand = demand.copy()
    out = []
    for begin, end in pairwise(edges):
        season = season_index(demand[: begin + 1]) if begin >= FIRST_SEASON else np.ones(SEASON)
        adjusted = demand[:end] / season[place[:end]]
        start = begin
        for t in range(max(begin, AFTER), end):
            ratio = step_at(adjusted[max(t + 1 - BEFORE - AFTER, 0) : t + 1])
            if ratio is None:
                continue
            if t > start:
                out.append(Block(start, t, adjusted[:t]))
            start = t
            demand[: t + 1 - AFTER] *= ratio
            adjusted = demand[:end] / season[place[:end]]
        if end > start:
            out.append(Block(start, end, adjusted))
    return out


def season_index(demand: FloatArray) -> FloatArray:
    """Index by position modulo 12, mean 1, shrunk by k/(k+1) with k years: ratios to the centred yearly
    mean."""
    n = len(demand)
    known = ~np.isnan(demand)
    weights = np.concatenate([[0.5], np.ones(SEASON - 1), [0.5]])
    total = np.convolve(np.where(known, demand, 0), weights, "valid")
    count = np.convolve(known.astype(np.float64), weights, "valid")
    half = SEASON // 2
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = demand[half : half + len(total)] * count / total
    ratio[~np.isfinite(ratio)] = np.nan
    place = (np.arange(len(ratio)) + half) % SEASON
    index = np.ones(SEASON)
    for k in range(SEASON):
        own = ratio[place == k]
        own = own[~np.isnan(own)]
        if len(own):
            index[k] = np.median(own)
    index = np.clip(index, 0.05, 8)
    years = n / SEASON - 1
    shrunk: FloatArray = 1 + (index / index.mean() - 1) * years / (years + 1)
    return np.maximum(shrunk, 0.05)
