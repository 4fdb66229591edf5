"""Whether all of it is there: what was imported is what is mapped and what is not, and all is booked."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Exists, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce

from pricing.models import CostLeftOut, CostMonth, LedgerEntry
from products.selectors.closed_names import Called

from .costs_left_out import LeftOutCosts, costs_left_out
from .ledger import UNMAPPED

ZERO = Decimal(0)


@dataclass(frozen=True)
class Reconciliation:
    """Everything that is booked of the period, without filters: what is on products and what is not;
    ``unmapped`` of it. ``shown``: what the report has of it. ``ledger``: what the ledger has of the months,
    for who sees all of it. ``has_budget``: whether a column is of one. ``of_some``: everything is of
    the products of a report alone. ``left_out``: the cost lines that what is shown lacks."""

    on_products: Decimal
    on_none: Decimal
    shown: Decimal
    unmapped: Decimal = ZERO
    ledger: Decimal | None = None
    has_budget: bool = False
    of_some: bool = False
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
    of_some: bool = False,
    lacks: QuerySet[CostLeftOut] | None = None,
    called: Called | None = None,
) -> Reconciliation:
    """Of the booked ``rows`` of some months (``None``: without end); ``shown``: those of them that the report
    has; ``lacks``: what it has not, ``called`` as it calls things. One query, and one where it lacks
    anything."""
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
    there = Value(False) if lacks is None else Exists(lacks)
    amounts = found.annotate(lacks=there).values_list("lacks", *sums, *(["ledger"] if with_ledger else []))
    any_lacks, on, none, said, unmapped, *whole = next(
        iter(amounts), (lacks is not None, ZERO, ZERO, ZERO, ZERO)
    )
    if with_ledger and not whole:
        whole = [_imported(entries)]
    left_out = costs_left_out(lacks, called) if any_lacks and lacks is not None and called else None
    ledger_whole = whole[0] if whole else None
    return Reconciliation(on, none, said, unmapped, ledger_whole, has_budget, of_some, left_out)


def _imported(entries: QuerySet[LedgerEntry]) -> Decimal:
    """Where nothing is booked at all."""
    found: Decimal = entries.aggregate(whole=Sum("booked", default=ZERO))["whole"]
    return found
