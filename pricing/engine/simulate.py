"""Products with a known elasticity, for tuning and for tests: several ways in which prices come about.

Everything is drawn from the given seed. The shapes are wide on purpose: a method that is tuned on them should not
know better than real life lets it.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.signal import lfilter

from .history import FloatArray, History

REGIMES = (
    "cost_driven", "random_tests", "trend", "answering", "promotion_only", "rarely_moved",
    "competitor_following", "seasonal", "never_moved",
)  # fmt: skip
_SHARES = (0.15, 0.16, 0.14, 0.16, 0.11, 0.08, 0.06, 0.12, 0.02)
WEEKS = (26, 39, 52, 78, 104, 156)
AHEAD = 13
MULTIPLIERS = (0.8, 0.9, 0.95, 1.0, 1.05, 1.1, 1.2)


@dataclass(frozen=True)
class Truth:
    """What a product was made with. `uplift_gross` is the mean over promotion weeks of expected units with and
    without the promotion, less 1; `uplift_net` the share of it that stays after the weeks after."""

    regime: str
    volume: str
    elasticity: float
    uplift_gross: float
    uplift_net: float
    units: FloatArray
    profit: FloatArray
    profit_mean: FloatArray


@dataclass(frozen=True)
class Simulated:
    history: History
    truth: Truth
    future_cost: FloatArray


def simulate(count: int, *, seed: int, per_category: int = 30, centre: float = -2.62) -> list[Simulated]:
    """`count` products in categories with a mean elasticity of their own."""
    rng = np.random.default_rng(seed)
    between, within, skewed = rng.uniform(0.3, 0.8), rng.uniform(0.6, 1.1), rng.random() < 0.5
    means = [min(rng.normal(centre, between), -1.2) for _ in range(-(-count // per_category))]
    out = []
    for i in range(count):
        category = i // per_category
        e = _elasticity(rng, means[category], within, skewed=skewed)
        out.append(_product(rng, f"S{i:05d}", f"K{category:02d}", e))
    return out


def _elasticity(rng: np.random.Generator, mean: float, sd: float, *, skewed: bool) -> float:
    """Normal, or with a long tail of large answers as published ones have."""
    while True:
        e = -rng.gamma((mean / sd) ** 2, sd**2 / -mean) if skewed else rng.normal(mean, sd)
        if -7.5 < e < -0.3:
            return float(e)


def _product(rng: np.random.Generator, name: str, category: str, e: float) -> Simulated:
    regime = str(rng.choice(REGIMES, p=_SHARES))
    weeks = int(rng.choice(WEEKS))
    total = weeks + AHEAD
    t = np.arange(total)
    volume = str(rng.choice(["low", "mid", "high"]))
    low, high = {"low": (5, 25), "mid": (25, 150), "high": (150, 4000)}[volume]
    level = np.exp(rng.uniform(np.log(low), np.log(high)))
    season = _season(rng, t)
    persistence, spread = rng.uniform(0.4, 0.97), rng.uniform(0.03, 0.3)
    shock = _autoregression(rng, total, persistence, spread)
    base = np.exp(rng.uniform(np.log(2), np.log(150)))
    cost = _walk(rng, total, rng.uniform(0.005, 0.03))
    rival = 0.4 * cost * rng.uniform(0, 1) + _steps(rng, total, rng.uniform(0.01, 0.08))
    known_cost = rng.random() < 0.8
    log_price = _PRICES[regime](rng, t, weeks, cost=cost, rival=rival, season=season, shock=shock)
    log_price[weeks:] = log_price[weeks - 1]
    regular = _rounded(base * np.exp(log_price - log_price[0]), rng)

    promo = np.zeros(total)
    if regime == "promotion_only" or (regime != "never_moved" and rng.random() < 0.6):
        promo = _promotions(rng, total, weeks, share=rng.uniform(0.04, 0.2))
    ratio = np.where(promo > 0, 1 - rng.choice([0.1, 0.15, 0.2, 0.25, 0.3, 0.4], size=total), 1.0)
    if rng.random() < 0.5:
        ratio = np.where(promo > 0, 1 - rng.choice([0.15, 0.2, 0.25, 0.3, 0.4]), 1.0)
    price = np.round(regular * ratio, 2)
    display = ((promo > 0) & (rng.random(total) < rng.uniform(0.3, 1))).astype(float)
    if rng.random() < 0.4:
        display = np.maximum(display, (rng.random(total) < 0.04) & (t < weeks))
    extra_display, extra_promo = rng.uniform(0.05, 0.6), rng.choice([0, 1]) * rng.uniform(0, 0.3)

    flat = (
        np.log(level)
        + season
        + rng.normal(0, 0.15) * t / 52
        + rng.uniform(0, 1.0) * (rival - rival[0])
        + shock
        + e * np.log(regular / regular[0])
    )
    lift = e * np.log(price / regular) + extra_promo * promo + extra_display * display
    usual, expected, net = _with_dip(rng, np.exp(flat), np.exp(lift), promo, weeks)
    noise = rng.uniform(0.03, 0.3)
    units = _counts(rng, expected, noise)

    stockout = np.zeros(total)
    if rng.random() < 0.3:
        stockout[:weeks] = rng.random(weeks) < 0.03
    units = np.where(stockout > 0, np.floor(units * rng.uniform(0, 0.6, total)), units)
    margin = rng.uniform(0.2, 0.55)
    unit_cost = base * (1 - margin) * np.exp(cost - cost[0])
    rival_price = base * rng.uniform(0.85, 1.15) * np.exp(rival)
    of_promo = (promo[:weeks] > 0) & (display[:weeks] >= 0)
    gross = float(np.mean(np.exp(lift[:weeks][of_promo]) - 1)) if of_promo.any() else np.nan

    # What comes next, at several prices: no promotion, no display, each price with noise of its own.
    sold, mean = [], []
    calm = np.exp(flat[weeks:] - shock[weeks:] + persistence ** np.arange(1, AHEAD + 1) * shock[weeks - 1])
    known = np.exp(flat[weeks:] - shock[weeks:])
    drift = spread**2 * (1 - persistence ** (2 * np.arange(1, AHEAD + 1)))
    for multiplier in MULTIPLIERS:
        ahead = _autoregression(rng, AHEAD, persistence, spread, start=float(shock[weeks - 1]))
        sold.append(_counts(rng, known * np.exp(ahead) * multiplier**e, noise))
        mean.append(calm * np.exp(drift / 2) * multiplier**e)
    prices = regular[weeks - 1] * np.array(MULTIPLIERS)
    gain = prices[:, None] - unit_cost[None, weeks:]
    history = History(
        id=name,
        category=category,
        week=t[:weeks].astype(np.int64),
        units=units[:weeks],
        price=price[:weeks],
        regular_price=regular[:weeks],
        promo=promo[:weeks],
        display=display[:weeks],
        unit_cost=np.round(unit_cost[:weeks], 3) if known_cost else np.full(weeks, np.nan),
        competitor_price=np.round(rival_price[:weeks], 2) if rng.random() < 0.7 else np.full(weeks, np.nan),
        stockout=stockout[:weeks],
    )
    truth = Truth(
        regime=regime,
        volume=volume,
        elasticity=e,
        uplift_gross=gross,
        uplift_net=net if of_promo.any() else np.nan,
        units=np.array(sold).sum(axis=1),
        profit=(np.array(sold) * gain).sum(axis=1),
        profit_mean=(np.array(mean) * gain).sum(axis=1),
    )
    return Simulated(history, truth, unit_cost[weeks:])


def _with_dip(
    rng: np.random.Generator, flat: FloatArray, lift: FloatArray, promo: FloatArray, weeks: int
) -> tuple[FloatArray, FloatArray, float]:
    """Units without promotions, units with them and with what is missing after them, and the share that stays."""
    extra = flat * (lift - 1) * (promo > 0)
    pulled = rng.uniform(0, 0.4) if rng.random() < 0.8 else 0.0
    spread = rng.dirichlet([4, 2, 1])
    dip = np.zeros(len(flat))
    for lag, share in enumerate(spread, start=1):
        dip[lag:] += pulled * share * extra[:-lag]
    dip = np.where(promo > 0, 0, np.minimum(dip, 0.6 * flat))
    dip[weeks:] = 0
    total = float(extra[:weeks].sum())
    return flat, flat * lift - dip, 1 - float(dip[:weeks].sum()) / total if total > 0 else np.nan


def _counts(rng: np.random.Generator, expected: FloatArray, noise: float) -> FloatArray:
    """Whole units about `expected`, as Poisson draws of which the mean itself moves by `noise`."""
    shape = 1 / noise**2
    return rng.poisson(expected * rng.gamma(shape, 1 / shape, len(expected))).astype(float)


def _autoregression(
    rng: np.random.Generator, length: int, persistence: float, spread: float, start: float | None = None
) -> FloatArray:
    steps = rng.normal(0, spread * np.sqrt(1 - persistence**2), length)
    before = rng.normal(0, spread) if start is None else start
    return np.asarray(lfilter([1], [1, -persistence], steps, zi=[persistence * before])[0])


def _walk(rng: np.random.Generator, length: int, step: float) -> FloatArray:
    return np.cumsum(rng.normal(0, step, length))


def _steps(rng: np.random.Generator, length: int, size: float, every: float = 8) -> FloatArray:
    """A level that moves now and then."""
    moves = (rng.random(length) < 1 / every) * rng.normal(0, size, length)
    level = np.cumsum(moves)
    return np.asarray(level - 0.7 * level.mean() * np.linspace(0, 1, length))


def _season(rng: np.random.Generator, t: FloatArray) -> FloatArray:
    phase = rng.uniform(0, 2 * np.pi, 2)
    size = rng.uniform(0, 1) * np.abs(rng.normal(0, [0.4, 0.15]))
    return np.asarray(sum(size[i] * np.sin(2 * np.pi * (i + 1) * t / 52 + phase[i]) for i in range(2)))


def _held(values: FloatArray, every: int) -> FloatArray:
    """A price that follows but is only changed every so many weeks."""
    return np.asarray(values[(np.arange(len(values)) // every) * every])


def _cost_driven(rng, t, weeks, *, cost, rival, season, shock):  # type: ignore[no-untyped-def]
    follows = rng.uniform(0.5, 1.1)
    return _held(follows * cost, int(rng.choice([1, 2, 4, 8, 13]))) + rng.normal(0, 0.004)


def _random_tests(rng, t, weeks, *, cost, rival, season, shock):  # type: ignore[no-untyped-def]
    every = int(rng.choice([1, 2, 4, 6]))
    return _held(rng.choice(np.linspace(-1, 1, 7), len(t)) * rng.uniform(0.04, 0.16), every)


def _trend(rng, t, weeks, *, cost, rival, season, shock):  # type: ignore[no-untyped-def]
    yearly = rng.normal(0.04, 0.06)
    return _held(yearly * t / 52 + _walk(rng, len(t), rng.uniform(0.002, 0.012)), int(rng.choice([1, 4, 13])))


def _answering(rng, t, weeks, *, cost, rival, season, shock):  # type: ignore[no-untyped-def]
    answered = shock + rng.choice([0.0, 1.0]) * season
    lag = int(rng.choice([0, 0, 0, 1, 2]))
    answered = np.concatenate([np.repeat(answered[:1], lag), answered[: len(answered) - lag]])
    every = int(rng.choice([1, 1, 2, 4]))
    noise = _held(rng.normal(0, rng.uniform(0.01, 0.04), len(t)), every)
    return _held(rng.uniform(0.15, 0.5) * answered, every) + noise + rng.choice([0, 0.8]) * cost


def _still(rng, t, weeks, *, cost, rival, season, shock):  # type: ignore[no-untyped-def]
    return np.zeros(len(t))


def _rarely_moved(rng, t, weeks, *, cost, rival, season, shock):  # type: ignore[no-untyped-def]
    moves = np.zeros(len(t))
    for week in rng.integers(4, weeks - 3, size=int(rng.integers(1, 4))):
        moves[week] += rng.choice([-1, 1, 1]) * rng.uniform(0.03, 0.12)
    return np.cumsum(moves)


def _competitor_following(rng, t, weeks, *, cost, rival, season, shock):  # type: ignore[no-untyped-def]
    late = np.concatenate([np.repeat(rival[:1], 2), rival[:-2]])
    return rng.uniform(0.4, 1.0) * late + _held(rng.normal(0, 0.02, len(t)), 4)


def _seasonal(rng, t, weeks, *, cost, rival, season, shock):  # type: ignore[no-untyped-def]
    own = 0.5 * _season(rng, t)
    return _held(rng.uniform(-0.4, 0.5) * season + own + rng.normal(0, 0.015, len(t)), int(rng.choice([1, 2, 4])))


_PRICES: dict[str, Callable[..., FloatArray]] = {
    "cost_driven": _cost_driven,
    "random_tests": _random_tests,
    "trend": _trend,
    "answering": _answering,
    "promotion_only": _still,
    "rarely_moved": _rarely_moved,
    "competitor_following": _competitor_following,
    "seasonal": _seasonal,
    "never_moved": _still,
}


def _rounded(price: FloatArray, rng: np.random.Generator) -> FloatArray:
    """To the cent, or as shops like it: ending in 9."""
    if rng.random() < 0.7 or price.min() < 3:
        return np.maximum(np.round(price, 2), 0.05)
    return np.round(price * 10) / 10 - 0.01


def _promotions(rng: np.random.Generator, total: int, weeks: int, *, share: float) -> FloatArray:
    promo = np.zeros(total)
    length = int(rng.choice([1, 1, 2, 3]))
    for _ in range(max(1, round(share * weeks / length))):
        start = int(rng.integers(2, weeks - 1))
        promo[start : min(start + length, weeks)] = 1
    return promo
