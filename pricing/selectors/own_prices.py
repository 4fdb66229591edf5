"""Our own prices over days and months."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from itertools import pairwise

from django.db.models import Subquery
from django.db.models.functions import Coalesce, Now

from core.months import month_add, month_end
from core.organisation import organisation_get
from pricing.models import Price, PriceList
from pricing.models.price import State
from products.models import MonthClosing
from products.selectors.closing import is_closed

from .prices import Part
from .yearly import yearly_amount

Rows = list[tuple[datetime.date, Decimal]]
"""What one part of a price is from a date on, the oldest first."""
Parts = Mapping[Part, Rows]
UNIT: Part = (Price.Component.UNIT, "")
MONTH: Part = (Price.Component.MONTH, "")
YEAR = 12
Uses = Sequence[Mapping[str, Decimal]]
"""What the reference customers of a line use in a year."""


def own_prices_at_end(month: datetime.date) -> dict[int, Decimal]:
    """By product what one unit costs everybody at the end of the month, without VAT; not of those with more
    parts or none, nor from a list that has VAT in its prices. Of a closed month as it was known when that was
    closed: what has begun is never changed, so only what came later is left out. One query."""
    part = ("product_id", "component", "tier")
    lists = PriceList.objects.filter(
        kind=PriceList.Kind.OWN,
        channel=None,
        segment=None,
        currency=organisation_get().currency,
        with_vat=False,
    )
    rows = Price.objects.filter(price_list__in=lists, state=State.APPROVED, start_date__lte=month_end(month))
    if is_closed(month):
        closing = MonthClosing.objects.filter(month__gte=month).order_by("month").values("closed_at")[:1]
        rows = rows.filter(approved_at__lte=Coalesce(Subquery(closing), Now()))
    found: dict[int, dict[Part, Decimal]] = defaultdict(dict)
    for product_id, component, tier, amount in (
        rows.order_by(*part, "-start_date").distinct(*part).values_list(*part, "amount")
    ):
        if amount is not None:
            found[product_id][component, tier] = amount
    return {pk: parts[UNIT] for pk, parts in found.items() if parts.keys() == {UNIT}}


def mean_price(rows: Rows, month: datetime.date) -> float | None:
    """The price of a month over its days; ``None`` where it had none on its first."""
    if rows[0][0] > month:
        return None
    until = month_add(month, 1)
    starts = [max(date, month) for date, _amount in rows] + [until]
    days = [max((min(end, until) - start).days, 0) for start, end in pairwise(starts)]
    return sum(float(row[1]) * held for row, held in zip(rows, days, strict=True) if held) / sum(days)


def price_on_day(rows: Rows, day: datetime.date) -> float | None:
    """The price of a day; ``None`` before the first."""
    return next((float(amount) for date, amount in reversed(rows) if date <= day), None)


def paid(parts: Parts, uses: Uses, price_of: Callable[[Rows], float | None]) -> float | None:
    """The price of the only part; of several what the reference customers pay together in a year. ``None``:
    a part has no price then, or nobody says what is used."""
    amounts = {part: price_of(rows) for part, rows in parts.items()}
    if len(parts) == 1:
        return next(iter(amounts.values()))
    known = {part: Decimal(amount) for part, amount in amounts.items() if amount is not None}
    if len(known) < len(parts):
        return None
    said = [amount for use in uses if (amount := yearly_amount(known, use)) is not None]
    return float(sum(said)) if said else None


def comparable(parts: Parts, uses: Uses) -> Parts:
    """The parts by which a price is held against another: all of them where what customers pay is known, else
    the plain price per unit or per month; empty: none."""
    if len(parts) > 1 and not any(yearly_amount(dict.fromkeys(parts, Decimal(1)), use) for use in uses):
        return next(({plain: parts[plain]} for plain in (UNIT, MONTH) if plain in parts), {})
    return parts


def has_ended(parts: Parts) -> bool:
    """Whether one of them has ended, or was for nothing: no change to compare with."""
    return any(not amount for rows in parts.values() for _date, amount in rows)
