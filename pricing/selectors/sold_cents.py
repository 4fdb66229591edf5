"""What products sold by month and channel, booked in cents, as part of a query."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from typing import Any

WITH_AMOUNT = "AND s.revenue IS NOT NULL"
# The leading measure of each product, by month and channel, and what is taken off its gross sales.
_SOLD = """
    SELECT span.place, lead.nth, s.product_id, s.month, s.channel_id, s.measure_id,
           CASE WHEN m.kind = 'level' THEN coalesce(s.average_volume, s.volume) ELSE s.volume END AS units,
           coalesce(s.gross_revenue, s.revenue) AS gross,
           coalesce(s.gross_revenue, s.revenue) - s.revenue AS off
    FROM products_salesmonth s
    JOIN unnest(%(products)s::bigint[], %(measures)s::bigint[]) WITH ORDINALITY
         AS lead (product_id, measure_id, nth)
      ON lead.product_id = s.product_id AND lead.measure_id = s.measure_id
    JOIN products_measure m ON m.id = s.measure_id
    JOIN unnest(%(firsts)s::date[], %(lasts)s::date[]) WITH ORDINALITY AS span (first, last, place)
      ON s.month BETWEEN span.first AND span.last
    WHERE s.month BETWEEN %(first)s AND %(last)s {within}
"""
# Booked in cents by product and month, as its statement has it; these cents are split over the channels by
# largest remainder, whatever is asked for, so that all that is added of them is the same. What was sold
# without an amount has none.
_IN_CENTS = """
    SELECT *, down_gross + CASE WHEN gross_nth <= (whole_gross - sum_gross) * 100 THEN 0.01 ELSE 0 END
                  AS gross_cents,
           down_off + CASE WHEN off_nth <= (whole_off - sum_off) * 100 THEN 0.01 ELSE 0 END AS off_cents
    FROM (
        SELECT *, round(sum(gross) OVER alike, 2) AS whole_gross, sum(down_gross) OVER alike AS sum_gross,
               round(sum(off) OVER alike, 2) AS whole_off, sum(down_off) OVER alike AS sum_off,
               row_number() OVER (PARTITION BY place, product_id, month
                                  ORDER BY gross - down_gross DESC NULLS LAST, channel_id) AS gross_nth,
               row_number() OVER (PARTITION BY place, product_id, month
                                  ORDER BY off - down_off DESC NULLS LAST, channel_id) AS off_nth
        FROM (
            SELECT *, floor(gross * 100) * 0.01 AS down_gross, floor(off * 100) * 0.01 AS down_off
            FROM ({sold}) sold
        ) cut WINDOW alike AS (PARTITION BY place, product_id, month)
    ) parted
"""


def sold_sql(within: str = WITH_AMOUNT) -> str:
    """What was sold by product, month and channel, not rounded; to be asked with :func:`sold_said`."""
    return _SOLD.format(within=within)


def sold_in_cents(within: str = WITH_AMOUNT) -> str:
    """The same in cents."""
    return _IN_CENTS.format(sold=sold_sql(within))


def sold_said(
    leads: Mapping[int, int], spans: Sequence[tuple[datetime.date, datetime.date]]
) -> dict[str, Any]:
    """What sales are asked by: the leading measure of each product, and the first and last months."""
    firsts, lasts = zip(*spans, strict=True)
    return {
        "products": list(leads),
        "measures": list(leads.values()),
        "firsts": list(firsts),
        "lasts": list(lasts),
        "first": min(firsts),
        "last": max(lasts),
    }
