"""Monthly sales of ordinary products with at most one thing wrong, for setting and testing `cleaning`."""

from typing import Literal

import numpy as np

from .series import FloatArray

Dirt = Literal["clean", "spike", "stockout", "step", "zero", "half_month"]
DIRTS: tuple[Dirt, ...] = ("spike", "stockout", "step", "zero", "half_month")

# How far behind the position of what is wrong it may still be seen to begin: a stock-out may be found in
# parts.
LONGEST: dict[Dirt, int] = dict.fromkeys(("clean", *DIRTS), 1) | {"stockout": 2}


def simulate_dirt(rng: np.random.Generator, dirt: Dirt) -> tuple[FloatArray, int]:
    """Values of 36 to 96 months and the position of what is wrong (−1 for a clean series).

    A level that drifts, a season that may be strong, noise of 3 to 15 %. A spike is 1.7 to 3.5 times a month,
    a stock-out takes 40 to 95 % of one to three months, a step changes the level by 30 to 60 % up or 25 to
    45 % down, half a month holds 25 to 60 %.
    """
    n = int(rng.integers(36, 97))
    noise = rng.uniform(0.03, 0.15)
    level = np.cumsum(rng.normal(rng.normal(0, 0.004), rng.uniform(0, 0.015), n))
    season = rng.normal(0, 1, 12)
    season = (season - season.mean()) * rng.choice([0.0, 0.08, 0.2])
    y = rng.uniform(200, 5000) * np.exp(level + season[np.arange(n) % 12] + rng.normal(0, noise, n))
    at = int(rng.integers(8, n - 8))
    if dirt == "clean":
        return np.round(y), -1
    if dirt == "spike":
        y[at] *= rng.uniform(1.7, 3.5)
    elif dirt == "stockout":
        y[at : at + int(rng.integers(1, 4))] *= 1 - rng.uniform(0.4, 0.95)
    elif dirt == "step":
        y[at:] *= rng.choice([rng.uniform(1.3, 1.6), rng.uniform(0.55, 0.75)])
    elif dirt == "zero":
        y[at] = 0
    else:
        at = n - 1
        y[at] *= rng.uniform(0.25, 0.6)
    return np.round(y), at
