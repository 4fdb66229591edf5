"""What a promotion did, on series with a known truth."""

from __future__ import annotations

import numpy as np
import pytest

from pricing.engine.promotion_effect import (
    AFTER,
    Effect,
    Refused,
    Window,
    apart,
    promotion_effect,
    range_of,
    sister_effect,
)
from pricing.engine.simulate_promotions import simulate


def window(step="weeks", length=104, at=80, ran=2, uplift=1.1, dip=0.0, noise=0.0, share=1.0, level=100.0):
    """A steady level with one promotion, and what is missing after it."""
    rng = np.random.default_rng(3)
    units = np.full(length, level) * np.exp(rng.normal(0, noise, length))
    promo = np.zeros(length)
    promo[at : at + ran] = share
    units *= 1 + uplift * promo
    units[at + ran : at + ran + AFTER[step]] -= dip / AFTER[step]
    return Window(step, units, promo, np.zeros(length, dtype=bool))


def test_the_worked_example_of_the_formulas():
    """Baseline 200, sold 420, dip 50: gross 110 %."""
    effect = promotion_effect(window(dip=50))
    assert isinstance(effect, Effect)
    assert effect.baseline == pytest.approx(200, rel=0.01)
    assert effect.sold == pytest.approx(420, rel=0.02)
    assert effect.uplift.value == pytest.approx(1.1, abs=0.02)
    assert effect.after is not None
    assert effect.after.value == pytest.approx(-50, abs=6)


def test_a_month_counts_for_the_part_in_which_it_ran():
    effect = promotion_effect(window("months", 36, 30, 1, uplift=0.8, share=14 / 30))
    assert isinstance(effect, Effect)
    assert effect.uplift.value == pytest.approx(0.8, abs=0.06)
    assert effect.baseline == pytest.approx(100 * 14 / 30, rel=0.02)


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        (window(length=25, at=18), "short_history"),
        (window("months", 11, 9, 1), "short_history"),
        (window(level=0.0), "no_sales"),
        (window(ran=0), "no_sales"),
    ],
)
def test_it_refuses_with_a_reason(made, reason):
    assert promotion_effect(made) == Refused(reason)


def test_it_refuses_gaps_and_a_year_of_promotions():
    gap = window()
    gap.units[81] = np.nan
    assert promotion_effect(gap) == Refused("gap")
    busy = window()
    busy.busy[:70] = busy.busy[82:] = True
    assert promotion_effect(busy) == Refused("few_normal")


def test_the_weeks_after_are_unknown_while_they_are_not_over_or_another_ran():
    assert promotion_effect(window(length=84, at=80)).after is None
    other = window()
    other.busy[83] = True
    assert promotion_effect(other).after is None


def test_a_missing_week_elsewhere_and_other_promotions_do_not_count():
    made = window()
    made.units[40] = np.nan
    made.units[50:52] = 900
    made.busy[50:56] = True
    assert promotion_effect(made).uplift.value == pytest.approx(1.1, abs=0.02)


def test_the_same_input_gives_the_same_digits_and_the_unit_does_not_matter():
    made, _truth = simulate("weeks", 4)
    first, second = promotion_effect(made), promotion_effect(made)
    assert (first.uplift, first.after) == (second.uplift, second.after)
    thousand = Window(made.step, made.units * 1000, made.promo, made.busy)
    assert promotion_effect(thousand).uplift.value == pytest.approx(first.uplift.value, rel=1e-6)


def test_sister_products_are_added_as_if_apart():
    rows = [window(uplift=-0.2, noise=0.03), window(uplift=-0.2, noise=0.03)]
    draws = [sister_effect(row) for row in rows]
    each, total = range_of(draws[0]), range_of(apart(draws))
    assert each.value == pytest.approx(-40, abs=15)
    assert total.value == pytest.approx(2 * each.value, abs=2)
    # Wider than one, narrower than both ends added.
    assert each.hi80 - each.lo80 < total.hi80 - total.lo80 < 1.6 * (each.hi80 - each.lo80)
    taken = window()
    taken.busy[80] = True
    assert sister_effect(taken) is None


@pytest.mark.slow
@pytest.mark.parametrize(("step", "error"), [("weeks", 0.12), ("months", 0.25)])
def test_simulated_promotions_are_found_again(step, error):
    errors, inside = [], []
    for seed in range(900, 960):
        made, truth = simulate(step, seed)
        effect = promotion_effect(made)
        if isinstance(effect, Effect):
            errors.append(abs((1 + effect.uplift.value) / (1 + truth.uplift) - 1))
            inside.append(effect.uplift.lo80 <= truth.uplift <= effect.uplift.hi80)
    assert len(errors) > 50
    assert np.median(errors) < error
    assert 0.65 <= np.mean(inside) <= 0.93
