"""What bought goods cost until they are at our door, for a number of units at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from core import formats
from core.organisation import organisation_get, today
from pricing.engine.costs import PARTS, Item, amounts, booked
from pricing.models import CostLine
from pricing.selectors.costs import Rates, has_ended
from pricing.words.costs import amount_words, basis_words
from products.models import Product

Basis = CostLine.Basis


@dataclass(frozen=True)
class LandedRow:
    line: CostLine
    rate: str
    amount: str
    each: str


@dataclass(frozen=True)
class LandedCard:
    """``total`` is the sum of the rows' cents, ``each`` of their amounts a unit. ``left_out``: cost lines of
    these kinds that no number of units tells the amount of."""

    units: str
    currency: str
    rows: Sequence[LandedRow]
    total: str
    each: str
    left_out: Sequence[CostLine]


def landed_card(product: Product, rates: Sequence[Rates], units: Decimal, unit: str) -> LandedCard | None:
    """At today's rates, as if so many were bought in one month: tiers, minimum orders and amounts a month
    count. Of kinds that are part of the landed cost, in all channels; ``None`` without any."""
    own = [each for each in rates if each.cost_line.channel_id is None]
    found = amounts([item for each in own if (item := _item(each, product, units))], {})
    rows, left_out, total, unrounded = [], [], Decimal(0), Decimal(0)
    for each in own:
        line, amount = each.cost_line, found.get(each.cost_line.pk)
        tiers = each.tiers_on(today())
        if not line.kind.is_landed or not tiers:
            continue
        if amount is None:
            left_out.append(line)
            continue
        total += booked(amount)
        unrounded += amount
        charged = rate.reached(units)[0] if (rate := each.on(today())) else units
        reached = max((begin for begin in tiers if begin <= charged), default=min(tiers))
        said = f"{amount_words(line, tiers[reached].amount)} {basis_words(line, unit)}"
        rows.append(
            LandedRow(line, said, formats.number(booked(amount), 2), formats.number(amount / units, 4))
        )
    if not rows:
        return None
    return LandedCard(
        units=f"{formats.number(units)} {unit}".strip(),
        currency=organisation_get().currency,
        rows=rows,
        total=formats.number(total, 2),
        each=formats.number(unrounded / units, 4),
        left_out=left_out,
    )


def usual_units(rates: Sequence[Rates], sold: Decimal | None) -> Decimal:
    """What a month sells, or else the minimum order."""
    least = (rate.lowest.least for each in rates if (rate := each.on(today())))
    return round(sold, 0) if sold and sold >= 1 else max(least, default=Decimal(0)) or Decimal(1)


def _item(rates: Rates, product: Product, units: Decimal) -> Item | None:
    """``None``: it does not hold, or is not of a number of units."""
    line, day = rates.cost_line, today()
    rate = rates.on(day)
    if rate is None or line.is_split or line.measure_id or has_ended(line, product, day):
        return None
    if line.base in PARTS:
        return Item(line.pk, line.kind.code, rate, base=line.base)
    quantity = {Basis.UNIT.value: units, Basis.MONTH.value: Decimal(1)}.get(line.basis)
    return None if quantity is None else Item(line.pk, line.kind.code, rate, quantity)
