"""Prices list by list over time, as the engine's series stand against them."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal

from pricing.models import PriceList

from .list_parts import parts_by_list

# What a consumer really pays says most; our own price least, where somebody stands between.
KINDS = (PriceList.Kind.OBSERVED, PriceList.Kind.ADVISED, PriceList.Kind.OWN)
Steps = list[tuple[datetime.date, Decimal]]
"""What it is from a day on, the oldest first; 0: it has none."""
Prices = Sequence[tuple[PriceList, Steps]]
"""Of one product, everybody's first."""


def prices_by_list(product_ids: Sequence[int]) -> dict[int, list[tuple[PriceList, Steps]]]:
    """By product its price on each list that has one, everybody's first: of one part that, of several what a
    reference customer pays in a year (:mod:`pricing.selectors.list_parts`)."""
    found = parts_by_list(product_ids, PriceList.objects.all())
    return {pk: [(one.price_list, list(one.steps)) for one in own] for pk, own in found.items()}


def widest_price(prices: Prices, since: datetime.date | None = None) -> tuple[str, Steps]:
    """What everybody pays: the kind that says most, of lists in force by ``since`` where there are such; a
    segment's where no list is for everybody, never a channel's."""
    wide = [(row, steps) for row, steps in prices if not row.channel_id]
    wide = [(row, steps) for row, steps in wide if not row.segment_id] or wide
    long = [(row, steps) for row, steps in wide if since is None or steps[0][0] <= since]
    return _most_said(long or wide)


def _most_said(prices: Prices) -> tuple[str, Steps]:
    return next(((kind, steps) for kind in KINDS for row, steps in prices if row.kind == kind), ("", []))


def prices_apart(
    prices: Prices, since: datetime.date, chains: Mapping[int, Sequence[int]]
) -> dict[int, tuple[str, Steps]]:
    """By channel its own price, where that was in force by then. Ours to a reseller says nothing where it is
    known as long what consumers pay there, above it or everywhere. ``chains``: each channel with those above
    it."""
    long = [(row, steps) for row, steps in prices if steps[0][0] <= since and not row.segment_id]
    consumers = {row.channel_id for row, _steps in long if row.kind != PriceList.Kind.OWN}
    own: dict[int, list[tuple[PriceList, Steps]]] = defaultdict(list)
    for row, steps in long:
        if row.channel_id is None:
            continue
        to_reseller = row.kind == PriceList.Kind.OWN and not row.with_vat
        if not (to_reseller and consumers.intersection([*chains[row.channel_id], None])):
            own[row.channel_id].append((row, steps))
    return {channel: _most_said(lists) for channel, lists in own.items()}


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
