"""What a unit brought in over the last 12 months: turns a forecast in units into money."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping

from core.arrays import array_text
from core.sql import rows_of

PricesOf = Callable[[Mapping[int, datetime.date]], dict[tuple[int, int], float]]


def prices_last_year(as_of: Mapping[int, datetime.date]) -> dict[tuple[int, int], float]:
    """Revenue per unit by product and measure over the 12 months up to each product's month.

    Months with both figures count (of a level: revenue per unit and month). Missing where nothing was sold.
    """
    if not as_of:
        return {}
    rows = rows_of(
        "SELECT m.product_id, m.measure_id, sum(m.revenue)::float8, sum(m.volume)::float8"
        " FROM (SELECT product_id, as_of, (as_of - interval '12 months')::date AS before"
        "       FROM unnest(%s::bigint[], %s::date[]) AS p(product_id, as_of) OFFSET 0) p"
        " JOIN products_productmonth m ON m.product_id = p.product_id AND m.month <= p.as_of"
        " AND m.month > p.before"
        " WHERE m.volume IS NOT NULL AND m.revenue IS NOT NULL GROUP BY 1, 2 HAVING sum(m.volume) > 0",
        [array_text(as_of), array_text(as_of.values())],
    )
    return {(product_id, measure_id): r / v for product_id, measure_id, r, v in rows}
