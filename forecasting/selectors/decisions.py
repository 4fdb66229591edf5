"""What people said of a history, as the night needs it; these selectors take no person."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

from django.db.models import Q

from forecasting.models import Decision, Finding

Key = tuple[int | None, int | None, int]


def decisions_of(
    product_ids: Collection[int], family_ids: Collection[int]
) -> dict[Key, tuple[Decision, ...]]:
    """The decisions by product, family and measure, in order of month. One query."""
    found: dict[Key, list[Decision]] = defaultdict(list)
    rows = (
        Finding.objects.filter(Q(product_id__any=product_ids) | Q(family_id__any=family_ids))
        .exclude(state=Finding.State.OPEN)
        .order_by("first", "kind")
    )
    for row in rows.only(
        "product_id", "family_id", "measure_id", "kind", "first", "last", "seen", "expected", "state"
    ):
        found[row.product_id, row.family_id, row.measure_id].append(row.decision)
    return {key: tuple(decisions) for key, decisions in found.items()}
