"""How units answered the price of one product: a quasi-Poisson regression with a level that wanders.

    log mean_t = e · log price_t + controls_t · β + ξ_t,   ξ autoregressive
    variance of units_t = mean_t + σ² mean_t²

The working response of the quasi-Poisson is linear with known weights, so that for given noise (σ, and the
size τ and persistence ρ of ξ) the likelihood of e is a parabola. It is worked out for a grid of noises and
averaged by their evidence: what is returned is the likelihood of e on a fixed grid, with β and the noises
integrated out.

Whether the price answered demand is a second hypothesis beside "it did not": then the part of the price that
cost and calendar do not explain may carry demand with it, and says little about e.
"""

from dataclasses import dataclass
from itertools import product

import numpy as np

from .answering import answering_odds
from .design import Design, design
from .history import FloatArray, History

ELASTICITIES: FloatArray = np.arange(-9.0, -0.049, 0.05)
_RHO = (0.5, 0.8, 0.95)
_TAU = (0.02, 0.06, 0.12, 0.2, 0.32, 0.5)
_SIGMA = (0.02, 0.08, 0.15, 0.24, 0.4, 0.7)
_NOISES: FloatArray = np.array(list(product(_RHO, _TAU, _SIGMA)))
_START = np.array([0.8, 0.12, 0.15])
_ROUNDS = 3
_OUTLIER = 3.5
_START_ELASTICITY = (-2.62, 1.5)
_COUNTS = (10.0, 100.0, 10_000.0)
_EXACT, _MOST_PIECES = 2.0**53, 1e5
KEPT = 6


@dataclass(frozen=True)
class Component:
    """One noise of the mixture: β given e is normal about `at_zero − slope · e`; ξ after the last week is
    `level_at_zero − level_slope · e − level_beta · β`, with variance `level_variance`."""

    weight: float
    rho: float
    tau: float
    sigma: float
    at_zero: FloatArray
    slope: FloatArray
    covariance: FloatArray
    level: tuple[float, float, FloatArray, float]


@dataclass(frozen=True)
class Demand:
    """`log_likelihood` over ELASTICITIES (largest 0); `answered` the probability that prices answered demand;
    `size` what units were divided by to scatter like counts."""

    log_likelihood: FloatArray
    answered: float
    components: tuple[Component, ...]
    made: Design
    size: float


def fit(history: History) -> Demand:
    """For a history with at least one week seen."""
    made = design(history)
    tried = [_fit(history, made, size) for size in _sizes(history.units[history.seen])]
    return max(tried, key=lambda one: one[0])[1]


def _sizes(units: FloatArray) -> list[float]:
    """By what to divide units so that they scatter like counts: the piece they are all made of (1, or the 6
    of a box, or 0.37), and where there is none, what explains their scatter best."""
    if (units == np.round(units)).all() and np.abs(units).max() < _EXACT:
        return [float(np.gcd.reduce(units.astype(np.int64)))]
    apart = np.diff(np.unique(np.append(units, 0.0)))
    for parts in (1, 2, 3):
        piece = float(apart.min()) / parts
        pieces = units / piece
        if np.abs(pieces).max() < _MOST_PIECES and np.allclose(pieces, np.round(pieces), rtol=0, atol=1e-4):
            return [piece]
    return [float(units.mean()) / counts for counts in _COUNTS]


def _fit(history: History, made: Design, size: float) -> tuple[float, Demand]:
    """The answer for units of that size, and its evidence (to compare sizes with)."""
    units = np.maximum(history.units[history.seen], 0) / size
    response, variance = working_response(made, units)
    passed = _filtered(made, response, variance, _NOISES)
    plain = _likelihoods(made, passed, answering=False)
    free = _likelihoods(made, passed, answering=True)
    odds = answering_odds(made, history, response, variance)
    log_h = np.log([1 / (1 + odds), odds / (1 + odds)])
    curves = np.stack([_mixed(plain[0]) + log_h[0], _mixed(free[0]) + log_h[1]])
    # Evidence weighs the hypotheses with what is known of elasticities before.
    prior = -0.5 * ((ELASTICITIES - _START_ELASTICITY[0]) / _START_ELASTICITY[1]) ** 2
    evidence = np.logaddexp.reduce(curves + prior, axis=1)
    answered = float(1 / (1 + np.exp(np.clip(evidence[0] - evidence[1], -50, 50))))
    curve = np.logaddexp(curves[0], curves[1])
    chosen = free if answered > 0.5 else plain
    components = _components(chosen, passed, prior)
    total = float(np.logaddexp.reduce(curve + prior))
    return total, Demand(curve - curve.max(), answered, components, made, size)


