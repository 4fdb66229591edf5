"""What a unit costs the customer in each promotion mechanic.

Plain Python on purpose: pages show it, and a web process loads no numeric library."""

from __future__ import annotations

# What a mechanic needs to have a price of its own; the others leave the price as it is.
REDUCTIONS = ("price_cut", "coupon", "welcome", "cashback")
FIXED = {"one_plus_one": (1, 2, 0.0), "second_half": (1, 2, 1.0)}


def effective_price(
    price: float, *, paid: float, taken: float, reduced: float = 0.0, share: float = 1.0
) -> float:
    """A unit's price in a multi-buy: of `taken` units `paid` at the full price and `reduced` at `share` of
    it. 1+1: paid 1, taken 2; second at half price: paid 1, taken 2, reduced 1, share 0.5."""
    return price * (paid + reduced * share) / taken


def mechanic_price(
    mechanic: str,
    price: float | None,
    *,
    rate: float | None = None,
    amount: float | None = None,
    quantity: float | None = None,
) -> float | None:
    """A unit's price for who uses the offer, from its normal `price`. `rate`: share taken off, of a bonus
    pack the share added; `amount`: money taken off, of "n for" the price of `quantity` together. None where
    it needs a normal price that is not known. Never below nothing."""
    if mechanic == "n_for":
        return amount / quantity if amount is not None and quantity else None
    if price is None:
        return None
    if mechanic in FIXED:
        paid, taken, reduced = FIXED[mechanic]
        return effective_price(price, paid=paid, taken=taken, reduced=reduced, share=0.5)
    if mechanic == "bonus_pack":
        return price / (1 + (rate or 0.0))
    if mechanic in REDUCTIONS:
        return max(price * (1 - rate) if rate is not None else price - (amount or 0.0), 0.0)
    return price
