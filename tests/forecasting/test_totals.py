"""Bands of totals: between independent and moving as one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecasting.totals import USUAL_CORRELATION, error_correlation, total_band


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
