"""Entries of the ledger that come after their month was closed: they are booked beside what is booked of it.

What others cost, and how it was split, stays as it was known when the month was closed.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any

from accounts.errors import DomainError
from core.organisation import organisation_get
from pricing.engine.costs import booked
from pricing.models import CostMonth, LedgerEntry
from pricing.selectors.cost_months import booked_rows, cost_months
from pricing.selectors.ledger import GROUP, Amount, Mappings, amounts_of
from pricing.selectors.ledger_costs import LedgerCosts

from .cost_months import cost_months_book
from .cost_signs import Step, months_signed


class LateEntries:
    """What entries of closed months, not written yet, come to; ``unmapped``: the kind of what nobody
    mapped."""

    def __init__(self, entries: Sequence[LedgerEntry], unmapped: int) -> None:
        self.months: set[datetime.date] = {entry.month for entry in entries}
        self._unmapped = unmapped
        costs = LedgerCosts([_amount(entry) for entry in entries], Mappings(), unmapped)
        self._rows = {
            source: [
                *booked_rows(cost_months().filter(source=source, month__in=self.months)),
                *costs.rows(source, self.months),
            ]
            for source in (CostMonth.Source.ACTUAL, CostMonth.Source.ACCRUAL)
        }

    def changes(self) -> list[dict[str, Any]]:
        """What booking them changes, for the correction; writes nothing."""
        found: list[dict[str, Any]] = []
        for source in self._rows:
            try:
                self._book(source)
            except DomainError as refused:
                found += refused.details["changes"]
        return found

    def book(self) -> None:
        """Within the correction, once the entries are written."""
        for source in self._rows:
            self._book(source)
        amounts = amounts_of(LedgerEntry.objects.filter(month__in=self.months))
        signs = LedgerCosts(amounts, Mappings(), self._unmapped).signs(self.months)
        months_signed(Step.ACTUAL, signs)

    def _book(self, source: CostMonth.Source) -> int:
        return cost_months_book(source=source, months=self.months, rows=self._rows[source])


def _amount(entry: LedgerEntry) -> Amount:
    of = (*(getattr(entry, name) for name in GROUP), entry.booked)
    ours = entry.currency == organisation_get().currency
    return Amount(*of, *(("", None) if ours else (entry.currency, booked(entry.amount))))
