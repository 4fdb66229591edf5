"""The field's formulas of price and promotion, each with a worked case in docs/algorithms/elasticity.md.

Floats in, floats out; shares and rates as fractions. What has no answer is None, never infinite.
"""

import math
from dataclasses import dataclass
from statistics import NormalDist

from .mechanics import effective_price as effective_price

_Z80 = float(NormalDist().inv_cdf(0.9))


def elasticity_log(units: tuple[float, float], prices: tuple[float, float]) -> float:
    """ln(units after / before) / ln(price after / before)."""
    return float(math.log(units[1] / units[0]) / math.log(prices[1] / prices[0]))


def elasticity_arc(units: tuple[float, float], prices: tuple[float, float]) -> float:
    """Changes relative to their midpoints."""
    return ((units[1] - units[0]) / (units[1] + units[0])) / (
        (prices[1] - prices[0]) / (prices[1] + prices[0])
    )


@dataclass(frozen=True)
class Shrunk:
    """`weight` is what counts of the product's own estimate."""

    weight: float
    value: float
    sd: float
    lo80: float
    hi80: float


def shrinkage(estimate: float, se: float, *, towards: float, sd: float) -> Shrunk:
    """Precision-weighted mean of an estimate and what is known of its group."""
    weight = sd**2 / (sd**2 + se**2)
    value = weight * estimate + (1 - weight) * towards
    left = float(math.sqrt(weight) * se)
    return Shrunk(weight, value, left, value - _Z80 * left, value + _Z80 * left)


def best_price(cost: float, elasticity: float, *, commission_rate: float = 0.0) -> float | None:
    """Most profit at constant elasticity: c · e / (1 + e), the cost grown by a commission on price. None at e
    ≥ −1: there is no finite optimum."""
    if elasticity >= -1:
        return None
    return cost / (1 - commission_rate) * elasticity / (1 + elasticity)


@dataclass(frozen=True)
class LinearBest:
    price: float
    units: float
    profit: float


def best_price_linear(intercept: float, slope: float, cost: float) -> LinearBest | None:
    """Most profit where units = intercept − slope · price. None where nothing sells above cost."""
    if slope <= 0 or intercept / slope <= cost:
        return None
    price = (intercept / slope + cost) / 2
    units = intercept - slope * price
    return LinearBest(price, units, (price - cost) * units)


def reseller_margin_rate(consumer_price: float, vat_rate: float, own_net_price: float) -> float:
    """What the reseller keeps of the consumer price without VAT."""
    net = consumer_price / (1 + vat_rate)
    return (net - own_net_price) / net


def consumer_price(own_net_price: float, margin_rate: float, vat_rate: float) -> float:
    """What the consumer pays when the reseller keeps his margin rate; the way back of `reseller_margin_rate`.
    A price that a reseller sets has no optimum of ours: it moves through pass-through only."""
    return own_net_price / (1 - margin_rate) * (1 + vat_rate)


def break_even_volume_rate(price_change: float, unit_margin: float) -> float | None:
    """Change in volume that leaves profit as it was: −Δp / (m + Δp). None where the new margin is not
    positive."""
    if unit_margin + price_change <= 0:
        return None
    return -price_change / (unit_margin + price_change)


@dataclass(frozen=True)
class PriceScenario:
    """Of profit: median, mean, 10 and 90 % and the chance of more than now; `switch` is the elasticity at
    which profit is as now."""

    volume: float
    profit_median: float
    profit_mean: float
    profit_lo80: float
    profit_hi80: float
    better: float
    switch: float | None


def price_scenario(
    *, volume: float, price: float, cost: float, fixed: float, new_price: float, elasticity: float, sd: float
) -> PriceScenario:
    """Constant elasticity e ~ N(elasticity, sd²): volume is lognormal, so everything has a closed form. For a
    new price above cost."""
    log_ratio = float(math.log(new_price / price))
    margin = new_price - cost
    now = volume * (price - cost)

    def profit(e: float) -> float:
        return volume * float(math.exp(e * log_ratio)) * margin - fixed

    edges = sorted(profit(elasticity + z * sd) for z in (-_Z80, _Z80))
    mean = volume * float(math.exp(elasticity * log_ratio + (sd * log_ratio) ** 2 / 2)) * margin - fixed
    switch: float | None = None
    better = 0.0
    if log_ratio != 0 and now > 0 and margin > 0:
        switch = float(math.log(now / (volume * margin)) / log_ratio)
        below = float(NormalDist().cdf((switch - elasticity) / sd)) if sd > 0 else float(elasticity < switch)
        better = below if log_ratio < 0 else 1 - below
    sold = volume * float(math.exp(elasticity * log_ratio))
    return PriceScenario(sold, profit(elasticity), mean, edges[0], edges[1], better, switch)


@dataclass(frozen=True)
class PromotionResult:
    uplift_gross_rate: float
    net_units: float
    profit: float
    break_even_units: float | None


def promotion_result(
    *,
    baseline: float,
    sold: float,
    dip: float,
    margin: float,
    promotion_margin: float,
    cannibalised_units: float = 0.0,
    cannibalised_margin: float = 0.0,
    cost: float = 0.0,
) -> PromotionResult | None:
    """What a promotion earned more than its baseline: margin of what was sold, less that of the baseline, of
    the dip after and of sister products, less its cost; and the units at which that is nothing (None where a
    unit leaves nothing in the promotion). None without a baseline."""
    if baseline <= 0:
        return None
    lost = baseline * margin + dip * margin + cannibalised_units * cannibalised_margin + cost
    return PromotionResult(
        uplift_gross_rate=sold / baseline - 1,
        net_units=sold - baseline - dip,
        profit=sold * promotion_margin - lost,
        break_even_units=lost / promotion_margin if promotion_margin > 0 else None,
    )


@dataclass(frozen=True)
class Cannibalisation:
    rate: float
    break_even_rate: float
    net_profit: float


def cannibalisation(
    *, new_units: float, from_old_units: float, new_margin: float, old_margin: float
) -> Cannibalisation | None:
    """Of a launch. None when nothing was sold or the old one earned nothing."""
    if new_units <= 0 or old_margin <= 0:
        return None
    net = new_units * new_margin - from_old_units * old_margin
    return Cannibalisation(from_old_units / new_units, new_margin / old_margin, net)


@dataclass(frozen=True)
class Bridge:
    """before + price + volume + mix = after."""

    before: float
    after: float
    price: float
    volume: float
    mix: float


def price_volume_mix(
    before: dict[str, tuple[float, float]], after: dict[str, tuple[float, float]]
) -> Bridge | None:
    """(quantity, price) by product; the same products, all in one unit. Price: new volumes × change in price;
    volume: change of the total × average price before; mix: the rest. None without any volume before.
    Raises ValueError for other products: new and lost ones are shown whole and apart."""
    if before.keys() != after.keys():
        raise ValueError("the same products are needed on both sides")
    was = sum(q * p for q, p in before.values())
    is_now = sum(q * p for q, p in after.values())
    total = sum(q for q, _ in before.values())
    if total == 0:
        return None
    price = sum(after[k][0] * (after[k][1] - before[k][1]) for k in before)
    volume = (sum(q for q, _ in after.values()) - total) * was / total
    return Bridge(was, is_now, price, volume, is_now - was - price - volume)
