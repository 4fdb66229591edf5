"""The Dutch *van-prijs*: the price that an announced reduction must be compared with.

Since 2023 (Besluit prijsaanduiding producten, article 5a): the lowest price in force in the 30 days strictly
before the reduction starts. The price already in force when those days begin counts, and so does that of an
earlier promotion; the reduction's own does not. For goods that soon spoil it is the price directly before.
What the rule does not clearly cover is not judged. A help, no legal advice.
"""

from __future__ import annotations

import datetime
from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

WINDOW = datetime.timedelta(days=30)
STEP_MONTHS = 3
DAY = datetime.timedelta(days=1)
Row = tuple[datetime.date, Decimal | None]


@dataclass(frozen=True)
class Cut:
    """A promotion that everybody could buy in, both days included, and what a unit cost in it; ``None``: what
    it cost, or whether it counts, is not clear."""

    first: datetime.date
    last: datetime.date
    amount: Decimal | None


@dataclass(frozen=True)
class VanPrijs:
    """``amount`` is the van-prijs, ``None`` where it is not judged; ``reason`` then says why: ``no_price``
    (none directly before), ``new`` (under 30 days on the market; ``seen`` is the lowest so far), ``gap``
    (part of the 30 days without a price), ``promotion`` (one ran in them that is not clear), ``service``,
    ``part`` or ``mechanic`` (the rule does not clearly cover it).

    ``may_stay``: the prices before went down step by step, and if that was one reduction announced without a
    break, its first van-prijs may stay until and including the day ``stays_until``.
    """

    amount: Decimal | None
    reason: str = ""
    seen: Decimal | None = None
    may_stay: Decimal | None = None
    stays_until: datetime.date | None = None


def van_prijs(
    rows: Sequence[Row], start: datetime.date, *, perishable: bool = False, cuts: Sequence[Cut] = ()
) -> VanPrijs:
    """The van-prijs of a reduction that starts on the day, from price rows (from when, amount or ``None`` for
    no price), each holding until the next, and the promotions that ran. What begins on ``start`` or later
    does not count."""
    before = lowered(sorted(row for row in rows if row[0] < start), cuts, start)
    if not before or before[-1][1] is None:
        return VanPrijs(None, "no_price")
    opens = start - (DAY if perishable else WINDOW)
    unclear = any(cut.amount is None and cut.first < start and cut.last >= opens for cut in cuts)
    if perishable:
        return VanPrijs(None, "promotion", seen=before[-1][1]) if unclear else VanPrijs(before[-1][1])
    held = [
        row for place, row in enumerate(before) if place + 1 == len(before) or before[place + 1][0] > opens
    ]
    amounts = [amount for _since, amount in held if amount is not None]
    lowest = min(amounts)
    if before[0][0] > opens:
        return VanPrijs(None, "new", seen=lowest)
    if len(amounts) < len(held):
        return VanPrijs(None, "gap", seen=lowest)
    if unclear:
        return VanPrijs(None, "promotion", seen=lowest)
    return _stepwise(before, start, VanPrijs(lowest))


def lowered(rows: Sequence[Row], cuts: Sequence[Cut], start: datetime.date) -> list[Row]:
    """The rows, in order, with what promotions that began before the day made of them."""
    known = [cut for cut in cuts if cut.amount is not None and cut.first < start]
    if not known:
        return list(rows)
    days = {since for since, _amount in rows} | {day for cut in known for day in (cut.first, cut.last + DAY)}
    found: list[Row] = []
    for day in sorted(day for day in days if rows and rows[0][0] <= day < start):
        amount = next(price for since, price in reversed(rows) if since <= day)
        running = [cut.amount for cut in known if cut.first <= day <= cut.last and cut.amount is not None]
        if amount is not None:
            amount = min(amount, *running) if running else amount
        if not found or found[-1][1] != amount:
            found.append((day, amount))
    return found


def _stepwise(before: Sequence[Row], start: datetime.date, found: VanPrijs) -> VanPrijs:
    """With the first van-prijs of the chain of reductions that the last rows are, where it still may stay."""
    first = len(before) - 1
    while first > 0 and _lower(before[first][1], before[first - 1][1]):
        first -= 1
    if first == len(before) - 1 or found.amount is None:
        return found
    begun = before[first + 1][0]
    until = _months_later(begun) - datetime.timedelta(days=1)
    earlier = van_prijs(before[: first + 1], begun).amount
    if start > until or earlier is None or earlier <= found.amount:
        return found
    return replace(found, may_stay=earlier, stays_until=until)


def _lower(amount: Decimal | None, than: Decimal | None) -> bool:
    return amount is not None and than is not None and amount < than


def _months_later(day: datetime.date) -> datetime.date:
    """The same day three months on, or the last of that month."""
    place = day.month - 1 + STEP_MONTHS
    year, month = day.year + place // 12, place % 12 + 1
    return datetime.date(year, month, min(day.day, monthrange(year, month)[1]))
