"""What the layers of a forecast's month come to: of a row that was read, and of figures just made."""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, hypot
from typing import Any, NamedTuple

from core.numbers import Z80, Z95

from .totals import decided_band, total_band


class Band(NamedTuple):
    """A forecast with its 80 % and 95 % bands."""

    final: float
    lo80: float
    hi80: float
    lo95: float
    hi95: float


class Layers:
    """The fields of :class:`forecasting.models.ForecastMonth` that are added to here."""

    __slots__ = ()

    mean: Any
    lo80: Any
    hi80: Any
    lo95: Any
    hi95: Any
    driven: Any
    overridden: Any
    agreed: Any
    price_ratio: Any
    spread: Any

    @property
    def baseline(self) -> float:
        """What people work on: statistics with drivers, where there are any."""
        return self.mean if self.driven is None else self.driven

    @property
    def unagreed(self) -> float:
        """The baseline after overrides: what stands until a month is agreed."""
        return self.baseline if self.overridden is None else self.overridden

    @property
    def final(self) -> float:
        """The last layer that says something: what is planned with."""
        return self.unagreed if self.agreed is None else self.agreed

    @property
    def final_band(self) -> Band:
        """The final forecast with its bands, moved in proportion to it, and wider by what is not known of
        decisions."""
        final = self.final
        if final == self.mean and not self.spread:
            return Band(final, self.lo80, self.hi80, self.lo95, self.hi95)
        low80, high80, low95, high95 = (
            final + self._widened(edge, z)
            for edge, z in ((self.lo80, -Z80), (self.hi80, Z80), (self.lo95, -Z95), (self.hi95, Z95))
        )
        return Band(final, low80, high80, low95, high95)

    def _widened(self, edge: float, z: float) -> float:
        """Both errors are independent: their squares add."""
        half, moved = self._apart(edge, z)
        if not moved:
            return half
        return hypot(half, moved) if z > 0 else -hypot(half, moved)

    def _apart(self, edge: float, z: float) -> tuple[float, float]:
        """From the final forecast to that edge, with its sign: for the statistics' own error, and for what is
        not known of decisions."""
        scale = max(self.final, 0.0) / self.mean if self.mean > 0 else 1.0
        moved = self.final * (exp(z * self.spread) - 1) if self.spread and self.final > 0 else 0.0
        return (edge - self.mean) * scale, moved

    @property
    def halves80(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """Below and above, each apart and without sign: the statistics' own half width, and decisions'."""
        low, high = self._apart(self.lo80, -Z80), self._apart(self.hi80, Z80)
        return (abs(low[0]), abs(low[1])), (abs(high[0]), abs(high[1]))

    @property
    def price(self) -> float:
        """What a unit brings in against the 12 months before."""
        ratio: float = self.price_ratio or 1.0
        return ratio

    @property
    def priced_band(self) -> tuple[float, ...]:
        """The final band × the price: times revenue per unit of the 12 months before it is revenue."""
        return tuple(value * self.price for value in self.final_band)


def months_band(
    months: Sequence[Layers],
    *,
    correlation: float,
    priced: bool = False,
    bands: Sequence[Sequence[float]] | None = None,
) -> tuple[float, float, float]:
    """The sum of the months' final forecasts with its 80 % band; ``priced``: as revenue. The statistics' own
    errors are correlated by that much; what is not known of a decision is the same in every month it moves,
    so its half widths add. Both are independent of each other. ``bands``: the months' own, where known."""
    rows = bands or [month.priced_band if priced else month.final_band for month in months]
    if not any(month.spread for month in months):
        return bands_sum(rows, correlation=correlation)
    mean = [row[0] for row in rows]
    own, moved = [], []
    for month in months:
        by = month.price if priced else 1.0
        (low_own, low_moved), (high_own, high_moved) = month.halves80
        own.append((by * low_own, by * high_own))
        moved.append((by * low_moved, by * high_moved))
    return sum(mean), *decided_band(sum(mean), own, moved, correlation=correlation)


def bands_sum(bands: Sequence[Sequence[float]], *, correlation: float) -> tuple[float, float, float]:
    """The sum of months, each its forecast and the ends of its 80 % band, whose errors are correlated by that
    much, with its band."""
    mean, low, high = ([row[place] for row in bands] for place in range(3))
    return sum(mean), *total_band(mean, low, high, correlation=correlation)
