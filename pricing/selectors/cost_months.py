"""What was booked, as it holds now or held at a moment. Who may see it is asked by who calls."""

from __future__ import annotations

import datetime
from collections.abc import Collection
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import connection, transaction
from django.db.models import Q, QuerySet

from pricing.models import CostLine, CostMonth
from products.models import Product
from products.selectors.access import visible_channel_ids

from .costs import of_products

BOOKING_LOCK = 6_042_906
STANDARD_STEP, ACTUAL_STEP, AHEAD_STEP = "standard_costs", "actual_costs", "costs_ahead"
"""The night's steps that book them."""


class BookedCost(NamedTuple):
    """What a kind came to in a month, booked in cents; see :class:`~pricing.models.CostMonth`. Of another
    currency than ours also what it was in that; together they say the exchange rate. Of standard costs the
    cost line that it comes from."""

    product_id: int | None
    month: datetime.date
    kind_id: int
    channel_id: int | None
    supplier_id: int | None
    cost_centre: str
    amount: Decimal
    currency: str = ""
    currency_amount: Decimal | None = None
    cost_line_id: int | None = None


class LeftOut(NamedTuple):
    """A cost line that cannot be told of a product in a month; see :class:`~pricing.models.CostLeftOut`."""

    product_id: int
    month: datetime.date
    cost_line_id: int
    kind_id: int
    channel_id: int | None
    supplier_id: int | None
    cost_centre: str


def cost_months(as_of: datetime.datetime | None = None) -> QuerySet[CostMonth]:
    """What holds now, or held at the moment."""
    if as_of is None:
        return CostMonth.objects.filter(replaced_at=None)
    held = Q(replaced_at=None) | Q(replaced_at__gt=as_of)
    return CostMonth.objects.filter(held, recorded_at__lte=as_of)


def channels_booked(
    user: Any, products: Collection[int], first: datetime.date, last: datetime.date
) -> set[int]:
    """In which of the channels that a person may see something is booked on the products in these months."""
    return _booked_by("channel", user, products, first, last)


def suppliers_booked(
    user: Any, products: Collection[int], first: datetime.date, last: datetime.date
) -> set[int]:
    """Of which suppliers, in the channels that the person may see."""
    return _booked_by("supplier", user, products, first, last)


def suppliers_charging(products: Collection[Product]) -> set[int]:
    """All who charge something on the products, in whatever month and channel, or by a cost line that these
    bear. Two queries."""
    booked = cost_months().filter(product__in=[product.pk for product in products])
    return {
        pk
        for rows in (booked, CostLine.objects.filter(of_products(products)))
        for pk in rows.exclude(supplier=None).order_by().values_list("supplier", flat=True).distinct()
    }


def _booked_by(
    name: str, user: Any, products: Collection[int], first: datetime.date, last: datetime.date
) -> set[int]:
    rows = cost_months().filter(product__in=products, month__range=(first, last))
    seen = visible_channel_ids(user)
    rows = rows if seen is None else rows.filter(channel__in=seen)
    return set(rows.exclude(**{name: None}).order_by().values_list(name, flat=True).distinct())


def cost_months_changed(since: datetime.datetime) -> QuerySet[CostMonth]:
    """What began or ended to hold after the moment; ended rows are the versions that others replace."""
    return CostMonth.objects.filter(Q(recorded_at__gt=since) | Q(replaced_at__gt=since))


@transaction.atomic
def booked_until() -> datetime.datetime:
    """A moment of which everything is known: bookings under way are waited for."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", [BOOKING_LOCK])
        cursor.execute("SELECT clock_timestamp()")
        moment: datetime.datetime = cursor.fetchone()[0]
        return moment


def booked_rows(rows: QuerySet[CostMonth]) -> list[BookedCost]:
    """These rows as they were booked."""
    return [BookedCost._make(row) for row in rows.order_by().values_list(*BookedCost._fields)]


def cost_months_replaced(rows: Collection[CostMonth]) -> dict[int, CostMonth]:
    """By id of a row the one it took the place of, at the same moment; one query."""
    ended = CostMonth.objects.filter(
        replaced_at__in={row.recorded_at for row in rows}, month__in={row.month for row in rows}
    )
    before = {(row.replaced_at, *_key(row)): row for row in ended}
    found = {row.pk: before.get((row.recorded_at, *_key(row))) for row in rows}
    return {pk: row for pk, row in found.items() if row is not None}


def _key(row: CostMonth) -> tuple[object, ...]:
    of = (row.product_id, row.month, row.kind_id, row.channel_id, row.supplier_id, row.cost_centre)
    return (row.source, *of, row.currency, row.cost_line_id)
