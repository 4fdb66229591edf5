"""What a proposal would do to volume and revenue: what is expected once it is approved."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from pricing.models import Proposal
from pricing.models.price import State
from products.models import Product
from products.selectors.lines import line_tree
from products.selectors.units import unit_of

from .elasticities import elasticities_allowed
from .planned_prices import Range, changes_expected, moves_volume


@dataclass(frozen=True)
class Moved:
    """An amount of the last 12 months, what it would be by the new prices, and its 80 % range."""

    now: Decimal
    then: float
    low: float
    high: float

    @property
    def change(self) -> float | None:
        return self.then / float(self.now) - 1 if self.now else None


@dataclass(frozen=True)
class Effect:
    """Of one product; ``None``: what it sold, or how its volume answers, is not known. ``unit`` with its
    measure, as volumes add in one alone."""

    product: Product
    unit: tuple[str, str]
    volume: Moved | None = None
    revenue: Moved | None = None


def effect_allowed(user: Any, proposal: Proposal) -> bool:
    """It is over all channels, as the forecast, and said before the decision; afterwards the decision says
    it."""
    waits = proposal.state in (State.DRAFT, State.PROPOSED)
    return waits and moves_volume(proposal.price_list) and elasticities_allowed(user)


def proposal_effects(proposal: Proposal) -> list[Effect]:
    """By product, those with most revenue first; with the prices of the proposal as if they were approved, in
    a number of queries that is the same however many they are."""
    ids = set(proposal.prices.values_list("product_id", flat=True))
    names = ("code", "name", "unit", "line_id", "figures__volume_12m", "figures__revenue_12m")
    products = list(Product.objects.filter(pk__in=ids).select_related("figures").only(*names))
    expected = changes_expected(ids, proposal.start_date, proposal.pk)
    tree = line_tree()
    found = []
    for product in products:
        measure = tree.lead_measure(product.line_id)
        unit = (measure.code, unit_of(tree, product, measure).lower())
        figures, change = getattr(product, "figures", None), expected.get(product.pk)
        if figures is None or change is None:
            found.append(Effect(product, unit))
            continue
        found.append(
            Effect(
                product,
                unit,
                _moved(figures.volume_12m, change.volume),
                _moved(figures.revenue_12m, change.revenue),
            )
        )
    return sorted(found, key=lambda row: (-(row.revenue.now if row.revenue else 0), row.product.name))


def _moved(amount: Decimal | None, change: Range) -> Moved | None:
    if amount is None:
        return None
    then, low, high = (float(amount) * (1 + share) for share in change)
    return Moved(amount, then, *sorted((low, high)))


def volume_together(effects: Sequence[Effect]) -> Moved | None:
    """Of the products that have one; ``None`` where they are not counted in one unit."""
    known = [row for row in effects if row.volume]
    return _together(known, lambda row: row.volume) if len({row.unit for row in known}) == 1 else None


def revenue_together(effects: Sequence[Effect]) -> Moved | None:
    """Of the products that have one."""
    return _together(effects, lambda row: row.revenue)


def _together(effects: Sequence[Effect], of: Callable[[Effect], Moved | None]) -> Moved | None:
    """How unsure one is, so are the others: they lean on the same sales."""
    rows = [moved for effect in effects if (moved := of(effect))]
    if not rows:
        return None
    ends = (sum(getattr(row, name) for row in rows) for name in ("then", "low", "high"))
    return Moved(sum((row.now for row in rows), Decimal(0)), *ends)
