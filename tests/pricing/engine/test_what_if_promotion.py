"""What a promotion would do, against the worked figures of formulas.md, and what earlier ones tell of it."""

from __future__ import annotations

import random
from math import log
from statistics import fmean

import pytest

from pricing.engine.pooling import Belief, Seen, pooled
from pricing.engine.what_if import Month
from pricing.engine.what_if_promotion import Offer, PromotionOutcome, promotion_what_if


def sure(mean: float) -> Belief:
    return Belief(mean, 0.0, 1, 1, 1)


def ask(
    *,
    running: tuple[float, ...] = (0.5, 0.0),
    price: float = 0.8,
    budget: float = 100.0,
    channels: float = 1.0,
) -> PromotionOutcome:
    """400 a month at 10 that cost 6; half a month of it, 420 sold for 200, 50 less after, 30 of sisters."""
    months = [Month(400, 400, 400, 10.0, 1.0, 6.0, 0.0)] * 2
    offer = Offer(running, (0.25, 0.75), channels, price, budget)
    return promotion_what_if(months, offer, sure(log(2.1)), sure(-0.25), sure(-30 / 200), correlation=0.3)


def test_the_worked_figures() -> None:
    found = ask()
    assert found.baseline == pytest.approx(200)
    assert found.uplift.mean == pytest.approx(1.1)
    # 220 more while it runs, 12.5 less after it in the same month, 37.5 less in the next.
    assert [month.mean for month in found.outcome.volumes] == pytest.approx([400 + 220 - 12.5, 362.5])
    assert found.outcome.revenues[0].mean == pytest.approx(420 * 8 + 187.5 * 10)
    margin = found.outcome.margin
    assert margin is not None
    assert margin.total.mean - margin.now == pytest.approx(-380)
    assert sum(month.mean for month in margin.months) == pytest.approx(margin.total.mean)
    assert margin.break_even == pytest.approx(610 / 200 - 1)
    assert (margin.better, found.outcome.better) == (0.0, 1.0)
    assert (found.after.mean, found.sisters.mean) == pytest.approx((-50, -30))  # type: ignore[union-attr]
    # 250 × 10 at 8: 312.5 units.
    assert found.outcome.break_even == pytest.approx(312.5 / 200 - 1)


def test_only_its_channels_and_our_price_where_it_stays() -> None:
    found = ask(channels=0.5, price=1.0)
    assert found.baseline == pytest.approx(100)
    assert found.outcome.volumes[0].mean == pytest.approx(400 + 110 - 6.25)
    assert found.outcome.revenues[0].mean == pytest.approx(10 * (400 + 110 - 6.25))
    assert found.outcome.better == 1.0


def test_nothing_left_of_a_unit_is_never_made_up_for() -> None:
    margin = ask(price=0.6).outcome.margin
    assert margin is not None
    assert margin.break_even is None


def test_its_own_says_more_than_its_line_and_that_more_than_the_rest() -> None:
    rest = [Seen(n, 9, 0.2, 0.05) for n in range(20, 30)]
    line = [Seen(n, 1, 0.6, 0.05) for n in range(10, 14)]
    own = [Seen(1, 1, 1.0, 0.05)] * 3
    found = [pooled(rows, 1, 1, 0.3) for rows in (rest, rest + line, rest + line + own)]
    assert all(found)
    means = [belief.mean for belief in found if belief]
    assert means[0] == pytest.approx(0.2, abs=0.01)
    assert 0.4 < means[1] < 0.6 < means[2] < 1.0
    same = pooled([*rest, *line, *[Seen(1, 1, 0.6, 0.05)] * 3], 1, 1, 0.3)
    assert same
    assert found[1]
    assert same.sd < found[1].sd
    assert [belief.source for belief in found if belief] == ["portfolio", "line", "own"]
    assert pooled([], 1, 1, 0.3) is None


def test_a_figure_nobody_is_sure_of_says_little() -> None:
    rest = [Seen(n, 1, 0.2, 0.05) for n in range(20, 30)]
    sure_of, unsure = (pooled([*rest, Seen(1, 1, 1.0, sd)], 1, 1, 0.3) for sd in (0.05, 2.0))
    assert sure_of
    assert unsure
    assert unsure.mean < 0.3 < sure_of.mean


def test_the_next_one_lies_in_its_range_as_often_as_it_says() -> None:
    """3 lines of 4 products with 3 promotions each, one of them without: its next is to be told."""
    draw, inside, own_error, pooled_error = random.Random(5), [], [], []
    for _ in range(400):
        rows, truth, alone = [], 0.0, 0.0
        for line in range(3):
            of_line = 0.4 + draw.gauss(0, 0.2)
            for product in range(4):
                of_product = of_line + draw.gauss(0, 0.2)
                for _time in range(1 if (line, product) == (0, 0) else 3):
                    value = of_product + draw.gauss(0, 0.28)
                    rows.append(Seen(4 * line + product, line, value + draw.gauss(0, 0.15), 0.15))
                if (line, product) == (0, 0):
                    truth, alone = of_product + draw.gauss(0, 0.28), rows[-1].value
        found = pooled(rows, 0, 0, 0.3)
        assert found
        inside.append(abs(truth - found.mean) <= 1.2816 * found.sd)
        pooled_error.append(abs(truth - found.mean))
        own_error.append(abs(truth - alone))
    assert 0.75 <= fmean(inside) <= 0.86
    assert fmean(pooled_error) < 0.85 * fmean(own_error)
