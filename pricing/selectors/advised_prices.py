"""Approved consumer prices ahead that we only advise: the forecast says that it does not count with them."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Mapping, Sequence

from core.months import month_end
from core.registries import PlannedChange
from pricing.models import Price, PriceList
from pricing.models.price import State


def advised_changes(
    products: Collection[int], months: Sequence[datetime.date]
) -> Mapping[int, PlannedChange]:
    """Of products with an advised price that begins in these months: nothing moves, and which it is. Of
    several the first."""
    rows = Price.objects.filter(
        state=State.APPROVED,
        price_list__kind=PriceList.Kind.ADVISED,
        product_id__any=list(products),
        start_date__lte=month_end(months[-1]),
    ).order_by("start_date", "pk")
    before: dict[tuple[object, ...], float] = {}
    found: dict[int, PlannedChange] = {}
    for pk, *key, date, amount, channel in rows.values_list(
        "product_id",
        "price_list_id",
        "component",
        "tier",
        "start_date",
        "amount",
        "price_list__channel__name",
    ):
        old, before[pk, *key] = before.get((pk, *key)), float(amount or 0)
        if date >= months[0] and old and amount and pk not in found:
            said = {"start": str(date), "share": round(float(amount) / old - 1, 5)}
            found[pk] = PlannedChange((), said | ({"where": [channel]} if channel else {}))
    return found
