"""From features to probabilities, the start of the stage and the months to the next: small neural networks,
trained by `train` on simulated lives.

Multilayer perceptrons (Bishop 2006, chapter 5) whose answers are averaged. One pass gives all: five scores
that become probabilities by softmax, for each stage the months since it began if it is that one, and the 10,
50 and 90 % points of the months to the next stage. The numbers live in `model.npz`; the card is
docs/algorithms/lifecycle.md.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from ..codes import STAGES
from ..series import FloatArray

# Raised with every training; the file says of itself which it is.
MODEL_VERSION = "3.1"
MODEL = Path(__file__).with_name("model.npz")
# Nobody knows the peak while it happens: no stage is ever excluded or certain.
LEAST = 0.005
# Months ahead are estimated for a next stage within this many.
MAX_MONTHS = 36.0
# No simulator is as varied as life: ranges are made so much wider, downwards and upwards. In the month a
# history ends, where people ask, the next stage comes sooner than the range says more often than later.
WIDER = np.array([1.14, 1.0, 1.04])
BOUND = 5.0
LEAK = 0.01
# Rows are computed so many at a time, so that a month's answer has the same last digit in any company.
_CHUNK = 64
_STAGES = len(STAGES)
# Single precision does, and is twice as fast.
Single = np.ndarray[Any, np.dtype[np.float32]]


@dataclass(frozen=True, eq=False)
class Answers:
    """A row a month: `probabilities` (months, 5), `since` months since the beginning of each stage if it is
    that one (months, 5), `ahead` 10, 50 and 90 % points of the months to the next stage (months, 3)."""

    probabilities: FloatArray
    since: FloatArray
    ahead: FloatArray


@dataclass(frozen=True, eq=False)
class Model:
    """`layers` of weights (members, in, out) and biases (members, 1, out); rows are brought to `mean` 0 and
    `sd` 1; `temperature` divides the scores of the stages."""

    version: str
    features: tuple[str, ...]
    mean: FloatArray
    sd: FloatArray
    layers: tuple[tuple[Single, Single], ...]
    temperature: float


@cache
def load(path: Path = MODEL) -> Model:
    """The trained networks."""
    with np.load(path, allow_pickle=False) as file:
        names = sorted(name for name in file.files if name.startswith("weights"))
        return Model(
            version=str(file["version"]),
            features=tuple(file["features"].tolist()),
            mean=file["mean"],
            sd=file["sd"],
            layers=tuple((file[name], file[name.replace("weights", "biases")]) for name in names),
            temperature=float(file["temperature"]),
        )


def answers(rows: FloatArray, model: Model | None = None) -> Answers:
    """What the networks say of each row; probabilities sum to 1, each at least LEAST."""
    model = model or load()
    n = len(rows)
    padded = np.zeros((-(-n // _CHUNK) * _CHUNK, rows.shape[1]), dtype=np.float32)
    padded[:n] = np.clip((rows - model.mean) / model.sd, -BOUND, BOUND)
    raw = np.concatenate([_forward(padded[k : k + _CHUNK], model) for k in range(0, len(padded), _CHUNK)])
    out = raw[:n].astype(np.float64)
    scores, since, ahead = np.split(out, (_STAGES, 2 * _STAGES), axis=1)
    ahead = np.sort(ahead, axis=1)
    middle = ahead[:, [1]]
    return Answers(
        probabilities=_shares(scores / model.temperature),
        since=np.expm1(np.clip(since, 0, 7)),
        ahead=np.clip(np.exp(np.clip(middle + WIDER * (ahead - middle), -1, 4)), 1, MAX_MONTHS),
    )


def _shares(scores: FloatArray) -> FloatArray:
    shares = np.exp(scores - scores.max(axis=1, keepdims=True))
    shares /= shares.sum(axis=1, keepdims=True)
    kept: FloatArray = LEAST + (1 - LEAST * _STAGES) * shares
    return kept


def _forward(chunk: Single, model: Model) -> Single:
    values = np.broadcast_to(chunk, (len(model.layers[0][0]), *chunk.shape))
    for depth, (weights, biases) in enumerate(model.layers):
        values = values @ weights + biases
        if depth < len(model.layers) - 1:
            values = np.maximum(values, LEAK * values)
    mean: Single = values.mean(axis=0)
    return mean
