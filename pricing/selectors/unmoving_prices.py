"""Approved prices ahead that no forecast counts with: it says so, and why."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Mapping, Sequence

from core.months import month_end
from core.registries import PlannedChange
from pricing.models import Price, PriceList
from pricing.models.price import State

from .planned_prices import never_expected

Changes = Mapping[int, PlannedChange]


def advised_changes(products: Collection[int], months: Sequence[datetime.date]) -> Changes:
    """Of products with an advised consumer price that begins in these months: nothing moves, and which it
    is. Of several the first."""
    return _changes("advised", products, months)


def segment_changes(products: Collection[int], months: Sequence[datetime.date]) -> Changes:
    """The same of our own prices for a segment."""
    return _changes("segment", products, months)


def currency_changes(products: Collection[int], months: Sequence[datetime.date]) -> Changes:
    """The same of our own prices for everybody in another currency."""
    return _changes("currency", products, months)


def _changes(why: str, products: Collection[int], months: Sequence[datetime.date]) -> Changes:
    lists = {
        row.pk: row
        for row in PriceList.objects.select_related("channel", "segment")
        if never_expected(row) == why
    }
    if not lists:
        return {}
    rows = Price.objects.filter(
        state=State.APPROVED,
        price_list__in=lists,
        product_id__any=list(products),
        start_date__lte=month_end(months[-1]),
    ).order_by("start_date", "pk")
    before: dict[tuple[object, ...], float] = {}
    found: dict[int, PlannedChange] = {}
    columns = ("product_id", "price_list_id", "component", "tier", "start_date", "amount")
    for pk, on, *part, date, amount in rows.values_list(*columns):
        old, before[pk, on, *part] = before.get((pk, on, *part)), float(amount or 0)
        if date >= months[0] and old and amount and pk not in found:
            said = {"start": str(date), "share": round(float(amount) / old - 1, 5), "why": why}
            found[pk] = PlannedChange((), said | ({"where": where} if (where := _where(lists[on])) else {}))
    return found


def _where(price_list: PriceList) -> list[str]:
    """What sets the list apart, as names."""
    abroad = never_expected(price_list) == "currency"
    of = (price_list.segment, price_list.channel)
    return [*([price_list.currency] if abroad else []), *(one.name for one in of if one)]
