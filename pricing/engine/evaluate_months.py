"""How near elasticities come where only months are kept: simulated weeks, added up.

`python -m pricing.engine.evaluate_months --seeds 820-825` prints the table
of docs/algorithms/elasticity.md."""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from forecasting.engine.parallel import map_all

from .estimate import Estimate, estimates, fit_one
from .simulate import Simulated, by_month, simulate

LENGTHS = (104, 130, 156, 208, 260)
_HEADER = (
    "| products | n | refused | mean error | −2.62 for all | bias | 80 % holds | interval score"
    " | said: answered |\n" + "|---" * 9 + "|"
)


@dataclass(frozen=True)
class Found:
    """One product: what was said, and what is true."""

    regime: str
    months: int
    truth: float
    said: Estimate


def found(products: Sequence[Simulated]) -> list[Found]:
    histories = [by_month(one.history) for one in products]
    said = estimates(map_all(fit_one, histories, label="fit"))
    return [
        Found(one.truth.regime, len(history.week), one.truth.elasticity, estimate)
        for one, history, estimate in zip(products, histories, said, strict=True)
    ]


def rows(scored: Sequence[Found]) -> list[str]:
    groups = [("all", list(scored))]
    groups += [(r, [s for s in scored if s.regime == r]) for r in sorted({s.regime for s in scored})]
    groups += [
        (f"{m} months", [s for s in scored if s.months == m]) for m in sorted({s.months for s in scored})
    ]
    return [_HEADER, *(_row(name, group) for name, group in groups)]


def _row(name: str, group: Sequence[Found]) -> str:
    truth = np.array([s.truth for s in group])
    value, low, high = np.array([(s.said.elasticity, s.said.lo80, s.said.hi80) for s in group]).T
    interval = high - low + 10 * np.maximum(low - truth, 0) + 10 * np.maximum(truth - high, 0)
    borrowed = np.mean([s.said.method in ("category", "portfolio") for s in group])
    return (
        f"| {name} | {len(group)} | {borrowed:.2f}"
        f" | {np.abs(value - truth).mean():.3f} | {np.abs(truth + 2.62).mean():.3f}"
        f" | {(value - truth).mean():+.3f} | {np.mean((low <= truth) & (truth <= high)):.3f}"
        f" | {interval.mean():.2f} | {np.mean([s.said.reason == 'answered' for s in group]):.2f} |"
    )


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m pricing.engine.evaluate_months", description=__doc__)
    parser.add_argument("--products", type=int, default=480)
    parser.add_argument("--seeds", default="820-825", help="first-last; a set of categories each")
    options = parser.parse_args()
    first, last = (int(part) for part in options.seeds.split("-"))
    scored: list[Found] = []
    for seed in range(first, last + 1):
        scored += found(simulate(options.products, seed=seed, lengths=LENGTHS))
    sys.stdout.write("\n".join(rows(scored)) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
