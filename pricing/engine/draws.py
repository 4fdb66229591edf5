"""What is not known of one product, as draws: elasticity, controls, level and noise together."""

from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy.stats import norm, qmc

from .demand import Component, Demand
from .history import FloatArray, IntArray
from .shrinkage import Posterior

DRAWS = 512
# Elasticity, level and controls stand first, then twice thirteen weeks ahead, then what scenarios need last.
_DIMENSIONS = 56


@dataclass(frozen=True)
class Draws:
    """`elasticity`, `level`, `rho`, `tau`, `sigma`: a value a draw; `controls`: a row a draw."""

    elasticity: FloatArray
    controls: FloatArray
    level: FloatArray
    rho: FloatArray
    tau: FloatArray
    sigma: FloatArray


@cache
def even_normals() -> FloatArray:
    """The same evenly spread normal numbers for every product: an answer never depends on chance or order."""
    points = qmc.Sobol(_DIMENSIONS, scramble=True, seed=20050501).random(DRAWS)
    return np.asarray(norm.ppf(np.clip(points, 1e-6, 1 - 1e-6)))


def draw(demand: Demand, posterior: Posterior) -> Draws:
    normals = even_normals()
    e = posterior.quantiles(norm.cdf(normals[:, 0]))
    parts = _shared_out(demand.components)
    width = demand.made.columns.shape[1]
    controls = np.zeros((DRAWS, width))
    level, rho, tau, sigma = (np.empty(DRAWS) for _ in range(4))
    for component, rows in parts:
        count = len(component.at_zero)
        spread = np.linalg.cholesky(component.covariance + 1e-12 * np.eye(count))
        beta = (
            component.at_zero - np.outer(e[rows], component.slope) + normals[rows, 2 : 2 + count] @ spread.T
        )
        controls[rows, :count] = beta
        last, by_e, by_beta, variance = component.level
        level[rows] = last - by_e * e[rows] - beta @ by_beta + np.sqrt(variance) * normals[rows, 1]
        rho[rows], tau[rows], sigma[rows] = component.rho, component.tau, component.sigma
    return Draws(e, controls, level, rho, tau, sigma)


def _shared_out(components: tuple[Component, ...]) -> list[tuple[Component, IntArray]]:
    """Rows of the draws for each component, as many as it weighs, spread over all of them."""
    order = (np.arange(DRAWS) * 197) % DRAWS
    ends = np.round(np.cumsum([c.weight for c in components]) * DRAWS).astype(int)
    starts = np.concatenate([[0], ends[:-1]])
    return [(c, order[a:b]) for c, a, b in zip(components, starts, ends, strict=True) if b > a]
