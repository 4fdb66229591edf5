"""One level more of shrinking: channels that ask prices of their own lie about their product.

    e of a channel ~ about e of its product,   e of a product ~ about m of its category   (shrinkage.py)

A product is known by what its other sales say and by its channels, each as far as channels of one product lie
apart. That is learnt from all of them together, from a prior that holds where they are few.
"""

from collections.abc import Sequence

import numpy as np

from .demand import ELASTICITIES
from .history import FloatArray
from .shrinkage import Posterior, about, shrink

_APART: FloatArray = np.array([0.15, 0.25, 0.4, 0.65, 1.0])
_APART_PRIOR = (np.log(0.4), 0.5)
# How products lie where nothing is known of their category: published elasticities.
_PRODUCT = (-2.62, 1.18)


def shrink_within(
    products: FloatArray,
    categories: Sequence[str],
    channels: FloatArray,
    of: Sequence[int],
    monthly: Sequence[bool] = (),
) -> tuple[list[Posterior], list[Posterior]]:
    """One posterior a row of `products` (as in `shrink`) and a row of `channels`: log-likelihoods over
    ELASTICITIES of what each channel sold, `of` the row of its product. A row of zeros says nothing of itself
    and gets its product's value, wider. The sales of a channel are not among its product's. `monthly` as in
    `shrink`."""
    if not len(channels):
        return shrink(products, categories, monthly), []
    parents = np.array(of)
    likelihood = np.exp(channels - channels.max(axis=1, keepdims=True))
    apart = np.stack([about(spread, ELASTICITIES) for spread in _APART])
    weights = _weights(products, np.log(likelihood @ apart + 1e-300), parents)
    around = np.einsum("s,sem->em", weights, apart)
    said = np.log(likelihood @ around + 1e-300)  # channel, e of its product
    together = products.copy()
    np.add.at(together, parents, said)
    found = shrink(together, categories, monthly)
    out = []
    for row, parent in enumerate(parents):
        others = np.log(found[parent].density + 1e-300) - said[row]
        density = likelihood[row] * (around @ np.exp(others - others.max()))
        out.append(Posterior(np.asarray(density / density.sum())))
    return found, out


def _weights(products: FloatArray, said: FloatArray, parents: FloatArray) -> FloatArray:
    """How probably channels lie so far apart; `said` by spread, channel and elasticity of its product."""
    usual = -0.5 * ((ELASTICITIES - _PRODUCT[0]) / _PRODUCT[1]) ** 2
    log = -0.5 * ((np.log(_APART) - _APART_PRIOR[0]) / _APART_PRIOR[1]) ** 2
    for parent in np.unique(parents):
        whole = usual + products[parent] + said[:, parents == parent].sum(axis=1)
        log = log + np.logaddexp.reduce(whole, axis=1)
    weights = np.exp(log - log.max())
    return np.asarray(weights / weights.sum())
