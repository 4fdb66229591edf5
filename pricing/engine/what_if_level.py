"""What another price would do to a state, such as contracts in force. Plain Python: a page answers with it.

    state_m = base_m + d_m
    d_m = r_m · d_{m−1} − (r − r_m) · q · base_{m−1} + s_m · q · inflow_m · ((p / p_m)^e − 1)
    1 − r_m = (1 − r) · (1 + s_m · ((p / p_m)^c − 1))

with r the share of the state that is still there a month later, s_m the share of month m from the date on, q
that of who pays this price, p_m the price that would hold without it, e how what comes in answers the price
and c how what leaves does: nobody measures that, so it is assumed, and 0 leaves who is there alone. From the
date on all of q pay it, and d_m too.

Break-even is the share by which less may come in (c as assumed), or more leave a month (e in the middle of
what was estimated), until the months together bring in, or leave, what they do without the change.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import exp, log
from statistics import median

from .what_if import Month, Outcome, StateEven, answered, drawn, left_of, outcome


@dataclass(frozen=True)
class Coming:
    """What comes into a state by month, and the share of it that is still there a month later."""

    volumes: Sequence[float]
    stays: float


def carried(came: Sequence[float], stays: float) -> list[float]:
    """How many of those who came in by month are there in each."""
    found: list[float] = []
    for each in came:
        found.append((found[-1] * stays if found else 0.0) + each)
    return found


def what_if_level(
    months: Sequence[Month],
    coming: Coming,
    quantiles: Sequence[float],
    price: Sequence[float],
    *,
    correlation: float,
    over: float = 0.0,
    churn: float = 0.0,
) -> Outcome:
    """``months`` of the state; ``price`` of each in the money of ``Month.price``; ``quantiles`` of e and
    ``churn`` c. The other arguments as of :func:`pricing.engine.what_if.what_if`."""
    draws = drawn(quantiles)
    ratios = [log(new / month.before) for new, month in zip(price, months, strict=True)]
    state = _State(months, coming)
    leave = [exp(churn * ratio) - 1 for ratio in ratios]
    factors = []
    for e, _z, w in draws:
        answers = [answered(e, ratio, over * w) if abs(ratio) > 1e-9 else 0.0 for ratio in ratios]
        factors.append(
            [
                max(1 + gained / month.mean, 0.0) if month.mean > 0 else 1.0
                for month, gained in zip(months, state.gained(answers, leave), strict=True)
            ]
        )
    paid = [[_mean_price(*one) for one in zip(months, row, price, strict=True)] for row in factors]
    held = zip(months, ratios, strict=True)
    if not any(month.moved > 0 and abs(ratio) > 1e-9 for month, ratio in held):
        return outcome(months, factors, paid, draws, correlation)
    middle = [answered(median(quantiles), ratio, 0.0) for ratio in ratios]
    found = outcome(months, factors, paid, draws, correlation, changes=True)
    margin = found.margin and replace(found.margin, state=_break_even(state, price, middle, leave, left_of))
    even = _break_even(state, price, middle, leave, lambda _month, unit: unit)
    return replace(found, margin=margin, state=even)


@dataclass(frozen=True)
class _State:
    months: Sequence[Month]
    coming: Coming

    def gained(self, answers: Sequence[float], leave: Sequence[float]) -> list[float]:
        """d_m, where by these shares more come in and more leave of who pays the price."""
        found, gained, before, stays = [], 0.0, self.months[0].mean, self.coming.stays
        for month, inflow, answer, more in zip(self.months, self.coming.volumes, answers, leave, strict=True):
            stay = max(1 - (1 - stays) * (1 + month.share * more), 0.0)
            gained = stay * gained - (stays - stay) * month.part * before + month.moved * inflow * answer
            before = month.mean
            found.append(gained)
        return found


def _break_even(
    state: _State,
    price: Sequence[float],
    answers: Sequence[float],
    leave: Sequence[float],
    left: Callable[[Month, float], float],
) -> StateEven:
    """``left``: what a unit brings in or leaves at a price."""
    months = state.months
    rows = list(zip(months, price, strict=True))
    others = [left(month, (1 - month.share) * month.before + month.share * new) for month, new in rows]
    held = [left(month, month.price + month.moved * (new - month.before)) for month, new in rows]
    more = sum(
        month.mean * (then - left(month, month.price)) for month, then in zip(months, held, strict=True)
    )

    def worth(answers: Sequence[float], leave: Sequence[float]) -> float:
        gained = state.gained(answers, leave)
        return more + sum(unit * each for unit, each in zip(others, gained, strict=True))

    none, one = [0.0] * len(months), [1.0] * len(months)
    level = worth(none, leave)
    step = worth(one, leave) - level
    coming = -level / step if step > 0 else None
    stays = state.coming.stays
    low, high = -1.0, stays / (1 - stays) if stays < 1 else -1.0

    def at(share: float) -> float:
        return worth(answers, [share] * len(months))

    if not at(low) > 0 > at(high):
        return StateEven(coming, None)
    for _halving in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if at(middle) > 0 else (low, middle)
    return StateEven(coming, (low + high) / 2)


def _mean_price(month: Month, factor: float, new: float) -> float:
    """What a unit brings in: of those there without the change as they pay, of who comes or stays away what
    they would pay."""
    held = month.price + month.moved * (new - month.before)
    other = (1 - month.share) * month.before + month.share * new
    return (held + (factor - 1) * other) / factor if factor > 0 else held
