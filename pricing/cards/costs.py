"""The tab Costs of a product: what it costs now and next, by the margin it is taken off before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from core import formats
from core.organisation import organisation_get, today
from pricing.engine.costs import Item, Rate, amounts
from pricing.models import CostKind, CostLine
from pricing.selectors.costs import Rates, ends_on
from pricing.words.costs import (
    about_words,
    amount_words,
    basis_words,
    of_words,
    split_words,
    tiers_words,
)
from pricing.words.prices import price_text
from products.models import Product
from products.selectors.lines import line_tree
from products.selectors.units import own_unit

Basis, Base = CostLine.Basis, CostLine.Base


@dataclass(frozen=True)
class CostRow:
    """A line of the tab, in words; ``now`` is None where nothing holds yet or any more."""

    line: CostLine
    of: str
    split: str
    basis: str
    about: str
    now: str | None
    notes: Sequence[str]
    since: str
    ahead: str
    ahead_on: str


@dataclass(frozen=True)
class CostGroup:
    """The lines of one margin level; ``each`` is what those per unit come to a unit."""

    label: str
    rows: Sequence[CostRow]
    each: str | None


def product_costs_context(product: Product, rates: Sequence[Rates]) -> Mapping[str, Any]:
    unit = own_unit(line_tree(), product)
    each = unit_costs(rates)
    currency = organisation_get().currency
    groups = []
    for level, label in CostKind.Level.choices:
        own = [row for row in rates if row.cost_line.kind.level == level]
        sums = [each[row.cost_line.pk] for row in own if row.cost_line.pk in each]
        if own:
            total = price_text(sum(sums, Decimal(0)), currency, _decimals(sums)) if sums else None
            groups.append(CostGroup(str(label), [cost_row(row, product, unit) for row in own], total))
    return {"groups": groups, "unit": unit}


def _decimals(sums: Sequence[Decimal]) -> int:
    return 4 if any(amount % Decimal("0.01") for amount in sums) else 2


def unit_costs(rates: Any) -> dict[int, Decimal]:
    """What each cost line that is known by the unit comes to a unit today, by its id: per unit at the lowest
    tier without a minimum order, and shares of purchase. In our currency."""
    items = []
    for each in rates:
        line, rate = each.cost_line, each.on(today())
        if rate is None or line.measure_id or line.basis not in (Basis.UNIT, Basis.SHARE):
            continue
        rate = Rate({Decimal(0): rate.lowest._replace(least=Decimal(0))})
        items.append(Item(line.pk, line.kind.code, rate, Decimal(1), line.base))
    found = amounts(items, {Base.GROSS: None, Base.NET: None})
    return {int(str(pk)): amount for pk, amount in found.items() if amount is not None}


def cost_row(rates: Rates, product: Product | None, unit: str) -> CostRow:
    line, day = rates.cost_line, today()
    end = ends_on(line, product)
    tiers = rates.tiers_on(day) if end is None or day < end else {}
    lowest = next(iter(tiers.values()), None)
    following = next((row for row in rates.rows if row.start_date > day), None)
    return CostRow(
        line=line,
        of=of_words(line),
        split=split_words(line),
        basis=basis_words(line, unit),
        about=about_words(line),
        now=amount_words(line, lowest.amount) if lowest else None,
        notes=tiers_words(line, tiers),
        since=formats.day(lowest.start_date) if lowest else "",
        ahead=amount_words(line, following.amount) if following else "",
        ahead_on=formats.day(following.start_date) if following else "",
    )
