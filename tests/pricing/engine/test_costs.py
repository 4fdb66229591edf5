"""The numerics of costs: the worked cases of docs/costs.md to the cent, and splits that lose nothing."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pricing.engine.costs import (
    CENT,
    LEVELS,
    Item,
    Rate,
    Row,
    Tier,
    abc,
    allocate,
    amounts,
    booked,
    break_even,
    claim_ratios,
    cost,
    operating_leverage,
    safety_rate,
    statement,
    variance,
    variation,
    xyz,
)

D = Decimal
cents = st.integers(-(10**9), 10**9).map(lambda number: number * CENT)
weights = st.lists(st.integers(0, 10**6).map(D), min_size=1, max_size=30)


def flat(amount: str) -> Rate:
    return Rate({D(0): Tier(D(amount))})


def owed(rate: Rate, quantity: str) -> Decimal:
    found = cost(rate, D(quantity))
    assert found is not None
    return found


class TestWorkedCases:
    def test_the_contribution_margin_statement(self) -> None:
        gross = D(100_000)
        discount = gross * D("0.10")
        promotion = (gross - discount) * D("0.03")
        invoiced = gross - discount - promotion
        deductions = [discount, promotion, invoiced * D("0.02"), invoiced * D("0.01")]
        net, units = "84681", "1000"
        found = statement(
            gross,
            deductions,
            [
                Row("overhead", "below", D(6000)),
                Row("purchase", "cm1", owed(flat("45"), units)),
                Row("freight", "cm1", owed(flat("3"), units)),
                Row("duty", "cm1", owed(flat("0.04"), "45000")),
                Row("payment", "cm2", owed(flat("0.015"), net) + owed(flat("0.25"), units)),
                Row("commission", "cm2", owed(flat("0.05"), net)),
                Row("fulfilment", "cm2", owed(flat("4.2"), units)),
                Row("returns", "cm2", owed(flat("0.02"), net)),
                Row("own", "cm3", D(3900)),
            ],
        )
        assert (found.net, found.cm1, found.cm2) == (D(84681), D(34881), D("23233.11"))
        assert [row.amount for row in found.rows if row.level == "cm2"] == [
            D("1520.22"),
            D("4234.05"),
            D("4200.00"),
            D("1693.62"),
        ]
        assert (found.cm3, found.result) == (D("19333.11"), D("13333.11"))
        rates = [found.rate(level) for level in ("cm1", "cm2", "cm3")]
        assert [round(rate, 4) for rate in rates if rate is not None] == [
            D("0.4119"),
            D("0.2744"),
            D("0.2283"),
        ]
        assert round(break_even(D(3900), D("23233.115") / 1000) or 0, 2) == D("167.86")

    def test_landed_cost(self) -> None:
        """The order the lines come in does not matter; what comes after the border bears no duty."""
        goods = Rate({D(0): Tier(D(40), exchange_rate=D("0.92"))})
        items = [
            Item("duty", "duty", flat("0.045"), base="cif"),
            Item("insurance", "inbound", flat("0.005"), base="freight"),
            Item("freight", "inbound", flat("2400"), D(1)),
            Item("goods", "purchase", goods, D(1000)),
            Item("clearing", "clearing", flat("180"), D(1)),
            Item("inland", "clearing", flat("0.35"), D(1000)),
        ]
        expected = {
            "goods": D(36800),
            "freight": D(2400),
            "insurance": D(196),
            "duty": D("1772.82"),
            "clearing": D(180),
            "inland": D(350),
        }
        assert amounts(items, {}) == amounts(items[::-1], {}) == expected
        assert sum(expected.values()) == D("41698.82")

    def test_break_even(self) -> None:
        fixed, margin = D(120_000), D(20)
        units = break_even(fixed, margin)
        assert units == D(6000)
        assert units * 50 == D(300_000)
        assert safety_rate(D(8000), units) == D("0.25")
        assert operating_leverage(D(8000), margin, fixed) == D(4)
        assert break_even(fixed, margin, profit=D(60_000)) == D(9000)
        mixed = D("0.6") * D(20) + D("0.4") * D(35)
        assert round(break_even(fixed, mixed) or 0, 2) == D("4615.38")
        assert break_even(fixed, D(0)) is None
        assert operating_leverage(D(6000), margin, fixed) is None

    def test_claims(self) -> None:
        found = claim_ratios(D(1000), D(720), D(230))
        assert found is not None
        assert (found.claims, found.costs, found.combined) == (D("0.72"), D("0.23"), D("0.95"))
        assert claim_ratios(D(0), D(720), D(230)) is None


class TestWhatALineComesTo:
    def test_a_tier_holds_for_all_of_the_quantity(self) -> None:
        rate = Rate({D(0): Tier(D(2)), D(1000): Tier(D("1.8")), D(5000): Tier(D("1.5"))})
        assert [owed(rate, n) for n in ("999", "1000", "5000")] == [D(1998), D(1800), D(7500)]

    def test_a_minimum_order_is_charged_where_anything_is(self) -> None:
        rate = Rate({D(0): Tier(D(2), least=D(100))})
        assert [owed(rate, n) for n in ("0", "1", "100", "101", "-3")] == [0, 200, 200, 202, -6]

    def test_a_minimum_order_reaches_its_tier(self) -> None:
        assert owed(Rate({D(0): Tier(D(2), least=D(100)), D(100): Tier(D(1))}), "5") == D(100)

    def test_each_tier_has_its_own_currency_rate_vat_and_minimum(self) -> None:
        """2,000 at $ 8 and 0.95; a tier's minimum order is of that and those above, not of those below."""
        higher = Tier(D(8), D(1500), D("0.95"), D("0.21"))
        rate = Rate({D(0): Tier(D(10), exchange_rate=D("0.90")), D(1000): higher})
        assert owed(Rate({**rate.tiers, D(1000): Tier(D(8), exchange_rate=D("0.95"))}), "2000") == D(15200)
        assert [owed(rate, n) for n in ("999", "1000", "2000")] == [D(8991), D(13794), D(18392)]
        assert [rate.exchange(n) for n in (None, D(-1), D(999), D(1000))] == [D("0.9")] * 3 + [D("0.95")]

    def test_currency_and_vat_that_is_not_reclaimed(self) -> None:
        rate = Rate({D(0): Tier(D(40), exchange_rate=D("0.92"), vat_rate=D("0.21"))})
        assert owed(rate, "10") == D("445.28")

    def test_below_the_first_tier_there_is_no_cost_to_tell(self) -> None:
        rate = Rate({D(10): Tier(D(2), least=D(5))})
        assert cost(rate, D(9)) is None
        assert [owed(rate, n) for n in ("0", "-3")] == [0, -6]  # nothing costs nothing


