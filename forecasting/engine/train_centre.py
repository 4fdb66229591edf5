"""Train the networks of `models/trained` on simulated series, and write `models/centre.npz`.

    python -m forecasting.engine.train_centre [--without FAMILY] [--series 1200] [--seed 11] [OUT.npz]

`--without` leaves a family out, to see what the networks are worth on series of a kind they never saw (the
table in docs/algorithms/forecast.md). Numpy alone, one core; the same seed writes the same file on the same
machine.
"""

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .ladder import calm_share
from .models.candidates import LEARNT_HORIZON, PATHS, PRIOR, SEASONS, candidates
from .models.trained import BENDS, BOUND, CENTRE, OUTPUTS, TRAINED_SHARE, bends, key
from .series import FloatArray
from .simulate_business import simulate_business
from .simulate_families import FAMILIES, measured

STRUCTURAL = "structural"
NAMES = (STRUCTURAL, *FAMILIES)
_FREQUENCY = {12: "monthly", 4: "quarterly", 1: "yearly"}
# Season length, short histories or not, periods of history from and to.
SIZES = ((12, False, 36, 126), (12, True, 6, 35), (4, False, 12, 72), (4, True, 6, 11), (1, False, 6, 45))
_LEAST_BEFORE = {12: 48, 4: 16, 1: 14}
MEMBERS, HIDDEN, EPOCHS, BATCH = 3, 32, 14, 256
RATE, DECAY, DROPPED = 2e-3, 1e-2, 0.1
# How much an output off the plain combination costs; the share of the symmetric error in the loss; how many
# times the middle one the pull of a single series may be.
PENALTY, SYMMETRIC, PULL = 0.1, 3.0, 3.0
# An error of so many sizes counts as no larger when sizes are learnt.
FAR = 6.0


@dataclass(frozen=True, eq=False)
class Drawn:
    """Candidates and what came, a row a series."""

    kind: FloatArray
    paths: FloatArray
    seasons: FloatArray
    level: FloatArray
    unit: FloatArray
    plain: FloatArray
    actual: FloatArray
    scale: FloatArray

    def rows(self, which: NDArray[np.int_]) -> "Drawn":
        return Drawn(*(getattr(self, name)[which] for name in self.__dataclass_fields__))


def draw(name: str, season_length: int, low: int, high: int, *, count: int, seed: int) -> Drawn:
    """`count` series of one family, less those without candidates."""
    rng = np.random.default_rng([seed, NAMES.index(name), season_length, low])
    rows = [_one(rng, name, season_length, low, high) for _ in range(count)]
    return Drawn(*(np.array(column) for column in zip(*(r for r in rows if r is not None), strict=True)))


def _one(rng: np.random.Generator, name: str, m: int, low: int, high: int) -> tuple[FloatArray, ...] | None:
    ahead = LEARNT_HORIZON[m]
    n = int(rng.integers(low, high + 1))
    if name == STRUCTURAL:
        values = simulate_business(rng, _FREQUENCY[m], ahead=ahead)
    else:
        values = measured(rng, FAMILIES[name](rng, max(n, _LEAST_BEFORE[m]) + ahead, m))
    past, actual = values[:-ahead], values[-ahead:]
    scale = float(np.abs(past[m:] - past[:-m]).mean())
    past = past[-n:]
    calm = calm_share(len(past), m)
    found = candidates(past, season_length=m, horizon=ahead, calm=calm)
    if found is None or scale == 0:
        return None
    plain = np.log(np.maximum(found.plain, 1e-9))
    level, unit = np.array(found.level), np.array(found.unit)
    return found.kind, found.paths, found.seasons, level, unit, plain, actual, np.array(scale)


def join(parts: list[Drawn]) -> Drawn:
    return Drawn(*(np.concatenate([getattr(p, n) for p in parts]) for n in Drawn.__dataclass_fields__))


Pull = Callable[[FloatArray, Drawn], FloatArray]


