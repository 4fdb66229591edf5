"""The best price, by its formula."""

from __future__ import annotations

import pytest

from pricing.engine.best_price import best_price, margin_at
from pricing.engine.what_if import Month

STEPS = [round(5 + 0.05 * n, 2) for n in range(201)]  # 5.00 to 15.00


def month(**fields: float) -> Month:
    return Month(**{"mean": 1000, "lo80": 900, "hi80": 1100, "price": 10, "share": 1, "cost": 6} | fields)


@pytest.mark.parametrize(
    ("elasticity", "fields", "best"),
    [
        (-2.5, {}, 10.00),  # k e / (1 + e), k 6
        (-2.5, {"taken": 0.08}, 10.85),  # 6 / 0.92 · e / (1 + e) = 10.8696, in steps of 0.05
        (-4.0, {}, 8.00),
        (-0.8, {}, 15.00),  # no best: the highest
        (-1.0, {}, 15.00),
    ],
)
def test_the_markup_rule(elasticity: float, fields: dict[str, float], best: float) -> None:
    asked = [(price, [elasticity]) for price in STEPS]
    assert STEPS[best_price([month(**fields)], asked)] == pytest.approx(best)


def test_the_margin_is_that_of_the_worked_scenario() -> None:
    # 1,000 at 10 that cost 6; at 9 and e = −2.5: 1,301.35 units, each leaving 3.
    assert margin_at([month()], [-2.5], 9) == pytest.approx(1000 * 0.9**-2.5 * 3)
    half = margin_at([month(share=0.5)], [-2.5], 9)
    assert half == pytest.approx(500 * 4 + 500 * 0.9**-2.5 * 3)
    assert margin_at([month()], [-2.1, -2.9], 9) == pytest.approx(1500 * (0.9**-2.1 + 0.9**-2.9))
