"""What the step ``totals`` adds up: per month, over thousands of products, in one statement a line.

It sees every product and takes no person.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import connection


@dataclass(frozen=True)
class MonthSum:
    """One month over products: the sum of the final forecasts, and for each edge of the bands the sum of the
    distances from the forecast and the sum of their squares: (lo80, hi80, lo95, hi95)."""

    month: datetime.date
    mean: float
    plain: tuple[float, float, float, float]
    squares: tuple[float, float, float, float]


# A band moves with what people and drivers made of the statistics: in proportion, where there is one.
_SUMS = """
    WITH part AS (
        SELECT m.month, p.factor * coalesce(m.agreed, m.overridden, m.driven, m.mean) AS final,
               p.factor * CASE WHEN m.mean > 0
                   THEN greatest(coalesce(m.agreed, m.overridden, m.driven, m.mean), 0) / m.mean
                   ELSE 1 END AS scale,
               m.mean - m.lo80 AS lo80, m.hi80 - m.mean AS hi80,
               m.mean - m.lo95 AS lo95, m.hi95 - m.mean AS hi95
        FROM unnest(%(forecasts)s::bigint[], %(factors)s::float8[]) AS p(forecast_id, factor)
        JOIN forecasting_forecastmonth m USING (forecast_id)
        WHERE m.month BETWEEN %(first)s AND %(last)s
    )
    SELECT month, sum(final),
           sum(scale * lo80), sum(scale * hi80), sum(scale * lo95), sum(scale * hi95),
           sum((scale * lo80) ^ 2), sum((scale * hi80) ^ 2), sum((scale * lo95) ^ 2), sum((scale * hi95) ^ 2)
    FROM part GROUP BY month ORDER BY month
"""

_VOLUMES = """
    SELECT s.month, sum(s.volume::float8 * p.factor)
    FROM unnest(%(products)s::bigint[], %(measures)s::bigint[], %(factors)s::float8[])
         AS p(product_id, measure_id, factor)
    JOIN products_productmonth s USING (product_id, measure_id)
    WHERE s.month BETWEEN %(first)s AND %(last)s AND s.volume IS NOT NULL
    GROUP BY s.month ORDER BY s.month
"""

_REVENUES = """
    SELECT s.month, sum(s.revenue)::float8
    FROM products_productmonth s
    WHERE s.product_id = ANY(%(products)s) AND s.month BETWEEN %(first)s AND %(last)s
      AND s.revenue IS NOT NULL
    GROUP BY s.month ORDER BY s.month
"""


def forecast_sums(factors: Mapping[int, float], first: datetime.date, last: datetime.date) -> list[MonthSum]:
    """The sums over forecasts (by id, each times its factor) of the months from the first to the last."""
    params: dict[str, Any] = {
        "forecasts": list(factors),
        "factors": list(factors.values()),
        "first": first,
        "last": last,
    }
    with connection.cursor() as cursor:
        cursor.execute(_SUMS, params)
        return [MonthSum(row[0], row[1], tuple(row[2:6]), tuple(row[6:10])) for row in cursor.fetchall()]


def volumes_sold(
    factors: Mapping[tuple[int, int], float], first: datetime.date, last: datetime.date
) -> list[tuple[datetime.date, float]]:
    """What products (by product and measure id, each times its factor) sold in each month with data."""
    params: dict[str, Any] = {
        "products": [product for product, _measure in factors],
        "measures": [measure for _product, measure in factors],
        "factors": list(factors.values()),
        "first": first,
        "last": last,
    }
    with connection.cursor() as cursor:
        cursor.execute(_VOLUMES, params)
        return list(cursor.fetchall())


def revenues_booked(
    product_ids: list[int], first: datetime.date, last: datetime.date
) -> list[tuple[datetime.date, float]]:
    """What these products brought in, over all measures, in each month with data."""
    params: dict[str, Any] = {"products": product_ids, "first": first, "last": last}
    with connection.cursor() as cursor:
        cursor.execute(_REVENUES, params)
        return list(cursor.fetchall())
