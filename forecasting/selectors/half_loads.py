"""Lines whose last month was loaded only in part: a file that came too early is short of all its products at
once, which tells more than the figure of any one of them."""

from __future__ import annotations

import datetime
from collections.abc import Mapping

from core.organisation import organisation_get
from core.sql import rows_of

# So many products tell of a line, each sold in every month that is asked for.
LEAST_PRODUCTS = 5
# Half of them have less than this share of what is usual, beside the five months before it and beside the
# last of those: two low months are a slump.
WHOLE, ABRUPT = 0.75, 0.82

_AGO = (1, 5, 12, 13, 17)

# By how much the month is short, beside the same a year ago; all of it where there is no row.
_HALF = f"""
    WITH asked AS MATERIALIZED (
        SELECT line_id, measure_id, last,
               {", ".join(f"(last - interval '{ago} months')::date AS ago_{ago}" for ago in _AGO)}
        FROM unnest(%(lines)s::bigint[], %(measures)s::bigint[], %(lasts)s::date[])
             AS a(line_id, measure_id, last)
    )
    SELECT line_id, measure_id FROM (
        SELECT line_id, measure_id,
               CASE WHEN now IS NULL THEN 9 ELSE ln(before / now) - ln(before_year / year_ago) END AS short,
               CASE WHEN now IS NULL THEN 9 ELSE ln(newest / now) - ln(newest_year / year_ago) END AS abrupt
        FROM (
            SELECT a.line_id, a.measure_id, p.id,
                   max(m.volume) FILTER (WHERE m.month = a.last)::float8 AS now,
                   avg(m.volume) FILTER (WHERE m.month BETWEEN a.ago_5 AND a.ago_1)::float8 AS before,
                   max(m.volume) FILTER (WHERE m.month = a.ago_1)::float8 AS newest,
                   max(m.volume) FILTER (WHERE m.month = a.ago_12)::float8 AS year_ago,
                   avg(m.volume) FILTER (WHERE m.month BETWEEN a.ago_17 AND a.ago_13)::float8 AS before_year,
                   max(m.volume) FILTER (WHERE m.month = a.ago_13)::float8 AS newest_year,
                   count(*) FILTER (WHERE m.month < a.last) AS months
            FROM asked a
            JOIN products_product p ON p.line_id = a.line_id AND (p.ended IS NULL OR p.ended > a.last)
            JOIN products_productmonth m ON m.product_id = p.id AND m.measure_id = a.measure_id
             AND (m.month BETWEEN a.ago_5 AND a.last OR m.month BETWEEN a.ago_17 AND a.ago_12)
            WHERE m.volume > 0 GROUP BY 1, 2, 3
        ) sold WHERE months = 11
    ) told
    GROUP BY 1, 2
    HAVING count(*) >= %(least)s
       AND percentile_cont(0.5) WITHIN GROUP (ORDER BY short) > -ln(%(whole)s)
       AND percentile_cont(0.5) WITHIN GROUP (ORDER BY abrupt) > -ln(%(abrupt)s)
"""  # noqa: S608


def half_loaded(lasts: Mapping[tuple[int, int], datetime.date]) -> set[tuple[int, int]]:
    """Of lines and measures with their last month with data, those of which it holds under three quarters
    of what is usual for half of the products. A month that is closed is whole. One statement."""
    closed = organisation_get().closed_until
    asked = {key: last for key, last in lasts.items() if closed is None or last > closed}
    if not asked:
        return set()
    params = {
        "lines": [line_id for line_id, _measure in asked],
        "measures": [measure_id for _line, measure_id in asked],
        "lasts": list(asked.values()),
        "least": LEAST_PRODUCTS,
        "whole": WHOLE,
        "abrupt": ABRUPT,
    }
    return {(line_id, measure_id) for line_id, measure_id in rows_of(_HALF, params)}
