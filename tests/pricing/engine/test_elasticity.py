"""What the method must do, whatever the numbers: refuse, shrink, scale, ignore order, and know its limits."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pricing.engine import History, elasticities, fit_one, scenarios
from pricing.engine.evaluate import Scored, score
from pricing.engine.evaluate_distribution import spread
from pricing.engine.evaluate_months import LENGTHS
from pricing.engine.history import FloatArray
from pricing.engine.scenario import planned_units
from pricing.engine.shrinkage import shrink
from pricing.engine.simulate import REGIMES, Simulated, by_month, simulate

MULTIPLIERS = (0.9, 1.0, 1.1)


@pytest.fixture(scope="module")
def products() -> list[Simulated]:
    return simulate(120, seed=77)


@pytest.fixture(scope="module")
def scored() -> list[Scored]:
    return score([one for seed in (900, 901) for one in simulate(240, seed=seed)])


def moved(
    weeks: int = 80, *, e: float = -2.0, name: str = "A", category: str = "", size: float = 400
) -> History:
    """Prices tested at random, units that answer with `e` and little noise."""
    rng = np.random.default_rng(3)
    price = 10 * np.exp(np.repeat(rng.choice([-0.1, 0.0, 0.1], -(-weeks // 2)), 2)[:weeks])
    units = rng.poisson(size * (price / 10) ** e).astype(np.float64)
    return History(id=name, week=np.arange(weeks), units=units, price=price, category=category)


@pytest.mark.parametrize("e", [-1.0, -2.5, -4.0])
def test_a_clear_answer_is_found(e: float) -> None:
    (found,) = elasticities([moved(e=e)])
    assert found.elasticity == pytest.approx(e, abs=0.25)
    assert found.lo80 < e < found.hi80 or abs(found.elasticity - e) < 0.1
    assert (found.method, found.reason) == ("quasi_poisson", "own_weeks")


def test_a_short_history_gets_its_category_value_called_so() -> None:
    known = [moved(e=-4.0, name=f"A{i}", category="K") for i in range(4)]
    short = replace(moved(25, e=-1.0, name="B"), category="K")
    *_, found = elasticities([*known, short])
    assert (found.method, found.reason, found.observations) == ("category", "few_weeks", 25)
    assert found.elasticity < -3
    (alone,) = elasticities([short])
    assert (alone.method, alone.reason) == ("portfolio", "few_weeks")
    assert alone.elasticity == pytest.approx(-2.62, abs=0.15)


def test_a_price_that_never_moved_gets_its_category_value() -> None:
    still = replace(moved(), price=np.full(80, 10.0))
    (found,) = elasticities([still])
    assert (found.method, found.reason) == ("portfolio", "price_still")
    assert found.lo80 < -3.5
    assert found.hi80 > -1.8


def test_weeks_out_of_stock_do_not_count() -> None:
    history = moved()
    out = np.zeros(80)
    out[::9] = 1
    spoilt = replace(history, units=np.where(out > 0, 3.0, history.units), stockout=out)
    (found,) = elasticities([spoilt])
    (clean,) = elasticities([history])
    assert found.observations == 71
    assert found.elasticity == pytest.approx(clean.elasticity, abs=0.15)
    (fooled,) = elasticities([replace(spoilt, stockout=np.empty(0))])
    assert fooled.observations == 80


def test_promotions_are_found_without_being_told() -> None:
    rng = np.random.default_rng(4)
    price = np.full(100, 10.0)
    for start in range(8, 96, 13):
        price[start : start + 2] = 8.0
    units = rng.poisson(300 * (price / 10) ** -3.0).astype(np.float64)
    (found,) = elasticities([History(id="A", week=np.arange(100), units=units, price=price)])
    assert found.uplift_gross == pytest.approx(0.8**-3.0 - 1, rel=0.08)
    assert found.uplift_net == pytest.approx(1.0, abs=0.12)
    assert found.reason == "own_weeks"


def test_prices_that_answer_demand_are_said() -> None:
    rng = np.random.default_rng(11)
    demand = np.zeros(150)
    for t in range(1, 150):
        demand[t] = 0.9 * demand[t - 1] + rng.normal(0, 0.12)
    price = 10 * np.exp(0.4 * demand + rng.normal(0, 0.01, 150))
    units = rng.poisson(500 * np.exp(demand) * (price / 10) ** -2.0).astype(np.float64)
    (found,) = elasticities([History(id="A", week=np.arange(150), units=units, price=price)])
    assert found.reason == "answered"
    assert found.elasticity < -1.2
    assert found.lo80 < -2.0 < found.hi80


@pytest.mark.parametrize("factor", [1000.0, 0.001])
def test_the_unit_of_money_changes_nothing(products: list[Simulated], factor: float) -> None:
    histories = [one.history for one in products[:20]]
    other = [
        replace(
            h,
            price=h.price * factor,
            regular_price=h.regular_price * factor,
            unit_cost=h.unit_cost * factor,
            competitor_price=h.competitor_price * factor,
        )
        for h in histories
    ]
    for a, b in zip(elasticities(histories), elasticities(other), strict=True):
        assert (a.elasticity, a.lo80, a.hi80) == pytest.approx((b.elasticity, b.lo80, b.hi80), abs=1e-6)


@pytest.mark.parametrize("factor", [1000.0, 0.37])
def test_the_unit_of_volume_changes_nothing(products: list[Simulated], factor: float) -> None:
    histories = [one.history for one in products[:20]]
    other = [replace(h, units=h.units * factor) for h in histories]
    for a, b in zip(elasticities(histories), elasticities(other), strict=True):
        assert a.elasticity == pytest.approx(b.elasticity, abs=1e-6)


def test_the_order_of_products_changes_nothing(products: list[Simulated]) -> None:
    histories = [one.history for one in products[:30]]
    order = np.random.default_rng(1).permutation(30)
    straight = elasticities(histories)
    mixed = elasticities([histories[i] for i in order])
    for place, i in enumerate(order):
        assert mixed[place].elasticity == straight[i].elasticity
        assert mixed[place].lo95 == straight[i].lo95


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 60))
def test_whatever_comes_in_the_answer_is_ordered_and_negative(seed: int, weeks: int) -> None:
    rng = np.random.default_rng(seed)
    units = np.where(
        rng.random(weeks) < 0.2, np.nan, rng.integers(-2, 9, weeks) * 10.0 ** rng.integers(-2, 4)
    )
    price = np.where(rng.random(weeks) < 0.1, np.nan, np.exp(rng.normal(0, rng.uniform(0, 1), weeks)))
    history = History(
        id="A", week=np.sort(rng.choice(300, weeks, replace=False)), units=units, price=price,
        unit_cost=np.where(rng.random(weeks) < 0.5, np.nan, 0.5), stockout=(rng.random(weeks) < 0.1) * 1.0,
    )  # fmt: skip
    (found,) = elasticities([history])
    assert found.lo95 <= found.lo80 <= found.elasticity <= found.hi80 <= found.hi95 < 0
    for outcome in scenarios(fit_one(history), found.posterior, [(m, 13) for m in MULTIPLIERS]):
        assert 0 <= outcome.units_lo80 <= outcome.units_hi80
        assert np.isfinite([outcome.units, outcome.units_hi80]).all()


def test_a_price_beyond_those_seen_is_answered_wider(monkeypatch: pytest.MonkeyPatch) -> None:
    history = moved()
    (said,) = elasticities([history])
    asked = [(1.0, 13), (2.0, 13)]
    here, beyond = scenarios(fit_one(history), said.posterior, asked)
    monkeypatch.setattr("pricing.engine.scenario._WIDER", 0.0)
    also_here, narrow = scenarios(fit_one(history), said.posterior, asked)
    assert (here.beyond, beyond.beyond) == (False, True)
    assert here == also_here
    assert beyond.units_hi80 / beyond.units_lo80 > 1.3 * narrow.units_hi80 / narrow.units_lo80


def test_planned_weeks_are_expected_at_their_own_prices() -> None:
    history = moved()
    price = np.where(np.arange(80) >= 70, np.where(np.arange(80) % 2, 9.0, 11.0), history.price)
    hidden = replace(history, price=price, units=np.where(np.arange(80) >= 70, np.nan, history.units))
    (said,) = elasticities([hidden])
    expected = planned_units(fit_one(hidden), said.posterior)
    assert expected == pytest.approx(400 * (price[70:] / 10) ** -2.0, rel=0.08)


def test_shrinking_goes_between_the_own_estimate_and_the_category() -> None:
    grid = np.arange(-9.0, -0.049, 0.05)

    def around(e: float, se: float) -> FloatArray:
        return np.asarray(-0.5 * ((grid - e) / se) ** 2)

    likelihoods = np.stack([around(-2.0, 0.1)] * 15 + [around(-4.0, 0.8), np.zeros(len(grid))])
    *sure, odd, silent = shrink(likelihoods, ["K"] * 17)
    assert sure[0].median == pytest.approx(-2.0, abs=0.05)
    assert -4.0 < odd.median < -2.05
    assert silent.median == pytest.approx(-2.0, abs=0.15)
    assert silent.sd > sure[0].sd
    # Months say less of how near products lie to each other.
    assert shrink(likelihoods, ["K"] * 17, [True] * 17)[-1].sd > 1.2 * silent.sd


def test_more_is_expected_to_be_earned_at_no_other_price(products: list[Simulated]) -> None:
    for one in products[:20]:
        fitted = fit_one(one.history)
        (said,) = elasticities([one.history])
        outcomes = scenarios(fitted, said.posterior, [(m, 13) for m in MULTIPLIERS], {})
        if outcomes[0].profit is None:
            continue
        (chosen,) = [o for o in outcomes if o.recommended]
        assert chosen.profit == max(o.profit for o in outcomes if o.profit is not None)


def test_simulated_products_of_every_kind_are_near_enough(scored: list[Scored]) -> None:
    off = np.array([abs(s.said - s.truth) for s in scored])
    alike = np.array([abs(s.truth + 2.62) for s in scored])
    assert off.mean() < 0.58
    assert off.mean() < 0.7 * alike.mean()
    assert 0.74 <= np.mean([s.inside80 for s in scored]) <= 0.87
    assert np.mean([s.interval for s in scored]) < 2.6
    assert np.nanmedian([s.uplift_off for s in scored]) < 0.1
    assert 0.75 <= np.mean([s.units_inside for s in scored]) <= 0.87
    assert 0.75 <= np.mean([s.profit_inside for s in scored]) <= 0.87
    assert np.nanmean([s.captured for s in scored]) > 0.97
    assert {s.regime for s in scored} == set(REGIMES)
    for regime in set(REGIMES) - {"never_moved"}:
        assert np.mean([s.inside80 for s in scored if s.regime == regime]) >= 0.6, regime


def test_the_trap_is_told_from_the_rest(scored: list[Scored]) -> None:
    trap = [s.answered for s in scored if s.regime == "answering"]
    rest = [s.answered for s in scored if s.regime != "answering"]
    assert np.mean(trap) > 0.35
    assert np.mean(rest) < 0.1


def test_simulated_products_are_those_of_their_seed() -> None:
    first, again, other = simulate(3, seed=1), simulate(3, seed=1), simulate(3, seed=2)
    assert np.array_equal(first[2].history.units, again[2].history.units)
    assert first[2].truth.elasticity != other[2].truth.elasticity


def test_distribution_that_moves_with_the_price_is_told_apart() -> None:
    products = spread(simulate(240, seed=911, lengths=LENGTHS), seed=911)
    truth = np.array([one.elasticity for one in products])
    off = {}
    for way in ("told", "untold"):
        found = elasticities([by_month(getattr(one, way)) for one in products])
        off[way] = np.abs([one.elasticity for one in found] - truth).mean()
        if way == "told":
            assert np.mean([one.lo80 <= e <= one.hi80 for one, e in zip(found, truth, strict=True)]) > 0.7
    assert off["told"] < 0.9 * off["untold"]
