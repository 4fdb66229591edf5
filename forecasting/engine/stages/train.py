"""Trains the stage networks on simulated lives: `python -m forecasting.engine.stages.train` writes
`model.npz` anew.

Seeded: the same call gives the same file on the same machine. Minutes on one core. Never trained on a
yardstick.
"""

import argparse
import sys
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from ..codes import STAGES
from ..series import FloatArray
from ..simulate import simulate_life
from .estimate import clean_demand, views
from .features import FEATURES, measure
from .network import BOUND, LEAK, MAX_MONTHS, MODEL, MODEL_VERSION, Model, Single, answers

LIVES, SEED = 90000, 20260101
# Lives for the temperature are drawn from a seed so far away.
_HELD_OUT = 1000
QUANTILES = (0.1, 0.5, 0.9)
HIDDEN, MEMBERS = (128, 64), 3
_SAMPLES_A_LIFE, _FINGERPRINT = 12, 3
_EPOCHS, _BATCH, _RATE, _WARM = 14, 1024, 2e-3, 500
# A portfolio has more beginnings and revivals in it than the months of whole lives: the probabilities are
# meant for a mix half-way (a geometric mean) between the two.
PORTFOLIO = (0.14, 0.23, 0.32, 0.23, 0.08)
# What the start of the stage and the months to the next weigh beside the stage itself.
_SIDE = 0.3
_KEEP, _KEEP_SQUARES = 0.9, 0.999


Stages = np.ndarray[Any, np.dtype[np.int_]]


@dataclass(frozen=True, eq=False)
class Samples:
    """A row a month of a life: its features, true stage, months since that began, months to the next (NaN
    when it never comes)."""

    rows: FloatArray
    stage: Stages
    since: FloatArray
    ahead: FloatArray


def samples(*, lives: int, seed: int) -> Samples:
    """Months of so many lives: the last one, which is the one people look at, and some before it."""
    rng = np.random.default_rng(seed)
    rows, stages, since, ahead = [], [], [], []
    for _ in range(lives):
        life = simulate_life(rng)
        demand = clean_demand(life.units, life.promo, life.stockout)
        ready = np.flatnonzero((np.cumsum(demand > 0) > 1) & (life.stage >= 0))
        if len(ready) == 0:
            continue
        drawn = rng.choice(ready, min(_SAMPLES_A_LIFE, len(ready)), replace=False)
        months = np.unique(np.append(drawn, ready[-1]))
        rows.append(measure(views(demand), demand, launch=life.launch).rows[months].astype(np.float32))
        stages.append(life.stage[months].astype(int))
        since.append(life.since[months])
        changes = np.flatnonzero(life.future[1:] != life.future[:-1]) + 1
        place = np.searchsorted(changes, months, side="right")
        ahead.append(np.append(changes, np.nan)[place] - months)
    return Samples(*(np.concatenate(parts) for parts in (rows, stages, since, ahead)))


def fingerprint(seed: int) -> FloatArray:
    """Features of the first lives, (lives, features): what the file was trained on, in brief."""
    return samples(lives=_FINGERPRINT, seed=seed).rows


def fit(data: Samples, *, mean: FloatArray, sd: FloatArray, seed: int) -> list[Single]:
    """Weights and biases of one network, layer by layer: Adam (Kingma and Ba 2015) with a rate that fades as
    a cosine."""
    rng = np.random.default_rng(seed)
    x = np.clip((data.rows - mean) / sd, -BOUND, BOUND).astype(np.float32)
    targets = _Targets(data)
    network = _first(rng, (x.shape[1], *HIDDEN, 2 * len(STAGES) + len(QUANTILES)))
    moments, squares = [np.zeros_like(p) for p in network], [np.zeros_like(p) for p in network]
    batches = len(x) // _BATCH
    step, last = 0, _EPOCHS * batches
    for _ in range(_EPOCHS):
        order = rng.permutation(len(x))
        for k in range(batches):
            step += 1
            rows = order[k * _BATCH : (k + 1) * _BATCH]
            rate = _RATE * min(1, step / _WARM) * (1 + np.cos(np.pi * step / last)) / 2
            gradients = _gradients(network, x[rows], targets, rows)
            for p, g, m, s in zip(network, gradients, moments, squares, strict=True):
                m += (1 - _KEEP) * (g - m)
                s += (1 - _KEEP_SQUARES) * (g * g - s)
                p -= rate * (m / (1 - _KEEP**step)) / (np.sqrt(s / (1 - _KEEP_SQUARES**step)) + 1e-8)
    return network