class Network:
    """Three layers in training, by Adam (Kingma and Ba 2015) on batches."""

    def __init__(self, drawn: Drawn, outputs: int, *, seed: int) -> None:
        self.drawn = drawn
        self.mean, self.sd = drawn.kind.mean(0), drawn.kind.std(0) + 1e-6
        self.rng = np.random.default_rng([seed, 1])
        inputs = drawn.kind.shape[1]
        sizes = ((inputs, HIDDEN, (2 / inputs) ** 0.5), (HIDDEN, HIDDEN, (2 / HIDDEN) ** 0.5))
        weights = [self.rng.normal(0, s, (a, b)) for a, b, s in (*sizes, (HIDDEN, outputs, 0.01))]
        self.values: list[FloatArray] = [v for w in weights for v in (w, np.zeros(w.shape[1]))]

    def train(self, pull: Pull) -> "Network":
        """`pull` is the slope of the mean loss to the outputs, row by row."""
        first, second = ([np.zeros_like(v) for v in self.values] for _ in range(2))
        count = len(self.drawn.kind)
        steps = EPOCHS * (count // BATCH)
        step = 0
        for _ in range(EPOCHS):
            order = self.rng.permutation(count)
            for start in range(0, count - BATCH + 1, BATCH):
                step += 1
                rate = RATE * 0.5 * (1 + np.cos(np.pi * step / steps))
                gradients = self._gradients(self.drawn.rows(order[start : start + BATCH]), pull)
                for value, gradient, a, b in zip(self.values, gradients, first, second, strict=True):
                    a += 0.1 * (gradient - a)
                    b += 0.001 * (np.square(gradient) - b)
                    move = a / (1 - 0.9**step) / (np.sqrt(b / (1 - 0.999**step)) + 1e-9)
                    value -= rate * (move + (DECAY * value if value.ndim == 2 else 0))
        return self

    def _gradients(self, batch: Drawn, pull: Pull) -> list[FloatArray]:
        w1, b1, w2, b2, w3, b3 = self.values
        x = np.clip((batch.kind - self.mean) / self.sd, -BOUND, BOUND)
        kept1, kept2 = ((self.rng.random((len(x), HIDDEN)) > DROPPED) / (1 - DROPPED) for _ in range(2))
        sum1 = x @ w1 + b1
        hidden1 = np.maximum(sum1, 0) * kept1
        sum2 = hidden1 @ w2 + b2
        hidden2 = np.maximum(sum2, 0) * kept2
        back3 = pull(hidden2 @ w3 + b3, batch)
        back2 = back3 @ w3.T * kept2 * (sum2 > 0)
        back1 = back2 @ w2.T * kept1 * (sum1 > 0)
        pairs = ((x, back1), (hidden1, back2), (hidden2, back3))
        return [g for before, back in pairs for g in (before.T @ back, back.sum(0))]

    def outputs(self, drawn: Drawn) -> FloatArray:
        x: FloatArray = np.clip((drawn.kind - self.mean) / self.sd, -BOUND, BOUND)
        for layer in range(3):
            x = (np.maximum(x, 0) if layer else x) @ self.values[2 * layer] + self.values[2 * layer + 1]
        return x


def centre_path(outputs: FloatArray, batch: Drawn, shapes: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Weights of the paths, and the forecast above the level on the logarithm."""
    scores = outputs[:, :PATHS] + np.log(PRIOR)
    weights = np.exp(scores - scores.max(1, keepdims=True))
    weights /= weights.sum(1, keepdims=True)
    believed = outputs[:, PATHS : PATHS + SEASONS].copy()
    believed[:, 0] += 1
    path = np.einsum("nk,nkh->nh", weights, batch.paths)
    path += np.einsum("nj,njh->nh", believed, batch.seasons)
    path += batch.unit[:, None] * (outputs[:, PATHS + SEASONS :] @ shapes)
    return weights, path


def centre_pull(outputs: FloatArray, batch: Drawn, shapes: FloatArray) -> FloatArray:
    weights, path = centre_path(outputs, batch, shapes)
    slope = _slope(path, batch)
    to_weights = np.einsum("nh,nkh->nk", slope, batch.paths)
    to_scores = weights * (to_weights - (weights * to_weights).sum(1, keepdims=True))
    to_seasons = np.einsum("nh,njh->nj", slope, batch.seasons)
    to_bends = (batch.unit[:, None] * slope) @ shapes.T
    pull: FloatArray = np.hstack([to_scores, to_seasons, to_bends]) + PENALTY * outputs / len(path)
    return pull


def _slope(path: FloatArray, batch: Drawn) -> FloatArray:
    """Of the mean loss (scaled error and symmetric error) to the path; no series pulls too much."""
    answer = np.exp(np.clip(path + batch.level[:, None], -20, 25))
    actual = np.maximum(batch.actual, 1e-9)
    side = np.sign(answer - actual)
    slope = side * answer / batch.scale[:, None]
    slope += SYMMETRIC * side * 4 * actual * answer / np.square(answer + actual)
    slope /= path.shape[1]
    size = np.abs(slope).sum(1) * batch.unit
    slope *= np.minimum(1, PULL * np.median(size) / np.maximum(size, 1e-9))[:, None]
    mean: FloatArray = slope / len(path)
    return mean


def spread_pull(outputs: FloatArray, batch: Drawn, shapes: FloatArray) -> FloatArray:
    """Of the likelihood of the errors (Laplace), whose size is a usual change times exp(outputs · shapes);
    `plain` is the forecast."""
    error = np.abs(np.log(np.maximum(batch.actual, 1e-3)) - batch.plain) / batch.unit[:, None]
    sizes = np.minimum(error * np.exp(-outputs @ shapes), FAR)
    pull: FloatArray = ((1 - sizes) / sizes.size) @ shapes.T
    return pull


def networks_of(drawn: Drawn, season_length: int, *, seed: int) -> tuple[list[Network], list[Network]]:
    """Of the centre, and then of the size of its errors."""
    shapes = bends(season_length, LEARNT_HORIZON[season_length])
    centre = [
        Network(drawn, OUTPUTS, seed=seed + k).train(partial(centre_pull, shapes=shapes))
        for k in range(MEMBERS)
    ]
    paths = [centre_path(network.outputs(drawn), drawn, shapes)[1] for network in centre]
    trained = np.mean(paths, axis=0) + drawn.level[:, None]
    answered = replace(drawn, plain=(1 - TRAINED_SHARE) * drawn.plain + TRAINED_SHARE * trained)
    spread = [
        Network(answered, BENDS, seed=seed + 100 + k).train(partial(spread_pull, shapes=shapes))
        for k in range(MEMBERS)
    ]
    return centre, spread


def arrays_of(name: str, centre: list[Network], spread: list[Network]) -> dict[str, Any]:
    """As `models.trained` reads them; half precision is enough."""
    arrays: dict[str, Any] = {
        f"{name}/mean": centre[0].mean.astype(np.float32),
        f"{name}/sd": centre[0].sd.astype(np.float32),
    }
    for part, members in (("centre", centre), ("spread", spread)):
        for place in range(6):
            stacked = np.array([member.values[place] for member in members])
            arrays[f"{name}/{part}{place}"] = stacked.astype(np.float16)
    return arrays


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m forecasting.engine.train_centre")
    parser.add_argument("output", type=Path, nargs="?", default=CENTRE)
    parser.add_argument("--without", choices=NAMES, action="append", default=[])
    parser.add_argument("--series", type=int, default=1200, help="a family and size")
    parser.add_argument("--seed", type=int, default=11)
    options = parser.parse_args()
    begin = time.monotonic()
    arrays: dict[str, Any] = {}
    for m, short, low, high in SIZES:
        names = [name for name in NAMES if name not in options.without]
        if options.without:  # what is mixed is mixed of all
            names = [name for name in names if name != "mixed"]
        drawn = join([draw(n, m, low, high, count=options.series, seed=options.seed) for n in names])
        name = key(m, short=short)
        arrays |= arrays_of(name, *networks_of(drawn, m, seed=options.seed))
        sys.stderr.write(f"{name}: {len(drawn.kind)} series, {time.monotonic() - begin:.0f} s\n")
    np.savez_compressed(options.output, **arrays)
    return 0


if __name__ == "__main__":
    sys.exit(main())