def working_response(made: Design, units: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Scoring steps of the quasi-Poisson with a wandering level; weeks far off count for less."""
    eta = np.log(np.maximum(units, 0.5))
    eta = 0.5 * eta + 0.5 * np.median(eta)
    response, variance = eta, np.ones(len(eta))
    steps = _level_covariance(made.week, _START[0]) * _START[1] ** 2
    full = np.column_stack([made.log_price, made.columns[:, :-1]])
    means = np.concatenate([[_START_ELASTICITY[0]], made.means[:-1]])
    means[1] = np.log(max(units.mean(), 0.5))
    spread = np.concatenate([[_START_ELASTICITY[1]], made.sds[:-1]])
    structure = (full * spread**2) @ full.T + steps
    centre = full @ means
    for _ in range(_ROUNDS):
        mean = np.exp(np.clip(eta, -4, 20))
        response = eta + (units - mean) / mean
        variance = 1 / mean + _START[2] ** 2
        weighed = structure + np.diag(variance)
        off = np.linalg.solve(weighed, response - centre)
        eta = centre + structure @ off
    mean = np.exp(np.clip(eta, -4, 20))
    response = eta + (units - mean) / mean
    away = np.abs(response - eta) / np.sqrt(1 / mean + _START[2] ** 2)
    return response, 1 / mean * np.maximum(away / _OUTLIER, 1) ** 2 + _extra(away)


def _extra(away: FloatArray) -> FloatArray:
    return np.where(away > _OUTLIER, (_START[2] * away / _OUTLIER) ** 2 - _START[2] ** 2, 0.0)


def _level_covariance(week: FloatArray, rho: float) -> FloatArray:
    return np.asarray(rho ** np.abs(week[:, None] - week[None, :]))


@dataclass(frozen=True)
class _Filtered:
    """Whitened columns (noise, week, column: response, log price, controls), log determinants, last level."""

    columns: FloatArray
    log_determinant: FloatArray
    last: FloatArray
    last_variance: FloatArray


def _filtered(made: Design, response: FloatArray, variance: FloatArray, noises: FloatArray) -> _Filtered:
    """The Kalman filter of the wandering level, run over every column at once for every noise."""
    rho, tau, sigma = noises.T
    raw = np.column_stack([response, made.log_price, made.columns])
    gaps = np.diff(made.week, prepend=made.week[0])
    level = np.zeros((len(noises), raw.shape[1]))
    spread = tau**2
    white = np.empty((len(raw), len(noises), raw.shape[1]))
    log_determinant = np.zeros(len(noises))
    fades = rho[None, :] ** gaps[:, None]
    for t in range(len(raw)):
        fade = fades[t]
        level = fade[:, None] * level
        spread = fade**2 * spread + (1 - fade**2) * tau**2
        total = spread + variance[t] + sigma**2
        off = raw[t] - level
        white[t] = off / np.sqrt(total)[:, None]
        log_determinant += np.log(total)
        gain = spread / total
        level = level + gain[:, None] * off
        spread = spread * (1 - gain)
    return _Filtered(np.ascontiguousarray(white.transpose(1, 0, 2)), log_determinant, level, spread)


_Solved = tuple[FloatArray, FloatArray, FloatArray, FloatArray]


def _likelihoods(made: Design, passed: _Filtered, *, answering: bool) -> _Solved:
    """Log-likelihood (noise, ELASTICITIES) with the controls integrated out; their solution at e = 0, by e,
    and its covariance."""
    count = made.columns.shape[1] if answering else made.columns.shape[1] - 1
    gram = np.matmul(passed.columns.transpose(0, 2, 1), passed.columns)
    z, x, n = 0, 1, slice(2, 2 + count)
    weight = 1 / made.sds[:count] ** 2
    means = made.means[:count]
    posterior = gram[:, n, n] + np.diag(weight)
    # Around the means believed before: the response less their part.
    to_z = gram[:, n, z] - gram[:, n, n] @ means
    to_x = gram[:, n, x]
    zz = gram[:, z, z] - 2 * gram[:, z, n] @ means + np.einsum("i,gij,j->g", means, gram[:, n, n], means)
    zx = gram[:, z, x] - to_x @ means
    sides = np.stack([to_z, to_x], axis=2)
    solved = np.linalg.solve(posterior, sides)
    a = gram[:, x, x] - np.einsum("gi,gi->g", to_x, solved[:, :, 1])
    b = zx - np.einsum("gi,gi->g", to_x, solved[:, :, 0])
    c = zz - np.einsum("gi,gi->g", to_z, solved[:, :, 0])
    size = passed.log_determinant + np.linalg.slogdet(posterior)[1] - np.log(weight).sum()
    e = ELASTICITIES
    log_likelihood = -0.5 * (size[:, None] + c[:, None] - 2 * b[:, None] * e + a[:, None] * e**2)
    return log_likelihood, means + solved[:, :, 0], solved[:, :, 1], np.linalg.inv(posterior)


def _mixed(log_likelihood: FloatArray) -> FloatArray:
    return np.asarray(np.logaddexp.reduce(log_likelihood, axis=0) - np.log(len(log_likelihood)))


def _components(chosen: _Solved, passed: _Filtered, prior: FloatArray) -> tuple[Component, ...]:
    log_likelihood, at_zero, slope, covariance = chosen
    evidence = np.logaddexp.reduce(log_likelihood + prior, axis=1)
    weights = np.exp(evidence - evidence.max())
    best = np.argsort(-weights, kind="stable")[:KEPT]
    weights = weights / weights[best].sum()
    count = at_zero.shape[1]
    return tuple(
        Component(
            weight=float(weights[g]),
            rho=float(_NOISES[g, 0]),
            tau=float(_NOISES[g, 1]),
            sigma=float(_NOISES[g, 2]),
            at_zero=at_zero[g],
            slope=slope[g],
            covariance=covariance[g],
            level=(
                float(passed.last[g, 0]),
                float(passed.last[g, 1]),
                passed.last[g, 2 : 2 + count],
                float(passed.last_variance[g]),
            ),
        )
        for g in best
    )
