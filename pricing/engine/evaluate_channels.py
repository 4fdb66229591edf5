"""How near the elasticities of channels come: simulated channels that lie about their product.

`python -m pricing.engine.evaluate_channels --seeds 840-843` prints the table
of docs/algorithms/elasticity.md."""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from forecasting.engine.parallel import map_all

from .channels import shrink_within
from .estimate import Fitted, fit_one
from .history import FloatArray
from .shrinkage import Posterior, shrink
from .simulate import Simulated, simulate_channels

_HEADER = "| value of a channel | n | mean error | bias | 80 % holds | interval score |\n" + "|---" * 6 + "|"


@dataclass(frozen=True)
class Compared:
    """The same channels, by each way to a value: what is true, median and 80 % range."""

    truth: FloatArray
    ways: dict[str, FloatArray]

    def error(self, way: str) -> float:
        return float(np.abs(self.ways[way][0] - self.truth).mean())

    def holds(self, way: str) -> float:
        _value, low, high = self.ways[way]
        return float(np.mean((low <= self.truth) & (self.truth <= high)))


def compared(products: Sequence[Sequence[Simulated]]) -> Compared:
    """*whole*: the product's value for all its channels, all sales of it fitted each by itself and taken to
    answer alike. *alone*: the channel in its category, as if it were a product. *channel*: in between."""
    fitted = map_all(fit_one, [part.history for parts in products for part in parts], label="fit")
    at, rests, channels, of = 0, [], [], []
    for place, parts in enumerate(products):
        rests.append(fitted[at])
        channels += fitted[at + 1 : at + len(parts)]
        of += [place] * (len(parts) - 1)
        at += len(parts)
    categories = [one.history.category for one in rests]
    own, said = _curves(rests), _curves(channels)
    whole = own.copy()
    np.add.at(whole, of, said)
    products_alike = shrink(whole, categories)
    found = {
        "whole": [products_alike[place] for place in of],
        "alone": shrink(np.concatenate([own, said]), [*categories, *(categories[place] for place in of)])[
            len(own) :
        ],
        "channel": shrink_within(own, categories, said, of)[1],
    }
    truth = np.array([part.truth.elasticity for parts in products for part in parts[1:]])
    return Compared(truth, {way: _told(posteriors) for way, posteriors in found.items()})


def _curves(fitted: Sequence[Fitted]) -> FloatArray:
    return np.stack([one.log_likelihood for one in fitted])


def _told(posteriors: Sequence[Posterior]) -> FloatArray:
    return np.array([[one.median, one.quantile(0.1), one.quantile(0.9)] for one in posteriors]).T


def rows(found: Compared) -> list[str]:
    out = [_HEADER]
    for way, (value, low, high) in found.ways.items():
        off, truth = value - found.truth, found.truth
        interval = high - low + 10 * np.maximum(low - truth, 0) + 10 * np.maximum(truth - high, 0)
        out.append(
            f"| {way} | {len(truth)} | {found.error(way):.3f} | {off.mean():+.3f}"
            f" | {found.holds(way):.3f} | {interval.mean():.2f} |"
        )
    return out


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m pricing.engine.evaluate_channels", description=__doc__)
    parser.add_argument("--products", type=int, default=120)
    parser.add_argument("--seeds", default="840-843", help="first-last; a set of categories each")
    parser.add_argument("--apart", type=float, default=0.45, help="how far channels of a product lie apart")
    options = parser.parse_args()
    first, last = (int(part) for part in options.seeds.split("-"))
    sets = [
        compared(simulate_channels(options.products, seed=seed, apart=options.apart))
        for seed in range(first, last + 1)
    ]
    together = Compared(
        np.concatenate([one.truth for one in sets]),
        {way: np.concatenate([one.ways[way] for one in sets], axis=1) for way in sets[0].ways},
    )
    sys.stdout.write("\n".join(rows(together)) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
