"""What a unit brought in over the last 12 months: turns a forecast in units into money."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Mapping

from core.months import month_add
from products.models import ProductMonth


def prices_last_year(as_of: Mapping[int, datetime.date]) -> dict[tuple[int, int], float]:
    """Revenue per unit by product and measure over the 12 months up to each product's month.

    Months with both figures count (of a level: revenue per unit and month). Missing where nothing was sold.
    """
    if not as_of:
        return {}
    sums: dict[tuple[int, int], list[float]] = defaultdict(lambda: [0.0, 0.0])
    rows = ProductMonth.objects.filter(
        product_id__in=as_of,
        month__gt=month_add(min(as_of.values()), -12),
        volume__isnull=False,
        revenue__isnull=False,
    ).values_list("product_id", "measure_id", "month", "volume", "revenue")
    for product_id, measure_id, month, volume, revenue in rows:
        in_year = month_add(as_of[product_id], -12) < month <= as_of[product_id]
        if in_year and revenue is not None and volume is not None:
            found = sums[product_id, measure_id]
            found[0] += float(revenue)
            found[1] += float(volume)
    return {key: revenue / volume for key, (revenue, volume) in sums.items() if volume > 0}
