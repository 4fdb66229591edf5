"""Elasticities where only months are kept: the rule of 24 months and three changes, and that ranges hold."""

from dataclasses import replace

import numpy as np
import pytest

from pricing.engine import History, elasticities
from pricing.engine.evaluate_months import LENGTHS, found
from pricing.engine.simulate import by_month, simulate


def months(count: int = 48, *, e: float = -2.0, levels: tuple[float, ...] = (10, 10.8, 9.6, 10.4)) -> History:
    """A price that stands for some months at each level, and units that answer it with little noise."""
    rng = np.random.default_rng(5)
    price = np.repeat(levels, -(-count // len(levels)))[:count]
    units = rng.poisson(5000 * (price / 10) ** e).astype(np.float64)
    week = (np.arange(count) * 52.18 / 12 + 2).astype(np.int64)
    return History(id="A", week=week, units=units, price=price, regular_price=price, monthly=True)


@pytest.mark.parametrize("e", [-1.2, -3.0])
def test_a_clear_answer_is_found(e: float) -> None:
    (said,) = elasticities([months(e=e)])
    assert said.elasticity == pytest.approx(e, abs=0.5)
    assert (said.reason, said.observations) == ("own_months", 48)


@pytest.mark.parametrize(
    ("history", "reason"),
    [
        (months(23), "few_months"),
        (months(levels=(10, 11, 10)), "few_changes"),
        (months(levels=(10,)), "price_still"),
        (months(24), "own_months"),
    ],
)
def test_the_rule_of_months(history: History, reason: str) -> None:
    (said,) = elasticities([history])
    assert said.reason == reason


def test_a_promotion_of_some_days_is_not_taken_for_the_price() -> None:
    history = months(e=-2.0)
    ran = np.zeros(48)
    ran[[5, 17, 29, 41]] = 0.5
    helped = replace(history, units=history.units * (1 + ran), display=ran)
    (said,) = elasticities([helped])
    (without,) = elasticities([history])
    assert said.elasticity == pytest.approx(without.elasticity, abs=0.3)


def test_months_of_a_simulated_product_add_up() -> None:
    one = simulate(1, seed=3, lengths=(104,))[0].history
    added = by_month(one)
    assert len(added.week) == 24
    assert added.units.sum() == pytest.approx(one.units.sum(), rel=0.02)


def test_nearer_than_the_published_mean_and_ranges_hold() -> None:
    scored = found(simulate(240, seed=910, lengths=LENGTHS))
    truth = np.array([one.truth for one in scored])
    value = np.array([one.said.elasticity for one in scored])
    inside = np.mean([one.said.lo80 <= one.truth <= one.said.hi80 for one in scored])
    assert np.abs(value - truth).mean() < 0.9 * np.abs(truth + 2.62).mean()
    assert 0.7 < inside < 0.9
