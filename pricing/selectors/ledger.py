"""The ledger's entries beside the mapping: what each amount costs, and what nobody mapped."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from django.db.models import QuerySet, Sum

from core.organisation import organisation_get
from pricing.engine.costs import booked
from pricing.models import LedgerEntry, LedgerMapping

ZERO = Decimal(0)
UNMAPPED = "unmapped"
"""The kind of cost under which amounts stand that no mapping says anything of."""
GROUP = (
    *("month", "account", "cost_centre", "dimension", "supplier_id", "product_id", "channel_id"),
    "is_accrual",
)


class Amount(NamedTuple):
    """Entries that are alike in everything that says what they cost, added."""

    month: datetime.date
    account: str
    cost_centre: str
    dimension: str
    supplier_id: int | None
    product_id: int | None
    channel_id: int | None
    is_accrual: bool
    booked: Decimal
    currency: str = ""
    """Another than ours, and what it was in that."""
    currency_amount: Decimal | None = None


def amounts_of(entries: QuerySet[LedgerEntry]) -> list[Amount]:
    ours, of = organisation_get().currency, (*GROUP, "currency")
    rows = entries.order_by().values_list(*of).annotate(Sum("booked"), Sum("amount")).order_by(*of)
    return [
        Amount._make((*row, amount, *(("", None) if currency == ours else (currency, booked(foreign)))))
        for *row, currency, amount, foreign in rows
    ]


Key = tuple[str, str, str]


class Mappings:
    """The mapping as it holds; one query."""

    def __init__(self) -> None:
        rows = LedgerMapping.objects.filter(replaced_at=None).select_related("kind", "product", "channel")
        self._rows: dict[Key, dict[datetime.date, list[LedgerMapping]]] = defaultdict(
            lambda: defaultdict(list)
        )
        for row in rows.order_by("start_month", "part"):
            self._rows[row.account, row.cost_centre, row.dimension][row.start_month].append(row)

    def find(
        self, account: str, cost_centre: str, dimension: str, month: datetime.date
    ) -> Sequence[LedgerMapping]:
        """The parts of the mapping that says most: of cost centre and dimension, else of the cost centre,
        else of the dimension, else of the account alone. Empty: not mapped."""
        for key in ((cost_centre, dimension), (cost_centre, ""), ("", dimension), ("", "")):
            begun = self._rows.get((account, *key), {})
            held = [parts for start, parts in begun.items() if start <= month]
            if held and held[-1][0].kind_id is not None:
                return held[-1]
        return ()

    def of(self, amount: Amount) -> Sequence[LedgerMapping]:
        return self.find(amount.account, amount.cost_centre, amount.dimension, amount.month)


@dataclass
class Reconciled:
    """A month's amounts, in cents: ``imported`` is ``mapped`` and ``unmapped`` together. ``has_unmapped``:
    whether anything is, also where that cancels."""

    month: datetime.date
    imported: Decimal = ZERO
    mapped: Decimal = ZERO
    unmapped: Decimal = ZERO
    has_unmapped: bool = False

    def as_json(self) -> dict[str, str]:
        names = ("imported", "mapped", "unmapped")
        return {"month": f"{self.month:%Y-%m}", **{name: f"{getattr(self, name):.2f}" for name in names}}


def reconcile(amounts: Iterable[Amount], mappings: Mappings) -> list[Reconciled]:
    months: dict[datetime.date, Reconciled] = {}
    for amount in amounts:
        row = months.setdefault(amount.month, Reconciled(amount.month))
        row.imported += amount.booked
        if mappings.of(amount):
            row.mapped += amount.booked
        else:
            row.unmapped += amount.booked
            row.has_unmapped = True
    return [months[month] for month in sorted(months)]


@dataclass(frozen=True)
class Unmapped:
    """What is not mapped of an account, cost centre and dimension."""

    account: str
    cost_centre: str
    dimension: str
    amount: Decimal
    first: datetime.date
    last: datetime.date


def unmapped(amounts: Iterable[Amount], mappings: Mappings) -> list[Unmapped]:
    """The largest first."""
    found: dict[tuple[str, str, str], list[Amount]] = defaultdict(list)
    for amount in amounts:
        if not mappings.of(amount):
            found[amount.account, amount.cost_centre, amount.dimension].append(amount)
    rows = [
        Unmapped(
            *key,
            sum((each.booked for each in own), ZERO),
            min(each.month for each in own),
            max(each.month for each in own),
        )
        for key, own in found.items()
    ]
    return sorted(rows, key=lambda row: (-abs(row.amount), row.account, row.cost_centre, row.dimension))


def months_of(entries: QuerySet[LedgerEntry]) -> list[datetime.date]:
    return sorted(set(entries.order_by().values_list("month", flat=True).distinct()))


def ledger_by_month(months: Sequence[datetime.date]) -> Mapping[datetime.date, Reconciled]:
    """What the ledger has of months, for the page of months. Two queries."""
    if not months:
        return {}
    amounts = amounts_of(LedgerEntry.objects.filter(month__in=months))
    return {row.month: row for row in reconcile(amounts, Mappings())}
