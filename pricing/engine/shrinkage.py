"""Shrinking: what a product's own weeks say of its elasticity, its category and all products taken together.

    e of a product ~ about m of its category,   m ~ N(M, τ_c²),   M ~ N(−2.62, 0.5²)

−2.62 is the mean of 1,851 published estimates (Bijmolt, van Heerde and Pieters 2005). How far products lie
from their category, and categories from each other, is learnt from the products themselves, from a prior that
holds where they are few. Everything is summed over grids, so likelihoods of any shape keep theirs.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import gamma

from .demand import ELASTICITIES
from .history import FloatArray, IntArray

_MEANS: FloatArray = np.arange(-5.5, -0.69, 0.1)
_CENTRES: FloatArray = np.arange(-4.2, -1.19, 0.2)
_WITHIN: FloatArray = np.array([0.3, 0.5, 0.7, 0.9, 1.15, 1.5])
_BETWEEN: FloatArray = np.array([0.2, 0.4, 0.6, 0.9])
_CENTRE_PRIOR = (-2.62, 0.4)
_WITHIN_PRIOR = (np.log(0.85), 0.35)
_BETWEEN_PRIOR = (np.log(0.5), 0.5)
# Of months: what they say of how far products lie apart, and categories from each other, counts for so much.
# They blur it, and errors that products share look as if they lay closer together than they do.
_OF_MONTHS = 0.15
# Half is believed to lie about its category as a normal with a tenth from twice as wide (products unlike
# their category), half as a gamma: large answers have the longer tail.
_UNLIKE, _UNLIKE_WIDER = 0.1, 2.0


@dataclass(frozen=True, eq=False)
class Posterior:
    """`density` over ELASTICITIES, summing to 1; products that say the same have one together."""

    density: FloatArray

    @property
    def mean(self) -> float:
        return float(self.density @ ELASTICITIES)

    @property
    def median(self) -> float:
        return self.quantile(0.5)

    @property
    def sd(self) -> float:
        return float(np.sqrt(self.density @ (ELASTICITIES - self.mean) ** 2))

    def quantile(self, share: float) -> float:
        return float(self.quantiles(np.array([share]))[0])

    def quantiles(self, shares: FloatArray) -> FloatArray:
        step = ELASTICITIES[1] - ELASTICITIES[0]
        total = np.concatenate([[0.0], np.cumsum(self.density)])
        edges = np.append(ELASTICITIES - step / 2, ELASTICITIES[-1] + step / 2)
        return np.asarray(np.minimum(np.interp(shares, total, edges), ELASTICITIES[-1]))


def shrink(
    log_likelihoods: FloatArray, categories: Sequence[str], monthly: Sequence[bool] = ()
) -> list[Posterior]:
    """One posterior a row of `log_likelihoods` (product, ELASTICITIES); a row of zeros is a product that says
    nothing of itself and gets its category's value. `monthly`: which rows rest on months; empty: none. The
    order of the products does not matter."""
    names = sorted(set(categories))
    place = {name: i for i, name in enumerate(names)}
    of = np.array([place[c] for c in categories])
    likelihood = np.exp(log_likelihoods - log_likelihoods.max(axis=1, keepdims=True))
    about_means = [about(within, _MEANS) for within in _WITHIN]
    own = np.stack([np.log(likelihood @ a + 1e-300) for a in about_means])  # within, product, mean
    together = np.zeros((len(_WITHIN), len(names), len(_MEANS)))
    for row in sorted(range(len(of)), key=lambda i: (of[i], log_likelihoods[i].tobytes())):
        together[:, of[row]] += own[:, row]

    spread = _normal(_MEANS[None, None, :], _CENTRES[None, :, None], _BETWEEN[:, None, None])
    spread /= spread.sum(axis=2, keepdims=True)  # between, centre, mean
    top = together.max(axis=2, keepdims=True)
    # Evidence of a category: within, category, between, centre.
    evidence = np.log(np.einsum("wkm,bcm->wkbc", np.exp(together - top), spread) + 1e-300) + top[..., None]
    counts = _counts(log_likelihoods, of, monthly, len(names))
    evidence *= counts[:, None, None]
    hyper = _hyper_prior() + evidence.sum(axis=1)
    out: list[Posterior] = []
    densities: dict[tuple[int, bytes], Posterior] = {}
    for row, k in enumerate(of):
        key = (int(k), log_likelihoods[row].tobytes())
        if key not in densities:
            densities[key] = _posterior(
                likelihood[row],
                own[:, row],
                together[:, k],
                hyper - evidence[:, k],
                spread,
                about_means,
                float(counts[k]),
            )
        out.append(densities[key])
    return out


def _counts(log_likelihoods: FloatArray, of: IntArray, monthly: Sequence[bool], count: int) -> FloatArray:
    """By category how much it counts for how far products lie apart: the mean over those that say
    something."""
    speaks = log_likelihoods.any(axis=1)
    weights = np.where(np.array(monthly, dtype=bool), _OF_MONTHS, 1.0) if len(monthly) else np.ones(len(of))
    total = np.bincount(of, weights * speaks, minlength=count)
    speaking = np.bincount(of, speaks, minlength=count)
    return np.asarray(np.where(speaking > 0, total / np.maximum(speaking, 1), 1.0))


def _posterior(
    likelihood: FloatArray,
    own: FloatArray,
    together: FloatArray,
    without: FloatArray,
    spread: FloatArray,
    about_means: list[FloatArray],
    counts: float,
) -> Posterior:
    """Sum over category mean, its centre and both spreads, weighed by all the other products; of which spread
    is likely, those of the category count for `counts`."""
    others = together - own  # within, mean
    heights = others.max(axis=1, keepdims=True)
    others = others - (1 - counts) * heights
    top = others.max()
    weights = np.exp(without - without.max())  # within, between, centre
    means = np.einsum("wbc,bcm->wm", weights, spread) * np.exp(others - top)
    prior = sum(about_means[w] @ means[w] for w in range(len(_WITHIN)))
    density = likelihood * prior
    return Posterior(np.asarray(density / density.sum()))


def about(within: float, means: FloatArray) -> FloatArray:
    """Density of an elasticity given the mean it lies about, so far from it: (ELASTICITIES, means)."""
    e, m = ELASTICITIES[:, None], means[None, :]
    shapes = (
        (1 - _UNLIKE) * _normal(e, m, within) + _UNLIKE * _normal(e, m, _UNLIKE_WIDER * within),
        gamma.pdf(-e, (m / within) ** 2, scale=within**2 / -m),
    )
    return np.asarray(sum(shape / shape.sum(axis=0) for shape in shapes) / len(shapes))


def _normal(x: FloatArray, mean: FloatArray, sd: FloatArray | float) -> FloatArray:
    return np.asarray(np.exp(-0.5 * ((x - mean) / sd) ** 2) / sd)


def _hyper_prior() -> FloatArray:
    """Log prior over (within, between, centre)."""
    within = -0.5 * ((np.log(_WITHIN) - _WITHIN_PRIOR[0]) / _WITHIN_PRIOR[1]) ** 2
    between = -0.5 * ((np.log(_BETWEEN) - _BETWEEN_PRIOR[0]) / _BETWEEN_PRIOR[1]) ** 2
    centre = -0.5 * ((_CENTRES - _CENTRE_PRIOR[0]) / _CENTRE_PRIOR[1]) ** 2
    return np.asarray(within[:, None, None] + between[None, :, None] + centre[None, None, :])
