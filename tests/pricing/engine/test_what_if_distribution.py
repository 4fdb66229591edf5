"""How volume answers distribution, and a year of it."""

from __future__ import annotations

import random
from statistics import fmean

import pytest

from pricing.engine.pooling import Belief
from pricing.engine.what_if import Month
from pricing.engine.what_if_distribution import distribution_answer, distribution_what_if


def test_where_it_never_moved_a_point_sells_what_a_point_sells() -> None:
    found = distribution_answer([(0.4, 100.0)] * 12)
    assert found == Belief(1.0, pytest.approx(0.3), 12, 12, 12)


def test_what_its_months_say_counts_by_how_sure_it_is() -> None:
    rates = [0.2 + 0.02 * n for n in range(24)]
    clear = distribution_answer([(rate, 1000 * rate**0.5) for rate in rates])
    assert clear
    assert clear.mean == pytest.approx(0.5, abs=0.02)
    draw = random.Random(3)
    vague = distribution_answer([(rate, 1000 * rate**0.5 * draw.lognormvariate(0, 0.6)) for rate in rates])
    assert vague
    assert clear.sd < 0.05 < vague.sd < 0.3
    assert 0.5 < vague.mean < 1


def test_it_is_inside_its_range_as_often_as_it_says() -> None:
    draw, inside = random.Random(11), []
    for _ in range(500):
        exponent, rate, months, wander = draw.gauss(1, 0.3), 0.3, [], 0.0
        for _month in range(18):
            rate = min(max(rate + draw.gauss(0.01, 0.02), 0.05), 1.0)
            wander = 0.4 * wander + draw.gauss(0, 0.1)
            months.append((rate, 100 * rate**exponent * 2.718**wander))
        found = distribution_answer(months)
        assert found
        inside.append(abs(found.mean - exponent) <= 1.2816 * found.sd)
    assert 0.75 <= fmean(inside) <= 0.88


def test_too_few_months_say_nothing() -> None:
    assert distribution_answer([(0.4, 100.0), (0.5, 120.0), (0.5, 0.0)]) is None


def test_half_as_much_again_in_half_of_the_volume() -> None:
    months = [Month(100, 100, 100, 2.0, share, 1.5) for share in (0.0, 0.5, 1.0)]
    found = distribution_what_if(months, Belief(1.0, 0.0, 3, 3, 3), 1.5, 0.5, correlation=0.3)
    assert [month.mean for month in found.volumes] == pytest.approx([100, 112.5, 125])
    assert found.revenue.mean == pytest.approx(2 * 337.5)
    assert found.margin
    assert found.margin.total.mean == pytest.approx(0.5 * 337.5)
    assert found.better == 1.0
    wide = distribution_what_if(months, Belief(1.0, 0.3, 3, 3, 3), 1.5, 0.5, correlation=0.3)
    assert wide.volume.lo80 < found.volume.mean < wide.volume.hi80
    same = distribution_what_if(months, Belief(1.0, 0.3, 3, 3, 3), 1.0, 0.5, correlation=0.3)
    assert (same.volume.mean, same.better) == (pytest.approx(300), None)


def test_what_it_costs_is_paid_once_and_has_a_break_even_and_a_chance() -> None:
    """Half of 100 a month at 2.00 that costs 1.50, from the middle of the second month: 75 units, 37.50."""
    months = [Month(100, 100, 100, 2.0, share, 1.5) for share in (0.0, 0.5, 1.0)]
    belief = Belief(1.0, 0.3, 3, 3, 3)
    found = distribution_what_if(months, belief, 1.5, 0.5, correlation=0.3, cost=18.75)
    free = distribution_what_if(months, belief, 1.5, 0.5, correlation=0.3)
    assert found.margin
    assert free.margin
    assert found.margin.break_even == pytest.approx(0.5)
    assert (free.margin.break_even, free.margin.better, free.break_even) == (0.0, 1.0, 0.0)
    # 1.5 to the power of what is believed is over 1.5 in half of the cases.
    assert found.margin.better == pytest.approx(0.5, abs=0.01)
    assert free.margin.total.mean - found.margin.total.mean == pytest.approx(18.75)
    paid = [a.mean - b.mean for a, b in zip(free.margin.months, found.margin.months, strict=True)]
    assert paid == pytest.approx([0, 18.75, 0])
    assert (found.revenue, found.better) == (free.revenue, free.better)
    # Little is believed of it: more distribution is never taken to sell less, and so often sells the same.
    vague = distribution_what_if(months, Belief(0.1, 0.3, 3, 3, 3), 1.5, 0.5, correlation=0.3)
    assert vague.better == pytest.approx(0.63, abs=0.01)
    dear = [Month(100, 100, 100, 2.0, 1.0, 2.5)]
    lost = distribution_what_if(dear, belief, 1.5, 0.5, correlation=0.3, cost=1).margin
    assert lost
    assert (lost.break_even, lost.better) == (None, 0.0)
