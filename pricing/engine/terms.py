"""From list price to pocket price, and bonuses by scale. Decimal throughout.

The worked case: 100,000 less 10 % on the invoice is 90,000, less 3 % promotion support 87,300; of these a
bonus of 2 % and a payment discount of 1 % leave 84,681.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

ZERO = Decimal(0)
KINDS = ("invoice", "promotion", "bonus", "payment", "logistics", "unit")
"""In order of application. Bonus, payment discount and logistics discount are each of what the two before
them leave; ``unit`` is an amount."""
TOTALS = {"invoice": "invoice_price", "payment": "net_price", "unit": "pocket_price"}
"""The price that is left after a kind of term."""


class Row(NamedTuple):
    """A line of the waterfall: a price that is left (``is_total``), or what a term takes off it."""

    key: str
    amount: Decimal
    is_total: bool


def waterfall(list_price: Decimal, terms: Mapping[str, Decimal], places: int = 2) -> list[Row]:
    """From the list price to the pocket price; ``terms``: a rate by kind, of ``unit`` an amount. Every kind
    has its line, also one that takes nothing off. Each amount is rounded once, to so many places, and the
    prices are sums of rounded amounts: what is shown adds up."""
    last = Decimal(1).scaleb(-places)
    left = base = list_price.quantize(last, ROUND_HALF_UP)
    rows = [Row("list_price", left, True)]
    for kind in KINDS:
        term = terms.get(kind, ZERO)
        off = (term if kind == "unit" else base * term).quantize(last, ROUND_HALF_UP)
        left -= off
        rows.append(Row(kind, -off, False))
        if kind in TOTALS:
            rows.append(Row(TOTALS[kind], left, True))
        if kind in ("invoice", "promotion"):
            base = left
    return rows


class Step(NamedTuple):
    """From so much in a year on the rate holds for all of it."""

    begin: Decimal
    rate: Decimal


def scale_rate(steps: Sequence[Step], total: Decimal) -> Decimal:
    """Of the highest step reached; below the first one nothing."""
    return max((step for step in steps if step.begin <= total), default=Step(ZERO, ZERO)).rate


def scale_next(steps: Sequence[Step], total: Decimal) -> Step | None:
    """The first step that is not reached."""
    return min((step for step in steps if step.begin > total), default=None)


def year_expected(
    sold: Mapping[int, Decimal], last_year: Mapping[int, Decimal], complete: int
) -> Decimal | None:
    """What a year comes to, by month number (1–12): the months that are complete, and the others as last year
    times the growth of the complete ones; never less than was sold. ``None``: last year sold nothing in the
    complete months to hold it against."""
    months = range(1, complete + 1)
    known = sum((sold.get(month, ZERO) for month in months), ZERO)
    whole = sum(sold.values(), ZERO)
    if complete == 12:
        return whole
    before = sum((last_year.get(month, ZERO) for month in months), ZERO)
    if before <= 0:
        return None
    rest = sum((amount for month, amount in last_year.items() if month > complete), ZERO)
    return max(known + rest * known / before, whole)
