"""What was sold by channel and period, for the numerics: over all channels, whoever looks."""

from __future__ import annotations

import datetime
from collections.abc import Mapping

from django.db import connection

from core.months import month_add, month_end, month_start
from core.organisation import today
from products.models import Measure
from products.selectors.lines import LineTree
from products.selectors.months import provisional

Volumes = dict[tuple[int, int], dict[int, dict[datetime.date, float]]]
"""By product and measure: by channel the volume by first day of the period."""

_WEEKS = """
    SELECT product_id, measure_id, channel_id,
        CASE period WHEN 'D' THEN date_trunc('week', start_date)::date ELSE start_date END AS start,
        sum(volume)::float8
    FROM products_salesfact
    WHERE product_id = ANY(%s) AND measure_id = ANY(%s) AND period <> 'M' AND volume IS NOT NULL
    GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
"""
_MONTHS = """
    SELECT product_id, measure_id, channel_id, month, volume::float8 FROM products_salesmonth
    WHERE product_id = ANY(%s) AND measure_id = ANY(%s) AND volume IS NOT NULL ORDER BY 1, 2, 3, 4
"""


def volumes_by_week(product_ids: list[int], measure_ids: list[int]) -> Volumes:
    """Days as the weeks they lie in."""
    return _read(_WEEKS, product_ids, measure_ids)


def volumes_by_month(product_ids: list[int], measure_ids: list[int]) -> Volumes:
    return _read(_MONTHS, product_ids, measure_ids)


def _read(sql: str, product_ids: list[int], measure_ids: list[int]) -> Volumes:
    found: Volumes = {}
    with connection.cursor() as cursor:
        cursor.execute(sql, [product_ids, measure_ids])
        for product, measure, channel, start, volume in cursor.fetchall():
            found.setdefault((product, measure), {}).setdefault(channel, {})[start] = volume
    return found


def final_until(
    tree: LineTree, complete: Mapping[tuple[int, int], datetime.date], line_id: int, measure: Measure
) -> datetime.date | None:
    """The last day of the last complete month whose figures do not move any more."""
    final_after = tree.inherited(line_id, "final_after_months").value
    month = complete.get((line_id, measure.pk))
    while month is not None and provisional(month, final_after, month_start(today())):
        month = month_add(month, -1)
    return None if month is None else month_end(month)
