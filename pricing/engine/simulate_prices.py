"""How the regular prices of simulated products come about; each way takes what it answers from the market."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .history import FloatArray


@dataclass(frozen=True)
class Market:
    """Logs, by week, over the history and the weeks ahead (`weeks` of history): cost, the competitor's price,
    the season and the wandering of demand."""

    weeks: int
    cost: FloatArray
    rival: FloatArray
    season: FloatArray
    shock: FloatArray

    @property
    def t(self) -> FloatArray:
        return np.arange(len(self.cost), dtype=np.float64)

    def __len__(self) -> int:
        return len(self.cost)


def regular_price(rng: np.random.Generator, regime: str, market: Market, base: float) -> FloatArray:
    """Rounded as shops do; in the weeks ahead as in the last week."""
    log_price = _WAYS[regime](rng, market)
    log_price[market.weeks :] = log_price[market.weeks - 1]
    return _rounded(base * np.exp(log_price - log_price[0]), rng)


def _cost_driven(rng: np.random.Generator, market: Market) -> FloatArray:
    return _held(rng.uniform(0.5, 1.1) * market.cost, int(rng.choice([1, 2, 4, 8, 13])))


def _random_tests(rng: np.random.Generator, market: Market) -> FloatArray:
    sizes = rng.choice(np.linspace(-1, 1, 7), len(market)) * rng.uniform(0.04, 0.16)
    return _held(sizes, int(rng.choice([1, 2, 4, 6])))


def _trend(rng: np.random.Generator, market: Market) -> FloatArray:
    walk = np.cumsum(rng.normal(0, rng.uniform(0.002, 0.012), len(market)))
    return _held(rng.normal(0.04, 0.06) * market.t / 52 + walk, int(rng.choice([1, 4, 13])))


def _answering(rng: np.random.Generator, market: Market) -> FloatArray:
    """Dearer when demand is high: at once or some weeks late, by the week or by the mean of four; with
    cost in it or without."""
    demand = market.shock + rng.choice([0.0, 1.0]) * market.season
    if rng.random() < 0.35:
        demand = np.convolve(np.concatenate([np.repeat(demand[:1], 3), demand]), np.full(4, 0.25), "valid")
    demand = _late(demand, int(rng.choice([0, 0, 0, 1, 2])))
    every = int(rng.choice([1, 1, 2, 4]))
    noise = rng.normal(0, rng.uniform(0.01, 0.04), len(market))
    own = _held(rng.uniform(0.1, 0.6) * demand + noise, every)
    return np.asarray(own + rng.choice([0, 0.8]) * market.cost)


def _rarely_moved(rng: np.random.Generator, market: Market) -> FloatArray:
    moves = np.zeros(len(market))
    for week in rng.integers(4, market.weeks - 3, size=int(rng.integers(1, 4))):
        moves[week] += rng.choice([-1, 1, 1]) * rng.uniform(0.03, 0.12)
    return np.asarray(np.cumsum(moves))


def _competitor_following(rng: np.random.Generator, market: Market) -> FloatArray:
    own = _held(rng.normal(0, 0.02, len(market)), 4)
    return np.asarray(rng.uniform(0.4, 1.0) * _late(market.rival, 2) + own)


def _seasonal(rng: np.random.Generator, market: Market) -> FloatArray:
    phase, size = rng.uniform(0, 2 * np.pi), np.abs(rng.normal(0, 0.08))
    own = size * np.sin(2 * np.pi * market.t / 52 + phase) + rng.normal(0, 0.015, len(market))
    return _held(rng.uniform(-0.4, 0.5) * market.season + own, int(rng.choice([1, 2, 4])))


def _still(rng: np.random.Generator, market: Market) -> FloatArray:
    return np.zeros(len(market))


_WAYS: dict[str, Callable[[np.random.Generator, Market], FloatArray]] = {
    "cost_driven": _cost_driven,
    "random_tests": _random_tests,
    "trend": _trend,
    "answering": _answering,
    "promotion_only": _still,
    "rarely_moved": _rarely_moved,
    "competitor_following": _competitor_following,
    "seasonal": _seasonal,
    "never_moved": _still,
}


def _held(values: FloatArray, every: int) -> FloatArray:
    """A price that follows but is only changed every so many weeks."""
    return np.asarray(values[(np.arange(len(values)) // every) * every])


def _late(values: FloatArray, weeks: int) -> FloatArray:
    return np.concatenate([np.repeat(values[:1], weeks), values[: len(values) - weeks]])


def _rounded(price: FloatArray, rng: np.random.Generator) -> FloatArray:
    """To the cent, or as shops like it: ending in 9."""
    if rng.random() < 0.7 or price.min() < 3:
        return np.maximum(np.round(price, 2), 0.05)
    return np.asarray(np.round(price * 10) / 10 - 0.01)
