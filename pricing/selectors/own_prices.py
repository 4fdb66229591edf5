"""Our own prices over days and months."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from itertools import pairwise
from typing import Any, NamedTuple

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
PLACES = Decimal("0.0001")
Uses = Sequence[Mapping[str, Decimal]]
"""What the reference customers of a line use in a year."""


class OwnPrice(NamedTuple):
    """What stands for a product's price: ``amount`` of its leading ``part``, one of so many ``parts``."""

    amount: Decimal
    part: Part
    parts: int


def own_prices_at_end(month: datetime.date) -> dict[int, OwnPrice]:
    """By product what everybody pays at the end of the month, without VAT: of several parts the plain price
    per unit, else per month, else the first that is not paid once. None from a list that has VAT in its
    prices. Of a closed month as it was known when that was closed: what has begun is never changed, so only
    what came later is left out. One query."""
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
    return {pk: _leading(parts) for pk, parts in found.items()}


def _leading(parts: Mapping[Part, Decimal]) -> OwnPrice:
    plain = (part for part in (UNIT, MONTH) if part in parts)
    part = next(plain, None) or min(lasting(parts))
    return OwnPrice(parts[part], part, len(parts))


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


def weights_of(parts: Mapping[Part, Any], uses: Uses) -> dict[Part, Decimal]:
    """How often each part is paid in what is held against another price: once of the only part; of several in
    a year, by a reference customer on average. Parts that none of them pays are missing; empty: nobody says
    what is used."""
    if len(parts) == 1:
        return dict.fromkeys(parts, Decimal(1))
    nothing = dict.fromkeys(parts, Decimal(0))
    customers = [use for use in uses if yearly_amount(nothing, use) is not None]
    found = {}
    for part in parts:
        paid_for = [yearly_amount({**nothing, part: Decimal(1)}, use) or Decimal(0) for use in customers]
        if sum(paid_for):
            found[part] = sum(paid_for, Decimal(0)) / len(paid_for)
    return found


def paid(parts: Parts, uses: Uses, price_of: Callable[[Rows], float | None]) -> float | None:
    """The price of the only part; of several what a reference customer pays in a year, on average. ``None``:
    a part has no price then, or nobody says what is used."""
    total = 0.0
    weights = weights_of(parts, uses)
    for part, weight in weights.items():
        amount = price_of(parts[part])
        if amount is None:
            return None
        total += float(weight) * amount
    return total if weights else None


def lasting(parts: Mapping[Part, Any]) -> dict[Part, Any]:
    """Without what is paid once; of what costs nothing else, that."""
    return {part: rows for part, rows in parts.items() if part[0] != Price.Component.ONCE} or dict(parts)


def comparable(parts: Parts, uses: Uses) -> Parts:
    """The parts by which a price is held against another: all of them where what customers pay is known, else
    the plain price per unit or per month; empty: none."""
    if len(parts) > 1 and not weights_of(parts, uses):
        return next(({plain: parts[plain]} for plain in (UNIT, MONTH) if plain in parts), {})
    return parts


def course(parts: Parts, weights: Mapping[Part, Decimal]) -> Rows:
    """What the parts come to (:func:`weights_of`) from each day on that one of them changes; 0 while one has
    ended. It begins when the last of them does."""
    if not weights:
        return []
    begun = max(parts[part][0][0] for part in weights)
    found: Rows = []
    for day in sorted({max(date, begun) for part in weights for date, _amount in parts[part]}):
        held = [(amount_on(parts[part], day), weight) for part, weight in weights.items()]
        whole = all(amount for amount, _weight in held)
        amount = sum((amount * weight for amount, weight in held), Decimal(0)) if whole else Decimal(0)
        amount = amount if len(held) == 1 else amount.quantize(PLACES)
        if not found or found[-1][1] != amount:
            found.append((day, amount))
    return found


def amount_on(rows: Rows, day: datetime.date) -> Decimal:
    """0 before the first, and where it has ended."""
    return next((amount for date, amount in reversed(rows) if date <= day), Decimal(0))


def has_ended(parts: Parts) -> bool:
    """Whether one of them has ended, or was for nothing: no change to compare with."""
    return any(not amount for rows in parts.values() for _date, amount in rows)
