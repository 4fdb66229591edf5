"""Standard costs beside actual ones on the tab Costs: what volume and what price explain."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Sum

from core.months import month_add
from pricing.engine.costs import Variance, variance
from pricing.models import CostKind
from pricing.selectors.cost_months import cost_months
from pricing.selectors.costs import MOVING
from pricing.selectors.margins import product_margins
from pricing.selectors.month_margin import MonthMargin
from products.models import Product
from products.selectors.budget import budget_months
from products.selectors.lines import line_tree
from products.selectors.months import product_complete_month

MONTHS = 12
ZERO = Decimal(0)
_Sums = dict[int, dict[datetime.date, Decimal]]


@dataclass(frozen=True)
class VarianceRow:
    """Without ``planned`` and ``volume`` where no volume was planned."""

    kind: CostKind | None
    planned: Decimal | None
    volume: Decimal | None
    standard: Decimal
    price: Decimal
    actual: Decimal


@dataclass(frozen=True)
class VarianceCard:
    """``unbooked``: kinds with a standard of which no actual cost is booked; no row, and not in the total."""

    first: datetime.date
    last: datetime.date
    rows: Sequence[VarianceRow]
    total: VarianceRow
    has_plan: bool
    unbooked: Sequence[CostKind]
    unbooked_amount: Decimal


def variance_card(user: Any, product: Product) -> VarianceCard | None:
    """Of those of the last twelve whole months that have actual costs of the product, as booked; ``None``:
    none has, or the person does not see the product's margin."""
    lead = line_tree().lead_measure(product.line_id)
    last = product_complete_month(product, lead.pk)
    months = product_margins(user, product, month_add(last, 1 - MONTHS), last) if last else None
    if not months:
        return None
    standard, actual, kinds = _booked(product, [each.month for each in months])
    compared = [each for each in months if any(each.month in own for own in actual.values())]
    if not compared:
        return None
    plan = budget_months(user, product, lead, compared[0].month, compared[-1].month)
    booked = {pk: kind for pk, kind in kinds.items() if pk in actual}
    found = {
        pk: [
            variance(
                actual[pk].get(each.month, ZERO),
                standard[pk].get(each.month, ZERO),
                _moving(each, pk, standard[pk].get(each.month, ZERO)),
                each.sold,
                plan[each.month].volume if each.month in plan else None,
            )
            for each in compared
        ]
        for pk in booked
    }
    has_plan = all(each is not None for own in found.values() for each in own)
    rows = [
        _row(kind, found[pk] if has_plan else (), _of(standard[pk], compared), _of(actual[pk], compared))
        for pk, kind in booked.items()
    ]
    rows = [row for row in rows if row.standard or row.actual]
    total = [
        sum((getattr(row, name) or ZERO for row in rows), ZERO)
        for name in ("planned", "volume", "standard", "price", "actual")
    ]
    planned, volume = (total[0], total[1]) if has_plan else (None, None)
    missing = {pk: _of(standard[pk], compared) for pk in kinds if pk not in booked}
    return VarianceCard(
        compared[0].month,
        compared[-1].month,
        rows,
        VarianceRow(None, planned, volume, *total[2:]),
        has_plan,
        unbooked=[kinds[pk] for pk, amount in missing.items() if amount],
        unbooked_amount=sum(missing.values(), ZERO),
    )


def _booked(product: Product, months: Sequence[datetime.date]) -> tuple[_Sums, _Sums, Mapping[int, CostKind]]:
    """Standard and actual costs by kind and month, and the kinds in their order. One query."""
    standard: _Sums = defaultdict(dict)
    actual: _Sums = defaultdict(dict)
    kinds: dict[int, CostKind] = {}
    rows = (
        cost_months().filter(product=product.pk, month__in=months).exclude(source__in=["budget", "forecast"])
    )
    names = ("code", "name_en", "name_nl", "place")
    fields = ("source", "month", "kind_id", *(f"kind__{name}" for name in names))
    for source, month, pk, *said, amount in (
        rows.order_by("kind__place", "kind__code").values_list(*fields).annotate(amount=Sum("amount"))
    ):
        kinds.setdefault(pk, CostKind(pk=pk, **dict(zip(names, said, strict=True))))
        own = (standard if source == "standard" else actual)[pk]
        own[month] = own.get(month, ZERO) + amount
    return standard, actual, kinds


def _of(amounts: Mapping[datetime.date, Decimal], months: Sequence[MonthMargin]) -> Decimal:
    return sum((amounts.get(each.month, ZERO) for each in months), ZERO)


def _moving(month: MonthMargin, kind_id: int, standard: Decimal) -> Decimal:
    """The part of a kind's booked standard that moves with what is sold, by the lines it is made of."""
    own = [(line, amount) for line, amount in month.costs if line.kind_id == kind_id]
    whole = sum((amount for _line, amount in own), ZERO)
    moving = sum((amount for line, amount in own if line.basis in MOVING and not line.measure_id), ZERO)
    return standard * moving / whole if whole else ZERO


def _row(kind: CostKind, found: Sequence[Variance | None], standard: Decimal, actual: Decimal) -> VarianceRow:
    known = [each for each in found if each is not None]
    planned = sum((each.planned for each in known), ZERO) if found else None
    volume = sum((each.volume for each in known), ZERO) if found else None
    return VarianceRow(kind, planned, volume, standard, actual - standard, actual)
