"""Volume and mix of costs: the worked case of docs/cost-reports.md, and that they add up."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from pricing.engine.volume_mix import Moved, volume_and_mix

D = Decimal
cents = st.decimals(-10_000, 10_000, places=2)
units = st.decimals(0, 10_000, places=2)


def worked(unit_of_b: str) -> list[Moved]:
    """A 100 planned at 10 and 110 sold, B 50 planned at 20 and 40 sold."""
    return [
        Moved("kg", D(100), D(110), D(1100), D(100)),
        Moved(unit_of_b, D(50), D(40), D(800), D(-200)),
    ]


def test_the_worked_case() -> None:
    assert volume_and_mix(worked("KG")) == (0, -100)
    assert volume_and_mix(worked("MWh")) == (-100, 0)  # unlike units are never added
    assert volume_and_mix([Moved("kg", D(0), D(5), D(50), D(50)), *worked("kg")]) == (50, -100)
    assert volume_and_mix([]) == (0, 0)


@given(st.lists(st.builds(Moved, st.sampled_from(["kg", "l"]), units, units, cents, cents), max_size=6))
def test_they_add_up(rows: list[Moved]) -> None:
    assert sum(volume_and_mix(rows)) == sum(row.change for row in rows)
