"""Polli and Cook (1969), "Validity of the product life cycle", Journal of Business 42: stages from yearly
changes alone.

Shown as a second opinion beside the engine's own answer.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from ..series import FloatArray


def polli_cook_sigma(changes: Sequence[float]) -> float:
    """Standard deviation of yearly percentage changes about zero."""
    return float(np.sqrt(np.mean(np.square(changes))))


def polli_cook(changes: Sequence[float]) -> list[str]:
    """Stage of each year-on-year change (%): growth above half a sigma, decline below minus half, maturity
    between."""
    cut = polli_cook_sigma(changes) / 2
    return ["growth" if c > cut else "decline" if c < -cut else "maturity" for c in changes]


def second_opinion(demand: FloatArray) -> str | None:
    """The stage of the last twelve months by the yearly sums up to the last month; None under two years of
    history."""
    table = demand[len(demand) % 12 :].reshape(-1, 12)
    known = ~np.isnan(table)
    table, known = table[known.any(axis=1)], known[known.any(axis=1)]
    years = (np.where(known, table, 0).sum(axis=1) / known.sum(axis=1)).tolist()
    if len(years) < 2 or min(years) <= 0:
        return None
    changes = [100 * (after / before - 1) for before, after in pairwise(years)]
    return polli_cook(changes)[-1]
