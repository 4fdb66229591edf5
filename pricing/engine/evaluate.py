"""How near the elasticities of simulated products come, and whether the ranges hold.

`python -m pricing.engine.evaluate --products 480 --seeds 300-305` prints the table of
docs/algorithms/elasticity.md: one row for all, one for each way in which prices came about, one by weeks of
history. `--train` prints the weights of `answering.py`, learnt from simulated products of those seeds."""

import argparse
import sys
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

from forecasting.engine.parallel import map_all

from .answering import FEATURES, answering_features
from .demand import working_response
from .design import design
from .estimate import estimates, fit_one
from .history import MIN_SPREAD, FloatArray, History
from .scenario import scenarios
from .simulate import AHEAD, MULTIPLIERS, Simulated, simulate

_KEEP = MULTIPLIERS.index(1.0)


@dataclass(frozen=True)
class Scored:
    """One product; NaN where there was nothing to compare."""

    regime: str
    weeks: int
    truth: float
    said: float
    inside80: bool
    inside95: bool
    interval: float
    uplift_off: float
    units_inside: float
    profit_inside: float
    captured: float
    kept: float
    answered: bool


def score(products: list[Simulated]) -> list[Scored]:
    """Elasticities of all of them together, scenarios of each, against the truth."""
    fitted = map_all(fit_one, [one.history for one in products], label="fit")
    found = []
    for one, fit, said in zip(products, fitted, estimates(fitted), strict=True):
        truth, weeks = one.truth, len(one.history.week)
        costs = {weeks + i: float(cost) for i, cost in enumerate(one.future_cost)}
        outcomes = scenarios(fit, said.posterior, [(m, AHEAD) for m in MULTIPLIERS], costs)
        chosen = next(i for i, outcome in enumerate(outcomes) if outcome.recommended)
        best = float(truth.profit_mean.max())
        e = truth.elasticity
        gross = np.nan if said.uplift_gross is None else said.uplift_gross
        found.append(
            Scored(
                regime=truth.regime,
                weeks=weeks,
                truth=e,
                said=said.elasticity,
                inside80=said.lo80 <= e <= said.hi80,
                inside95=said.lo95 <= e <= said.hi95,
                interval=said.hi80 - said.lo80 + 10 * max(said.lo80 - e, 0) + 10 * max(e - said.hi80, 0),
                uplift_off=abs(gross - truth.uplift_gross) / (1 + truth.uplift_gross),
                units_inside=_inside([(o.units_lo80, o.units_hi80) for o in outcomes], truth.units),
                profit_inside=_inside([(o.profit_lo80, o.profit_hi80) for o in outcomes], truth.profit),
                captured=truth.profit_mean[chosen] / best if best > 0 else np.nan,
                kept=truth.profit_mean[_KEEP] / best if best > 0 else np.nan,
                answered=said.reason == "answered",
            )
        )
    return found


def _inside(ranges: list[tuple[float | None, float | None]], actual: FloatArray) -> float:
    held = [
        lo is not None and hi is not None and lo <= a <= hi
        for (lo, hi), a in zip(ranges, actual, strict=True)
    ]
    return float(np.mean(held))


def rows(scored: list[Scored]) -> list[str]:
    groups = [("all", scored)]
    groups += [(r, [s for s in scored if s.regime == r]) for r in sorted({s.regime for s in scored})]
    groups += [(f"{w} weeks", [s for s in scored if s.weeks == w]) for w in sorted({s.weeks for s in scored})]
    return [_HEADER, *(_row(name, group) for name, group in groups)]


_HEADER = (
    "| products | n | mean error | −2.62 for all | bias | 80 % holds | 95 % holds | interval score"
    " | uplift off | units in 80 % | profit in 80 % | profit captured | said: answered |\n"
    + "|---" * 13
    + "|"
)


def _row(name: str, group: list[Scored]) -> str:
    truth, said = np.array([s.truth for s in group]), np.array([s.said for s in group])
    uplift = [s.uplift_off for s in group if np.isfinite(s.uplift_off)]
    return (
        f"| {name} | {len(group)} | {np.abs(said - truth).mean():.3f} | {np.abs(truth + 2.62).mean():.3f} | "
        f"{(said - truth).mean():+.3f} | {np.mean([s.inside80 for s in group]):.3f} | "
        f"{np.mean([s.inside95 for s in group]):.3f} | {np.mean([s.interval for s in group]):.2f} | "
        f"{f'{np.median(uplift):.3f}' if uplift else '—'} | {np.mean([s.units_inside for s in group]):.3f} | "
        f"{np.mean([s.profit_inside for s in group]):.3f} | {np.nanmean([s.captured for s in group]):.3f} | "
        f"{np.mean([s.answered for s in group]):.2f} |"
    )


def train(products: list[Simulated]) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Weights, centres and scales of the logistic regression in `answering.py`."""
    told = [one for one in products if one.history.spread >= MIN_SPREAD]
    x = np.array(map_all(_features, [one.history for one in told], label="features"))
    moved = np.abs(x).sum(axis=1) > 0
    x = x[moved]
    y = np.array([one.truth.regime == "answering" for one in told], dtype=np.float64)[moved]
    centres, scales = x.mean(axis=0), x.std(axis=0)
    z = np.column_stack([np.ones(len(x)), np.clip((x - centres) / scales, -4, 4)])

    def loss(weights: FloatArray) -> float:
        return float((np.logaddexp(0, z @ weights) - y * (z @ weights)).sum() + (weights[1:] ** 2).sum())

    return minimize(loss, np.zeros(FEATURES + 1)).x, centres, scales


def _features(history: History) -> FloatArray:
    made = design(history)
    return answering_features(made, history, *working_response(made, history.units[history.seen]))


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m pricing.engine.evaluate", description=__doc__)
    parser.add_argument("--products", type=int, default=480)
    parser.add_argument("--seeds", default="300-305", help="first-last; a set of categories each")
    parser.add_argument("--train", action="store_true")
    options = parser.parse_args()
    first, last = (int(part) for part in options.seeds.split("-"))
    sets = [simulate(options.products, seed=seed) for seed in range(first, last + 1)]
    if options.train:
        for values in train([one for products in sets for one in products]):
            sys.stdout.write(f"{np.round(values, 4).tolist()}\n")
    else:
        scored = [one for products in sets for one in score(products)]
        sys.stdout.write("\n".join(rows(scored)) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
