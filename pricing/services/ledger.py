"""The ledger written: entries of a file, its mapping, and what both come to as booked costs."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.errors import DomainError, right_require
from accounts.versions import check
from core.months import month_start
from pricing.models import CostKind, CostLine, CostMonth, LedgerEntry, LedgerMapping
from pricing.selectors.cost_months import BookedCost
from pricing.selectors.cost_splits import Splits
from pricing.selectors.costs import EDIT
from pricing.selectors.ledger import UNMAPPED, Amount, Mappings, amounts_of, months_of
from products.selectors.closing import closed_until, is_closed, open_from
from products.services.closing import figures_writing, import_correction, undo_closed_refuse
from products.services.scope import unlimited

from .cost_months import cost_months_book

ACTUAL, ACCRUAL = CostMonth.Source.ACTUAL, CostMonth.Source.ACCRUAL
LOCK = 6_042_907


@transaction.atomic
def ledger_book(*, months: Collection[datetime.date]) -> int:
    """Make what the ledger and the mapping say the actual costs and accruals of these months; returns how
    many rows changed. What is not mapped stands under a kind of its own, what cannot be split on no product.
    """
    if not months:
        return 0
    _lock()
    rows = ledger_costs(amounts_of(LedgerEntry.objects.filter(month__in=months)), Mappings())
    return sum(
        cost_months_book(source=source, months=months, rows=[row for own, row in rows if own == source])
        for source in (ACTUAL, ACCRUAL)
    )


def ledger_book_open(until: datetime.date = datetime.date.max) -> int:
    """The same of the months that are open, up to this one: their splits follow sales."""
    begin = open_from() or datetime.date.min
    return ledger_book(months=months_of(LedgerEntry.objects.filter(month__range=(begin, until))))


def ledger_costs(amounts: Sequence[Amount], mappings: Mappings) -> list[tuple[str, BookedCost]]:
    """By source; the amounts to be split are added up first, so that a split is of the whole."""
    rows: list[tuple[str, BookedCost]] = []
    shared: dict[tuple[str, tuple[str, int | None], BookedCost], Decimal] = defaultdict(Decimal)
    lines: dict[tuple[str, int | None], CostLine] = {}
    for amount in amounts:
        found = mappings.of(amount)
        source: str = ACCRUAL if amount.is_accrual else ACTUAL
        row = BookedCost(
            amount.product_id or (found.product_id if found else None),
            amount.month,
            found.kind_id if found and found.kind_id else unmapped_kind().pk,
            amount.channel_id,
            amount.supplier_id,
            amount.cost_centre,
            amount.booked,
        )
        if row.product_id is not None or found is None:
            rows.append((source, row))
        else:
            split = (found.key, found.line_id)
            lines.setdefault(split, CostLine(key=found.key, line_id=found.line_id))
            shared[source, split, row._replace(amount=Decimal(0))] += amount.booked
    if shared:
        months = [row.month for _source, _split, row in shared]
        splits = Splits(list(lines.values()), min(months), max(months))
        for (booked_as, split, row), whole in shared.items():
            parts: Mapping[Any, Decimal] = splits.parts(lines[split], row.month, whole) or {None: whole}
            rows += [(booked_as, row._replace(product_id=pk, amount=part)) for pk, part in parts.items()]
    return rows


def _lock() -> None:
    figures_writing()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])


def unmapped_kind() -> CostKind:
    """Shipped; made again if somebody gave it another code."""
    names = {"name_en": "Not mapped", "name_nl": "Niet toegewezen", "level": "below", "place": 900}
    return CostKind.objects.get_or_create(code=UNMAPPED, defaults=names)[0]


@transaction.atomic
def ledger_import(*, import_id: int, entries: Sequence[LedgerEntry], reason: str = "") -> None:
    """Write the entries of a file, none of which is there, and book their months."""
    for entry in entries:
        entry.source_import_id = import_id
    months = {entry.month for entry in entries}
    with import_correction(import_id, reason, closed_changes(entries)):
        LedgerEntry.objects.bulk_create(entries, batch_size=2000)
        ledger_book(months=months)


def closed_changes(entries: Sequence[LedgerEntry]) -> list[dict[str, Any]]:
    """What entries change in closed months."""
    months: dict[datetime.date, list[Decimal]] = defaultdict(list)
    for entry in entries:
        if is_closed(entry.month):
            months[entry.month].append(entry.booked)
    return [
        {"month": f"{month:%Y-%m}", "what": "ledger", "rows": len(own), "amount": f"{sum(own):.2f}"}
        for month, own in sorted(months.items())
    ]


@transaction.atomic
def ledger_import_undo(*, import_id: int) -> int:
    """Remove the entries of a file and book their months anew; how many. Refused for closed months."""
    entries = LedgerEntry.objects.filter(source_import=import_id)
    begin, months = open_from(), months_of(entries)
    if begin is not None:
        undo_closed_refuse(entries.filter(month__lt=begin).count(), begin)
    removed = entries.delete()[0]
    ledger_book(months=months)
    return removed


@transaction.atomic
def ledger_map(*, user: Any, start_month: datetime.date, **values: Any) -> LedgerMapping:
    """From this month on an account, of a cost centre and dimension or of any, costs this; what the ledger
    has of it since is booked anew. The same again writes nothing. Closed months stay as they are."""
    right_require(user, EDIT)
    unlimited(user, _("This is shared by all lines; you are limited to some of them."))
    start_month = month_start(start_month)
    if is_closed(start_month):
        message = _("Months until %(until)s are closed: let the mapping begin after them.")
        raise DomainError("month_closed", message % {"until": f"{closed_until():%Y-%m}"}, "start_month")
    row = LedgerMapping(start_month=start_month, recorded_by=user, **values)
    if row.kind_id is not None and row.product_id is None and not row.key:
        raise DomainError("split", _("Say how the products share it, or of which product it is."), "key")
    if row.kind is not None and row.kind.code == UNMAPPED:
        raise DomainError("kind", _("Choose what it costs."), "kind")
    _lock()
    same = LedgerMapping.objects.filter(
        account=row.account,
        cost_centre=row.cost_centre,
        dimension=row.dimension,
        start_month=start_month,
        replaced_at=None,
    )
    there = same.first()
    said = ("kind_id", "product_id", "line_id", "key")
    if there is not None and all(getattr(there, name) == getattr(row, name) for name in said):
        return there
    same.update(replaced_at=timezone.now())
    check(row)
    row.save()
    ledger_book(months=months_of(LedgerEntry.objects.filter(account=row.account, month__gte=start_month)))
    return row
