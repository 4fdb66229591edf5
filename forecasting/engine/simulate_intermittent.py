"""Monthly sales of products that sell only now and then, for judging how those are forecast."""

import numpy as np

from .series import FloatArray


def simulate_intermittent(rng: np.random.Generator, periods: int) -> FloatArray:
    """Values of so many months, the first one a sale; whole units.

    A sale every 1.5 to 6 months on average, with a chance that stays (half of them), drifts, swings with the
    year, or at some month falls to a tenth as the product dies out (each a sixth). Sizes lie 20 to 120 %
    (standard deviation of the logarithm) apart around 2 to 200.
    """
    interval = float(np.exp(rng.uniform(np.log(1.5), np.log(6))))
    odds = np.full(periods, np.log(1 / (interval - 1)))
    shape = rng.choice(["steady", "drifting", "seasonal", "dying"], p=[1 / 2, 1 / 6, 1 / 6, 1 / 6])
    if shape == "drifting":
        odds += np.cumsum(rng.normal(0, 0.12, periods))
    elif shape == "seasonal":
        odds += rng.uniform(0.5, 1.5) * np.sin(2 * np.pi * (np.arange(periods) / 12 + rng.random()))
    chance = 1 / (1 + np.exp(-odds))
    if shape == "dying":
        chance[int(rng.integers(periods // 2, periods)) :] /= 10
    sold = rng.random(periods) < chance
    sold[0] = True
    size = float(np.exp(rng.uniform(np.log(2), np.log(200))))
    sizes = np.maximum(np.round(size * np.exp(rng.normal(0, rng.uniform(0.2, 1.2), periods))), 1)
    found: FloatArray = np.where(sold, sizes, 0.0)
    return found
