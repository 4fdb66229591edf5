"""What another price would do to a state, such as contracts in force. Plain Python: a page answers with it.

    state_m = base_m + d_m
    d_m = r_m · d_{m−1} − (r − r_m) · base_{m−1} + s_m · inflow_m · ((p / p_m)^e − 1)
    1 − r_m = (1 − r) · (1 + s_m · ((p / p_m)^c − 1))

with r the share of the state that is still there a month later, s_m the share of month m from the date on
times that of who pays this price, p_m the price that would hold without it, e how what comes in answers the
price and c how what leaves does: nobody measures that, so it is assumed, and 0 leaves who is there alone.
From the date on all of them pay it, and d_m too.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, log

from .what_if import Month, Outcome, answered, drawn, outcome


def what_if_level(
    months: Sequence[Month],
    inflows: Sequence[float],
    stays: float,
    quantiles: Sequence[float],
    price: Sequence[float],
    *,
    correlation: float,
    over: float = 0.0,
    churn: float = 0.0,
) -> Outcome:
    """``months`` of the state; ``price`` of each in the money of ``Month.price``; ``quantiles`` of e and
    ``churn`` c. The other arguments as of :func:`pricing.engine.what_if.what_if`; there is no break-even."""
    draws = drawn(quantiles)
    ratios = [log(new / month.before) for new, month in zip(price, months, strict=True)]
    stay = [
        max(1 - (1 - stays) * (1 + month.moved * (exp(churn * ratio) - 1)), 0.0)
        for month, ratio in zip(months, ratios, strict=True)
    ]
    before = [months[0].mean, *(month.mean for month in months[:-1])]
    left = [(stays - r) * level for r, level in zip(stay, before, strict=True)]
    factors = []
    for e, _z, w in draws:
        gained, row = 0.0, []
        for month, ratio, inflow, r, lost in zip(months, ratios, inflows, stay, left, strict=True):
            answer = answered(e, ratio, over * w) if abs(ratio) > 1e-9 else 0.0
            gained = r * gained - lost + month.moved * inflow * answer
            row.append(max(1 + gained / month.mean, 0.0) if month.mean > 0 else 1.0)
        factors.append(row)
    paid = [[_mean_price(*one) for one in zip(months, row, price, strict=True)] for row in factors]
    held = zip(months, ratios, strict=True)
    changes = any(month.moved > 0 and abs(ratio) > 1e-9 for month, ratio in held)
    return outcome(months, factors, paid, draws, correlation, changes=changes)


def _mean_price(month: Month, factor: float, new: float) -> float:
    """What a unit brings in: of those there without the change as they pay, of who comes or stays away what
    they would pay."""
    held = month.price + month.moved * (new - month.before)
    other = (1 - month.share) * month.before + month.share * new
    return (held + (factor - 1) * other) / factor if factor > 0 else held
