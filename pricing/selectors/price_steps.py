"""Prices list by list over time, as the engine's series stand against them."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal

from pricing.models import PriceList

from .list_parts import parts_by_list

# What a consumer really pays says most; our own price least, where somebody stands between.
KINDS = (PriceList.Kind.OBSERVED, PriceList.Kind.ADVISED, PriceList.Kind.OWN)
Steps = list[tuple[datetime.date, Decimal]]
"""What it is from a day on, the oldest first; 0: it has none."""


def prices_by_list(product_ids: Sequence[int]) -> dict[int, list[tuple[PriceList, Steps]]]:
    """By product its price on each list that has one, everybody's first: of one part that, of several what a
    reference customer pays in a year (:mod:`pricing.selectors.list_parts`)."""
    found = parts_by_list(product_ids, PriceList.objects.all())
    return {pk: [(one.price_list, list(one.steps)) for one in own] for pk, own in found.items()}


def widest_price(prices: Sequence[tuple[PriceList, Steps]]) -> tuple[str, Steps]:
    """The kind that says most, and its widest list's."""
    return next(((kind, steps) for kind in KINDS for row, steps in prices if row.kind == kind), ("", []))


def prices_apart(
    prices: Sequence[tuple[PriceList, Steps]], since: datetime.date
) -> dict[int, tuple[str, Steps]]:
    """By channel its own price, where that was in force by then. Ours to a reseller says nothing where it is
    known what consumers pay."""
    resold = any(row.kind != PriceList.Kind.OWN for row, _steps in prices)
    own: dict[int, list[tuple[PriceList, Steps]]] = defaultdict(list)
    for row, steps in prices:
        to_reseller = row.kind == PriceList.Kind.OWN and not row.with_vat
        if row.channel_id and not row.segment_id and steps[0][0] <= since and not (resold and to_reseller):
            own[row.channel_id].append((row, steps))
    return {channel: widest_price(lists) for channel, lists in own.items()}


def price_on(steps: Steps, day: datetime.date) -> Decimal | None:
    return next((amount for start, amount in reversed(steps) if start <= day), None)


def price_over(steps: Steps, first: datetime.date, last: datetime.date) -> float | None:
    """Over the days of a period; ``None`` where it had none on one of them, or was for nothing."""
    corners = [first, *(day for day, _amount in steps if first < day <= last)]
    ends = [*corners[1:], last + datetime.timedelta(days=1)]
    total = 0.0
    for start, end in zip(corners, ends, strict=True):
        amount = price_on(steps, start)
        if not amount:
            return None
        total += float(amount) * (end - start).days
    return round(total / ((last - first).days + 1), 8)
