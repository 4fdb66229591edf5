"""What people said of a history, as the night needs it; these selectors take no person."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Collection

from django.db.models import Q

from core.lookups import many
from forecasting.models import Decision, Finding

Key = tuple[int | None, int | None, int]


def decisions_of(
    product_ids: Collection[int], family_ids: Collection[int]
) -> dict[Key, tuple[Decision, ...]]:
    """The decisions by product, family and measure, in order of month. One query."""
    found: dict[Key, list[Decision]] = defaultdict(list)
    rows = (
        Finding.objects.filter(Q(product_id__any=many(product_ids)) | Q(family_id__any=many(family_ids)))
        .exclude(state=Finding.State.OPEN)
        .order_by("first", "kind")
    )
    for row in rows.select_related("measure").only(
        *("product_id", "family_id", "measure__kind", "kind", "first", "last", "seen", "expected", "state")
    ):
        found[row.product_id, row.family_id, row.measure_id].append(row.decision)
    return {key: tuple(decisions) for key, decisions in found.items()}


_GAPS = (Finding.Kind.STOCK_OUT, Finding.Kind.ZERO, Finding.Kind.HALF_MONTH, Finding.Kind.FLAGGED)


def gaps_of(product_ids: Collection[int]) -> dict[tuple[int, int], list[tuple[datetime.date, datetime.date]]]:
    """First and last month of what does not speak about demand, by product and measure: what a person
    confirmed as out of stock, not loaded or not to be counted, and what surely is so and nobody denied. One
    query."""
    rows = Finding.objects.filter(
        Q(state=Finding.State.CONFIRMED) | Q(state=Finding.State.OPEN, sure=True, gone_at=None),
        product_id__any=many(product_ids),
        kind__in=_GAPS,
    ).order_by("first", "pk")
    found: dict[tuple[int, int], list[tuple[datetime.date, datetime.date]]] = defaultdict(list)
    for product, measure, first, last in rows.values_list("product_id", "measure_id", "first", "last"):
        found[product or 0, measure].append((first, last))
    return dict(found)
