"""New products: a curve borrowed from comparable ones, the diffusion of Bass (1969), how own months take
over, and how a predecessor is phased out. Worked examples: docs/algorithms/launch.md.

Plain Python on purpose: a page that previews a launch runs in a web process, which loads no numeric library.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

Values = Sequence[float | None]

# From so many months of its own a product needs no other's; until then each month takes over this share.
OWN_MONTHS = 6
# Past the last month of a reference the mean of so many months is held.
HELD = 3
# Under this many months a diffusion is not told from a straight line.
BASS_MONTHS = 6
# A pilot: at most so many months with sales, then more than so many empty ones (as `series`).
PILOT_PERIODS, PILOT_GAP = 3, 3
# Half width of the 80 % and 95 % band as a share of the plan, one step ahead: a fifth of the level, as for
# histories too short to know their own error, times the built-in monthly factor, once more half as wide for a
# short history and once more for a borrowed one. It grows with the power of the step.
BAND = (0.2 * 0.95 * 1.5 * 1.5, 0.2 * 1.7 * 1.5 * 1.5)
BAND_POWER = 0.27
# The search for p and q: the ranges published for products (Sultan, Farley and Lehmann 1990) and wider.
_P_RANGE, _Q_RANGE = (1e-4, 0.3), (1e-4, 1.2)
_GRID, _ROUNDS = 16, 12


@dataclass(frozen=True)
class Bass:
    """The coefficients of innovation `p` and imitation `q` a period, and the number who buy in the end."""

    p: float
    q: float
    market: float


@dataclass(frozen=True)
class Curve:
    """What is planned step by step: six rows as a forecast has them, each of the horizon's length."""

    mean: tuple[float, ...]
    median: tuple[float, ...]
    lo80: tuple[float, ...]
    hi80: tuple[float, ...]
    lo95: tuple[float, ...]
    hi95: tuple[float, ...]

    @property
    def rows(self) -> tuple[tuple[float, ...], ...]:
        return (self.mean, self.median, self.lo80, self.hi80, self.lo95, self.hi95)


def like_item(
    references: Sequence[Values],
    weights: Sequence[float],
    *,
    scale: float = 1.0,
    phase_in: int = 0,
    horizon: int,
) -> list[float]:
    """The first `horizon` months of a product that sells as its references did, `scale` times as much, its
    start spread evenly over `phase_in` months.

    Each reference is its months counted from its own first sale, None where one is missing. The weights count
    in proportion. A month that a reference misses the others say alone; past its last month the mean of its
    last three is held. Empty when no reference has both a month and a weight.
    """
    used = [(w, longer(v, horizon)) for v, w in zip(references, weights, strict=True) if w > 0]
    curve: list[float] = []
    for step in range(horizon):
        seen = [(w, value) for w, values in used if (value := values[step]) is not None]
        if seen:
            curve.append(sum(w * v for w, v in seen) / sum(w for w, _v in seen))
        elif curve:
            curve.append(curve[-1])
        else:
            return []
    return [scale * value * ramp(step, phase_in) for step, value in enumerate(curve)]


def longer(values: Values, horizon: int) -> list[float | None]:
    """The months, as many as wanted: past the last one the mean of the last three."""
    last = [value for value in values if value is not None][-HELD:]
    held = _mean(last) if last else None
    return [values[step] if step < len(values) else held for step in range(horizon)]


def ramp(step: int, phase_in: int) -> float:
    """The share of full size in the step-th month (from 0) of a linear phase-in."""
    return 1.0 if phase_in <= 0 else min(1.0, (step + 1) / phase_in)


def phase_out(step: int, months: int) -> float:
    """The share of a predecessor that is still sold in the step-th month (from 0) after its successor came:
    the mirror of a phase-in. All of it before, nothing of it from the last month on; 0 months: at once."""
    if step < 0:
        return 1.0
    return 0.0 if months <= 0 else max(0.0, 1 - (step + 1) / months)


def adopted(t: float, p: float, q: float) -> float:
    """F(t) of Bass (1969): the share of the market that has bought by t."""
    fading = math.exp(-(p + q) * t)
    return (1 - fading) / (1 + q / p * fading)


def bass(p: float, q: float, market: float, *, horizon: int) -> list[float]:
    """Sales in the periods 1 to `horizon`: market × (F(t) − F(t − 1)). Needs p > 0 and q ≥ 0."""
    reached = [adopted(t, p, q) for t in range(horizon + 1)]
    return [market * (now - before) for before, now in pairwise(reached)]


def bass_peak(p: float, q: float) -> float:
    """The time of the highest rate of sales; 0 where it falls from the start (q ≤ p)."""
    return math.log(q / p) / (p + q) if q > p else 0.0


