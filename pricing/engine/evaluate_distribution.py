"""How near elasticities come where distribution moves, and moves together with the price; told of it or not.

`python -m pricing.engine.evaluate_distribution --seeds 860-863` prints the table of
docs/algorithms/elasticity.md."""

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from forecasting.engine.parallel import map_all

from .estimate import estimates, fit_one
from .evaluate_months import LENGTHS as MONTHLY_LENGTHS
from .history import FloatArray, History
from .simulate import WEEKS, Simulated, by_month, simulate

# So many weeks until shops have followed a price.
_SHELF = 8
_HEADER = "| distribution | n | mean error | bias | 80 % holds | interval score |\n" + "|---" * 6 + "|"


@dataclass(frozen=True)
class Spread:
    """A simulated product whose distribution moves: told of it, not told, and as if it had stood still."""

    told: History
    untold: History
    still: History
    elasticity: float


def spread(products: Sequence[Simulated], *, seed: int) -> list[Spread]:
    """Shops come and go by steps and by a rising or falling line; in two of three more shops follow a lower
    price within eight weeks (a discounter takes it in), in one of six a higher one. Units are thinned to the
    shops that have it, so that they scatter as they did; volume answers distribution by about its first
    power. What is told is the month's mean, four per cent beside the truth, and not yet of the last six
    weeks."""
    rng = np.random.default_rng(seed)
    return [_spread(rng, one) for one in products]


def _spread(rng: np.random.Generator, one: Simulated) -> Spread:
    history = one.history
    weeks = len(history.week)
    moves = np.cumsum((rng.random(weeks) < 1 / 20) * rng.normal(0, rng.uniform(0.05, 0.25), weeks))
    along = rng.choice([-1, -1, -1, -1, 1, 0]) * rng.uniform(1, 4)
    regular = np.log(history.regular / history.regular.mean())
    path = moves + rng.normal(0, 0.25) * np.arange(weeks) / 52 + along * _late(regular)
    path = np.clip(path - path.max(), -2.5, 0.0)
    answer = max(rng.normal(1.0, 0.2), 0.3)
    sold = history.units >= 0
    units = np.where(
        sold, rng.binomial(np.where(sold, history.units, 0).astype(np.int64), np.exp(answer * path)), np.nan
    ).astype(np.float64)
    told = 0.8 * np.exp(_by_the_month(path) + rng.normal(0, 0.04, weeks // 4 + 1)[np.arange(weeks) // 4])
    told[-6:] = np.nan
    untold = replace(history, units=units)
    return Spread(replace(untold, distribution=told), untold, history, one.truth.elasticity)


def _late(regular: FloatArray) -> FloatArray:
    """The mean of the last eight weeks."""
    before = np.concatenate([np.repeat(regular[:1], _SHELF - 1), regular])
    return np.convolve(before, np.full(_SHELF, 1 / _SHELF), "valid")


def _by_the_month(path: FloatArray) -> FloatArray:
    """Four weeks as one."""
    month = np.arange(len(path)) // 4
    return np.asarray((np.bincount(month, path) / np.bincount(month))[month])


def rows(products: Sequence[Spread], *, monthly: bool) -> Iterator[str]:
    truth = np.array([one.elasticity for one in products])
    for name, way in (("stands still", "still"), ("moves, not told", "untold"), ("moves, told", "told")):
        histories: list[History] = [getattr(one, way) for one in products]
        if monthly:
            histories = [by_month(history) for history in histories]
        found = estimates(map_all(fit_one, histories, label=way))
        said, low, high = np.array([(one.elasticity, one.lo80, one.hi80) for one in found]).T
        interval = high - low + 10 * np.maximum(low - truth, 0) + 10 * np.maximum(truth - high, 0)
        yield (
            f"| {name} | {len(truth)} | {np.abs(said - truth).mean():.3f} | {(said - truth).mean():+.3f}"
            f" | {np.mean((low <= truth) & (truth <= high)):.3f} | {interval.mean():.2f} |"
        )


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m pricing.engine.evaluate_distribution", description=__doc__
    )
    parser.add_argument("--products", type=int, default=480)
    parser.add_argument("--seeds", default="860-863", help="first-last; a set of categories each")
    parser.add_argument("--months", action="store_true", help="where only months are kept")
    options = parser.parse_args()
    first, last = (int(part) for part in options.seeds.split("-"))
    lengths = MONTHLY_LENGTHS if options.months else WEEKS
    products: list[Spread] = []
    for seed in range(first, last + 1):
        products += spread(simulate(options.products, seed=seed, lengths=lengths), seed=seed)
    sys.stdout.write("\n".join([_HEADER, *rows(products, monthly=options.months)]) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
