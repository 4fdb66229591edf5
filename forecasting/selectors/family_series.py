"""The series of a family: the sum of its members of each month."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from django.db.models import Sum

from core.months import month_add
from products.models import Family, Measure, Product, ProductMonth
from products.selectors.family import Stay, belongs, covered_months
from products.selectors.lines import LineTree
from products.selectors.units import addable

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
    factors = member_factors(loader.tree, family, measure, products)
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


Weight = tuple[float, float]
"""What a member sold in the family's unit, and what it brought in."""


def member_weights(
    tree: LineTree, members: Mapping[Family, Sequence[int]], as_of: datetime.date
) -> dict[tuple[int, int], dict[int, Weight]]:
    """By family and measure, of these members the last 12 months together; missing where units do not add."""
    products = {
        row.pk: row for row in Product.objects.filter(pk__in={pk for own in members.values() for pk in own})
    }
    sold: dict[tuple[int, int], Weight] = {}
    rows = ProductMonth.objects.filter(
        product__in=products, month__gt=month_add(as_of, -12), month__lte=as_of, volume__isnull=False
    )
    for pk, measure_id, volume, revenue in (
        rows.values_list("product_id", "measure_id").annotate(Sum("volume"), Sum("revenue")).order_by()
    ):
        sold[pk, measure_id] = float(volume), float(revenue or 0)
    found = {}
    for family, own in members.items():
        for measure in tree.measures(family.line_id):
            factors = member_factors(tree, family, measure, [products[pk] for pk in own])
            if factors is not None:
                found[family.pk, measure.pk] = {
                    pk: (sold[pk, measure.pk][0] * factors[pk], sold[pk, measure.pk][1])
                    for pk in own
                    if (pk, measure.pk) in sold
                }
    return found


def member_factors(
    tree: LineTree, family: Family, measure: Measure, products: list[Product]
) -> dict[int, float] | None:
    """What one unit of each member is in the family's unit; ``None`` when they cannot be added."""
    found = addable(tree, products, measure, family.line_id)
    return {pk: float(factor) for pk, factor in found.factors.items()} if found.ok else None