def bass_fit(values: Values) -> Bass | None:
    """p, q and the market that come nearest to a product's cumulative sales, by least squares.

    A search over a grid that narrows around its best point; the market follows from p and q. Missing months
    count as not seen, not as nothing sold: what was sold in them is left out of the sum. None under six
    months, or without sales.
    """
    known = [0.0 if value is None else max(value, 0.0) for value in values]
    if sum(value is not None for value in values) < BASS_MONTHS or sum(known) <= 0:
        return None
    total, cumulative = 0.0, []
    for value in known:
        total += value
        cumulative.append(total)

    def missed(p: float, q: float) -> tuple[float, float]:
        shape = [adopted(t, p, q) for t in range(1, len(cumulative) + 1)]
        market = sum(s * y for s, y in zip(shape, cumulative, strict=True)) / sum(s * s for s in shape)
        market = max(market, total)
        return sum((market * s - y) ** 2 for s, y in zip(shape, cumulative, strict=True)), market

    p, q = _nearest(lambda p, q: missed(p, q)[0])
    return Bass(_rounded(p), _rounded(q), _rounded(missed(p, q)[1]))


def _nearest(error: Callable[[float, float], float]) -> tuple[float, float]:
    """The p and q of the least error, on the logarithm: a grid, then smaller ones around the best so far."""
    low = [math.log(_P_RANGE[0]), math.log(_Q_RANGE[0])]
    high = [math.log(_P_RANGE[1]), math.log(_Q_RANGE[1])]
    best = (math.inf, 0.0, 0.0)
    for _round in range(_ROUNDS):
        steps = [(top - bottom) / (_GRID - 1) for bottom, top in zip(low, high, strict=True)]
        for i in range(_GRID):
            for j in range(_GRID):
                at = (low[0] + i * steps[0], low[1] + j * steps[1])
                found = error(math.exp(at[0]), math.exp(at[1]))
                if found < best[0]:
                    best = (found, *at)
        low = [best[1] - 2 * steps[0], best[2] - 2 * steps[1]]
        high = [best[1] + 2 * steps[0], best[2] + 2 * steps[1]]
    return math.exp(best[1]), math.exp(best[2])


def bass_mixed(references: Sequence[Values], weights: Sequence[float]) -> Bass | None:
    """p, q and market of several references: the weighted mean of each one's own fit; None when none can be
    fitted."""
    fits = [
        (weight, fit)
        for values, weight in zip(references, weights, strict=True)
        if weight > 0 and (fit := bass_fit(values)) is not None
    ]
    if not fits:
        return None
    whole = sum(weight for weight, _fit in fits)
    p, q, market = (
        sum(weight * getattr(fit, name) for weight, fit in fits) / whole for name in ("p", "q", "market")
    )
    return Bass(_rounded(p), _rounded(q), _rounded(market))


def planned(curve: Sequence[float], *, before: int, horizon: int) -> Curve:
    """A launch curve as the forecast of the next `horizon` periods, with its bands.

    The curve's first month is `before` periods ahead of the first period forecast; negative: it began so many
    periods before. Nothing is sold before it begins, nor is there a band; past its end the last value holds.
    """
    rows = []
    for step in range(horizon):
        place = step - before
        value = 0.0 if place < 0 or not curve else curve[min(place, len(curve) - 1)]
        rows.append(_banded(max(value, 0.0), step + 1))
    return Curve(*(tuple(_rounded(value) for value in row) for row in zip(*rows, strict=True)))


def blend(own: Curve, plan: Curve, months: int) -> Curve:
    """The product's own months take over: a sixth of the forecast a month, all of it from six on."""
    share = own_share(months)
    return Curve(
        *(
            tuple(_rounded(share * a + (1 - share) * b) for a, b in zip(mine, theirs, strict=True))
            for mine, theirs in zip(own.rows, plan.rows, strict=True)
        )
    )


def first_months(values: Values) -> tuple[int, list[float | None]]:
    """Where a product's sales really start, and its months from there on: after what was nothing or missing,
    and after a pilot, by the rule of `series.first_sale`. No month where nothing was ever sold."""
    sold = [place for place, value in enumerate(values) if value]
    if not sold:
        return len(values), []
    start = 0
    for i in range(1, min(len(sold), PILOT_PERIODS + 1)):
        if sold[i] - sold[i - 1] > PILOT_GAP:
            start = i
    if start and len(sold) - start < 0.75 * (len(values) - sold[start]):
        start = 0
    return sold[start], list(values[sold[start] :])


def own_share(months: int) -> float:
    """How much a product's own months count after so many of them."""
    return min(max(months, 0), OWN_MONTHS) / OWN_MONTHS


def own_level(values: Sequence[float]) -> float:
    """What under six months say by themselves: halfway between the last value and the mean, as
    `models.level`."""
    return (values[-1] + _mean(values)) / 2


def _banded(mean: float, step: int) -> tuple[float, float, float, float, float, float]:
    """Mean, median, lo80, hi80, lo95, hi95. The band is even on the root scale: what cannot fall below zero
    can rise further than it can fall."""
    edges = []
    for share in BAND:
        half = share * step**BAND_POWER * mean
        up = 0.0 if mean == 0 else half / 2 if half >= 2 * mean else half * half / (4 * mean)
        edges.append((max(mean - half + up, 0.0), mean + half + up))
    (lo80, hi80), (lo95, hi95) = edges
    return mean, mean, lo80, hi80, min(lo95, lo80), max(hi95, hi80)


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0


def _rounded(value: float) -> float:
    """Seven significant digits, as every figure of the engine."""
    return float(f"{value:.7g}") + 0.0
