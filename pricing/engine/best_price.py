"""Of prices that may be told, the one that leaves most on average. Plain Python, as a page answers with it.

    margin_m(p) = b_m · [(1 − t_m) · (p_m − c_m p'_m + c_m x_m p) − k_m · (1 − c_m + c_m x_m)]
    x_m = mean of (p / p'_m)^e

b_m the volume without the change, p_m what a unit brings, p'_m what one brings whose price changes, c_m the
share of the volume whose price changes, t_m the share of the price that costs take and k_m the cost of a
unit. As `what_if.py`, with the mean over the quantiles of e in place of draws. With one e and all of the
volume changing, the best is k e / (1 + e) (Lerner 1934); at e ≥ −1 there is none, and the highest price wins.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from math import exp, log

from .what_if import Month


def margin_at(months: Sequence[Month], quantiles: Sequence[float], price: float) -> float:
    """What costs leave of the months, on average; every month's cost is known."""

    @cache
    def answer(before: float) -> float:
        ratio = log(price / before)
        return sum(exp(e * ratio) for e in quantiles) / len(quantiles)

    total = 0.0
    for month in months:
        moved = month.moved
        sold = moved * answer(month.before) if moved else 0.0
        brought = month.price - moved * month.before + sold * price
        total += month.mean * ((1 - month.taken) * brought - (month.cost or 0.0) * (1 - moved + sold))
    return total


def best_price(months: Sequence[Month], asked: Sequence[tuple[float, Sequence[float]]]) -> int:
    """The place of the best of some prices, each with the quantiles that hold at it; of two as good, the
    first."""
    margins = [margin_at(months, quantiles, price) for price, quantiles in asked]
    return max(range(len(asked)), key=margins.__getitem__)
