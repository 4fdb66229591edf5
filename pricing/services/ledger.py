"""The ledger written: entries of a file, its mapping, and what both come to as booked costs."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.errors import DomainError, right_require
from accounts.versions import check
from core import formats
from core.months import month_start
from pricing.engine.costs import allocate
from pricing.models import CostKind, CostLine, CostMonth, LedgerEntry, LedgerMapping
from pricing.selectors.cost_months import BookedCost
from pricing.selectors.cost_splits import Splits
from pricing.selectors.costs import EDIT
from pricing.selectors.ledger import UNMAPPED, Amount, Mappings, amounts_of, months_of
from products.models import Channel, Product, ProductLine
from products.selectors.closing import closed_until, is_closed, open_from
from products.services.closing import correction, figures_writing, import_correction, undo_closed_refuse
from products.services.scope import unlimited

from .cost_months import cost_months_book

ACTUAL, ACCRUAL = CostMonth.Source.ACTUAL, CostMonth.Source.ACCRUAL
LOCK = 6_042_907


@transaction.atomic
def ledger_book(*, months: Collection[datetime.date], user: Any = None, reason: str = "") -> int:
    """Make what the ledger and the mapping say the actual costs and accruals of these months; returns how
    many rows changed. What is not mapped stands under a kind of its own, what cannot be split on no product.
    ``reason``: why closed months may change by it, as a correction.
    """
    if not months:
        return 0
    _lock()
    found = ledger_costs(amounts_of(LedgerEntry.objects.filter(month__in=months)), Mappings())
    rows = {each: [row for source, row in found if source == each] for each in (ACTUAL, ACCRUAL)}
    changed, changes, left = 0, [], []
    for source, own in rows.items():
        try:
            changed += cost_months_book(source=source, months=months, rows=own)
        except DomainError as refused:
            if not reason:
                raise
            changes += refused.details["changes"]
            left.append(source)
    if left:
        with correction(user=user, reason=reason, changes=changes):
            changed += sum(cost_months_book(source=each, months=months, rows=rows[each]) for each in left)
    return changed


def ledger_book_open(until: datetime.date = datetime.date.max) -> int:
    """The same of the months that are open, up to this one: their splits follow sales."""
    begin = open_from() or datetime.date.min
    return ledger_book(months=months_of(LedgerEntry.objects.filter(month__range=(begin, until))))


def ledger_costs(amounts: Sequence[Amount], mappings: Mappings) -> list[tuple[str, BookedCost]]:
    """By source; the amounts to be split are added up first, so that a split is of the whole."""
    rows: list[tuple[str, BookedCost]] = []
    shared: dict[tuple[str, tuple[str, int | None], BookedCost], Decimal] = defaultdict(Decimal)
    lines: dict[tuple[str, int | None], CostLine] = {}
    for source, row, part in _shares(amounts, mappings):
        if row.product_id is not None or part is None:
            rows.append((source, row))
        else:
            split = (part.key, part.line_id)
            lines.setdefault(split, CostLine(key=part.key, line_id=part.line_id))
            shared[source, split, row._replace(amount=Decimal(0))] += row.amount
    if shared:
        months = [row.month for _source, _split, row in shared]
        splits = Splits(list(lines.values()), min(months), max(months))
        for (booked_as, split, row), whole in shared.items():
            parts: Mapping[Any, Decimal] = splits.parts(lines[split], row.month, whole) or {None: whole}
            rows += [(booked_as, row._replace(product_id=pk, amount=part)) for pk, part in parts.items()]
    return rows


def _shares(
    amounts: Sequence[Amount], mappings: Mappings
) -> Iterator[tuple[str, BookedCost, LedgerMapping | None]]:
    """What each part of the mapping gets (``None``: nobody mapped it), of all that is alike together. What an
    entry says of its product and channel goes first."""
    whole: dict[tuple[str, Sequence[LedgerMapping], BookedCost], Decimal] = defaultdict(Decimal)
    for each in amounts:
        row = BookedCost(
            *(each.product_id, each.month, 0, each.channel_id, each.supplier_id, each.cost_centre),
            Decimal(0),
        )
        whole[ACCRUAL if each.is_accrual else ACTUAL, tuple(mappings.of(each)), row] += each.booked
    for (source, found, row), amount in whole.items():
        if not found:
            yield source, row._replace(kind_id=unmapped_kind().pk, amount=amount), None
        for part, own in allocate(amount, {part: part.share for part in found}).items():
            yield (
                source,
                row._replace(
                    product_id=row.product_id or part.product_id,
                    kind_id=part.kind_id or 0,
                    channel_id=row.channel_id or part.channel_id,
                    amount=own,
                ),
                part,
            )


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


class Part(NamedTuple):
    """Of a mapping: this share of the amount is a kind of cost of one product, or of a line or all products
    by a split, in one channel or all."""

    kind: CostKind
    product: Product | None = None
    line: ProductLine | None = None
    key: str = ""
    channel: Channel | None = None
    share: Decimal = Decimal(1)


@transaction.atomic
def ledger_map(
    *,
    user: Any,
    account: str,
    start_month: datetime.date,
    parts: Sequence[Part],
    cost_centre: str = "",
    dimension: str = "",
    reason: str = "",
) -> list[LedgerMapping]:
    """From this month on an account, of a cost centre and dimension or of any, costs this (without parts: it
    is not mapped any more); what the ledger has of it since is booked anew. The same again writes nothing.
    Closed months that would change are refused, or with a reason corrected."""
    right_require(user, EDIT)
    unlimited(user, _("This is shared by all lines; you are limited to some of them."))
    start_month = month_start(start_month)
    _parts_require(parts)
    key = {"account": account, "cost_centre": cost_centre, "dimension": dimension, "start_month": start_month}
    said = [part._asdict() for part in parts] or [{"kind": None}]
    rows = [
        LedgerMapping(**key, **each, part=place, recorded_by=user) for place, each in enumerate(said, start=1)
    ]
    _lock()
    same = LedgerMapping.objects.filter(**key, replaced_at=None)
    there = list(same.order_by("part"))
    if list(map(_said, there)) == list(map(_said, rows)):
        return there
    same.update(replaced_at=timezone.now())
    for row in rows:
        check(row)
        row.save()
    entries = LedgerEntry.objects.filter(account=account, month__gte=start_month)
    try:
        ledger_book(months=months_of(entries), user=user, reason=reason)
    except DomainError as refused:
        if refused.code != "month_closed":
            raise
        message = _(
            "Closed months would change: %(months)s. Let the mapping begin after %(until)s, or say why they"
            " are corrected."
        )
        details = {"months": refused.details["months"], "until": f"{closed_until():%Y-%m}"}
        raise DomainError("month_closed", message % details, "reason", status=409) from refused
    return rows


def _parts_require(parts: Sequence[Part]) -> None:
    for place, part in enumerate(parts):
        details = {"part": place}
        if part.product is None and not part.key:
            message = _("Say how the products share it, or of which product it is.")
            raise DomainError("split", message, "key", details=details)
        if part.kind.code == UNMAPPED:
            raise DomainError("kind", _("Choose what it costs."), "kind", details=details)
        if part.share <= 0:
            raise DomainError("share", _("A share is over nothing."), "share", details=details)
    whole = sum((part.share for part in parts), Decimal(0))
    if parts and whole != 1:
        message = _("The shares add up to %(whole)s, not to 100%%.")
        said = message % {"whole": formats.percent(whole, 4)}
        raise DomainError("shares", said, "share", details={"part": len(parts) - 1})


def _said(row: LedgerMapping) -> tuple[Any, ...]:
    return row.kind_id, row.product_id, row.line_id, row.key, row.channel_id, row.share
