"""What the layers of a forecast's month come to: of a row that was read, and of figures just made."""

from __future__ import annotations

from math import exp, hypot
from typing import Any

from core.numbers import Z80, Z95


class Layers:
    """The fields of :class:`forecasting.models.ForecastMonth` that are added to here."""

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
    def final_band(self) -> tuple[float, float, float, float, float]:
        """The final forecast with its bands, moved in proportion to it, and wider by what is not known of
        decisions: final, lo80, hi80, lo95, hi95."""
        final = self.final
        scale = final / self.mean if self.mean > 0 and final > 0 else 1.0
        low80, high80, low95, high95 = (
            final + self._widened((edge - self.mean) * scale, z)
            for edge, z in ((self.lo80, -Z80), (self.hi80, Z80), (self.lo95, -Z95), (self.hi95, Z95))
        )
        return final, low80, high80, low95, high95

    def _widened(self, half: float, z: float) -> float:
        """Both errors are independent: their squares add."""
        if not self.spread or self.final <= 0:
            return half
        moved = self.final * (exp(z * self.spread) - 1)
        return hypot(half, moved) if z > 0 else -hypot(half, moved)

    @property
    def price(self) -> float:
        """What a unit brings in against the 12 months before."""
        ratio: float = self.price_ratio or 1.0
        return ratio

    @property
    def priced_band(self) -> tuple[float, ...]:
        """The final band × the price: times revenue per unit of the 12 months before it is revenue."""
        return tuple(value * self.price for value in self.final_band)