class TestWhatProductsComeTo:
    def test_shares_come_after_what_they_are_of(self) -> None:
        rate = Rate({D(0): Tier(D(40), exchange_rate=D("0.92"))})
        items = [
            Item("duty", "duty", flat("0.045"), base="cif"),
            Item("insurance", "inbound", flat("0.005"), base="purchase"),
            Item("freight", "inbound", flat("2400"), D(1)),
            Item("goods", "purchase", rate, D(1000)),
            Item("commission", "commission", flat("0.05"), base="net"),
        ]
        expected = {
            "goods": D(36800),
            "freight": D(2400),
            "insurance": D(184),
            "duty": D("1772.28"),
            "commission": D(5),
        }
        assert amounts(items, {"gross": None, "net": D(100)}) == expected
        assert amounts(items[::-1], {"gross": None, "net": D(100)}) == expected

    def test_what_is_not_known_stays_unknown_in_what_is_of_it(self) -> None:
        items = [
            Item("goods", "purchase", flat("45"), None),
            Item("duty", "duty", flat("0.04"), base="purchase"),
            Item("bonus", "marketing", flat("0.02"), base="gross"),
            Item("licence", "licences", flat("100"), D(1)),
        ]
        found = amounts(items, {"gross": None, "net": D(10)})
        assert found == {"goods": None, "duty": None, "bonus": None, "licence": D(100)}


