"""What moving holidays do to all series of a group alike: one weight for all, learnt from all of them.

A product meets Easter once a year, which is too seldom to learn from. So what every series tells is added up,
each as sure as it is free of noise, and one ridge regression is solved for the group: complete pooling of the
coefficients, Gelman and Hill (2007), "Data Analysis Using Regression and Multilevel/Hierarchical Models",
ch. 12, drawn towards none. It is in use where it would have made the forecasts of the past better, in over
the years that were tried. docs/algorithms/drivers.md.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .driver_trial import MARGIN, PLAIN_GAIN, SURE, TRIED_STEPS, USUAL_EFFECT, Trial, least_periods
from .drivers import BoolArray, Driver, DriverResult, drivers_ready
from .series import FloatArray, Series

# Noise smaller than this counts as this: no series is surer than that of what all share.
LEAST_NOISE = 0.02
# Fewer occasions (years) do not tell how much they differ; fewer series are no group.
LEAST_OCCASIONS, LEAST_SERIES = 2, 5
# An occasion tells something where it would have moved this share of what occasions do on average: an Easter
# on its usual date tells nothing, nor does the first that is met.
LEAST_STAKE = 0.1


@dataclass(frozen=True, eq=False)
class CrossProducts:
    """What some series tell of k shared drivers, in units of each series' noise. `learnt`: by origin (ordinal
    of the first period tried) the products of the drivers with each other and with the series before it,
    shape (k, k + 1). `met`: by origin, of the periods tried, the products of the drivers' departures with
    each other and with the plain forecast's errors, shape (k, k + 1), the errors' squares, and by driver
    whether it happened. `last`: as `learnt`, of all that is known. `series`: how many tell of each driver,
    shape (k,); zeros stand for a driver that a series tells nothing of."""

    learnt: dict[int, FloatArray]
    met: dict[int, tuple[FloatArray, float, BoolArray]]
    last: FloatArray
    series: NDArray[np.int_]


@dataclass(frozen=True)
class SharedEffect:
    """`weight`: what a whole one does to the logarithm; `gain`: by how much the squared error of the periods
    around it fell, a share, over so many `occasions`; `enters`: whether it is in use."""

    weight: float
    gain: float
    occasions: int
    series: int
    enters: bool


def cross_products(series: Series, drivers: Sequence[Driver], *, season_length: int) -> CrossProducts | None:
    """What one series tells of the drivers, all of them events; None where it is too short, has zeros, or
    can try none of them."""
    ready = drivers_ready(series, drivers, season_length)
    if isinstance(ready, DriverResult):
        return None
    k, n = len(drivers), len(ready.learnt)
    places = [place for place, driver in enumerate(drivers) if driver.id in ready.columns]
    happens: BoolArray = np.zeros((k, n), dtype=bool)
    for place in places:
        happens[place] = ready.columns[drivers[place].id][0][0].raw != 0
    first = least_periods(season_length) - TRIED_STEPS
    origins = [o for o in range(first, n - 1) if happens[:, o : o + TRIED_STEPS].any()]
    trial = Trial(ready.learnt, ready.quiet, ready.columns, ready.events, season_length, origins)
    offset = series.start + ready.begin
    learnt, met = {}, {}
    for origin, (rest_y, rests, errors, departs) in zip(origins, trial.parts, strict=True):
        noise = max(float((rest_y**2).mean()), LEAST_NOISE**2)
        learnt[offset + origin] = _products(rests, rest_y, noise, places, k)
        met[offset + origin] = (
            _products(departs, errors, noise, places, k),
            float(errors @ errors) / noise,
            np.asarray(happens[:, origin : origin + TRIED_STEPS].any(axis=1)),
        )
    rest_y, rests = trial.rests(n)
    last = _products(rests, rest_y, max(float((rest_y**2).mean()), LEAST_NOISE**2), places, k)
    return CrossProducts(learnt, met, last, np.isin(np.arange(k), places).astype(int))


def _products(x: FloatArray, y: FloatArray, noise: float, places: list[int], k: int) -> FloatArray:
    """Of the columns `x`, which are these of the k drivers; zeros for the others."""
    products = np.zeros((k, k + 1))
    products[np.ix_(places, [*places, k])] = x.T @ np.column_stack([x, y]) / noise
    return products


def summed(parts: Iterable[CrossProducts | None]) -> CrossProducts | None:
    """What all of them tell; None where nobody tells anything."""
    learnt: dict[int, FloatArray] = {}
    met: dict[int, tuple[FloatArray, float, BoolArray]] = {}
    last, count = None, np.zeros(0, dtype=int)
    for part in parts:
        if part is None:
            continue
        for origin, products in part.learnt.items():
            learnt[origin] = learnt.get(origin, 0.0) + products
        for origin, (products, errors, happens) in part.met.items():
            if origin in met:
                before = met[origin]
                products, errors = before[0] + products, before[1] + errors
                happens = before[2] | happens
            met[origin] = products, errors, happens
        last, count = (part.last, part.series) if last is None else (last + part.last, count + part.series)
    return None if last is None else CrossProducts(learnt, met, last, count)


def pooled(
    ids: Sequence[str], sums: CrossProducts, *, season_length: int, least_series: int = LEAST_SERIES
) -> dict[str, SharedEffect]:
    """What each of the drivers, in the order in which `sums` has them, does to every series of the group, and
    whether it is in use: of those that enough series tell of. The best enters first, the next beside it."""
    origins = sorted(sums.met)
    known = np.flatnonzero(sums.series >= least_series).tolist()
    chosen: list[int] = []
    found: dict[int, tuple[float, int]] = {}
    while True:
        best: tuple[float, int] | None = None
        before = _falls(sums, origins, chosen)
        for place in known:
            if place in chosen:
                continue
            gain, falls = _gain(sums, origins, before, [*chosen, place], season_length)
            found[place] = gain, len(falls)
            if _earns(gain, falls) and (best is None or gain > best[0]):
                best = gain, place
        if best is None:
            break
        chosen.append(best[1])
    weights = dict(zip(chosen, _weights(sums.last, chosen).tolist(), strict=True))
    effects = {}
    for place in known:
        weight = weights.get(place)
        alone = float(_weights(sums.last, [*chosen, place])[-1]) if weight is None else weight
        gain, occasions = found[place]
        tell = int(sums.series[place])
        effects[ids[place]] = SharedEffect(alone, gain, occasions, tell, place in weights)
    return effects


def _weights(products: FloatArray, chosen: Sequence[int]) -> FloatArray:
    """Ridge: a whole holiday usually does a tenth or so."""
    x, y = products[np.ix_(chosen, chosen)], products[chosen, -1]
    return np.asarray(np.linalg.solve(x + np.eye(len(chosen)) / USUAL_EFFECT**2, y))


def _falls(sums: CrossProducts, origins: Sequence[int], chosen: Sequence[int]) -> FloatArray:
    """By how much the squared errors fall at each origin, with weights that were known before it."""
    if not chosen:
        return np.zeros(len(origins))
    falls = []
    for origin in origins:
        weights = _weights(sums.learnt[origin], chosen)
        products = sums.met[origin][0]
        square = weights @ products[np.ix_(chosen, chosen)] @ weights
        falls.append(float(2 * weights @ products[chosen, -1] - square))
    return np.array(falls)


def _gain(
    sums: CrossProducts, origins: Sequence[int], before: FloatArray, chosen: Sequence[int], season_length: int
) -> tuple[float, FloatArray]:
    """What the last of the chosen gains on top of the others (`before`, by origin), as a share of the squared
    errors; and by occasion that tells of it."""
    place = chosen[-1]
    on = [i for i, origin in enumerate(origins) if sums.met[origin][2][place]]
    if not on:
        return 0.0, np.zeros(0)
    met = [origins[i] for i in on]
    falls = _by_occasion(met, (_falls(sums, origins, chosen) - before)[on], season_length)
    errors = _by_occasion(met, np.array([sums.met[origins[i]][1] - before[i] for i in on]), season_length)
    stakes = _by_occasion(met, np.array([_stake(sums, origin, place) for origin in met]), season_length)
    tells = stakes > LEAST_STAKE * stakes.mean()
    left = float(errors[tells].sum())
    return float(falls[tells].sum()) / left if left > 0 else 0.0, falls[tells]


def _stake(sums: CrossProducts, origin: int, place: int) -> float:
    """How much a driver alone would move at an origin, squared."""
    weight = float(_weights(sums.learnt[origin], [place])[0])
    return weight**2 * float(sums.met[origin][0][place, place])


def _by_occasion(origins: Sequence[int], falls: FloatArray, season_length: int) -> FloatArray:
    """Summed over origins that meet the same one: the next lies most of a year later."""
    sums: list[float] = []
    for place, origin in enumerate(origins):
        if place and origin - origins[place - 1] <= season_length // 3:
            sums[-1] += falls[place]
        else:
            sums.append(float(falls[place]))
    return np.array(sums)


def _earns(gain: float, falls: FloatArray) -> bool:
    """Whether the fall stands out of how the occasions differ, or is so large that it need not."""
    if gain >= PLAIN_GAIN:
        return True
    off = falls - falls.sum() / max(len(falls), 1)
    enough = len(falls) >= LEAST_OCCASIONS and gain >= MARGIN
    return enough and bool(falls.sum() > SURE * np.sqrt(off @ off))
