"""The ledger's entries beside the mapping: what each amount costs, and what nobody mapped."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from django.db.models import Q, QuerySet, Sum

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
    added: Decimal | None = None
    """What of several entries is over nothing; of one it is its own sign that says it."""

    @property
    def over(self) -> Decimal:
        return max(self.booked, ZERO) if self.added is None else self.added


def amounts_of(entries: QuerySet[LedgerEntry]) -> list[Amount]:
    ours, of = organisation_get().currency, (*GROUP, "currency")
    over = Sum("booked", filter=Q(booked__gt=0), default=ZERO)
    rows = entries.order_by().values_list(*of).annotate(Sum("booked"), Sum("amount"), over=over)
    return [
        Amount._make((*row, amount, *(("", None) if currency == ours else (currency, booked(foreign))), over))
        for *row, currency, amount, foreign, over in rows.order_by(*of)
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
    """A month's amounts, in cents: ``imported`` is ``mapped`` and ``unmapped`` together; the latter is what
    is ``unmapped_over`` nothing less what is ``unmapped_under`` it, which may cancel."""

    month: datetime.date
    imported: Decimal = ZERO
    mapped: Decimal = ZERO
    unmapped_over: Decimal = ZERO
    unmapped_under: Decimal = ZERO

    @property
    def unmapped(self) -> Decimal:
        return self.unmapped_over - self.unmapped_under

    @property
    def has_unmapped(self) -> bool:
        return bool(self.unmapped_over or self.unmapped_under)

    def as_json(self) -> dict[str, str]:
        names = ("imported", "mapped", "unmapped", "unmapped_over", "unmapped_under")
        return {"month": f"{self.month:%Y-%m}", **{name: f"{getattr(self, name):.2f}" for name in names}}


def reconcile(amounts: Iterable[Amount], mappings: Mappings) -> list[Reconciled]:
    months: dict[datetime.date, Reconciled] = {}
    for amount in amounts:
        row = months.setdefault(amount.month, Reconciled(amount.month))
        row.imported += amount.booked
        if mappings.of(amount):
            row.mapped += amount.booked
        else:
            row.unmapped_over += amount.over
            row.unmapped_under += amount.over - amount.booked
    return [months[month] for month in sorted(months)]


@dataclass(frozen=True)
class Unmapped:
    """What is not mapped of an account, cost centre and dimension: what is ``over`` nothing less what is
    ``under`` it, which may cancel."""

    account: str
    cost_centre: str
    dimension: str
    over: Decimal
    under: Decimal
    first: datetime.date
    last: datetime.date

    @property
    def amount(self) -> Decimal:
        return self.over - self.under


def unmapped(amounts: Iterable[Amount], mappings: Mappings) -> list[Unmapped]:
    """The largest first, whatever cancels."""
    found: dict[tuple[str, str, str], list[Amount]] = defaultdict(list)
    for amount in amounts:
        if not mappings.of(amount):
            found[amount.account, amount.cost_centre, amount.dimension].append(amount)
    rows = [
        Unmapped(
            *key,
            sum((each.over for each in own), ZERO),
            sum((each.over - each.booked for each in own), ZERO),
            min(each.month for each in own),
            max(each.month for each in own),
        )
        for key, own in found.items()
    ]
    return sorted(rows, key=lambda row: (-row.over - row.under, row.account, row.cost_centre, row.dimension))


def months_of(entries: QuerySet[LedgerEntry]) -> list[datetime.date]:
    return sorted(set(entries.order_by().values_list("month", flat=True).distinct()))


def ledger_by_month(months: Sequence[datetime.date]) -> Mapping[datetime.date, Reconciled]:
    """What the ledger has of months, for the page of months. Two queries."""
    if not months:
        return {}
    amounts = amounts_of(LedgerEntry.objects.filter(month__in=months))
    return {row.month: row for row in reconcile(amounts, Mappings())}
