"""Ten dated cases; the first three are formulas.md's."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import pytest

from pricing.engine.van_prijs import Cut, VanPrijs, van_prijs


def day(text: str) -> datetime.date:
    return datetime.date.fromisoformat(f"2026-{text}")


def rows(*said: tuple[str, str | None]) -> list[tuple[datetime.date, Decimal | None]]:
    return [(day(since), None if amount is None else Decimal(amount)) for since, amount in said]


D = Decimal
FORMULAS = rows(("01-01", "10"), ("03-01", "8"), ("03-11", "9"))
CASES: dict[str, tuple[Any, str, VanPrijs]] = {
    # window 6 Mar – 4 Apr: 8 was in force when it opened
    "lowest in the window": (FORMULAS, "04-05", VanPrijs(D(8))),
    # window 16 Mar – 14 Apr: only 9
    "the low price has left the window": (FORMULAS, "04-15", VanPrijs(D(9))),
    "no change in the window": (rows(("01-01", "10")), "04-05", VanPrijs(D(10))),
    # The 8 ended on 10 March, the last day before the window of a start on 10 April: 11 Mar – 9 Apr.
    "the window's first day": (FORMULAS, "04-10", VanPrijs(D(9))),
    "its own price does not count": ([*FORMULAS, *rows(("04-15", "5"))], "04-15", VanPrijs(D(9))),
    "under 30 days on the market": (rows(("03-20", "10")), "04-05", VanPrijs(None, "new", D(10))),
    "30 days on the market is enough": (rows(("03-06", "10")), "04-05", VanPrijs(D(10))),
    "without a price for some days": (
        rows(("01-01", "10"), ("03-10", None), ("03-20", "9")),
        "04-05",
        VanPrijs(None, "gap", D(9)),
    ),
    "no price before": (rows(("01-01", "10"), ("03-01", None)), "04-05", VanPrijs(None, "no_price")),
    # 10, from 1 March 9, from 15 March 8: the second step's window has 9 and 8; the first van-prijs may stay.
    "step by step": (
        rows(("01-01", "10"), ("03-01", "9"), ("03-15", "8")),
        "04-05",
        VanPrijs(D(8), may_stay=D(10), stays_until=day("05-31")),
    ),
    "step by step, over three months": (
        rows(("01-01", "10"), ("02-01", "9"), ("03-15", "8")),
        "05-01",
        VanPrijs(D(8)),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_dated_cases(name: str) -> None:
    history, start, expected = CASES[name]
    assert van_prijs(history, day(start)) == expected


def cut(first: str, last: str, amount: str | None) -> Cut:
    return Cut(day(first), day(last), None if amount is None else D(amount))


TEN = rows(("01-01", "10"))
PROMOTED: dict[str, tuple[Any, str, bool, list[Cut], VanPrijs]] = {
    # Window 6 Mar - 4 Apr.
    "in the window": (TEN, "04-05", False, [cut("03-10", "03-16", "7")], VanPrijs(D(7))),
    "its last day opens the window": (TEN, "04-05", False, [cut("02-20", "03-06", "7")], VanPrijs(D(7))),
    "over the day before it opens": (TEN, "04-05", False, [cut("02-20", "03-05", "7")], VanPrijs(D(10))),
    "its own price does not count": (TEN, "04-05", False, [cut("04-05", "04-11", "6")], VanPrijs(D(10))),
    "no lower than the price": (TEN, "04-05", False, [cut("03-10", "03-16", "11")], VanPrijs(D(10))),
    "the price falls while it runs": (
        rows(("01-01", "10"), ("03-20", "5")),
        "04-05",
        False,
        [cut("03-10", "03-25", "7")],
        VanPrijs(D(5), may_stay=D(10), stays_until=day("06-09")),
    ),
    "not clear": (TEN, "04-05", False, [cut("03-10", "03-16", None)], VanPrijs(None, "promotion", D(10))),
    "not clear, before the window": (TEN, "04-05", False, [cut("02-01", "02-07", None)], VanPrijs(D(10))),
    "spoils: the price directly before": (FORMULAS, "04-05", True, [], VanPrijs(D(9))),
    "spoils: the day before it was cheaper": (
        TEN,
        "04-05",
        True,
        [cut("04-01", "04-04", "8")],
        VanPrijs(D(8)),
    ),
    "spoils: cheaper until two days before": (
        TEN,
        "04-05",
        True,
        [cut("03-20", "04-03", "8")],
        VanPrijs(D(10)),
    ),
    "spoils: not clear the day before": (
        TEN,
        "04-05",
        True,
        [cut("04-01", "04-04", None)],
        VanPrijs(None, "promotion", D(10)),
    ),
    "spoils: not clear, but long before": (
        TEN,
        "04-05",
        True,
        [cut("03-10", "03-16", None)],
        VanPrijs(D(10)),
    ),
    "spoils: on the market since yesterday": (rows(("04-04", "3")), "04-05", True, [], VanPrijs(D(3))),
    "without a price": (
        rows(("01-01", "10"), ("03-01", None)),
        "04-05",
        False,
        [cut("04-01", "04-04", "8")],
        VanPrijs(None, "no_price"),
    ),
}


@pytest.mark.parametrize("name", PROMOTED)
def test_promotions_and_what_spoils(name: str) -> None:
    history, start, perishable, cuts, expected = PROMOTED[name]
    assert van_prijs(history, day(start), perishable=perishable, cuts=cuts) == expected


def test_rows_come_in_any_order() -> None:
    assert van_prijs(FORMULAS[::-1], day("04-05")) == VanPrijs(D(8))
