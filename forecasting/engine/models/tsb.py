"""Intermittent demand: Teunter, Syntetos and Babai (2011), "Intermittent demand: linking forecasting to
inventory obsolescence", European Journal of Operational Research 214.

The chance of a sale and its size are smoothed apart; the chance moves in every period, so a product that dies
out goes to zero instead of keeping its last forecast.
"""

from dataclasses import dataclass

import numpy as np

from ..series import FloatArray

CHANCE_WEIGHT = 0.1
SIZE_WEIGHT = 0.1


@dataclass(frozen=True, eq=False)
class Intermittent:
    """Chance of a sale in a period, mean size of one, and the sizes seen, smallest first."""

    chance: float
    size: float
    sizes: FloatArray

    def quantile(self, tau: float) -> float:
        """Quantile of one period's demand: zero with 1 − chance, otherwise a size seen, at the smoothed mean
        size."""
        if tau <= 1 - self.chance:
            return 0.0
        inside = (tau - (1 - self.chance)) / self.chance
        mean = float(self.sizes.mean())
        stretch = self.size / mean if mean > 0 < self.size else 1.0
        return float(np.quantile(self.sizes, inside)) * stretch


def mean_interval(y: FloatArray) -> float:
    """Mean number of periods between sales, n / number of periods with a sale; infinite without any."""
    sales = int((y != 0).sum())
    return len(y) / sales if sales else float("inf")


def tsb(y: FloatArray) -> Intermittent:
    """Chance and size at the end of `y`; needs one sale. Starts from the means, so short histories are
    calm."""
    sold = y != 0
    chance, size = float(sold.mean()), float(y[sold].mean())
    for value, sale in zip(y, sold, strict=True):
        chance += CHANCE_WEIGHT * (float(sale) - chance)
        if sale:
            size += SIZE_WEIGHT * (float(value) - size)
    return Intermittent(chance, size, np.sort(y[sold]))
