"""Whether prices answered demand: demand of the weeks before moves the price, where it should not."""

import numpy as np

from .design import Design
from .history import FloatArray, History

FEATURES = 12


def answering_features(
    made: Design, history: History, response: FloatArray, variance: FloatArray
) -> FloatArray:
    """Numbers without unit that tell prices that answered demand from prices that did not."""
    n = len(response)
    regular = np.log(history.regular[history.seen] / history.last_regular)
    x = made.columns[:, :-1]
    weight = 1 / np.sqrt(variance + 0.04)

    def rest(y: FloatArray, columns: FloatArray) -> FloatArray:
        a = columns * weight[:, None]
        gram = a.T @ a + np.diag(1 / made.sds[: columns.shape[1]] ** 2) if columns is x else a.T @ a
        return np.asarray(
            (y - columns @ np.linalg.solve(gram + 1e-8 * np.eye(len(gram)), a.T @ (y * weight))) * weight
        )

    demand = response + 2.62 * made.log_price
    u = rest(demand - x @ made.means[:-1], x)
    r = rest(regular, x)
    scale = float(np.sqrt((r @ r) * (u @ u)))
    if scale < 1e-9 or r @ r < 1e-6:
        return np.zeros(FEATURES)
    lag = {k: _cross(u, r, k) / scale * np.sqrt(n) for k in (-2, -1, 0, 1, 2, 3)}
    moved = float(np.mean(np.abs(np.diff(regular)) > 1e-4))
    step_r = np.diff(regular)
    smooth_u = u[:-1]
    step_scale = float(np.sqrt((step_r @ step_r) * (smooth_u @ smooth_u)))
    granger = float(smooth_u @ step_r) / step_scale * np.sqrt(n) if step_scale > 1e-9 else 0.0
    own = _cross(u, u, 1) / float(u @ u)
    smooth_r = _cross(r, r, 1) / float(r @ r)
    unexplained = made.unexplained
    return np.array(
        [
            *(lag[0], lag[1], lag[2] + lag[3], lag[-1] + lag[-2], granger, moved, own, smooth_r - own),
            1 - unexplained.var() / max(regular.var(), 1e-9),
            np.log(n),
            np.log(regular.std() + 1e-3),
            np.log(unexplained.std() + 1e-3),
        ]
    )


def _cross(first: FloatArray, second: FloatArray, lag: int) -> float:
    """Σ first_t · second_{t+lag}."""
    n = len(first)
    if n <= abs(lag):
        return 0.0
    if lag >= 0:
        return float(first[: n - lag] @ second[lag:])
    return float(first[-lag:] @ second[: n + lag])


# Logistic regression on simulated products (docs/algorithms/elasticity.md); again by
# `python -m pricing.engine.evaluate --train --products 300 --seeds 100-109`.
WEIGHTS = np.array(
    [
        -3.0038,
        0.7717,
        0.0283,
        1.0039,
        -0.4674,
        0.3873,
        1.5993,
        0.0302,
        0.429,
        1.2435,
        -0.4941,
        -1.0179,
        3.3011,
    ]
)
CENTRES = np.array(
    [0.3945, 0.4288, 0.719, 0.298, 0.075, 0.487, 0.0645, 0.4597, 0.692, 4.1685, -3.0231, -3.8988]
)
SCALES = np.array(
    [2.0882, 1.8215, 3.0689, 2.7641, 1.2688, 0.3644, 0.1988, 0.3156, 0.2886, 0.6013, 0.6521, 0.8949]
)
_FLOOR, _CEILING = 0.02, 20.0
# Months tell less of who moved first, and cost is not known there: half of what the weights say, in logs.
_OF_MONTHS = 0.4


def answering_odds(made: Design, history: History, response: FloatArray, variance: FloatArray) -> float:
    """Of having answered against not. A regular price that stood still answered nothing."""
    features = answering_features(made, history, response, variance)
    if not features.any():
        return _FLOOR
    x = (features - CENTRES) / SCALES
    odds = np.exp(WEIGHTS[0] + np.clip(x, -4, 4) @ WEIGHTS[1:])
    if history.monthly:
        odds = _OF_MONTHS * np.sqrt(odds)
    return float(np.clip(odds, _FLOOR, _CEILING))