class _Targets:
    """What the outputs are drawn to, and the slope of the loss there."""

    def __init__(self, data: Samples) -> None:
        self.stage = data.stage
        found = np.bincount(data.stage, minlength=len(STAGES)) / len(data.stage)
        weight = np.sqrt(np.array(PORTFOLIO) / np.maximum(found, 1e-3))[data.stage]
        self.weight = (weight / weight.mean()).astype(np.float32)[:, None]
        self.truth = np.eye(len(STAGES), dtype=np.float32)[data.stage]
        self.since = np.log1p(data.since).astype(np.float32)
        self.comes = (data.ahead <= MAX_MONTHS)[:, None]
        self.ahead = np.where(self.comes[:, 0], np.log(np.fmax(data.ahead, 1)), 0)[:, None].astype(np.float32)

    def slope(self, out: Single, rows: Stages) -> Single:
        """Of cross-entropy for the stage, absolute error for the start, pinball loss for the months
        ahead."""
        k, each = len(STAGES), np.arange(len(rows))
        slope = np.zeros_like(out)
        shares = np.exp(out[:, :k] - out[:, :k].max(axis=1, keepdims=True))
        slope[:, :k] = shares / shares.sum(axis=1, keepdims=True) - self.truth[rows]
        place = k + self.stage[rows]
        # Rounded at its bottom, so that the end of the training comes to rest.
        slope[each, place] = _SIDE * np.clip(4 * (out[each, place] - self.since[rows]), -1, 1)
        over = out[:, 2 * k :] > self.ahead[rows]
        slope[:, 2 * k :] = _SIDE * (over - np.array(QUANTILES, dtype=np.float32)) * self.comes[rows]
        weighted: Single = slope * self.weight[rows] / np.float32(len(rows))
        return weighted


def _first(rng: np.random.Generator, sizes: tuple[int, ...]) -> list[Single]:
    network: list[Single] = []
    for before, after in pairwise(sizes):
        network.append(rng.normal(0, np.sqrt(2 / before), (before, after)).astype(np.float32))
        network.append(np.zeros(after, dtype=np.float32))
    network[-2] *= 0.1
    return network


def _gradients(network: list[Single], x: Single, targets: _Targets, rows: Stages) -> list[Single]:
    layers = [x]
    depth = len(network) // 2
    for k in range(depth):
        values = layers[-1] @ network[2 * k] + network[2 * k + 1]
        layers.append(np.maximum(values, LEAK * values) if k < depth - 1 else values)
    slope = targets.slope(layers[-1], rows)
    gradients: list[Single] = []
    for k in reversed(range(depth)):
        gradients = [layers[k].T @ slope, slope.sum(axis=0), *gradients]
        if k:
            slope = (slope @ network[2 * k].T) * np.where(layers[k] > 0, 1, LEAK).astype(np.float32)
    return gradients


def train(*, lives: int, seed: int, target: Path) -> None:
    """Draws the lives, fits every member, writes the file."""
    data = samples(lives=lives, seed=seed)
    sys.stderr.write(f"{len(data.stage)} months of {lives} lives: {np.bincount(data.stage).tolist()}\n")
    mean, sd = data.rows.mean(axis=0), data.rows.std(axis=0) + 1e-6
    members = []
    for k in range(MEMBERS):
        members.append(fit(data, mean=mean, sd=sd, seed=seed + k))
        sys.stderr.write(f"network {k + 1} of {MEMBERS}\n")
    layers = tuple(
        (
            np.stack([member[2 * k] for member in members]),
            np.stack([member[2 * k + 1] for member in members])[:, None],
        )
        for k in range(len(HIDDEN) + 1)
    )
    model = Model(MODEL_VERSION, FEATURES, mean, sd, layers, temperature=1.0)
    held_out = samples(lives=max(lives // 20, 50), seed=seed + _HELD_OUT)
    np.savez(
        target,
        allow_pickle=False,
        version=np.array(MODEL_VERSION),
        features=np.array(FEATURES),
        lives=np.array(lives),
        seed=np.array(seed),
        mean=mean,
        sd=sd,
        temperature=np.array(temperature(model, held_out)),
        check=fingerprint(seed),
        **{f"weights{k}": weights for k, (weights, _) in enumerate(layers)},
        **{f"biases{k}": biases for k, (_, biases) in enumerate(layers)},
    )


def temperature(model: Model, held_out: Samples) -> float:
    """By which the scores are divided so that probabilities are right on lives not trained on (Guo et al.
    2017): the one of least log-loss."""
    weight = _Targets(held_out).weight[:, 0]
    each = np.arange(len(held_out.stage))

    def loss(value: float) -> float:
        shares = answers(held_out.rows, replace(model, temperature=value)).probabilities
        return -float((weight * np.log(shares[each, held_out.stage])).sum())

    return min((round(0.6 + 0.02 * k, 2) for k in range(41)), key=loss)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m forecasting.engine.stages.train")
    parser.add_argument("--lives", type=int, default=LIVES)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--target", type=Path, default=MODEL)
    options = parser.parse_args()
    train(lives=options.lives, seed=options.seed, target=options.target)


if __name__ == "__main__":
    main()
