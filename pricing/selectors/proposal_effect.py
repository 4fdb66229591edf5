"""What a proposal would do to volume, revenue and margin: what is expected once it is approved."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from statistics import NormalDist
from typing import Any

from core.numbers import Z80
from pricing.models import Proposal
from pricing.models.price import State
from products.models import Product
from products.selectors.lines import line_tree
from products.selectors.units import unit_of

from .costs import RIGHT, rates_read
from .elasticities import READING as ANSWERS
from .elasticities import elasticities_allowed, elasticities_reading
from .margins import unit_costs
from .planned_prices import Expected, changes_expected, moves_volume, why_unknown
from .yearly import READING as USES
from .yearly import uses_reading

MONTHS = 12
# As many evenly spread cases as an elasticity keeps.
CASES = [NormalDist().inv_cdf((n + 0.5) / 64) for n in range(64)]


@dataclass(frozen=True)
class Moved:
    """An amount of the last 12 months and what it would be by the new prices: ``at`` so many standard
    deviations of what is not known of volume."""

    now: Decimal
    at: Callable[[float], float]

    @property
    def then(self) -> float:
        return self.at(0)

    @property
    def low(self) -> float:
        """With ``high`` the ends of the 80 % range."""
        return min(self.at(-Z80), self.at(Z80))

    @property
    def high(self) -> float:
        return max(self.at(-Z80), self.at(Z80))

    @property
    def change(self) -> float | None:
        return self.then / float(self.now) - 1 if self.now > 0 else None

    @property
    def better(self) -> float:
        """How probably it is more than now."""
        return sum(self.at(z) > self.now for z in CASES) / len(CASES)


@dataclass(frozen=True)
class Effect:
    """Of one product; ``None``: what it sold, how its volume answers, or of the margin what it costs is not
    known. ``unit`` with its measure, as volumes add in one alone. Of a state ``volume`` is what there is of
    it on average over the first year, and ``coming`` by how much what comes in changes; ``why`` is the reason
    that it is not known of one (:func:`pricing.selectors.planned_prices.why_unknown`)."""

    product: Product
    unit: tuple[str, str]
    volume: Moved | None = None
    revenue: Moved | None = None
    margin: Moved | None = None
    coming: float | None = None
    why: str = ""


def effect_allowed(user: Any, proposal: Proposal) -> bool:
    """It is over all channels, as the forecast, and said before the decision; afterwards the decision says
    it."""
    waits = proposal.state in (State.DRAFT, State.PROPOSED)
    return waits and moves_volume(proposal.price_list) and elasticities_allowed(user)


def proposal_effects(user: Any, proposal: Proposal) -> list[Effect]:
    """By product, those with most revenue first; with the prices of the proposal as if they were approved, in
    a number of queries that is the same however many they are. Margin for who may see costs."""
    rows = Product.objects.filter(pk__in=proposal.prices.order_by().values("product")).select_related(
        "figures"
    )
    rows = rows.annotate(**{USES: uses_reading(user), ANSWERS: elasticities_reading()})
    products = {row.pk: row for row in rows}
    expected = changes_expected(products, proposal.start_date, proposal.pk)
    unknown = why_unknown(products, expected, proposal.start_date)
    rates = rates_read(user, list(products.values())) if user.has_perm(RIGHT) else {}
    tree = line_tree()
    found = []
    for pk, product in products.items():
        measure = tree.lead_measure(product.line_id)
        unit = (measure.code, unit_of(tree, product, measure).lower())
        figures, change = getattr(product, "figures", None), expected.get(pk)
        if figures is None or change is None:
            found.append(Effect(product, unit, why=unknown.get(pk, "")))
            continue
        volume, revenue = figures.volume_12m, figures.revenue_12m
        costs = None
        if volume and revenue is not None:
            costs = unit_costs(user, product, rates.get(product, ()), proposal.start_date, volume / MONTHS)
        found.append(
            Effect(
                product,
                unit,
                _moved(volume, change.there_at),
                _moved(revenue, change.revenue_at),
                _margin(volume, revenue, change, costs) if costs else None,
                change.volume_at(0) if change.state else None,
            )
        )
    return sorted(found, key=lambda row: (-(row.revenue.now if row.revenue else 0), row.product.name))


def _moved(amount: Decimal | None, change: Callable[[float], float]) -> Moved | None:
    return None if amount is None else Moved(amount, lambda z: float(amount) * (1 + change(z)))


def _margin(volume: Decimal, revenue: Decimal, change: Expected, costs: tuple[Decimal, Decimal]) -> Moved:
    """``costs``: of a unit, and which share of its price goes to costs too, on the day the prices begin."""
    cost, taken = float(volume * costs[0]), float(revenue * (1 - costs[1]))
    return Moved(
        revenue * (1 - costs[1]) - volume * costs[0],
        lambda z: taken * (1 + change.revenue_at(z)) - cost * (1 + change.there_at(z)),
    )


def volume_together(effects: Sequence[Effect]) -> Moved | None:
    """Of the products that have one; ``None`` where they are not counted in one unit."""
    known = [row for row in effects if row.volume]
    return together(row.volume for row in known) if len({row.unit for row in known}) == 1 else None


def together(amounts: Iterable[Moved | None]) -> Moved | None:
    """Of the products that have one. How unsure one is, so are the others: they lean on the same sales."""
    rows = [moved for moved in amounts if moved]
    if not rows:
        return None
    return Moved(sum((row.now for row in rows), Decimal(0)), lambda z: sum(row.at(z) for row in rows))
