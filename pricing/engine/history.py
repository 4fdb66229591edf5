"""What was sold of one product at which price, week by week, and what is worked out of it before any
model."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
IntArray = NDArray[np.int64]

MIN_WEEKS = 26
MIN_MONTHS = 24
MIN_CHANGES = 3
MIN_SPREAD = 0.02
# A price below this share of the regular one is a promotion, where nobody said which weeks were.
_PROMOTION_BELOW = 0.97
_LONGEST_PROMOTION = 4
_STEADY = 0.005


def _none() -> FloatArray:
    return np.empty(0)


@dataclass(frozen=True)
class History:
    """One product. `week` counts weeks, rising, gaps allowed; the other arrays have a value a week, NaN where
    it is not known, and may be empty when it is known for no week. `promo`, `display` and `stockout` run from
    0 to 1; `units` of a week out of stock do not count. `distribution` is how widely it lies (weighted
    distribution, or points of sale): only how it moves counts.

    By the month (`monthly`) a row is a month: `week` the week its middle lies in, `units` those of a month of
    average length, `price` the regular one, and `display` the share of the month in which a promotion ran."""

    id: str
    week: IntArray
    units: FloatArray
    price: FloatArray
    category: str = ""
    regular_price: FloatArray = field(default_factory=_none)
    promo: FloatArray = field(default_factory=_none)
    display: FloatArray = field(default_factory=_none)
    unit_cost: FloatArray = field(default_factory=_none)
    competitor_price: FloatArray = field(default_factory=_none)
    stockout: FloatArray = field(default_factory=_none)
    distribution: FloatArray = field(default_factory=_none)
    monthly: bool = False

    @cached_property
    def seen(self) -> BoolArray:
        """Weeks that speak about demand: sold from stock at a known price, from the first sale on."""
        known = np.isfinite(self.units) & np.isfinite(self.price)
        known &= np.nan_to_num(self._column(self.stockout)) < 0.5
        sold = np.flatnonzero(np.nan_to_num(self.units) > 0)
        started: BoolArray = known & (np.arange(len(self.week)) >= (sold[0] if len(sold) else len(self.week)))
        return started

    @cached_property
    def observations(self) -> int:
        return int(self.seen.sum())

    @cached_property
    def spread(self) -> float:
        """Standard deviation of the log price over the weeks seen."""
        return float(np.std(np.log(self.price[self.seen]))) if self.observations else 0.0

    @cached_property
    def changes(self) -> int:
        """How often the regular price moved over the periods seen."""
        return sum(1 for _ in _runs(self.regular[self.seen])) - 1 if self.observations else 0

    @cached_property
    def regular(self) -> FloatArray:
        """The price without promotion, every week."""
        return self._parted[0]

    @cached_property
    def promoted(self) -> BoolArray:
        return self._parted[1]

    @cached_property
    def last_regular(self) -> float:
        return float(self.regular[-1])

    @cached_property
    def displayed(self) -> FloatArray:
        return np.nan_to_num(self._column(self.display))

    @cached_property
    def competitor(self) -> FloatArray | None:
        """Log price of the competitor, the last known one where it is missing; None when it never moved."""
        return _moving(self._column(self.competitor_price))

    @cached_property
    def spread_out(self) -> FloatArray | None:
        """Log distribution, the last known one where it is missing; None when it never moved."""
        return _moving(self._column(self.distribution))

    @cached_property
    def cost(self) -> FloatArray | None:
        """Log unit cost, the last known one where it is missing; None when it never moved."""
        return _moving(self._column(self.unit_cost))

    @cached_property
    def last_cost(self) -> float | None:
        known = self._column(self.unit_cost)
        known = known[np.isfinite(known)]
        return float(known[-1]) if len(known) else None

    @cached_property
    def _parted(self) -> tuple[FloatArray, BoolArray]:
        price = _filled(self.price)
        regular, promo = self._column(self.regular_price), self._column(self.promo)
        if np.isfinite(regular).any():
            regular = _filled(regular)
            if np.isfinite(promo).any():
                return regular, np.nan_to_num(promo) >= 0.5
            return regular, price < _PROMOTION_BELOW * regular
        if np.isfinite(promo).any():
            promoted = np.nan_to_num(promo) >= 0.5
        else:
            promoted = _short_cuts(price)
        if promoted.all():
            return price, promoted
        return _filled(np.where(promoted, np.nan, price)), promoted

    def _column(self, values: FloatArray) -> FloatArray:
        return values if len(values) else np.full(len(self.week), np.nan)


def _short_cuts(price: FloatArray) -> BoolArray:
    """Weeks of a price that is lower than before and after for at most four weeks, where prices mostly
    stand."""
    promoted = np.zeros(len(price), dtype=bool)
    runs = list(_runs(price))
    if len(price) < 2 or len(runs) - 1 > 0.4 * (len(price) - 1):
        return promoted
    for before, (start, end), after in zip(runs, runs[1:], runs[2:], strict=False):
        around = min(price[before[0]], price[after[0]])
        if end - start <= _LONGEST_PROMOTION and price[start] < _PROMOTION_BELOW * around:
            promoted[start:end] = True
    return promoted


def _runs(price: FloatArray) -> Iterator[tuple[int, int]]:
    start = 0
    for i in range(1, len(price) + 1):
        if i == len(price) or abs(np.log(price[i] / price[i - 1])) > _STEADY:
            yield start, i
            start = i


def _filled(values: FloatArray) -> FloatArray:
    """The last known value where one is missing, before the first known one that."""
    known = np.isfinite(values)
    if known.all():
        return values
    last = np.maximum.accumulate(np.where(known, np.arange(len(values)), -1))
    return np.asarray(values[np.where(last < 0, int(np.argmax(known)), last)])


def _moving(values: FloatArray) -> FloatArray | None:
    known = np.isfinite(values) & (values > 0)
    if known.sum() < 2:
        return None
    log = np.log(_filled(np.where(known, values, np.nan)))
    return log if np.ptp(log) > 1e-9 else None
