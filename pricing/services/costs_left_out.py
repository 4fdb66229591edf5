"""Keeping which cost lines booked standard costs lack."""

from __future__ import annotations

import datetime
from collections.abc import Collection

from pricing.models import CostLeftOut
from pricing.selectors.cost_months import LeftOut


def costs_left_out_book(
    *, months: Collection[datetime.date], rows: Collection[LeftOut], products: Collection[int | None]
) -> None:
    """Make these the lines that are left out of these months of these products. What is the same stays. The
    database refuses a closed month outside of a correction."""
    there = CostLeftOut.objects.filter(month__in=months, product__in=[pk for pk in products if pk])
    known = {LeftOut(*row): pk for pk, *row in there.values_list("pk", *(LeftOut._fields))}
    wanted = set(rows)
    gone = [pk for row, pk in known.items() if row not in wanted]
    if gone:
        CostLeftOut.objects.filter(pk__in=gone).delete()
    made = [CostLeftOut(**row._asdict()) for row in sorted(wanted - known.keys(), key=lambda row: row[:3])]
    CostLeftOut.objects.bulk_create(made, batch_size=5000)
