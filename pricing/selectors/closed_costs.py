"""What standard costs of closed months were booked with: these never change, whatever was changed since."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.db.models import DecimalField, QuerySet, Sum, Value

from core.months import month_add
from pricing.models import CostLeftOut, CostLine, CostMonth
from products.models import Product
from products.selectors.closing import open_from

from .cost_months import cost_months
from .costs import Rates, cost_kinds

FIELDS = ("product_id", "month", "cost_line_id", "kind_id")
Key = tuple[int, datetime.date]


class ClosedCosts:
    """Of products in their closed months from the first to the last. One query where there are any, another
    where cost lines that are no longer theirs are among them."""

    def __init__(
        self, rates: Mapping[Product, Sequence[Rates]], first: datetime.date, last: datetime.date
    ) -> None:
        self._begin = open_from() or datetime.date.min
        self._costs: dict[Key, list[tuple[CostLine, Decimal]]] = defaultdict(list)
        self._left_out: dict[Key, list[CostLine]] = defaultdict(list)
        if first < self._begin:
            own = {each.cost_line.pk: each.cost_line for own in rates.values() for each in own}
            self._read(
                _rows([product.pk for product in rates], first, min(last, month_add(self._begin, -1))), own
            )

    def _read(self, rows: QuerySet[Any, Any], own: dict[int, CostLine]) -> None:
        found = list(rows)
        lines = own | _lines({pk for _product, _month, pk, *_rest in found} - own.keys() - {None})
        kinds = {kind.pk: kind for kind in cost_kinds()} if any(row[2] is None for row in found) else {}
        of = [
            lines[pk] if pk else CostLine(pk=-kind, kind=kinds[kind])  # booked without its line
            for _product, _month, pk, kind, _amount in found
        ]
        for line, (product, month, _line, _kind, amount) in sorted(
            zip(of, found, strict=True), key=lambda each: (each[0].kind.place, each[0].pk)
        ):
            if amount is None:
                self._left_out[product, month].append(line)
            else:
                self._costs[product, month].append((line, amount))

    def has(self, month: datetime.date) -> bool:
        return month < self._begin

    def costs(self, product: Product, month: datetime.date) -> list[tuple[CostLine, Decimal]]:
        """What each line was booked with, in the order of their kinds."""
        return self._costs.get((product.pk, month), [])

    def left_out(self, product: Product, month: datetime.date) -> list[CostLine]:
        """The lines that could not be told."""
        return self._left_out.get((product.pk, month), [])


def _rows(product_ids: Sequence[int], first: datetime.date, last: datetime.date) -> QuerySet[Any, Any]:
    """Without an amount: left out."""
    said: dict[str, Any] = {"product__in": product_ids, "month__range": (first, last)}
    booked = cost_months().filter(source=CostMonth.Source.STANDARD, **said)
    missing = Value(None, DecimalField(max_digits=18, decimal_places=2))
    left_out = CostLeftOut.objects.filter(**said).order_by().values_list(*FIELDS, missing)
    sums = booked.order_by().values_list(*FIELDS).annotate(amount=Sum("amount"))  # over the channels
    return sums.union(left_out, all=True)


def _lines(pks: Iterable[int]) -> dict[int, CostLine]:
    wanted = list(pks)
    rows = CostLine.objects.filter(pk__in=wanted).select_related("kind", "measure") if wanted else ()
    return {line.pk: line for line in rows}
