"""The ledger written: entries of a file, its mapping, and what both come to as booked costs."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.errors import DomainError, right_require
from accounts.versions import check
from core import formats
from core.months import month_start
from exchange.messages import params_in_words, refuse
from exchange.models import Import
from pricing.models import CostKind, CostMonth, LedgerEntry, LedgerMapping
from pricing.selectors.costs import EDIT
from pricing.selectors.ledger import UNMAPPED, Mappings, amounts_of, months_of
from pricing.selectors.ledger_costs import LedgerCosts
from products.models import Channel, ImportedObject, Product, ProductLine
from products.selectors.closing import closed_until, is_closed, open_from
from products.services.closing import correction, figures_writing, import_correction, undo_closed_refuse
from products.services.imported import imported_note
from products.services.scope import unlimited

from .cost_months import cost_months_book
from .cost_signs import Step, months_due, months_signed
from .late_entries import LateEntries

ACTUAL, ACCRUAL = CostMonth.Source.ACTUAL, CostMonth.Source.ACCRUAL
LOCK = 6_042_907
MAPPED, REPLACED = "ledger_mapping", "ledger_mapping_was"


@transaction.atomic
def ledger_book(
    *,
    months: Collection[datetime.date],
    user: Any = None,
    reason: str = "",
    source_import: Import | None = None,
) -> int:
    """Make what the ledger and the mapping say the actual costs and accruals of these months; returns how
    many rows changed. What is not mapped stands under a kind of its own, what cannot be split on no product.
    A month whose entries, mapping and splits are as they were is skipped. ``reason``: why closed months may
    change by it, as a correction.
    """
    if not months:
        return 0
    _lock()
    amounts = amounts_of(LedgerEntry.objects.filter(month__in=months))
    costs = LedgerCosts(amounts, Mappings(), unmapped_kind().pk)
    due = months_due(Step.ACTUAL, costs.signs(months))
    if not due:
        return 0
    rows = {each: list(costs.rows(each, due)) for each in (ACTUAL, ACCRUAL)}
    changed, changes, left = 0, [], []
    for source, own in rows.items():
        try:
            changed += cost_months_book(source=source, months=due, rows=own)
        except DomainError as refused:
            if not reason:
                raise
            changes += refused.details["changes"]
            left.append(source)
    if left:
        with correction(user=user, reason=reason, changes=changes, source_import=source_import):
            changed += sum(cost_months_book(source=each, months=due, rows=rows[each]) for each in left)
    months_signed(Step.ACTUAL, due)
    return changed


def ledger_book_open(until: datetime.date = datetime.date.max) -> int:
    """The same of the months that are open, up to this one: their splits follow sales."""
    begin = open_from() or datetime.date.min
    return ledger_book(months=months_of(LedgerEntry.objects.filter(month__range=(begin, until))))


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
    """Write the entries of a file, none of which is there, and book their months; of closed ones, that a
    ``reason`` corrects, these entries alone."""
    for entry in entries:
        entry.source_import_id = import_id
    _lock()
    closed = [entry for entry in entries if is_closed(entry.month)] if reason else []
    late = LateEntries(closed, unmapped_kind().pk) if closed else None
    changes = [*closed_changes(closed), *late.changes()] if late else []
    with import_correction(import_id, reason, changes):
        LedgerEntry.objects.bulk_create(entries, batch_size=2000)
        ledger_book(months={entry.month for entry in entries} - (late.months if late else set()))
        if late:
            late.book()


def closed_changes(entries: Sequence[LedgerEntry]) -> list[dict[str, Any]]:
    """What entries of closed months are, by month."""
    months: dict[datetime.date, list[Decimal]] = defaultdict(list)
    for entry in entries:
        months[entry.month].append(entry.booked)
    return [
        {"month": f"{month:%Y-%m}", "what": "ledger", "rows": len(own), "amount": f"{sum(own):.2f}"}
        for month, own in sorted(months.items())
    ]


def ledger_undo_check(import_id: int) -> None:
    """Refuse to undo a file of closed months."""
    begin = open_from()
    if begin is not None:
        closed = LedgerEntry.objects.filter(source_import=import_id, month__lt=begin).count()
        undo_closed_refuse(closed, begin, code="undo_closed_ledger")


@transaction.atomic
def ledger_import_undo(*, import_id: int) -> int:
    """Remove the entries of a file and book their months anew; how many. Refused for closed months."""
    ledger_undo_check(import_id)
    entries = LedgerEntry.objects.filter(source_import=import_id)
    months = months_of(entries)
    removed = entries.delete()[0]
    ledger_book(months=months)
    return removed


class Key(NamedTuple):
    """What a mapping is of: one row or several hold under it."""

    account: str
    cost_centre: str
    dimension: str
    start_month: datetime.date


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
    _lock()
    rows, there = _replace(Key(account, cost_centre, dimension, start_month), parts, user)
    if rows is there:
        return there
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
        raise DomainError(
            "month_closed", message % params_in_words(details), "reason", status=409
        ) from refused
    return rows


def _replace(key: Key, parts: Sequence[Part], user: Any) -> tuple[list[LedgerMapping], list[LedgerMapping]]:
    """The mapping as it is now, and as it was: the same rows where nothing was written."""
    rows = mapping_rows(key, parts, user)
    same = LedgerMapping.objects.filter(**key._asdict(), replaced_at=None)
    there = list(same.order_by("part"))
    if mapping_same(there, rows):
        return there, there
    same.update(replaced_at=timezone.now())
    for row in rows:
        check(row)
        row.save()
    return rows, there


def mapping_rows(key: Key, parts: Sequence[Part], user: Any = None) -> list[LedgerMapping]:
    """The mapping that these parts are; without any the account is not mapped."""
    said = [part._asdict() for part in parts] or [{"kind": None}]
    return [
        LedgerMapping(**key._asdict(), **each, part=place, recorded_by=user)
        for place, each in enumerate(said, start=1)
    ]


def mapping_same(there: Sequence[LedgerMapping], rows: Sequence[LedgerMapping]) -> bool:
    return list(map(_said, there)) == list(map(_said, rows))


@transaction.atomic
def mappings_import(
    *, source_import: Import, mappings: Mapping[Key, Sequence[Part]], reason: str = ""
) -> None:
    """Map what a file says, and book anew once what the ledger has of it; ``reason`` as of
    :func:`ledger_map`."""
    user = source_import.applied_by or source_import.created_by
    _lock()
    made, replaced = [], []
    for key, parts in mappings.items():
        rows, there = _replace(key, parts, user)
        made += rows
        replaced += there
    imported_note(import_id=source_import.pk, kind=MAPPED, rows=made)
    imported_note(import_id=source_import.pk, kind=REPLACED, rows=replaced)
    ledger_book(months=_months(mappings), user=user, reason=reason, source_import=source_import)


@transaction.atomic
def mappings_import_undo(*, source_import: Import) -> tuple[int, int]:
    """Put back what held before the file, where nobody has mapped it anew since; how many mappings are gone
    and how many put back. Refused where closed months would change."""
    _lock()
    notes = ImportedObject.objects.filter(source_import=source_import)
    ids = {
        kind: set(notes.filter(kind=kind).values_list("object_id", flat=True)) for kind in (MAPPED, REPLACED)
    }
    held = LedgerMapping.objects.filter(pk__in=ids[MAPPED], replaced_at=None)
    keys = {_key(row) for row in held}
    before = [row for row in LedgerMapping.objects.filter(pk__in=ids[REPLACED]) if _key(row) in keys]
    held.update(replaced_at=timezone.now())
    for row in before:
        row.pk, row.replaced_at = None, None
    LedgerMapping.objects.bulk_create(before)
    try:
        ledger_book(months=_months(keys))
    except DomainError as refused:
        if refused.code != "month_closed":
            raise
        said = {"until": f"{closed_until():%Y-%m}", "months": refused.details["months"]}
        raise refuse("undo_closed_mapping", status=409, **said) from refused
    restored = len({_key(row) for row in before})
    return len(keys) - restored, restored


def _key(row: LedgerMapping) -> Key:
    return Key(row.account, row.cost_centre, row.dimension, row.start_month)


def _months(keys: Iterable[Key]) -> list[datetime.date]:
    """The months of the ledger's entries of these accounts since."""
    since: dict[str, datetime.date] = {}
    for key in keys:
        since[key.account] = min(key.start_month, since.get(key.account, key.start_month))
    entries = LedgerEntry.objects.filter(account__in=since).order_by().values_list("account", "month")
    return sorted({month for account, month in entries.distinct() if month >= since[account]})


def _parts_require(parts: Sequence[Part]) -> None:
    for place, part in enumerate(parts):
        details = {"part": place}
        if part.product is None and not part.key:
            message = _("Say how the products share it, or of which product it is.")
            raise DomainError("split", message, "key", details=details)
        if part.product is not None and (part.line is not None or part.key):
            message = _("Of one product: leave its product line and its split empty.")
            field = "key" if part.line is None else "line"
            raise DomainError("of_one", message, field, details=details)
        if part.kind.code == UNMAPPED:
            raise DomainError("kind", _("Choose what it costs."), "kind", details=details)
        if part.share <= 0:
            raise DomainError("share", _("A share is over nothing."), "share", details=details)
    whole = sum((part.share for part in parts), Decimal(0))
    if parts and whole != 1:
        message = _("The shares add up to %(whole)s, not to 100%%.")
        said = message % {"whole": formats.percent(whole, None)}
        raise DomainError("shares", said, "share", details={"part": len(parts) - 1})


def _said(row: LedgerMapping) -> tuple[Any, ...]:
    return row.kind_id, row.product_id, row.line_id, row.key, row.channel_id, row.share
