"""Whether a step made a forecast better: the difference of two errors on the same months, and how sure it is.

Worked figures: docs/algorithms/accuracy.md. Sums only, so that a web process needs no numerics.
"""

from __future__ import annotations

import enum
import math
from collections.abc import Sequence
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
    """Sums over ``n`` months forecast twice: the errors ``before`` a step and ``after`` it, and the ``size``
    of what was sold, each times the month's weight. With d the month's error before less the one after and y
    its size, ``dd``, ``dy`` and ``yy`` are sums of products; ``amount`` is the sum of the differences in
    money, of the months that have a price.
    """

    n: float = 0.0
    before: float = 0.0
    after: float = 0.0
    size: float = 0.0
    dd: float = 0.0
    dy: float = 0.0
    yy: float = 0.0
    amount: float = 0.0

    def __add__(self, other: Pairs) -> Pairs:
        return Pairs(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(Pairs)))


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

    @property
    def low_pct(self) -> float | None:
        return None if self.low is None else self.low * 100

    @property
    def high_pct(self) -> float | None:
        return None if self.high is None else self.high * 100


def value_added(parts: Sequence[Pairs], *, apart: int = ENOUGH) -> ValueAdded:
    """Forecast value added of a step. ``parts`` are what belongs together, such as the months of one product:
    where there are ``apart`` of them, the interval allows for all of a part going wrong together."""
    total = sum(parts, Pairs())
    n = int(total.n)
    if not n or not total.size:
        return ValueAdded(n, None, None, None, None, None, None, None, Verdict.FEW)
    before, after = total.before / total.size, total.after / total.size
    points = before - after
    share = points / before if before > 0 else None
    low = high = None
    verdict = Verdict.FEW
    if n >= ENOUGH:
        half = _half_width(total, [part for part in parts if part.n], apart)
        low, high = points - half, points + half
        verdict = Verdict.HELPS if low > 0 else Verdict.HURTS if high < 0 else Verdict.UNCLEAR
    return ValueAdded(n, before, after, points, share, total.amount, low, high, verdict)


def _half_width(total: Pairs, parts: Sequence[Pairs], apart: int) -> float:
    """The wider of two intervals: every month by itself, and every part as a whole, where there are enough.

    With V = Σd/Σy both are Student's t times the linearised standard error √(n/(n−1) Σ(d − V y)²) / Σy
    (Cochran 1977, 6.4); with equal y it is that of the paired t-test. A part's residual is divided by
    1 − y/Σy: what the ratio owes to the part itself.
    """
    n = int(total.n)
    ratio = (total.before - total.after) / total.size
    squares = max(total.dd - 2 * ratio * total.dy + ratio * ratio * total.yy, 0.0)
    half = student(n - 1) * math.sqrt(n / (n - 1) * squares)
    if (count := len(parts)) >= apart:
        squares = sum(
            ((part.before - part.after - ratio * part.size) / (1 - min(part.size / total.size, 0.99))) ** 2
            for part in parts
        )
        half = max(half, student(count - 1) * math.sqrt((count - 1) / count * squares))
    return half / total.size


def student(freedom: int) -> float:
    """The 97.5 % point of Student's t, from 11 degrees of freedom on to three digits, of 4 to 0.3 %
    (Abramowitz and Stegun 26.7.5)."""
    z = _Z
    first = (z**3 + z) / 4
    second = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    third = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    return z + first / freedom + second / freedom**2 + third / freedom**3
