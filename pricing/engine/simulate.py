"""Products with a known elasticity, for tuning and for tests: several ways in which prices come about.

Everything is drawn from the given seed. The shapes are wide on purpose: a method that is tuned on them should
not know better than real life lets it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.signal import lfilter

from .history import FloatArray, History
from .simulate_prices import Market, regular_price

REGIMES = (
    "cost_driven", "random_tests", "trend", "answering", "promotion_only", "rarely_moved",
    "competitor_following", "seasonal", "never_moved",
)  # fmt: skip
_SHARES = (0.15, 0.16, 0.14, 0.16, 0.11, 0.08, 0.06, 0.12, 0.02)
WEEKS = (26, 39, 52, 78, 104, 156)
AHEAD = 13
MULTIPLIERS = (0.8, 0.9, 0.95, 1.0, 1.05, 1.1, 1.2)
_VOLUMES = {"low": (5, 25), "mid": (25, 150), "high": (150, 4000)}


@dataclass(frozen=True)
class Truth:
    """What a product was made with. `uplift_gross` is the mean over promotion weeks of expected units with
    and without the promotion, less 1; `uplift_net` the share of it that stays after the weeks after (both NaN
    without promotions). Units and profit of the weeks ahead, and its expectation, by MULTIPLIERS."""

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


def simulate(
    count: int,
    *,
    seed: int,
    per_category: int = 30,
    centre: float = -2.62,
    lengths: Sequence[int] = WEEKS,
) -> list[Simulated]:
    """`count` products in categories with a mean elasticity of their own; `lengths` in weeks."""
    rng = np.random.default_rng(seed)
    drawn = _elasticities(rng, count, per_category, centre)
    return [
        _product(rng, f"S{i:05d}", f"K{category:02d}", e, lengths) for i, (category, e) in enumerate(drawn)
    ]


def simulate_channels(
    count: int, *, seed: int, channels: int = 3, apart: float = 0.45, per_category: int = 30
) -> list[list[Simulated]]:
    """`count` products, each with so many channels that ask prices of their own and answer about as the
    product does, `apart` as a standard deviation; of each product first the rest of its sales."""
    rng = np.random.default_rng(seed)
    out = []
    for i, (category, e) in enumerate(_elasticities(rng, count, per_category, -2.62)):
        answers = [e, *(_elasticity(rng, e, apart, skewed=False) for _ in range(channels))]
        names = [f"S{i:05d}", *(f"S{i:05d}.{n}" for n in range(channels))]
        out.append(
            [
                _product(rng, name, f"K{category:02d}", own, WEEKS)
                for name, own in zip(names, answers, strict=True)
            ]
        )
    return out


def _elasticities(
    rng: np.random.Generator, count: int, per_category: int, centre: float
) -> Iterator[tuple[int, float]]:
    """Category and elasticity of each product, drawn one by one."""
    between, within, skewed = rng.uniform(0.3, 0.8), rng.uniform(0.6, 1.1), rng.random() < 0.5
    means = [min(rng.normal(centre, between), -1.2) for _ in range(-(-count // per_category))]
    for i in range(count):
        category = i // per_category
        yield category, _elasticity(rng, means[category], within, skewed=skewed)


def by_month(history: History) -> History:
    """What is left of a weekly history where only months are kept: no stock-outs, costs or competitors, and
    of promotions the share of the month."""
    ends = np.round(np.arange(len(history.week) * 12 // 52 + 1) * 52 / 12).astype(np.int64)
    weeks = np.diff(ends)

    def average(values: FloatArray) -> FloatArray:
        return np.asarray(np.add.reduceat(values[: ends[-1]], ends[:-1]) / weeks)

    regular = np.exp(average(np.log(history.regular)))
    return History(
        id=history.id,
        category=history.category,
        week=(ends[:-1] + ends[1:]) // 2,
        units=average(history.units) * 52 / 12,
        price=regular,
        regular_price=regular,
        promo=np.zeros(len(weeks)),
        display=average(history.promoted.astype(np.float64)),
        distribution=average(history.distribution) if len(history.distribution) else history.distribution,
        monthly=True,
    )


def _elasticity(rng: np.random.Generator, mean: float, sd: float, *, skewed: bool) -> float:
    """Normal, or with a long tail of large answers as published ones have."""
    while True:
        e = -rng.gamma((mean / sd) ** 2, sd**2 / -mean) if skewed else rng.normal(mean, sd)
        if -7.5 < e < -0.3:
            return float(e)


@dataclass(frozen=True)
class _Wandering:
    """How demand wanders: persistence a week and standard deviation, and the noise of a single week."""

    persistence: float
    spread: float
    noise: float


def _product(
    rng: np.random.Generator, name: str, category: str, e: float, lengths: Sequence[int]
) -> Simulated:
    regime = str(rng.choice(REGIMES, p=_SHARES))
    volume = str(rng.choice(list(_VOLUMES)))
    weeks = int(rng.choice(lengths))
    total = weeks + AHEAD
    t = np.arange(total, dtype=np.float64)
    wandering = _Wandering(rng.uniform(0.4, 0.97), rng.uniform(0.03, 0.3), rng.uniform(0.03, 0.3))
    if regime == "answering":
        wandering = _Wandering(rng.uniform(0.6, 0.97), rng.uniform(0.06, 0.4), wandering.noise)
    cost = np.cumsum(rng.normal(0, rng.uniform(0.005, 0.03), total))
    market = Market(
        weeks=weeks,
        cost=cost,
        rival=0.4 * cost * rng.uniform(0, 1) + _steps(rng, total, rng.uniform(0.01, 0.08)),
        season=season(rng, t),
        shock=_autoregression(rng, total, wandering),
    )
    base = np.exp(rng.uniform(np.log(2), np.log(150)))
    regular = regular_price(rng, regime, market, base)
    with_promotions = regime == "promotion_only" or (regime != "never_moved" and rng.random() < 0.6)
    promo = _promotions(rng, total, weeks) if with_promotions else np.zeros(total)
    price = np.round(regular * (1 - promo * _depths(rng, total)), 2)
    display = ((promo > 0) & (rng.random(total) < rng.uniform(0.3, 1))).astype(float)
    if rng.random() < 0.4:
        display = np.maximum(display, (rng.random(total) < 0.04) & (t < weeks))
    by_display, by_promo = rng.uniform(0.05, 0.6), rng.choice([0, 1]) * rng.uniform(0, 0.3)

    log_level = rng.uniform(*np.log(_VOLUMES[volume]))
    cross = rng.uniform(0, 1.0)
    calm = (
        log_level
        + market.season
        + rng.normal(0, 0.15) * t / 52
        + cross * (market.rival - market.rival[0])
        + e * np.log(regular / regular[0])
    )
    lift = e * np.log(price / regular) + by_promo * promo + by_display * display
    expected, net = _with_dip(rng, np.exp(calm + market.shock), np.exp(lift), promo, weeks)
    units = _counts(rng, expected, wandering.noise)
    stockout = np.zeros(total)
    if rng.random() < 0.3:
        stockout[:weeks] = rng.random(weeks) < 0.03
    units = np.where(stockout > 0, np.floor(units * rng.uniform(0, 0.6, total)), units)

    unit_cost = base * (1 - rng.uniform(0.2, 0.55)) * np.exp(cost - cost[0])
    rival_price = base * rng.uniform(0.85, 1.15) * np.exp(market.rival)
    unknown = np.full(weeks, np.nan)
    history = History(
        id=name,
        category=category,
        week=t[:weeks].astype(np.int64),
        units=units[:weeks],
        price=price[:weeks],
        regular_price=regular[:weeks],
        promo=promo[:weeks],
        display=display[:weeks],
        unit_cost=np.round(unit_cost[:weeks], 3) if rng.random() < 0.8 else unknown,
        competitor_price=np.round(rival_price[:weeks], 2) if rng.random() < 0.7 else unknown,
        stockout=stockout[:weeks],
    )
    promoted = promo[:weeks] > 0
    gross = float(np.mean(np.exp(lift[:weeks][promoted]) - 1)) if promoted.any() else np.nan
    ahead = _ahead(rng, e, wandering, calm[weeks:], float(market.shock[weeks - 1]))
    margin = regular[weeks - 1] * np.array(MULTIPLIERS)[:, None] - unit_cost[None, weeks:]
    truth = Truth(
        regime=regime,
        volume=volume,
        elasticity=e,
        uplift_gross=gross,
        uplift_net=net,
        units=ahead[0].sum(axis=1),
        profit=(ahead[0] * margin).sum(axis=1),
        profit_mean=(ahead[1] * margin).sum(axis=1),
    )
    return Simulated(history, truth, unit_cost[weeks:])


def _ahead(
    rng: np.random.Generator, e: float, wandering: _Wandering, calm: FloatArray, shock: float
) -> tuple[FloatArray, FloatArray]:
    """Units of the weeks ahead at each price, without promotion or display, each price with chance of its
    own; and their expectation."""
    fades = wandering.persistence ** np.arange(1, AHEAD + 1)
    likely = np.exp(calm + fades * shock + wandering.spread**2 * (1 - fades**2) / 2)
    answers = np.array(MULTIPLIERS) ** e
    sold = [
        _counts(rng, np.exp(calm + _autoregression(rng, AHEAD, wandering, shock)) * answer, wandering.noise)
        for answer in answers
    ]
    return np.array(sold), answers[:, None] * likely


def _with_dip(
    rng: np.random.Generator, flat: FloatArray, lift: FloatArray, promo: FloatArray, weeks: int
) -> tuple[FloatArray, float]:
    """Expected units with promotions and with what is missing after them, and the share of the extra ones
    that stays."""
    extra = flat * (lift - 1) * (promo > 0)
    pulled = rng.uniform(0, 0.4) if rng.random() < 0.8 else 0.0
    dip = np.zeros(len(flat))
    for lag, share in enumerate(rng.dirichlet([4, 2, 1]), start=1):
        dip[lag:] += pulled * share * extra[:-lag]
    dip = np.where(promo > 0, 0, np.minimum(dip, 0.6 * flat))
    dip[weeks:] = 0
    total = float(extra[:weeks].sum())
    return flat * lift - dip, 1 - float(dip[:weeks].sum()) / total if total > 0 else np.nan


def _counts(rng: np.random.Generator, expected: FloatArray, noise: float) -> FloatArray:
    """Whole units about `expected`, as Poisson draws of which the mean itself moves by `noise`."""
    shape = 1 / noise**2
    return rng.poisson(expected * rng.gamma(shape, 1 / shape, len(expected))).astype(np.float64)


def _autoregression(
    rng: np.random.Generator, length: int, wandering: _Wandering, start: float | None = None
) -> FloatArray:
    persistence, spread = wandering.persistence, wandering.spread
    steps = rng.normal(0, spread * np.sqrt(1 - persistence**2), length)
    before = rng.normal(0, spread) if start is None else start
    return np.asarray(lfilter([1], [1, -persistence], steps, zi=[persistence * before])[0])


def _steps(rng: np.random.Generator, length: int, size: float, every: float = 8) -> FloatArray:
    """A level that moves now and then and partly comes back."""
    level = np.cumsum((rng.random(length) < 1 / every) * rng.normal(0, size, length))
    return np.asarray(level - 0.7 * level.mean() * np.linspace(0, 1, length))


def season(rng: np.random.Generator, t: FloatArray) -> FloatArray:
    """Two waves a year, from hardly any to half of the level."""
    phase = rng.uniform(0, 2 * np.pi, 2)
    size = rng.uniform(0, 1) * np.abs(rng.normal(0, [0.4, 0.15]))
    waves = [size[i] * np.sin(2 * np.pi * (i + 1) * t / 52 + phase[i]) for i in range(2)]
    return np.asarray(waves[0] + waves[1])


def _promotions(rng: np.random.Generator, total: int, weeks: int) -> FloatArray:
    promo = np.zeros(total)
    share, length = rng.uniform(0.04, 0.2), int(rng.choice([1, 1, 2, 3]))
    for _ in range(max(1, round(share * weeks / length))):
        start = int(rng.integers(2, weeks - 1))
        promo[start : min(start + length, weeks)] = 1
    return promo


def _depths(rng: np.random.Generator, total: int) -> FloatArray:
    """Of a promotion week: always the same, or of several sizes."""
    if rng.random() < 0.5:
        return np.full(total, rng.choice([0.15, 0.2, 0.25, 0.3, 0.4]))
    return np.asarray(rng.choice([0.1, 0.15, 0.2, 0.25, 0.3, 0.4], size=total))
