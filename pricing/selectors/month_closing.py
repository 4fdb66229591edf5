"""Closing a month: what still waits in it, and the work of one with many products."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, Min, QuerySet, Sum

from core.models import Job
from core.months import month_end, month_range
from pricing.models import CostCorrection, LedgerEntry
from products.models import ProductMonth
from products.selectors.closing import open_from

from .accruals import accruals_open
from .ledger import Reconciled

JOB = "pricing.month_close"


def month_close_key(month: datetime.date) -> str:
    return f"{JOB}:{month:%Y-%m}:"


def month_close_jobs(month: datetime.date | None = None) -> QuerySet[Job]:
    """Of a month, or of all; the newest first, only that one of a month may be at work."""
    key = f"{JOB}:" if month is None else month_close_key(month)
    return Job.objects.filter(key__startswith=key).order_by("-pk")


@dataclass(frozen=True)
class Waiting:
    """What would stay undone when a month is closed, with all before it: ``corrections`` of rates that nobody
    decided, the oldest first, and ``accruals`` that nothing takes back, since the month ``first``, together
    ``amount``."""

    corrections: list[CostCorrection]
    accruals: int
    amount: Decimal
    first: datetime.date | None


def closing_waits(month: datetime.date) -> Waiting:
    """Two queries."""
    corrections, entries = corrections_waiting(month), _accruals(month)
    of = ("rate__cost_line__kind", "rate__cost_line__product", "rate__cost_line__line", "proposed_by")
    sums = entries.aggregate(number=Count("pk"), amount=Sum("booked", default=0), first=Min("month"))
    found = list(corrections.select_related(*of).order_by("proposed_at", "pk"))
    return Waiting(found, sums["number"], sums["amount"], sums["first"])


@dataclass(frozen=True)
class LedgerOpen:
    """What the ledger lacks of months that are closed together: since the month ``first`` some of it is
    mapped to nothing, what is ``unmapped_over`` nothing and what is ``unmapped_under`` it, which may cancel;
    of the months ``bare`` it has no entry."""

    unmapped_over: Decimal
    unmapped_under: Decimal
    first: datetime.date | None
    bare: list[datetime.date]

    @property
    def unmapped(self) -> Decimal:
        return self.unmapped_over - self.unmapped_under


def months_closed_with(month: datetime.date) -> list[datetime.date]:
    """The open months that closing this one closes, itself the last: since the first one with figures."""
    begin = open_from()
    if begin is None:
        of_sales = ProductMonth.objects.aggregate(first=Min("month"))["first"]
        of_ledger = LedgerEntry.objects.aggregate(first=Min("month"))["first"]
        begin = min(filter(None, (of_sales, of_ledger)), default=month)
    return list(month_range(min(begin, month), month))


def closing_ledger(ledger: Mapping[datetime.date, Reconciled], months: Sequence[datetime.date]) -> LedgerOpen:
    """Of what :func:`pricing.selectors.ledger.ledger_by_month` found of the months."""
    left = [ledger[month] for month in months if month in ledger and ledger[month].has_unmapped]
    over = sum((row.unmapped_over for row in left), Decimal(0))
    under = sum((row.unmapped_under for row in left), Decimal(0))
    first = min((row.month for row in left), default=None)
    return LedgerOpen(over, under, first, [month for month in months if month not in ledger])


def closing_waits_counted(months: Collection[datetime.date]) -> dict[datetime.date, tuple[int, int]]:
    """How many corrections and accruals would, by month. Two queries."""
    last = max(months)
    begun = list(corrections_waiting(last).values_list("rate__start_date", flat=True))
    accrued = list(_accruals(last).values_list("month", flat=True))
    return {
        month: (sum(day <= month_end(month) for day in begun), sum(day <= month for day in accrued))
        for month in months
    }


def corrections_waiting(month: datetime.date) -> QuerySet[CostCorrection]:
    """That nobody decided, of rates that began until the end of the month."""
    proposed = CostCorrection.objects.filter(state=CostCorrection.State.PROPOSED)
    return proposed.filter(rate__start_date__lte=month_end(month))


def _accruals(month: datetime.date) -> QuerySet[LedgerEntry]:
    return accruals_open(LedgerEntry.objects.filter(month__lte=month))
