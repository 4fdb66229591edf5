"""Whether all of it is there: what was imported is what is mapped and what is not, and all is booked."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce

from pricing.models import CostMonth, LedgerEntry

from .costs_left_out import LeftOutCosts
from .ledger import UNMAPPED

ZERO = Decimal(0)


@dataclass(frozen=True)
class Reconciliation:
    """Everything that is booked of the period, without filters: what is on products and what is not;
    ``unmapped`` of it. ``shown``: what the report has of it. ``ledger``: what the ledger has of the months,
    for who sees all of it. ``has_budget``: whether a column is of one. ``left_out``: the cost lines
    that what is shown lacks."""

    on_products: Decimal
    on_none: Decimal
    shown: Decimal
    unmapped: Decimal = ZERO
    ledger: Decimal | None = None
    has_budget: bool = False
    left_out: LeftOutCosts | None = None

    @property
    def whole(self) -> Decimal:
        return self.on_products + self.on_none

    @property
    def mapped(self) -> Decimal:
        return self.whole - self.unmapped

    def as_json(self) -> dict[str, str | None]:
        amounts = {
            "imported": self.ledger,
            "mapped": self.mapped,
            "unmapped": self.unmapped,
            "booked": self.whole,
            "on_products": self.on_products,
            "on_none": self.on_none,
        }
        return {name: None if each is None else f"{each:.2f}" for name, each in amounts.items()}

    @property
    def agrees(self) -> bool:
        return self.ledger is None or self.ledger == self.whole


def reconciled(
    rows: QuerySet[CostMonth],
    first: datetime.date | None,
    last: datetime.date | None,
    *,
    shown: Q,
    with_ledger: bool,
    has_budget: bool = False,
    left_out: LeftOutCosts | None = None,
) -> Reconciliation:
    """Of the booked ``rows`` of some months (``None``: without end); ``shown``: those of them that the report
    has. One query."""
    bounds = {"month__gte": first, "month__lte": last}
    entries = LedgerEntry.objects.filter(**{name: day for name, day in bounds.items() if day}).order_by()
    ledger = entries.values(all=Value(1)).annotate(whole=Sum("booked")).values("whole")
    sums = {
        "on": Sum("amount", filter=Q(product__isnull=False), default=ZERO),
        "none": Sum("amount", filter=Q(product=None), default=ZERO),
        "shown": Sum("amount", filter=shown, default=ZERO),
        "unmapped": Sum("amount", filter=Q(kind__code=UNMAPPED), default=ZERO),
    }
    found = rows.order_by().values(all=Value(1)).annotate(**sums)
    if with_ledger:
        found = found.annotate(ledger=Coalesce(Subquery(ledger), Value(ZERO)))
    amounts = found.values_list(*sums, *(["ledger"] if with_ledger else []))
    on, none, said, unmapped, *whole = next(iter(amounts), (ZERO, ZERO, ZERO, ZERO))
    if with_ledger and not whole:
        whole = [_imported(entries)]
    return Reconciliation(on, none, said, unmapped, whole[0] if whole else None, has_budget, left_out)


def _imported(entries: QuerySet[LedgerEntry]) -> Decimal:
    """Where nothing is booked at all."""
    found: Decimal = entries.aggregate(whole=Sum("booked", default=ZERO))["whole"]
    return found
