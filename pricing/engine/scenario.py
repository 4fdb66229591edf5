"""What another price would bring: units and profit of the weeks ahead, as distributions.

The uncertainty of the base (level, trend, season, how it wanders, week-to-week noise) and of the elasticity
come from the same draws, so they are together as they were estimated together.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from .design import future_columns
from .draws import DRAWS, draw, even_normals
from .estimate import Fitted
from .history import FloatArray
from .shrinkage import Posterior

# Nothing is claimed beyond a fifth below the lowest or above the highest price seen; there the answer is
# widened by this standard deviation of the elasticity, for the part of the way that lies outside.
BEYOND = 0.2
_WIDER = 1.5
_ANSWER_FADES = 0.85
_EVEN_WEEKS = 13


@dataclass(frozen=True)
class Outcome:
    """Mean and 80 % range of units and profit over `weeks` ahead; profit None without any cost."""

    multiplier: float
    weeks: int
    price: float
    units: float
    units_lo80: float
    units_hi80: float
    profit: float | None
    profit_lo80: float | None
    profit_hi80: float | None
    beyond: bool
    recommended: bool = False


def scenarios(
    fitted: Fitted,
    posterior: Posterior,
    asked: Sequence[tuple[float, int]],
    costs: Mapping[int, float] | None = None,
) -> list[Outcome]:
    """An outcome for each (multiplier of the last regular price, weeks ahead); `costs` by week number where
    known ahead, the last known one where not. Recommended is what earns most on average, a week, among prices
    not beyond what was seen. Empty for a product without any sale."""
    if fitted.demand is None:
        return []
    history, demand = fitted.history, fitted.demand
    horizon = max(weeks for _, weeks in asked)
    ahead = float(history.week[-1]) + np.arange(1, horizon + 1, dtype=np.float64)
    drawn = draw(demand, posterior)
    columns = future_columns(demand.made, history, ahead)
    base = drawn.controls @ columns.T + _wandering(drawn.level, drawn.rho, drawn.tau, horizon)
    # The demand that an answering price carried goes on without it.
    carried = demand.made.columns[:, -1]
    fades, spread = np.full(DRAWS, _ANSWER_FADES), np.full(DRAWS, carried.std())
    onwards = _wandering(np.full(DRAWS, carried[-1]), fades, spread, horizon, stream=1)
    base += drawn.controls[:, -1:] * onwards
    cost = _costs(history.last_cost, ahead, costs)
    lowest = (1 - BEYOND) * np.min(history.price[history.seen])
    highest = (1 + BEYOND) * np.max(history.price[history.seen])
    found: list[Outcome] = []
    earned: list[float] = []
    for multiplier, weeks in asked:
        price = history.last_regular * multiplier
        over = np.log(price / np.clip(price, lowest, highest))
        beyond = bool(abs(over) > 1e-9)
        answer = drawn.elasticity * np.log(multiplier) + _WIDER * over * even_normals()[:, -2]
        mean = demand.size * np.exp(np.clip(base[:, :weeks] + answer[:, None], -20, 30))
        total = mean.sum(axis=1)
        sold = _sold(mean, demand.size, drawn.sigma)
        units_lo80, units_hi80 = _range(sold)
        outcome = Outcome(
            multiplier=multiplier,
            weeks=weeks,
            price=price,
            units=float(total.mean()),
            units_lo80=units_lo80,
            units_hi80=units_hi80,
            profit=None,
            profit_lo80=None,
            profit_hi80=None,
            beyond=beyond,
        )
        if cost is not None:
            margin = price - (mean @ cost[:weeks]) / total
            profit = float((total * margin).mean())
            profit_lo80, profit_hi80 = _range(sold * margin)
            outcome = replace(outcome, profit=profit, profit_lo80=profit_lo80, profit_hi80=profit_hi80)
            earned.append(-np.inf if beyond else profit / weeks)
        found.append(outcome)
    if earned and max(earned) > -np.inf:
        best = int(np.argmax(earned))
        found[best] = replace(found[best], recommended=True)
    return found


def planned_units(fitted: Fitted, posterior: Posterior) -> FloatArray:
    """Expected units of the history's weeks after the last one seen, at their own prices, promotions and
    displays. Empty for a product without any sale."""
    if fitted.demand is None:
        return np.empty(0)
    made, weeks = fitted.demand.made, fitted.history.week
    ahead = weeks > made.week[-1]
    drawn = draw(fitted.demand, posterior)
    fades = drawn.rho[:, None] ** (weeks[ahead] - made.week[-1])[None, :]
    log_units = (
        drawn.controls @ made.all_columns[ahead].T
        + np.outer(drawn.elasticity, made.all_log_price[ahead])
        + fades * drawn.level[:, None]
        + drawn.tau[:, None] ** 2 * (1 - fades**2) / 2
    )
    return np.asarray(fitted.demand.size * np.exp(np.clip(log_units, -20, 30)).mean(axis=0))


def _wandering(
    level: FloatArray, rho: FloatArray, tau: FloatArray, horizon: int, *, stream: int = 0
) -> FloatArray:
    """How a level wanders on, by draw and week; streams are independent of each other."""
    if horizon <= _EVEN_WEEKS:
        end = -2 - stream * _EVEN_WEEKS
        normals = even_normals()[:, end - horizon : end]
    else:
        normals = np.random.default_rng(stream).standard_normal((DRAWS, horizon))
    path = np.empty((DRAWS, horizon))
    step = tau * np.sqrt(1 - rho**2)
    for h in range(horizon):
        level = rho * level + step * normals[:, h]
        path[:, h] = level
    return path


def _sold(mean: FloatArray, size: float, sigma: FloatArray) -> FloatArray:
    """Units as they would be counted: scatter of a sum of quasi-Poisson weeks about its mean."""
    total = mean.sum(axis=1)
    sd = np.sqrt(np.log1p((size * total + sigma**2 * (mean**2).sum(axis=1)) / total**2))
    return np.asarray(total * np.exp(sd * even_normals()[:, -1] - sd**2 / 2))


def _range(values: FloatArray) -> tuple[float, float]:
    low, high = np.quantile(values, [0.1, 0.9])
    return float(low), float(high)


def _costs(last: float | None, ahead: FloatArray, known: Mapping[int, float] | None) -> FloatArray | None:
    found = np.empty(len(ahead))
    for i, week in enumerate(ahead):
        last = (known or {}).get(int(week), last)
        if last is None:
            # Before the first cost known ahead, that one.
            later = [cost for w, cost in sorted((known or {}).items()) if w > week]
            if not later:
                return None
            last = later[0]
        found[i] = last
    return found
