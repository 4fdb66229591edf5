"""Worked figures of the field's definitions, to the digit."""

import re
from pathlib import Path

import pytest

from pricing.engine import formulas as f

PAGE = (Path(__file__).parents[3] / "docs/algorithms/elasticity.md").read_text(encoding="utf-8")


def test_elasticity_log_and_arc() -> None:
    assert round(f.elasticity_log((100, 125), (10, 9)), 4) == -2.1179
    assert round(f.elasticity_arc((100, 125), (10, 9)), 4) == -2.1111


def test_shrinkage() -> None:
    found = f.shrinkage(-3.5, 0.8, towards=-2.2, sd=0.6)
    assert (round(found.weight, 4), round(found.value, 4), round(found.sd, 4)) == (0.36, -2.668, 0.48)
    assert (round(found.lo80, 4), round(found.hi80, 4)) == (-3.2831, -2.0529)


def test_best_price() -> None:
    assert f.best_price(6, -2.5) == pytest.approx(10)
    assert round(f.best_price(6, -2.5, commission_rate=0.08) or 0, 4) == 10.8696
    assert f.best_price_linear(1000, 50, 6) == f.LinearBest(13, 350, 2450)


@pytest.mark.parametrize("elasticity", [-1.0, -0.4, 0.0])
def test_no_best_price_at_minus_one_and_above(elasticity: float) -> None:
    assert f.best_price(6, elasticity) is None


def test_no_linear_best_price_where_nothing_sells_above_cost() -> None:
    assert f.best_price_linear(1000, 50, 20) is None
    assert f.best_price_linear(1000, 0, 6) is None


def test_reseller() -> None:
    rate = f.reseller_margin_rate(2.99, 0.09, 1.85)
    assert round(rate, 4) == 0.3256
    assert f.consumer_price(1.85, rate, 0.09) == pytest.approx(2.99)


def test_effective_price() -> None:
    assert f.effective_price(2.99, paid=1, taken=2) == pytest.approx(1.495)
    assert f.effective_price(2.99, paid=1, taken=2, reduced=1, share=0.5) == pytest.approx(2.2425)


def test_break_even_volume() -> None:
    assert round(f.break_even_volume_rate(0.5, 4) or 0, 4) == -0.1111
    assert round(f.break_even_volume_rate(-0.5, 4) or 0, 4) == 0.1429
    assert f.break_even_volume_rate(-4, 4) is None


@pytest.mark.parametrize(
    ("new_price", "volume", "median", "mean", "lo", "hi", "better"),
    [
        (9, 1301.35, 2904.05, 2907.5, 2698.78, 3120.70, 0.2823),
        (11, 787.99, 2939.93, 2942.8, 2752.06, 3137.20, 0.3457),
    ],
)
def test_price_scenario(
    new_price: float, volume: float, median: float, mean: float, lo: float, hi: float, better: float
) -> None:
    found = f.price_scenario(
        volume=1000, price=10, cost=6, fixed=1000, new_price=new_price, elasticity=-2.5, sd=0.4
    )
    assert round(found.volume, 2) == volume
    assert round(found.profit_median, 2) == median
    assert round(found.profit_mean, 1) == mean
    assert (round(found.profit_lo80, 2), round(found.profit_hi80, 2)) == (lo, hi)
    assert round(found.better, 4) == better
    if new_price == 9:
        assert round(found.switch or 0, 4) == -2.7305


def test_the_price_of_today_is_not_better_than_today() -> None:
    found = f.price_scenario(volume=1000, price=10, cost=6, fixed=1000, new_price=10, elasticity=-2.5, sd=0.4)
    assert (found.profit_mean, found.better, found.switch) == (3000, 0, None)


def test_promotion_result() -> None:
    found = f.promotion_result(
        baseline=200,
        sold=420,
        dip=50,
        margin=4,
        promotion_margin=2,
        cannibalised_units=40,
        cannibalised_margin=3,
        cost=100,
    )
    assert found is not None
    assert round(found.uplift_gross_rate, 4) == 1.10
    assert (found.net_units, found.profit, found.break_even_units) == (170, -380, 610)
    assert f.promotion_result(baseline=0, sold=420, dip=0, margin=4, promotion_margin=2) is None


def test_cannibalisation() -> None:
    found = f.cannibalisation(new_units=1000, from_old_units=300, new_margin=8, old_margin=12)
    assert found is not None
    assert (found.rate, round(found.break_even_rate, 3), found.net_profit) == (0.30, 0.667, 4400)


def test_price_volume_mix() -> None:
    before, after = {"A": (100, 10), "B": (50, 20)}, {"A": (110, 10.5), "B": (40, 21)}
    assert f.price_volume_mix(before, after) == f.Bridge(2000, 1995, 95, 0, -100)
    with pytest.raises(ValueError, match="same products"):
        f.price_volume_mix(before, {"A": (110, 10.5)})


def test_the_page_says_what_the_code_does() -> None:
    shrunk = f.shrinkage(-3.5, 0.8, towards=-2.2, sd=0.6)
    linear = f.best_price_linear(1000, 50, 6)
    at9 = f.price_scenario(volume=1000, price=10, cost=6, fixed=1000, new_price=9, elasticity=-2.5, sd=0.4)
    promotion = f.promotion_result(
        baseline=200, sold=420, dip=50, margin=4, promotion_margin=2,
        cannibalised_units=40, cannibalised_margin=3, cost=100,
    )  # fmt: skip
    launch = f.cannibalisation(new_units=1000, from_old_units=300, new_margin=8, old_margin=12)
    bridge = f.price_volume_mix({"A": (100, 10), "B": (50, 20)}, {"A": (110, 10.5), "B": (40, 21)})
    assert linear is not None
    assert promotion is not None
    assert launch is not None
    assert bridge is not None
    computed = [
        f.elasticity_log((100, 125), (10, 9)), f.elasticity_arc((100, 125), (10, 9)),
        shrunk.weight, shrunk.value, shrunk.sd, shrunk.lo80, shrunk.hi80,
        f.best_price(6, -2.5), f.best_price(6, -2.5, commission_rate=0.08), linear.price, linear.profit,
        f.reseller_margin_rate(2.99, 0.09, 1.85), f.effective_price(2.99, paid=1, taken=2),
        f.effective_price(2.99, paid=1, taken=2, reduced=1, share=0.5),
        f.break_even_volume_rate(0.5, 4), f.break_even_volume_rate(-0.5, 4),
        at9.volume, at9.profit_median, at9.profit_lo80, at9.profit_hi80, at9.better, at9.switch,
        promotion.uplift_gross_rate, promotion.net_units, promotion.profit, promotion.break_even_units,
        launch.rate, launch.break_even_rate, launch.net_profit, bridge.price, bridge.volume, bridge.mix,
    ]  # fmt: skip
    table = PAGE.split("| figure | value |")[1]
    said = re.findall(r"^\| .+ \| (−?[\d.]+) \|$", table, re.M)
    assert len(said) == len(computed)
    for text, value in zip(said, computed, strict=True):
        assert value is not None
        assert float(text.replace("−", "-")) == pytest.approx(
            value, abs=0.51 * 10 ** -len(text.split(".")[1])
        )
