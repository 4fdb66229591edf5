"""The series of a family: the sum of its members of each month."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from products.models import Family, Measure, Product, UnitFactor
from products.selectors.family import Stay, belongs, covered_months
from products.selectors.lines import LineTree

from .subject_series import Months, SubjectSeries, months_in_row

if TYPE_CHECKING:
    from .series import SeriesLoader


def family_series(
    loader: SeriesLoader,
    family: Family,
    measure: Measure,
    leads: bool,
    members: Mapping[int, list[Stay]],
    months: Mapping[tuple[int, int], Months],
) -> SubjectSeries:
    """The sum of its members; a month in which members with a real share are missing is missing."""
    products = list(Product.objects.filter(pk__in=members))
    lines = {product.line_id for product in products}
    first, as_of, fit_until = loader.bounds(family.line_id, measure.pk, lines)
    factors = _factors(loader.tree, family, measure, products)
    total: Months = {}
    if factors is not None:
        own = {
            pk: {m: v * factors[pk] for m, v in months.get((pk, measure.pk), {}).items() if belongs(m, stays)}
            for pk, stays in members.items()
        }
        total = {
            month: sum(found[month] for found in own.values() if month in found)
            for month in covered_months(list(own.values()))
        }
    start, values = months_in_row(total, first, fit_until, as_of)
    return SubjectSeries(
        product_id=None,
        family_id=family.pk,
        measure_id=measure.pk,
        kind=measure.kind,
        leads=leads,
        temporary=False,
        as_of=as_of,
        fit_until=fit_until,
        start=start,
        values=values,
        refused="" if factors is not None else "unlike_units",
    )


def _factors(
    tree: LineTree, family: Family, measure: Measure, products: list[Product]
) -> dict[int, float] | None:
    """What one unit of each member is in the family's unit; ``None`` when they cannot be added."""
    product_ids = [product.pk for product in products]
    if measure.code != "units":
        return dict.fromkeys(product_ids, 1.0)
    units = {p.pk: p.unit or tree.inherited(p.line_id, "unit").value or "" for p in products}
    if len(set(units.values())) <= 1:
        return dict.fromkeys(product_ids, 1.0)
    common = tree.inherited(family.line_id, "reporting_unit").value
    known = dict(
        UnitFactor.objects.filter(product_id__in=product_ids, unit=common or "").values_list(
            "product_id", "factor"
        )
    )
    factors = {pk: 1.0 if unit == common else float(known.get(pk, 0)) for pk, unit in units.items()}
    return factors if common and all(factors.values()) else None
