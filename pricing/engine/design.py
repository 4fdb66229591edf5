"""What besides the price may have moved the units: the columns of the regression and what is believed of
their effects before the product's own weeks are looked at."""

from dataclasses import dataclass

import numpy as np

from .history import BoolArray, FloatArray, History
from .what_if_distribution import EXPECTED, EXPECTED_SD

_PAIRS = 2
_AFTER = 3
# Mean and standard deviation, in logs of units: a plausible range of everyday effects, not a result.
_COMPETITOR = (0.4, 0.4)
# A point of distribution sells what one sells now, or less (what_if_distribution.py).
_DISTRIBUTION = (EXPECTED, EXPECTED_SD)
_DISPLAY = (0.3, 0.25)
# A promotion that runs all month, its lower price included.
_PROMOTED_MONTH = (0.6, 0.6)
_PROMOTION, _PROMOTION_UNTOLD = (0.05, 0.12), (0.15, 0.25)
_AFTERWARDS = ((-0.12, 0.12), (-0.07, 0.09), (-0.04, 0.06))
_WAVES = (0.25, 0.1)
_YEARLY_TREND = 0.2
_LEVEL = 3.0
# How much demand a price carries with it that answered demand (see demand.py).
_ANSWER = (1.5, 1.2)
_FIRST_STAGE_F = 10.0


@dataclass(frozen=True)
class Design:
    """Rows: the weeks seen. `columns` without the log price, which stands in `log_price` relative to the last
    regular price; the last column is what of the price may have answered demand. `strong`: a first stage on
    cost with F above 10 took the explained part out of it. `unexplained`: what controls and cost leave of the
    price. `all_…`: the same for every week of the history, also of
    weeks whose units are not known, such as planned ones."""

    log_price: FloatArray
    columns: FloatArray
    means: FloatArray
    sds: FloatArray
    names: tuple[str, ...]
    week: FloatArray
    strong: bool
    unexplained: FloatArray
    all_log_price: FloatArray
    all_columns: FloatArray

    def at(self, name: str) -> int:
        return self.names.index(name)


def design(history: History) -> Design:
    seen = history.seen
    week = history.week.astype(np.float64)
    log_regular = np.log(history.regular / history.last_regular)
    blocks: list[tuple[str, FloatArray, float, float]] = [("level", np.ones(len(week)), 0.0, _LEVEL)]
    blocks += _calendar(week, week[-1])
    if history.competitor is not None:
        blocks.append(("competitor", history.competitor - history.competitor[-1], *_COMPETITOR))
    if history.spread_out is not None:
        blocks.append(("distribution", history.spread_out - history.spread_out[-1], *_DISTRIBUTION))
    if history.displayed[seen].any():
        shown = _PROMOTED_MONTH if history.monthly else _DISPLAY
        blocks.append(("display", history.displayed, *shown))
    promo = history.promoted.astype(np.float64)
    if promo[seen].any():
        # Without a column of displays and leaflets, the promotion stands for them too.
        told = len(history.display) > 0 and bool(np.isfinite(history.display).any())
        blocks.append(("promo", promo, *(_PROMOTION if told else _PROMOTION_UNTOLD)))
        for lag in range(1, _AFTER + 1):
            blocks.append((f"after{lag}", _weeks_after(history, lag), *_AFTERWARDS[lag - 1]))
    explained = np.column_stack([b[1][seen] for b in blocks if b[0] not in ("promo", "display", "after1")])
    suspect, unexplained, strong = _first_stage(history, log_regular, explained, seen)
    blocks.append(("answer", suspect, *_ANSWER))
    log_price = np.log(history.price / history.last_regular)
    columns = np.column_stack([b[1] for b in blocks])
    return Design(
        log_price=log_price[seen],
        columns=columns[seen],
        means=np.array([b[2] for b in blocks]),
        sds=np.array([b[3] for b in blocks]),
        names=tuple(b[0] for b in blocks),
        week=week[seen],
        strong=strong,
        unexplained=unexplained,
        all_log_price=log_price,
        all_columns=columns,
    )


def future_columns(made: Design, history: History, weeks: FloatArray) -> FloatArray:
    """The same columns for weeks ahead: no promotion, no display, competitor's price and
    distribution as they stand."""
    known = {name: values for name, values, _, _ in _calendar(weeks, float(history.week[-1]))}
    known["level"] = np.ones(len(weeks))
    return np.column_stack([known.get(name, np.zeros(len(weeks))) for name in made.names])


def _calendar(week: FloatArray, last: float) -> list[tuple[str, FloatArray, float, float]]:
    blocks = [("trend", (week - last) / 52, 0.0, _YEARLY_TREND)]
    for pair in range(1, _PAIRS + 1):
        angle = 2 * np.pi * pair * week / (365.25 / 7)
        blocks.append((f"sin{pair}", np.sin(angle), 0.0, _WAVES[pair - 1]))
        blocks.append((f"cos{pair}", np.cos(angle), 0.0, _WAVES[pair - 1]))
    return blocks


def _weeks_after(history: History, lag: int) -> FloatArray:
    """By how much the promotion that ended so many weeks ago was cheaper; half a fifth where only shown."""
    ended = np.zeros(len(history.week))
    place = {int(w): i for i, w in enumerate(history.week)}
    for i, w in enumerate(history.week):
        before = place.get(int(w) - lag)
        if before is None or history.promoted[i] or not history.promoted[before]:
            continue
        depth = (
            1 - history.price[before] / history.regular[before] if np.isfinite(history.price[before]) else 0.2
        )
        ended[i] = max(depth, 0.1) / 0.2
    return ended


def _first_stage(
    history: History, log_regular: FloatArray, controls: FloatArray, seen: BoolArray
) -> tuple[FloatArray, FloatArray, bool]:
    """What of the regular price may have answered demand, every week; what neither the controls nor cost
    explain, in the weeks seen; and whether cost explains it well (F > 10)."""
    y = log_regular[seen]
    left = y - controls @ _ridge(controls, y)
    strong, driven = False, np.zeros(len(y))
    if history.cost is not None:
        cost = history.cost[seen] - history.cost[-1]
        own = cost - controls @ _ridge(controls, cost)
        if own @ own > 1e-12:
            slope = (own @ left) / (own @ own)
            rest = left - slope * own
            freedom = max(len(y) - controls.shape[1] - 1, 1)
            f = (left @ left - rest @ rest) / max(rest @ rest / freedom, 1e-12)
            # Two wandering series agree by chance: fewer weeks count than there are.
            alike = max(_persistence(rest) * _persistence(own), 0.0)
            strong = bool(f * (1 - alike) / (1 + alike) > _FIRST_STAGE_F)
            if strong:
                left, driven = rest, slope * cost
    # Season and trend of a price may be answers too, so all of it is suspect that cost does not explain.
    suspect = y - driven
    whole = np.zeros(len(seen))
    whole[seen] = suspect - suspect.mean()
    return whole, left, strong


def _persistence(values: FloatArray) -> float:
    total = float(values @ values)
    return float(values[:-1] @ values[1:]) / total if total > 0 else 0.0


def _ridge(columns: FloatArray, target: FloatArray) -> FloatArray:
    gram = columns.T @ columns
    return np.asarray(
        np.linalg.solve(gram + 1e-6 * np.eye(len(gram)) * max(np.trace(gram), 1), columns.T @ target)
    )
