"""On the page of an import of the ledger: whether what came in is what was booked."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from exchange.models import Import
from pricing.models import LedgerEntry
from pricing.selectors.ledger import Mappings, Reconciled, amounts_of, reconcile
from products.selectors.access import visible_line_ids


def reconciled_panel(user: Any, row: Import) -> Mapping[str, Any] | None:
    """As the mapping is now, where the file's entries are there; else as it was checked."""
    if row.sheet != "cost_actuals" or not row.counts or visible_line_ids(user) is not None:
        return None
    rows = []
    if row.state == Import.State.APPLIED:
        rows = reconcile(amounts_of(LedgerEntry.objects.filter(source_import=row)), Mappings())
    rows = rows or [_read(each) for each in row.counts.get("reconciled", ())]
    return {"rows": rows, "left": any(each.unmapped for each in rows)} if rows else None


def _read(said: Mapping[str, str]) -> Reconciled:
    names = ("imported", "mapped", "unmapped")
    month = datetime.date.fromisoformat(f"{said['month']}-01")
    return Reconciled(month, *(Decimal(said[name]) for name in names))
