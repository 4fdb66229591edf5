"""How often the band of a month ahead holds what comes, where a decision moves it; on simulated products,
with and without what the decision leaves open: `python -m pricing.engine.evaluate_ahead` prints the tables of
docs/algorithms/elasticity.md and promotions.md.

The band around the forecast itself is taken to be right, so what is missing is the decision's."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from math import exp, hypot, log, sqrt

import numpy as np

from forecasting.totals import decided_band, total_band

from .estimate import elasticities
from .history import FloatArray
from .pooling import Seen, pooled
from .simulate import simulate

Z80 = 1.2816
CHANGES = (0.02, 0.05, 0.1, 0.2)
SPANS = (1, 3, 6, 12)
CORRELATION = 0.5
SEEDS = range(800, 804)


def holds(true: float, factor: float, band: float, z: float, spread: float) -> bool:
    """Whether the band holds a month that was forecast at 1 and missed by z of its own deviations."""
    half = factor * band * Z80
    came = true * (1 + band * z)
    low, high = (hypot(half, factor * (exp(side * Z80 * spread) - 1)) for side in (-1, 1))
    return factor - low <= came <= factor + high


def prices() -> str:
    """A price that changes by a share, with the elasticity that each product's own weeks and all say."""
    rng = np.random.default_rng(20261129)
    rows: dict[float, list[tuple[bool, bool, float]]] = {change: [] for change in CHANGES}
    for seed in SEEDS:
        products = simulate(120, seed=seed)
        for product, found in zip(products, elasticities([p.history for p in products]), strict=True):
            band = rng.uniform(0.05, 0.2)
            for change in CHANGES:
                ratio, z = 1 + change * rng.choice([-1, 1]), rng.normal()
                true, factor = ratio**product.truth.elasticity, ratio**found.elasticity
                spread = found.posterior.sd * abs(log(ratio))
                before, after = (holds(true, factor, band, z, wide) for wide in (0.0, spread))
                rows[change].append((before, after, hypot(1, (exp(Z80 * spread) - 1) / (band * Z80))))
    return _table((f"price ±{change:.0%}", own) for change, own in rows.items())


def price_spans() -> str:
    """A price that holds for some months: the sum of them, of which a month's own error has a part that all
    share (`CORRELATION`, which the band knows). *Before*: what the elasticity leaves open is taken to be as
    correlated over months as that; *after*: to be the same in all of them (forecasting/totals.py)."""
    rng = np.random.default_rng(20261201)
    rows: dict[tuple[float, int], list[tuple[bool, bool, float]]] = {
        (change, months): [] for change in CHANGES for months in SPANS
    }
    for seed in SEEDS:
        products = simulate(120, seed=seed)
        for product, found in zip(products, elasticities([p.history for p in products]), strict=True):
            band, months = rng.uniform(0.05, 0.2), max(SPANS)
            z = sqrt(CORRELATION) * rng.normal() + sqrt(1 - CORRELATION) * rng.normal(size=months)
            for change in CHANGES:
                ratio = 1 + change * rng.choice([-1, 1])
                true, factor = ratio**product.truth.elasticity, ratio**found.elasticity
                own, spread = factor * band * Z80, found.posterior.sd * abs(log(ratio))
                moved = [abs(factor * (exp(side * Z80 * spread) - 1)) for side in (-1, 1)]
                for span in SPANS:
                    came = float((true * (1 + band * z[:span])).sum())
                    means = [factor] * span
                    wide = [hypot(own, one) for one in moved]
                    before = total_band(
                        means, [factor - wide[0]] * span, [factor + wide[1]] * span, correlation=CORRELATION
                    )
                    after = decided_band(
                        sum(means),
                        [(own, own)] * span,
                        [(moved[0], moved[1])] * span,
                        correlation=CORRELATION,
                    )
                    held = [low <= came <= high for low, high in (before, after)]
                    wider = (after[1] - after[0]) / (before[1] - before[0])
                    rows[change, span].append((held[0], held[1], wider))
    return _table((f"price ±{change:.0%}, {span} months", own) for (change, span), own in rows.items())


def promotions() -> str:
    """Three lines of four products with up to four promotions each of a mechanic, at depths that differ; the
    next one of the first product lasts a month. Told three ways: by the mean of its own where there are two,
    else of all (*plain*), pooled, and pooled with the depth carried by the price sensitivity."""
    rng = np.random.default_rng(20261130)
    names = ("plain", "pooled", "pooled, with depth")
    held: dict[str, list[tuple[bool, bool, float]]] = {name: [] for name in names}
    errors: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(1500):
        answer, sd = -max(rng.normal(2.6, 0.9), 0.4), 0.6
        guess = answer + rng.normal(0, sd)
        seen, depths = [], []
        start = rng.normal(0.2, 0.15)
        usual = rng.choice([0.15, 0.25, 0.35])
        for line in range(3):
            of_line = start + rng.normal(0, 0.15)
            for product in range(4):
                own = (line, product) == (0, 0)
                of_product = of_line + rng.normal(0, 0.15)
                e = answer if own else -max(rng.normal(2.6, 0.9), 0.4)
                for _time in range(int(rng.integers(0, 4))):
                    depth = _depth(rng, usual)
                    value = of_product - e * depth + rng.normal(0, 0.2)
                    seen.append(Seen(4 * line + product, line, value + rng.normal(0, 0.15), 0.15))
                    depths.append(depth)
                if own:
                    ahead = _depth(rng, usual)
                    truth = of_product - answer * ahead + rng.normal(0, 0.2)
        if len(seen) < 3:
            continue
        carried = [
            Seen(r.product, r.line, r.value - guess * (ahead - d), hypot(r.sd, sd * (ahead - d)))
            for r, d in zip(seen, depths, strict=True)
        ]
        band, z = rng.uniform(0.05, 0.2), rng.normal()
        for name, (mean, spread) in zip(names, (_plain(seen), _pooled(seen), _pooled(carried)), strict=True):
            errors[name].append(abs(exp(mean - truth) - 1))
            before, after = (holds(exp(truth), exp(mean), band, z, wide) for wide in (0.0, spread))
            held[name].append((before, after, hypot(1, (exp(Z80 * spread) - 1) / (band * Z80))))
    return _table((f"{name}, off by {np.median(errors[name]):.3f}", own) for name, own in held.items())


def _depth(rng: np.random.Generator, usual: float) -> float:
    return -log(1 - float(np.clip(usual + rng.normal(0, 0.06), 0.05, 0.6)))


def _plain(seen: Sequence[Seen]) -> tuple[float, float]:
    own = [row for row in seen if row.product == 0]
    used = own if len(own) >= 2 else seen
    values: FloatArray = np.array([row.value for row in used])
    return float(values.mean()), hypot(used[0].sd, float(values.std()))


def _pooled(seen: Sequence[Seen]) -> tuple[float, float]:
    found = pooled(seen, 0, 0, 0.3)
    assert found
    return found.mean, found.sd


def _table(groups: Iterable[tuple[str, Sequence[tuple[bool, bool, float]]]]) -> str:
    lines = ["| | n | 80 % holds before | after | wider by, median |", "| --- | --- | --- | --- | --- |"]
    for name, rows in groups:
        before, after, wider = (np.array(column) for column in zip(*rows, strict=True))
        lines.append(
            f"| {name} | {len(rows)} | {before.mean():.2f} | {after.mean():.2f} | {np.median(wider):.2f} × |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    sys.stdout.write(f"{prices()}\n\n{price_spans()}\n\n{promotions()}\n")
