"""Adding volumes over products: only in one unit, otherwise not at all."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Case, Count, DecimalField, F, FloatField, OuterRef, Q, Subquery, Sum, Value, When
from django.db.models.functions import Cast

from products.models import UnitFactor

from .lines import LineTree


@dataclass(frozen=True)
class VolumeTotal:
    unit: str
    sold: Decimal | None
    forecast: float | None


def volume_total(products: Any, line_ids: Iterable[int], tree: LineTree) -> VolumeTotal | None:
    """The volumes of the products (a queryset) added in the reporting unit of their lines.

    ``None`` when the lines have not one reporting unit, when the products do not all count the same measure,
    or when one of them cannot be put into that unit: a total must equal its rows.
    """
    lines = list(line_ids)
    units = {tree.inherited(line, "reporting_unit").value for line in lines}
    if len(units) != 1 or None in units:
        return None
    unit = units.pop()
    same = [line for line in lines if (tree.inherited(line, "unit").value or "").lower() == unit.lower()]
    other = UnitFactor.objects.filter(product=OuterRef("pk"), unit__iexact=unit).values("factor")[:1]
    number = DecimalField(max_digits=30, decimal_places=10)
    factor = Case(
        When(Q(unit__iexact=unit) | Q(unit="", line__in=same), then=Value(Decimal(1))),
        default=Subquery(other),
        output_field=number,
    )
    counted = Q(figures__volume_12m__isnull=False) | Q(figures__forecast_12m__isnull=False)
    found = (
        products.order_by()
        .annotate(unit_factor=factor)
        .aggregate(
            measures=Count("figures__measure", distinct=True, filter=counted),
            without=Count("pk", filter=counted & Q(unit_factor=None)),
            sold=Sum(F("figures__volume_12m") * F("unit_factor"), output_field=number),
            forecast=Sum(
                F("figures__forecast_12m") * Cast("unit_factor", FloatField()), output_field=FloatField()
            ),
        )
    )
    if found["measures"] > 1 or found["without"]:
        return None
    return VolumeTotal(unit, found["sold"], found["forecast"])
