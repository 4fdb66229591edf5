"""Adding volumes of different products: only in one unit.

The measure ``units`` counts each product in its own unit; products in one unit simply add, others in the
line's reporting unit, by each product's factor. Every other measure has one unit for all.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from products.models import Measure, Product, UnitFactor

from .lines import LineTree

OWN_UNITS = "units"
"""The code of the measure that counts every product in its own unit."""


@dataclass(frozen=True)
class Common:
    """The unit to add in; ``converts``: by each product's factor into it."""

    unit: str
    converts: bool


def common_unit(units: Collection[str], reporting: str) -> Common | None:
    """In which unit volumes in these units are added: the one they all have, else the reporting unit of the
    line they are added for; ``None``: not at all. Units are the same in whatever case."""
    if len({unit.lower() for unit in units}) <= 1:
        return Common(min(units, default=""), converts=False)
    return Common(reporting, converts=True) if reporting else None


@dataclass(frozen=True)
class Addable:
    """What one unit of each product is in ``unit``, by product id. Not ``ok``: not to be added, show "—"."""

    unit: str = ""
    factors: dict[int, Decimal] = field(default_factory=dict)
    ok: bool = True


def own_unit(tree: LineTree, product: Product) -> str:
    """The unit a product is sold in: its own, or that of its line; empty where neither says one."""
    return product.unit or str(tree.inherited(product.line_id, "unit").value or "")


def unit_of(tree: LineTree, product: Product, measure: Measure) -> str:
    """The unit that a product's volume in this measure is in."""
    if measure.code != OWN_UNITS:
        return str(measure.unit)
    return own_unit(tree, product) or str(measure.unit)


def addable(tree: LineTree, products: Iterable[Product], measure: Measure, line_id: int | None) -> Addable:
    """How the products' volumes in the measure may be added, for a total shown for this line; of no line:
    only as they are."""
    rows = list(products)
    units = {product.pk: unit_of(tree, product, measure) for product in rows}
    reporting = None if line_id is None else tree.inherited(line_id, "reporting_unit").value
    common = common_unit(units.values(), reporting or "")
    if common is None:
        return Addable(ok=False)
    if not common.converts:
        return Addable(common.unit, dict.fromkeys(units, Decimal(1)))
    known: dict[int, Decimal] = {}
    asked = UnitFactor.objects.filter(product__any=list(units), unit__iexact=common.unit).order_by("unit")
    for pk, factor in asked.values_list("product_id", "factor"):
        known.setdefault(pk, factor)
    factors: dict[int, Decimal] = {}
    for product in rows:
        if units[product.pk].lower() == common.unit.lower():
            factors[product.pk] = Decimal(1)
        elif product.pk in known:
            factors[product.pk] = known[product.pk]
        else:
            return Addable(ok=False)
    return Addable(common.unit, factors)
