"""Booking what costs came to, in cents: the only writer of :class:`~pricing.models.CostMonth`."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _

from accounts.errors import DomainError
from core.arrays import array_text
from exchange.messages import params_in_words
from pricing.engine.costs import CENT
from pricing.models import CostMonth
from pricing.selectors.cost_months import BOOKING_LOCK, BookedCost
from products.selectors.closing import open_from
from products.services.closing import correcting, figures_writing

__all__ = ["BookedCost", "cost_months_book"]
_COLUMNS = ("product_id", "month", "kind_id", "channel_id", "supplier_id", "cost_centre")
_VALUES = ("amount", "currency", "currency_amount", "cost_line_id")
_NAMES = ", ".join((*_COLUMNS, *_VALUES))  # as BookedCost has them
_TYPES = ("bigint", "date", "bigint", "bigint", "bigint", "text", "numeric", "text", "numeric", "bigint")
_ARRAYS = ", ".join(f"%s::{each}[]" for each in _TYPES)
# What may be null is compared as 0, which no id is: a full join needs equality.
_SAME = " AND ".join(
    f"coalesce(b.{name}, 0) = coalesce(s.{name}, 0)" if name.endswith("_id") else f"b.{name} = s.{name}"
    for name in (*_COLUMNS, "currency", "cost_line_id")
)


@transaction.atomic
def cost_months_book(
    *,
    source: str,
    months: Collection[datetime.date],
    rows: Iterable[BookedCost],
    products: Collection[int | None] | None = None,
) -> int:
    """Make these the costs of the source in these months, of these products (``None`` among them: what is on
    no product; as a whole: all). Rows of one key are added up. What is the same stays; returns how many rows
    were written or ended. Raises ValueError for a row outside, or one that is not in cents; DomainError
    ``month_closed``, with the changes by month, where closed months would change outside of a correction."""
    scope = None if products is None else set(products)
    wanted = _added_up(rows, set(months), scope)
    figures_writing()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [BOOKING_LOCK])  # one booking at a time
        ended, begun = _differences(cursor, source, sorted(months), scope, wanted)
        if not ended and not begun:
            return 0
        _closed_refuse(cursor, source, ended, begun)
        cursor.execute("SELECT clock_timestamp()")
        now = cursor.fetchone()[0]
        cursor.execute(
            "UPDATE pricing_costmonth SET replaced_at = %s WHERE id = ANY(%s::bigint[])", [now, ended]
        )
        cursor.execute(
            f"INSERT INTO pricing_costmonth ({_NAMES}, source, recorded_at)"  # noqa: S608 - our own names
            f" SELECT d.*, %s, %s FROM unnest({_ARRAYS}) AS d ({_NAMES})"
            " ORDER BY month, product_id, kind_id",
            [source, now, *_columns(begun)],
        )
    return len(ended) + len(begun)


def _closed_refuse(cursor: Any, source: str, ended: list[int], begun: Sequence[BookedCost]) -> None:
    begin = open_from()
    if begin is None or source == CostMonth.Source.BUDGET or correcting():
        return
    cursor.execute(
        "SELECT month, product_id, -amount FROM pricing_costmonth"
        " WHERE id = ANY(%s::bigint[]) AND month < %s",
        [ended, begin],
    )
    changed = [
        *cursor.fetchall(),
        *((row.month, row.product_id, row.amount) for row in begun if row.month < begin),
    ]
    if changed:
        changes = _changes(source, changed)
        named = ", ".join(each["month"] for each in changes)
        message = _("Closed months would change: %(months)s. That is a correction, with a reason.")
        details = {"months": named, "changes": changes}
        raise DomainError("month_closed", message % params_in_words(details), status=409, details=details)


def _changes(
    source: str, changed: Iterable[tuple[datetime.date, int | None, Decimal]]
) -> list[dict[str, Any]]:
    """By month how many rows change and by how much in all, and by product where that is anything."""
    months: dict[datetime.date, list[tuple[int | None, Decimal]]] = defaultdict(list)
    for month, product, amount in changed:
        months[month].append((product, amount))
    changes = []
    for month, found in sorted(months.items()):
        moved: dict[str, Decimal] = defaultdict(Decimal)
        for product, amount in found:
            moved[str(product or "")] += amount
        changes.append(
            {
                "month": f"{month:%Y-%m}",
                "what": source,
                "rows": len(found),
                "amount": f"{sum(moved.values()):.2f}",
                "moved": {pk: f"{amount:.2f}" for pk, amount in sorted(moved.items()) if amount},
            }
        )
    return changes


def _added_up(
    rows: Iterable[BookedCost], months: set[datetime.date], products: set[int | None] | None
) -> list[BookedCost]:
    found: dict[tuple[Any, ...], BookedCost] = {}
    for row in rows:
        if row.month not in months or (products is not None and row.product_id not in products):
            raise ValueError(f"outside of what is booked: {row}")
        if row.amount != row.amount.quantize(CENT):
            raise ValueError(f"not in cents: {row}")
        key = (*row[: len(_COLUMNS)], row.currency, row.cost_line_id)
        found[key] = _with(found[key], row) if key in found else row
    return [row for row in found.values() if row.amount]


def _with(one: BookedCost, other: BookedCost) -> BookedCost:
    """Two of one key as one."""
    known = [row.currency_amount for row in (one, other) if row.currency_amount is not None]
    abroad = sum(known, Decimal(0)) if known else None
    return one._replace(amount=one.amount + other.amount, currency_amount=abroad)


def _columns(rows: Sequence[BookedCost]) -> list[str]:
    return [array_text(column) for column in zip(*rows, strict=True)] if rows else ["{}" for _each in _TYPES]


def _differences(
    cursor: Any,
    source: str,
    months: list[datetime.date],
    products: set[int | None] | None,
    wanted: Sequence[BookedCost],
) -> tuple[list[int], list[BookedCost]]:
    """The ids of what holds no longer, and what holds from now on."""
    within, ids = "", []
    if products is not None:
        ids = [[pk for pk in products if pk is not None]]
        on_none = " OR product_id IS NULL" if None in products else ""
        within = f"AND (product_id = ANY(%s::bigint[]){on_none})"
    cursor.execute(
        f"""
        SELECT s.id, b.place FROM unnest({_ARRAYS}) WITH ORDINALITY AS b ({_NAMES}, place)
        FULL JOIN (
            SELECT id, {_NAMES} FROM pricing_costmonth
            WHERE replaced_at IS NULL AND source = %s AND month = ANY(%s::date[]) {within}
        ) s ON {_SAME}
        WHERE (b.amount, b.currency_amount) IS DISTINCT FROM (s.amount, s.currency_amount)
        """,  # noqa: S608 - names of our own
        [*_columns(wanted), source, months, *ids],
    )
    found = cursor.fetchall()
    ended = [pk for pk, _place in found if pk is not None]
    return ended, [wanted[place - 1] for _pk, place in found if place is not None]
