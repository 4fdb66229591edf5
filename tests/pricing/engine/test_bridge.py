"""The margin bridge: the worked case, unlike units apart, and terms that add up whatever comes in."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from pricing.engine.bridge import TERMS, Bridge, Compared, Side, bridge

D = Decimal
cents = st.integers(-(10**8), 10**8).map(lambda number: D(number) / 100)
units = st.none() | st.integers(-100, 10**6).map(D)
sides = st.builds(Side, units, cents, cents) | st.just(Side(None, D(0), D(0)))
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


def test_new_and_lost_come_whole_and_first() -> None:
    nothing = Side(None, D(0), D(0))
    new, lost = Compared("N", "box", nothing, A.after), Compared("L", "box", B.before, nothing)
    rest = Compared(None, "", Side(None, D(0), D(30)), Side(None, D(0), D(40)))
    assert said(bridge([new, lost, rest])) == {"new": D(473), "lost": D(-400), "other": -10}


@given(st.lists(compared, max_size=12))
def test_the_terms_add_up_to_the_difference(rows: list[Compared]) -> None:
    found = bridge(rows)
    assert found.before + sum(getattr(found, term) for term in TERMS) == found.after
    assert sum(part.change for part in found.parts) == found.after - found.before
    for part in found.parts:
        if part.term == "both":
            assert part.price + part.cost + part.moved == part.change
