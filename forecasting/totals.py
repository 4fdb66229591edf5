"""Totals over months and over products: their bands are not the sums of the parts' bands.

Months of one forecast err partly together (the level was judged too high) and partly on their own. With one
correlation c between the errors of any two months, the half width of a sum is
√((1 − c) · Σ hᵢ² + c · (Σ hᵢ)²): the root of the sum of squares when they err apart (c = 0), the plain sum
when they err as one (c = 1). What is not known of a decision, how volume answers a price, is one and the same
in all its months: that adds, beside the statistics' own. Products of one month err together too, but far
less: the same formula with their own correlation.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import fsum, hypot, sqrt

# Where a calibration's payload keeps it.
CORRELATION = "error_correlation"
PRODUCT_CORRELATION = "product_correlation"
# Used before there are backtests, and what few backtests are drawn towards by n / (n + 50).
USUAL_CORRELATION = 0.5
USUAL_PRODUCT_CORRELATION = 0.3
_SHRINK_SERIES = 50


def error_correlation(errors: Iterable[Sequence[float | None]]) -> float:
    """The correlation of two months' scaled backtest errors, pooled over series; within 0 and 1.

    Each row is one series' errors by step, ``None`` where unknown. Not centred: a forecast's mean error is
    what its months share.
    """
    together = apart = 0.0
    count = 0
    for row in errors:
        known = [error for error in row if error is not None]
        n = len(known)
        squares = sum(error * error for error in known)
        if n < 2 or squares == 0:
            continue
        count += 1
        # Each series counts the same, however large its errors.
        together += (sum(known) ** 2 - squares) / (n * (n - 1)) / (squares / n)
        apart += 1.0
    if not count:
        return USUAL_CORRELATION
    weight = count / (count + _SHRINK_SERIES)
    found = weight * min(max(together / apart, 0.0), 1.0) + (1 - weight) * USUAL_CORRELATION
    return round(found, 4)


def product_correlation(errors: Iterable[Sequence[float | None]], sizes: Iterable[float]) -> float:
    """The correlation of two products' backtest errors of the same month; within 0 and 1.

    Each row is one product's scaled errors, and its size what an error of 1 comes to in a unit that all
    share (money): what moves a total is what its large products have in common, and they have more in common
    than small ones. Rows of one length began in the same month, so their steps are the same months; the
    longest rows count. Not centred, as above.
    """
    rows = [(row, size) for row, size in zip(errors, sizes, strict=True) if any(row)]
    longest = max((len(row) for row, _ in rows), default=0)
    own = [
        [None if error is None else error * size for error in row]
        for row, size in rows
        if len(row) == longest
    ]
    usual = [_usual_size(row) for row in own]
    together = apart = 0.0
    for step in range(longest):
        seen = [place for place, row in enumerate(own) if row[step] is not None]
        together += _products_of_pairs(own[place][step] or 0.0 for place in seen)
        apart += _products_of_pairs(usual[place] for place in seen)
    if not apart:
        return USUAL_PRODUCT_CORRELATION
    weight = len(own) / (len(own) + _SHRINK_SERIES)
    found = min(max(together / apart, 0.0), 1.0)
    return round(weight * found + (1 - weight) * USUAL_PRODUCT_CORRELATION, 4)


def _products_of_pairs(values: Iterable[float]) -> float:
    """Σ over pairs of different ones, each pair twice; the same in any order."""
    known = list(values)
    return fsum(known) ** 2 - fsum(value * value for value in known)


def _usual_size(row: Sequence[float | None]) -> float:
    known = [error for error in row if error is not None]
    return sqrt(sum(error * error for error in known) / len(known))


def summed_half(plain: float, squares: float, *, correlation: float) -> float:
    """The half width of a sum of parts, from the sum of their half widths and the sum of its squares."""
    return sqrt(max((1 - correlation) * squares + correlation * plain * plain, 0.0))


def total_band(
    mean: Sequence[float], lo: Sequence[float], hi: Sequence[float], *, correlation: float
) -> tuple[float, float]:
    """Low and high end of the sum of months with these means and bands; not below zero unless a month is."""
    total = sum(mean)
    below = _half([m - low for m, low in zip(mean, lo, strict=True)], correlation)
    above = _half([high - m for m, high in zip(mean, hi, strict=True)], correlation)
    low = total - below
    return (max(low, 0.0) if min(lo, default=0.0) >= 0 else low), total + above


def decided_band(
    total: float,
    own: Sequence[tuple[float, float]],
    moved: Sequence[tuple[float, float]],
    *,
    correlation: float,
) -> tuple[float, float]:
    """Low and high end of a sum of months that decisions move: of each month the half widths below and above,
    of the statistics' own errors and of what is not known of the decisions. The first are correlated; what is
    not known of a price is the same in every month that it holds, so the second add. Both are independent."""
    below, above = decided_halves(own, moved, correlation=correlation)
    return max(total - below, min(total, 0.0)), total + above


def decided_halves(
    own: Sequence[tuple[float, float]], moved: Sequence[tuple[float, float]], *, correlation: float
) -> tuple[float, float]:
    """How far that sum's band reaches below and above it."""
    below, above = (
        hypot(_half([pair[end] for pair in own], correlation), sum(pair[end] for pair in moved))
        for end in (0, 1)
    )
    return below, above


def _half(widths: Sequence[float], correlation: float) -> float:
    return summed_half(sum(widths), sum(w * w for w in widths), correlation=correlation)
