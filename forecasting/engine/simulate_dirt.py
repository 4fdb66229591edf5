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


def simulate_dirty_level(rng: np.random.Generator, dirt: Dirt) -> tuple[FloatArray, int]:
    """The same of a level: contracts in force of 24 to 96 months, in whole numbers.

    It grows or shrinks by up to 2 % a month, more or less so by time, with changes of 0.2 to 1.5 % that are
    chance and in some a season of renewals. A spike is 1.2 to 2.5 times one or two months, a gap takes 15 to
    90 % of one to three months, a step changes the level by 15 to 60 % up or 15 to 45 % down, of the last
    month 15 to 75 % is missing.
    """
    n = int(rng.integers(24, 97))
    pace = rng.normal(0, 0.007) + np.cumsum(rng.normal(0, rng.uniform(0, 0.0015), n))
    season = rng.normal(0, 1, 12)
    season = (season - season.mean()) * rng.choice([0.0, 0.005, 0.015])
    change = np.clip(pace, -0.02, 0.02) + rng.normal(0, rng.uniform(0.002, 0.015), n)
    y = rng.uniform(200, 20000) * np.exp(np.cumsum(change) + season[np.arange(n) % 12])
    at = int(rng.integers(6, n - 6))
    if dirt == "clean":
        return np.round(y), -1
    if dirt == "spike":
        y[at : at + int(rng.integers(1, 3))] *= rng.uniform(1.2, 2.5)
    elif dirt == "stockout":
        y[at : at + int(rng.integers(1, 4))] *= 1 - rng.uniform(0.15, 0.9)
    elif dirt == "step":
        y[at:] *= rng.choice([rng.uniform(1.15, 1.6), rng.uniform(0.55, 0.85)])
    elif dirt == "zero":
        y[at] = 0
    else:
        at = n - 1
        y[at] *= 1 - rng.uniform(0.15, 0.75)
    return np.round(y), at
