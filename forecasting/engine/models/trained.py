"""What to believe of each candidate, learnt from simulated series: small neural networks that say for one
history which paths and seasons to trust, and how much the whole should bend.

The answer is a weighted mean of the candidate paths (weights by softmax, after Montero-Manso, Athanasopoulos,
Hyndman and Talagala 2020, "FFORMA: Feature-based forecast model averaging", International Journal of
Forecasting 36), a sum of the candidate seasons, and a smooth bend in units of a usual change. Learnt
deviations from the plain combination were penalised, and three fifths of the forecast are
learnt, two fifths the plain combination. The numbers live in `centre.npz`, written by `train_centre`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..series import FloatArray
from .candidates import LEARNT_HORIZON, PATHS, PRIOR, SEASONS, Candidates, candidates

CENTRE = Path(__file__).with_name("centre.npz")
BENDS = 4
OUTPUTS = PATHS + SEASONS + BENDS
# A figure further than this many deviations from the simulated ones is no further away than that.
BOUND = 4.0
# Beyond this multiple of the plain answer, or this share of it, the trained one is not believed.
_LARGEST = np.log(3.0)
TRAINED_SHARE = 0.6
# The logarithm of the largest and smallest mean error, in usual changes.
_FARTHEST = 4.0


Layers = tuple[tuple[FloatArray, FloatArray], ...]


@dataclass(frozen=True, eq=False)
class Networks:
    """For one size of history: figures are brought to `mean` 0 and `sd` 1; layers of weights (members,
    in, out) and biases (members, out)."""

    mean: FloatArray
    sd: FloatArray
    centre: Layers
    spread: Layers

    def outputs(self, kind: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Of centre and spread, one row a member: shapes (members, OUTPUTS) and (members, BENDS)."""
        x = np.clip((kind - self.mean) / self.sd, -BOUND, BOUND)
        return _through(self.centre, x), _through(self.spread, x)


def _through(layers: Layers, x: FloatArray) -> FloatArray:
    rows = np.broadcast_to(x, (len(layers[0][0]), len(x)))
    for number, (weights, biases) in enumerate(layers):
        rows = np.einsum("mi,mio->mo", np.maximum(rows, 0) if number else rows, weights) + biases
    return rows


@dataclass(frozen=True, eq=False)
class Trained:
    """`mean` of the plain combination and the trained one, and the mean size of the errors to expect, both of
    shape (horizon,)."""

    mean: FloatArray
    spread: FloatArray


def key(season_length: int, *, short: bool) -> str:
    return f"{season_length}{'short' if short else ''}"


@cache
def networks() -> dict[str, Networks]:
    """By `key`."""
    with np.load(CENTRE) as file:
        names = sorted({name.split("/")[0] for name in file.files})
        return {name: _networks(file, name) for name in names}


def _networks(file: Mapping[str, NDArray[np.floating]], name: str) -> Networks:
    read = {part: file[f"{name}/{part}"].astype(np.float64) for part in ("mean", "sd")}
    layers = {
        part: tuple(
            (
                file[f"{name}/{part}{2 * k}"].astype(np.float64),
                file[f"{name}/{part}{2 * k + 1}"].astype(np.float64),
            )
            for k in range(3)
        )
        for part in ("centre", "spread")
    }
    return Networks(read["mean"], read["sd"], layers["centre"], layers["spread"])


def bends(season_length: int, steps: int) -> FloatArray:
    """The shapes a bend is made of, shape (BENDS, steps); flat beyond the horizon learnt."""
    learnt = LEARNT_HORIZON[season_length]
    ahead = np.minimum(np.arange(1.0, steps + 1), learnt) / learnt
    return np.array([np.ones(steps), np.sqrt(ahead), ahead, np.square(ahead)])


def trained(y: FloatArray, *, season_length: int, horizon: int, calm: float = 0.0) -> Trained | None:
    """None where there are no candidates."""
    found = candidates(y, season_length=season_length, horizon=horizon, calm=calm)
    if found is None:
        return None
    short = len(y) < 3 * season_length and season_length > 1
    centre, spread = networks()[key(season_length, short=short)].outputs(found.kind)
    path = np.mean([_path(found, row, season_length) for row in centre], axis=0) + found.level
    plain = np.log(np.maximum(found.plain, 1e-300))
    learnt = plain + np.clip(path - plain, -_LARGEST, _LARGEST)
    mean: FloatArray = np.exp((1 - TRAINED_SHARE) * plain + TRAINED_SHARE * learnt)
    size = np.exp(np.clip(spread.mean(0) @ bends(season_length, len(mean)), -_FARTHEST, _FARTHEST))
    sizes = mean * found.unit * np.maximum.accumulate(size)
    return Trained(mean[:horizon], sizes[:horizon])


def _path(found: Candidates, row: FloatArray, season_length: int) -> FloatArray:
    """One member's forecast, above the level on the logarithm."""
    scores = row[:PATHS] + np.log(PRIOR)
    weights = np.exp(scores - scores.max())
    believed = row[PATHS : PATHS + SEASONS].copy()
    believed[0] += 1
    bend = row[PATHS + SEASONS :] @ bends(season_length, found.paths.shape[1])
    path: FloatArray = (weights / weights.sum()) @ found.paths + believed @ found.seasons + found.unit * bend
    return path
