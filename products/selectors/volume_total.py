"""Adding the volumes of the products of a list: the rule of :mod:`products.selectors.units`, in one query."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Case, Count, DecimalField, F, FloatField, OuterRef, Q, Subquery, Sum, Value, When
from django.db.models.functions import Cast
from django.utils.translation import get_language

from products.models import UnitFactor

from .lines import LineTree
from .units import OWN_UNITS, common_unit


@dataclass(frozen=True)
class VolumeTotal:
    unit: str
    sold: Decimal | None
    forecast: float | None


def volume_total(products: Any, line_ids: Iterable[int], tree: LineTree) -> VolumeTotal | None:
    """The volumes of the products (a queryset) added in the one unit they have, or else in the reporting unit
    of their lines.

    ``None`` when the products do not all count the same measure, when their lines have not one reporting unit
    that they need, or when one of them cannot be put into it: a total must equal its rows.
    """
    lines = list(line_ids)
    reporting = _one([tree.inherited(line, "reporting_unit").value for line in lines])
    counted = Q(figures__volume_12m__isnull=False) | Q(figures__forecast_12m__isnull=False)
    factor = Subquery(
        UnitFactor.objects.filter(product=OuterRef("pk"), unit__iexact=reporting).values("factor")[:1]
    )
    number = DecimalField(max_digits=30, decimal_places=10)
    found = (
        products.order_by()
        .annotate(volume_unit=_unit(lines, tree))
        .annotate(
            unit_factor=Case(
                When(volume_unit__iexact=reporting, then=Value(Decimal(1))),
                default=factor,
                output_field=number,
            )
        )
        .aggregate(
            measures=Count("figures__measure", distinct=True, filter=counted),
            units=ArrayAgg("volume_unit", distinct=True, filter=counted, default=Value([])),
            without=Count("pk", filter=counted & Q(unit_factor=None)),
            sold=Sum("figures__volume_12m"),
            forecast=Sum("figures__forecast_12m"),
            sold_converted=Sum(F("figures__volume_12m") * F("unit_factor"), output_field=number),
            forecast_converted=Sum(
                F("figures__forecast_12m") * Cast("unit_factor", FloatField()), output_field=FloatField()
            ),
        )
    )
    common = common_unit(found["units"], reporting)
    if found["measures"] > 1 or common is None:
        return None
    if not common.converts:
        return VolumeTotal(common.unit, found["sold"], found["forecast"])
    if found["without"]:
        return None
    return VolumeTotal(common.unit, found["sold_converted"], found["forecast_converted"])


def _one(values: list[Any]) -> str:
    """The one value they all have, or ''."""
    return values[0] or "" if len(set(values)) == 1 else ""


def _unit(lines: list[int], tree: LineTree) -> Case:
    """What ``units.unit_of`` says, of every product of a query."""
    by_unit: dict[str, list[int]] = {}
    for line in lines:
        unit = tree.inherited(line, "unit").value
        if unit:
            by_unit.setdefault(unit, []).append(line)
    of_measure = F(f"figures__measure__unit_{'nl' if get_language() == 'nl' else 'en'}")
    return Case(
        When(~Q(figures__measure__code=OWN_UNITS), then=of_measure),
        When(~Q(unit=""), then=F("unit")),
        *(When(line__in=some, then=Value(unit)) for unit, some in by_unit.items()),
        default=of_measure,
    )
