"""From list to pocket price, and bonuses by scale."""

from __future__ import annotations

from decimal import Decimal as D

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pricing.engine.terms import KINDS, Step, scale_next, scale_rate, waterfall, year_expected

CASE = {"invoice": D("0.10"), "promotion": D("0.03"), "bonus": D("0.02"), "payment": D("0.01")}
SCALE = [Step(D(500), D("0.03")), Step(D(0), D("0.01")), Step(D(250), D("0.02"))]


def test_the_case_of_the_plan_to_the_cent() -> None:
    rows = [(row.key, row.amount) for row in waterfall(D(100_000), CASE)]
    assert rows == [
        ("list_price", D(100_000)),
        ("invoice", D(-10_000)),
        ("invoice_price", D(90_000)),
        ("promotion", D(-2_700)),
        ("bonus", D(-1_746)),
        ("payment", D(-873)),
        ("net_price", D(84_681)),
        ("logistics", D(0)),
        ("unit", D(0)),
        ("pocket_price", D(84_681)),
    ]


def test_logistics_and_an_amount_a_unit_lead_from_net_to_pocket() -> None:
    terms = CASE | {"logistics": D("0.02"), "unit": D("1.5")}
    rows = {row.key: row.amount for row in waterfall(D(100), terms, 3)}
    assert (rows["net_price"], rows["logistics"], rows["unit"]) == (D("84.681"), D("-1.746"), D("-1.5"))
    assert rows["pocket_price"] == D("81.435")


@given(
    st.decimals(0, 10_000, places=4),
    st.dictionaries(st.sampled_from(KINDS), st.decimals(0, D("0.2"), places=4)),
    st.sampled_from([2, 4]),
)
def test_every_total_is_what_is_shown_above_it(price: D, terms: dict[str, D], places: int) -> None:
    rows = waterfall(price, terms, places)
    left = rows[0].amount
    assert abs(left - price) <= D("0.005")
    for row in rows:
        assert row.amount == round(row.amount, places)
        if row.is_total:
            assert row.amount == left
        else:
            assert row.amount <= 0
            left += row.amount


@pytest.mark.parametrize(
    ("total", "rate", "following"),
    [(-5, "0", 0), (0, "0.01", 250), (249, "0.01", 250), (250, "0.02", 500), (9_999, "0.03", None)],
)
def test_the_highest_step_reached_is_of_everything(total: int, rate: str, following: int | None) -> None:
    found = scale_next(SCALE, D(total))
    assert (scale_rate(SCALE, D(total)), found and found.begin) == (D(rate), following)


def test_nothing_is_given_without_steps() -> None:
    assert (scale_rate([], D(5)), scale_next([], D(5))) == (D(0), None)


LAST_YEAR = {month: D(100) for month in range(1, 12)} | {12: D(300)}


@pytest.mark.parametrize(
    ("sold", "complete", "expected"),
    [
        ({1: D(110), 2: D(110)}, 2, D(1540)),  # 220, and 1,200 of last year, each 10 % more
        ({1: D(110), 2: D(110), 3: D(40)}, 2, D(1540)),  # a month that runs is not held against a whole one
        ({1: D(110), 2: D(110), 3: D(2000)}, 2, D(2220)),  # never less than was sold
        ({1: D(5)}, 12, D(5)),
        ({}, 0, None),
    ],
)
def test_a_year_by_the_season_of_last_year(sold: dict[int, D], complete: int, expected: D | None) -> None:
    assert year_expected(sold, LAST_YEAR, complete) == expected


def test_nothing_is_expected_by_a_year_without_sales() -> None:
    assert year_expected({1: D(110)}, {12: D(300)}, 1) is None
