"""Totals over several months: their bands are not the sums of the months' bands.

Months of one forecast err partly together (the level was judged too high) and partly on their own. With one
correlation c between the errors of any two months, the half width of a sum is
√((1 − c) · Σ hᵢ² + c · (Σ hᵢ)²): the root of the sum of squares when they err apart (c = 0), the plain sum
when they err as one (c = 1).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import sqrt

# Where a calibration's payload keeps it.
CORRELATION = "error_correlation"
# Used before there are backtests, and what few backtests are drawn towards by n / (n + 50).
USUAL_CORRELATION = 0.5
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


def total_band(
    mean: Sequence[float], lo: Sequence[float], hi: Sequence[float], *, correlation: float
) -> tuple[float, float]:
    """Low and high end of the sum of months with these means and bands; not below zero unless a month is."""
    total = sum(mean)
    below = _half([m - low for m, low in zip(mean, lo, strict=True)], correlation)
    above = _half([high - m for m, high in zip(mean, hi, strict=True)], correlation)
    low = total - below
    return (max(low, 0.0) if min(lo, default=0.0) >= 0 else low), total + above


def _half(widths: Sequence[float], correlation: float) -> float:
    squares, plain = sum(w * w for w in widths), sum(widths)
    return sqrt(max((1 - correlation) * squares + correlation * plain * plain, 0.0))
