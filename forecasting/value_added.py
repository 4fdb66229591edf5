"""Whether a step made a forecast better: the difference of two errors on the same months, and how sure it is.

Worked figures: docs/algorithms/accuracy.md and docs/algorithms/forecast.md. Pure sums, no numerics needed.
"""

from __future__ import annotations

import enum
import math
from collections.abc import Iterable
from dataclasses import dataclass, fields

# With fewer months forecast than these nothing is concluded.
ENOUGH = 12
# The 97.5 % point of the normal distribution: an interval of 95 %.
_Z = 1.959963984540054


class Verdict(enum.StrEnum):
    """What may be concluded: ``FEW`` is too few months, ``UNCLEAR`` an interval with 0 in it."""

    FEW = "few"
    HELPS = "helps"
    HURTS = "hurts"
    UNCLEAR = "unclear"


@dataclass(frozen=True)
class Pairs:
    """Sums over months forecast twice: before a step and after it.

    With d = |before − actual| − |after − actual| and y = |actual|, both times the month's weight: ``dd``,
    ``dy`` and ``yy`` are sums of products; the same after adding up each product (``clusters`` of them) are
    ``cluster_dd`` …. ``amount`` is the sum of d in money, of the months that have a price.
    """

    n: int = 0
    before: float = 0.0
    after: float = 0.0
    size: float = 0.0
    dd: float = 0.0
    dy: float = 0.0
    yy: float = 0.0
    amount: float = 0.0
    clusters: int = 0
    cluster_dd: float = 0.0
    cluster_dy: float = 0.0
    cluster_yy: float = 0.0

    @classmethod
    def of_product(cls, *row: float | None) -> Pairs:
        """One product's months, from the sums ``n`` to ``amount``."""
        n, before, after, size, dd, dy, yy, amount = (value or 0.0 for value in row)
        if not n:
            return cls()
        d = before - after
        return cls(int(n), before, after, size, dd, dy, yy, amount, 1, d * d, d * size, size * size)

    def __add__(self, other: Pairs) -> Pairs:
        return Pairs(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(Pairs)))


def pairs_sum(found: Iterable[Pairs]) -> Pairs:
    return sum(found, Pairs())


@dataclass(frozen=True)
class ValueAdded:
    """WAPE ``before`` a step less that ``after`` it, on the same months: in ``points`` (a rate), as a
    ``share`` of the one before, in money (``amount``), with a 95 % interval of the points. What is not
    defined is None; without enough months there is neither interval nor verdict."""

    observations: int
    before: float | None
    after: float | None
    points: float | None
    share: float | None
    amount: float | None
    low: float | None
    high: float | None
    verdict: Verdict


def value_added(pairs: Pairs) -> ValueAdded:
    """Forecast value added of a step, with its interval (see :func:`standard_error`)."""
    if not pairs.n or not pairs.size:
        return ValueAdded(pairs.n, None, None, None, None, None, None, None, Verdict.FEW)
    before, after = pairs.before / pairs.size, pairs.after / pairs.size
    points = before - after
    share = points / before if before > 0 else None
    low = high = None
    verdict = Verdict.FEW
    if pairs.n >= ENOUGH:
        half = _half_width(pairs)
        low, high = points - half, points + half
        verdict = Verdict.HELPS if low > 0 else Verdict.HURTS if high < 0 else Verdict.UNCLEAR
    return ValueAdded(pairs.n, before, after, points, share, pairs.amount, low, high, verdict)


def _half_width(pairs: Pairs) -> float:
    """The wider of two intervals: every month by itself, and every product as a whole (where there are
    enough), since one person's habit with one product repeats itself."""
    halves = [
        _student(pairs.n - 1) * standard_error(pairs, pairs.n, pairs.dd, pairs.dy, pairs.yy),
    ]
    if pairs.clusters >= ENOUGH:
        error = standard_error(pairs, pairs.clusters, pairs.cluster_dd, pairs.cluster_dy, pairs.cluster_yy)
        halves.append(_student(pairs.clusters - 1) * error)
    return max(halves)


def standard_error(pairs: Pairs, n: int, dd: float, dy: float, yy: float) -> float:
    """Of the ratio Σd/Σy, by linearisation: √(n/(n−1) Σ(d − V y)²) / Σy, with V the ratio (Cochran 1977,
    6.4). With equal y it is that of the paired t-test."""
    ratio = (pairs.before - pairs.after) / pairs.size
    squares = max(dd - 2 * ratio * dy + ratio * ratio * yy, 0.0)
    return math.sqrt(n / (n - 1) * squares) / pairs.size


def _student(freedom: int) -> float:
    """The 97.5 % point of Student's t from 11 degrees of freedom on, to three digits (Abramowitz and Stegun
    26.7.5)."""
    z = _Z
    first = (z**3 + z) / 4
    second = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    third = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    return z + first / freedom + second / freedom**2 + third / freedom**3
