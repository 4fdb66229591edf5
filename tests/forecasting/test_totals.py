"""Bands of totals: between independent and moving as one."""

from __future__ import annotations

from math import exp, hypot

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.numbers import Z80
from forecasting.layers import Layers, months_band
from forecasting.totals import USUAL_CORRELATION, decided_band, error_correlation, total_band


def test_two_months_by_hand():
    # Half widths 3 and 4: apart 5, as one 7, at one half the root of (25 + 49) / 2.
    mean, lo, hi = [10.0, 20.0], [7.0, 16.0], [13.0, 24.0]
    assert total_band(mean, lo, hi, correlation=0) == (25, 35)
    assert total_band(mean, lo, hi, correlation=1) == (23, 37)
    assert total_band(mean, lo, hi, correlation=0.5) == pytest.approx((30 - 37**0.5, 30 + 37**0.5))


def test_a_total_of_volumes_is_not_below_zero():
    assert total_band([1.0, 1.0], [0.0, 0.0], [9.0, 9.0], correlation=1)[0] == 0


@given(
    st.lists(st.tuples(st.floats(1, 1e6), st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=18),
    st.floats(0, 1),
)
def test_a_total_lies_between_apart_and_as_one(months, correlation):
    mean = [m for m, _, _ in months]
    lo = [m * (1 - below) for m, below, _ in months]
    hi = [m * (1 + above) for m, _, above in months]
    narrow, found, wide = (total_band(mean, lo, hi, correlation=c) for c in (0, correlation, 1))
    slack = 1e-9 * sum(hi)
    assert wide[0] - slack <= found[0] <= narrow[0] + slack
    assert narrow[1] - slack <= found[1] <= wide[1] + slack
    assert wide == pytest.approx((sum(lo), sum(hi)), abs=slack)


def test_correlation_of_errors():
    assert error_correlation([]) == USUAL_CORRELATION
    assert error_correlation([(None, 1.0), ()]) == USUAL_CORRELATION
    same = [(1.0, 1.0, 1.0)] * 50
    assert error_correlation(same) == pytest.approx(0.75)  # half its own 1, half the usual 0.5
    opposite = [(1.0, -1.0)] * 50
    assert error_correlation(opposite) == pytest.approx(0.25)  # never under 0


class Moved(Layers):
    """A month of 10 ± 1 by its statistics, of which an answer is unsure by ``spread``."""

    def __init__(self, spread: float | None) -> None:
        self.mean, self.lo80, self.hi80, self.lo95, self.hi95 = 10.0, 9.0, 11.0, 8.5, 11.5
        self.driven = self.overridden = self.agreed = None
        self.spread, self.price_ratio = spread, 2.0


def test_what_is_not_known_of_a_decision_adds_over_months():
    """Own half widths of 3 and 4 apart come to 5; a decision's 5 and 7 to 12; together to 13."""
    assert decided_band(100.0, [(3.0, 3.0), (4.0, 4.0)], [(5.0, 5.0), (7.0, 7.0)], correlation=0) == (87, 113)
    assert decided_band(10.0, [(3.0, 3.0)], [(20.0, 4.0)], correlation=0) == (0.0, 15.0)
    year, plain = [[Moved(spread)] * 12 for spread in (0.1, None)]
    total, low, high = months_band(year, correlation=0.5)
    down, up = (12 * 10 * abs(exp(side * Z80 * 0.1) - 1) for side in (-1, 1))
    own = ((144 + 12) / 2) ** 0.5
    assert (total, low, high) == pytest.approx((120, 120 - hypot(own, down), 120 + hypot(own, up)))
    # As correlated as the statistics' own it would be narrower; without a decision nothing changes.
    bands = [month.final_band for month in year]
    narrow = total_band(*([band[place] for band in bands] for place in range(3)), correlation=0.5)
    assert low < narrow[0] < narrow[1] < high
    assert months_band(plain, correlation=0.5) == (
        120,
        *total_band([10.0] * 12, [9.0] * 12, [11.0] * 12, correlation=0.5),
    )
    assert months_band(year, correlation=0.5, priced=True) == pytest.approx((240, 2 * low, 2 * high))
    assert months_band(year[:1], correlation=0.5)[1:] == pytest.approx(year[0].final_band[1:3])
