"""Adding volumes of different products: only in one unit.

The measure ``units`` counts each product in its own unit; products in one unit simply add, others in the
line's reporting unit, by each product's factor. Every other measure has one unit for all.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from django.db.models import Prefetch, prefetch_related_objects

from products.models import Measure, Product, UnitFactor

from .lines import LineTree


@dataclass(frozen=True)
class Addable:
    """What one unit of each product is in ``unit``, by product id. Not ``ok``: not to be added, show "—"."""

    unit: str = ""
    factors: dict[int, Decimal] = field(default_factory=dict)
    ok: bool = True


def unit_of(tree: LineTree, product: Product, measure: Measure) -> str:
    """The unit that a product's volume in this measure is in."""
    if measure.code != "units":
        return str(measure.unit)
    return product.unit or tree.inherited(product.line_id, "unit").value or str(measure.unit)


def addable(tree: LineTree, products: Iterable[Product], measure: Measure, line_id: int) -> Addable:
    """How the products' volumes in the measure may be added, for a total shown for this line."""
    rows = list(products)
    units = {product.pk: unit_of(tree, product, measure) for product in rows}
    different = set(units.values())
    if len(different) <= 1:
        return Addable(next(iter(different), ""), dict.fromkeys(units, Decimal(1)))
    common = tree.inherited(line_id, "reporting_unit").value
    if not common or measure.code != "units":
        return Addable(ok=False)
    prefetch_related_objects(
        rows, Prefetch("unit_factors", UnitFactor.objects.filter(unit=common), "_common")
    )
    factors: dict[int, Decimal] = {}
    for product in rows:
        known = product._common  # type: ignore[attr-defined]
        if units[product.pk] == common:
            factors[product.pk] = Decimal(1)
        elif known:
            factors[product.pk] = known[0].factor
        else:
            return Addable(ok=False)
    return Addable(common, factors)
