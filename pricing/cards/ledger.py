"""On the page of an import of the ledger: whether what came in is what was booked."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, Sum

from core.months import parse_month
from exchange.models import Import
from pricing.models import LedgerEntry
from pricing.selectors.accruals import accruals_open
from pricing.selectors.ledger import Mappings, Reconciled, amounts_of, reconcile
from products.selectors.access import is_limited


@dataclass(frozen=True)
class Accruals:
    """Those that nothing takes back; ``first`` and ``last``: the months in which they are listed."""

    number: int
    amount: Decimal | None
    first: datetime.date | None = None
    last: datetime.date | None = None


def reconciled_panel(user: Any, row: Import) -> Mapping[str, Any] | None:
    """As the mapping is now, where the file's entries are there; else as it was checked."""
    if row.sheet != "cost_actuals" or not row.counts or is_limited(user):
        return None
    rows = []
    if row.state == Import.State.APPLIED:
        entries = LedgerEntry.objects.filter(source_import=row)
        rows = reconcile(amounts_of(entries), Mappings())
    if rows:
        of = accruals_open(entries).order_by().aggregate(number=Count("pk"), amount=Sum("booked"))
        accruals = Accruals(of["number"], of["amount"], rows[0].month, rows[-1].month)
    else:
        rows = [_read(each) for each in row.counts.get("reconciled", ())]
        noted = row.counts.get("noted", {})
        accruals = Accruals(int(noted.get("open_accruals", 0)), Decimal(noted.get("open_amount", 0)))
    return (
        {"rows": rows, "left": any(each.has_unmapped for each in rows), "accruals": accruals}
        if rows
        else None
    )


def _read(said: Mapping[str, str]) -> Reconciled:
    imported, mapped, unmapped = (Decimal(said[name]) for name in ("imported", "mapped", "unmapped"))
    over = Decimal(said.get("unmapped_over", max(unmapped, Decimal(0))))
    return Reconciled(parse_month(said["month"]), imported, mapped, over, over - unmapped)
