"""The margin bridge: the worked case, unlike units apart, and terms that add up whatever comes in."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from pricing.engine.bridge import TERMS, Bridge, Compared, Side, bridge

D = Decimal
cents = st.integers(-(10**8), 10**8).map(lambda number: D(number) / 100)
units = st.none() | st.integers(-100, 10**6).map(D)
foreign = st.dictionaries(st.sampled_from(("USD", "GBP")), st.tuples(cents, cents))
unpriced = st.integers(0, 200).map(D)
sides = st.builds(Side, units, cents, cents, foreign, unpriced) | st.just(Side(None, D(0), D(0)))
compared = st.builds(Compared, st.integers(), st.sampled_from(("carton", "Carton", "MWh")), sides, sides)


def side(number: str, price: str, cost: str) -> Side:
    return Side(D(number), D(number) * D(price), D(number) * D(cost))


def said(found: Bridge) -> dict[str, Decimal]:
    return {term: getattr(found, term) for term in TERMS if getattr(found, term)}


A = Compared("A", "box", side("100", "10", "6"), side("110", "10.5", "6.2"))
B = Compared("B", "box", side("50", "20", "12"), side("40", "21", "13"))


def test_the_worked_case() -> None:
    found = bridge([A, B])
    assert (found.before, found.after) == (800, 793)
    assert said(found) == {"price": 95, "cost": -62, "mix": -40}


def test_unlike_units_are_never_added() -> None:
    found = bridge([A, Compared("B", "MWh", B.before, B.after)])
    # 10 more at 4 and 10 fewer at 8, each by itself: no mix
    assert said(found) == {"price": 95, "cost": -62, "volume": -40}


def test_units_without_an_amount_cost_and_say_nothing_of_the_price() -> None:
    """110 at 6.20, of which 100 sold at 10.50 and of 10 it is not known for how much."""
    found = bridge([Compared("A", "box", A.before, Side(D(110), D(1050), D(682), {}, D(10)))])
    assert said(found) == {"price": 50, "cost": -22, "volume": 40, "mix": -100}
    known = Compared("A", "box", A.before, Side(D(110), D(0), D(682), {}, D(110)))
    assert said(bridge([known])) == {"other": -1082}


def test_new_and_lost_come_whole_and_first() -> None:
    nothing = Side(None, D(0), D(0))
    new, lost = Compared("N", "box", nothing, A.after), Compared("L", "box", B.before, nothing)
    rest = Compared(None, "", Side(None, D(0), D(30)), Side(None, D(0), D(40)))
    assert said(bridge([new, lost, rest])) == {"new": D(473), "lost": D(-400), "other": -10}


def test_what_the_exchange_rate_did_comes_before_the_cost_itself() -> None:
    """100 at $ 6 × 0.90, then 110 at $ 6.20 × 0.95: 110 × $ 6 × 0.05 is currency, 110 × $ 0.2 × 0.95 cost."""
    before, after = D(100) * 6 * D("0.9"), D(110) * D("6.2") * D("0.95")
    found = bridge(
        [
            Compared(
                "A",
                "box",
                Side(D(100), D(1000), before, {"USD": (D(600), before)}),
                Side(D(110), D(1155), after, {"USD": (D(682), after)}),
            )
        ]
    )
    assert said(found) == {"currency": -33, "price": 55, "cost": D("-20.9"), "volume": 46}
    rent = Compared(
        None,
        "",
        Side(None, D(0), D(90), {"USD": (D(100), D(90))}),
        Side(None, D(0), D(96), {"USD": (D(100), D(95)), "GBP": (D(1), D(1))}),
    )
    assert said(bridge([rent])) == {"currency": -5, "other": -1}
    # what is in another currency on one side only has no exchange rate to compare
    new = Compared("A", "box", A.before, Side(D(100), D(1000), D(600), {"USD": (D(700), D(600))}))
    assert said(bridge([new])) == {}


@given(st.lists(compared, max_size=12))
def test_the_terms_add_up_to_the_difference(rows: list[Compared]) -> None:
    found = bridge(rows)
    assert found.before + sum(getattr(found, term) for term in TERMS) == found.after
    assert sum(part.change for part in found.parts) == found.after - found.before
    for part in found.parts:
        if part.term == "both":
            assert part.currency + part.price + part.cost + part.moved == part.change