class TestSplits:
    def test_by_key(self) -> None:
        assert allocate(D(100), {"a": D(1), "b": D(1), "c": D(1)}) == {
            "a": D("33.34"),
            "b": D("33.33"),
            "c": D("33.33"),
        }
        assert allocate(D("-0.01"), {"a": D(1), "b": D(3)}) == {"a": D(0), "b": D("-0.01")}

    def test_what_cannot_be_split_is_not(self) -> None:
        assert allocate(D(100), {"a": D(0)}) == {}
        with pytest.raises(ValueError, match="negative"):
            allocate(D(100), {"a": D(-1), "b": D(2)})

    @given(cents, weights)
    def test_no_cent_is_lost_and_nobody_is_more_than_a_cent_off(
        self, total: Decimal, shares: list[Decimal]
    ) -> None:
        by_key = dict(enumerate(shares))
        parts = allocate(total, by_key)
        if not sum(shares):
            assert parts == {}
            return
        assert sum(parts.values()) == total
        for key, part in parts.items():
            assert part == part.quantize(CENT)
            assert abs(part - total * by_key[key] / sum(shares)) < CENT
            assert by_key[key] or not part

    @given(
        st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(LEVELS), st.decimals(-999, 999, places=4)))
    )
    def test_every_total_of_a_statement_equals_its_rows(self, said: list[tuple[str, str, Decimal]]) -> None:
        found = statement(D("1234.567"), [D("0.005")], [Row(*each) for each in said])
        left = found.net
        assert left == booked(D("1234.567")) - D("0.01")
        for level, margin in zip(LEVELS, ("cm1", "cm2", "cm3", "result"), strict=True):
            left -= sum(row.amount for row in found.rows if row.level == level)
            assert getattr(found, margin) == left
        assert len({(row.level, row.key) for row in found.rows}) == len(found.rows)


def test_abc_looks_at_the_share_before_the_item() -> None:
    assert list(abc(dict(enumerate(map(D, (500, 260, 120, 80, 25, 15))))).values()) == list("AAABCC")
    assert abc({"small": D(5), "large": D(95), "loss": D(-7), "nothing": D(0)}) == {
        "large": "A",
        "small": "C",
    }
    assert abc({}) == {}


def test_xyz_looks_at_the_variation_of_the_volume() -> None:
    sold = ((95, 105, 100, 98, 102, 100), (60, 140, 90, 150, 40, 120), (0, 0, 300, 0, 0, 60))
    found = [variation([*map(float, row)]) for row in sold]
    assert [round(each or 0, 3) for each in found] == [0.034, 0.443, 2.0]
    assert [xyz(each) for each in (*found, 0.5, 1.0, 1.01, None)] == ["X", "X", "Z", "X", "Y", "Z", ""]
    assert (variation([5.0]), variation([0.0, 0.0])) == (None, None)


def test_variance_in_volume_and_price() -> None:
    """Standard 2.00 each and 300 fixed, planned 1,000, sold 1,200, actual 2,820.50."""
    found = variance(Decimal("2820.50"), Decimal(2700), Decimal(2400), Decimal(1200), Decimal(1000))
    assert found == (Decimal(2300), Decimal(400), Decimal(2700), Decimal("120.50"), Decimal("2820.50"))
    assert variance(Decimal(9), Decimal(8), Decimal(0), None, None) == (8, 0, 8, 1, 9)
    assert variance(Decimal(9), Decimal(8), Decimal(8), None, Decimal(1)) is None
    assert variance(Decimal(9), Decimal(8), Decimal(8), Decimal(1), None) is None


CENTS = st.decimals("-99999", "99999", places=2)


@given(actual=CENTS, standard=CENTS, moving=CENTS, sold=st.integers(1, 999), planned=st.integers(0, 999))
def test_variances_add_up(
    actual: Decimal, standard: Decimal, moving: Decimal, sold: int, planned: int
) -> None:
    found = variance(actual, standard, moving, Decimal(sold), Decimal(planned))
    assert found is not None
    assert found.planned + found.volume == found.standard
    assert found.standard + found.price == found.actual
    assert all(amount == booked(amount) for amount in found)
