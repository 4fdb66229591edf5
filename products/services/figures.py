"""The row of figures a product has in lists: sales from the roll-up, forecast and stage from the night.

The last 12 months are the 12 up to the last complete month of the product's line, so that products of a
line are compared over the same time; month and financial year end with it too. A flow is added over them;
of a level the state at their end is taken. Growth is against the 12 months before, on revenue, else volume;
there is none where the two do not have equally many months with data, or where the months before add up to
nothing.
"""

# The SQL is put together from constants of this file; values are parameters.
# ruff: noqa: S608
from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction

from core.arrays import array_text
from core.lookups import many
from core.organisation import organisation_get
from core.upsert import rows_told
from products.models import Product, ProductFigures
from products.selectors.lines import LineTree
from products.selectors.months import complete_months

SPARK_MONTHS = 36

_SALES = """
    WITH line AS (
        SELECT *, (extract(month FROM data_month)::int - %(year_starts)s + 12) %% 12 AS in_year
        FROM unnest(%(lines)s::bigint[], %(measures)s::bigint[], %(levels)s::boolean[],
                    %(months)s::date[]) AS l(line_id, measure_id, is_level, data_month)
    ), added AS (
        SELECT p.id AS product_id, l.measure_id, l.data_month, a.*
        FROM products_product p
        JOIN line l ON l.line_id = p.line_id
        CROSS JOIN LATERAL (
            SELECT count(volume) + count(revenue) > 0 AS has_data,
                   CASE WHEN l.is_level THEN max(volume) FILTER (WHERE ago = 0)
                        ELSE sum(volume) FILTER (WHERE ago < 12) END AS volume_now,
                   CASE WHEN l.is_level THEN max(volume) FILTER (WHERE ago = 12)
                        ELSE sum(volume) FILTER (WHERE ago BETWEEN 12 AND 23) END AS volume_before,
                   l.is_level OR count(volume) FILTER (WHERE ago < 12)
                             = count(volume) FILTER (WHERE ago BETWEEN 12 AND 23) AS volume_comparable,
                   sum(revenue) FILTER (WHERE ago < 12) AS revenue_now,
                   sum(revenue) FILTER (WHERE ago BETWEEN 12 AND 23) AS revenue_before,
                   count(revenue) FILTER (WHERE ago < 12)
                             = count(revenue) FILTER (WHERE ago BETWEEN 12 AND 23) AS revenue_comparable,
                   sum(revenue) FILTER (WHERE ago = 0) AS month_now,
                   sum(revenue) FILTER (WHERE ago = 12) AS month_before,
                   sum(revenue) FILTER (WHERE ago <= in_year) AS ytd_now,
                   sum(revenue) FILTER (WHERE ago BETWEEN 12 AND 12 + in_year) AS ytd_before,
                   sum(revenue) FILTER (WHERE ago BETWEEN in_year + 1 AND in_year + 12) AS year_before,
                   count(revenue) FILTER (WHERE ago < 12) AS months_now,
                   count(revenue) FILTER (WHERE ago BETWEEN 12 AND 23) AS months_before,
                   count(revenue) FILTER (WHERE ago <= in_year) AS ytd_months,
                   count(revenue) FILTER (WHERE ago BETWEEN 12 AND 12 + in_year) AS ytd_months_before,
                   count(revenue) FILTER (WHERE ago BETWEEN in_year + 1 AND in_year + 12)
                       AS year_months_before,
                   array_agg(volume::float8 ORDER BY ago DESC) AS spark
            FROM (SELECT month::date, %(spark)s - place AS ago
                  FROM generate_series(l.data_month - make_interval(months => %(spark)s - 1), l.data_month,
                                       interval '1 month') WITH ORDINALITY AS g(month, place)) slot
            LEFT JOIN products_productmonth s
                   ON s.product_id = p.id AND s.measure_id = l.measure_id AND s.month = slot.month
        ) a
        WHERE %(products)s::bigint[] IS NULL OR p.id = ANY(%(products)s) OR EXISTS (
            SELECT FROM products_productfigures o
            WHERE o.product_id = p.id AND o.data_month IS NOT NULL
                  AND o.data_month IS DISTINCT FROM l.data_month)
    )
    INSERT INTO products_productfigures AS f (
        product_id, measure_id, data_month, volume_12m, volume_12m_before, revenue_12m, revenue_12m_before,
        revenue_month, revenue_month_before, revenue_ytd, revenue_ytd_before, revenue_year_before,
        months_12m, months_12m_before, months_ytd, months_ytd_before, months_year_before,
        growth_rate, spark_volumes, forecast_stale, spark_forecast, spark_lo80, spark_hi80, stage,
        stage_by_hand
    )
    SELECT product_id, measure_id, CASE WHEN has_data THEN data_month END,
           volume_now, volume_before, revenue_now, revenue_before,
           month_now, month_before, ytd_now, ytd_before, year_before,
           months_now, months_before, ytd_months, ytd_months_before, year_months_before,
           CASE WHEN revenue_now IS NOT NULL AND revenue_before > 0
                THEN CASE WHEN revenue_comparable THEN (revenue_now / revenue_before)::float8 - 1 END
                WHEN volume_now IS NOT NULL AND volume_before > 0
                THEN CASE WHEN volume_comparable THEN (volume_now / volume_before)::float8 - 1 END END,
           CASE WHEN has_data THEN spark ELSE '{}' END, false, '{}', '{}', '{}', '', false
    FROM added
    WHERE has_data OR EXISTS (SELECT FROM products_productfigures o WHERE o.product_id = added.product_id)
    ON CONFLICT (product_id) DO UPDATE SET
        measure_id = excluded.measure_id, data_month = excluded.data_month,
        volume_12m = excluded.volume_12m, volume_12m_before = excluded.volume_12m_before,
        revenue_12m = excluded.revenue_12m, revenue_12m_before = excluded.revenue_12m_before,
        revenue_month = excluded.revenue_month, revenue_month_before = excluded.revenue_month_before,
        revenue_ytd = excluded.revenue_ytd, revenue_ytd_before = excluded.revenue_ytd_before,
        revenue_year_before = excluded.revenue_year_before, months_12m = excluded.months_12m,
        months_12m_before = excluded.months_12m_before, months_ytd = excluded.months_ytd,
        months_ytd_before = excluded.months_ytd_before, months_year_before = excluded.months_year_before,
        growth_rate = excluded.growth_rate, spark_volumes = excluded.spark_volumes
    WHERE (f.measure_id, f.data_month, f.volume_12m, f.volume_12m_before, f.revenue_12m,
           f.revenue_12m_before, f.revenue_month, f.revenue_month_before, f.revenue_ytd, f.revenue_ytd_before,
           f.revenue_year_before, f.months_12m, f.months_12m_before, f.months_ytd, f.months_ytd_before,
           f.months_year_before, f.growth_rate, f.spark_volumes)
       IS DISTINCT FROM
          (excluded.measure_id, excluded.data_month, excluded.volume_12m, excluded.volume_12m_before,
           excluded.revenue_12m, excluded.revenue_12m_before, excluded.revenue_month,
           excluded.revenue_month_before, excluded.revenue_ytd, excluded.revenue_ytd_before,
           excluded.revenue_year_before, excluded.months_12m, excluded.months_12m_before, excluded.months_ytd,
           excluded.months_ytd_before, excluded.months_year_before, excluded.growth_rate,
           excluded.spark_volumes)
"""


@transaction.atomic
def figures_refresh(*, product_ids: Iterable[int] | None = None) -> int:
    """Recompute the sales figures of these products (all) where they differ; says of how many they did.

    When new data move a line's last complete month, the line's other products move along. Run once a night
    too: a month also becomes complete by the calendar.
    """
    tree = LineTree()
    ids = None if product_ids is None else list(product_ids)
    lines = set(tree.lines)
    if ids is not None:
        lines = set(Product.objects.filter(pk__any=many(ids)).order_by().values_list("line_id", flat=True))
    complete = complete_months(line_ids=lines)
    leads = {line: tree.lead_measure(line) for line in lines}
    months = {line: complete.get((line, measure.pk)) for line, measure in leads.items()}
    order = sorted(lines)
    with connection.cursor() as cursor:
        cursor.execute(
            _SALES,
            {
                "lines": order,
                "measures": [leads[line].pk for line in order],
                "levels": [leads[line].kind == "level" for line in order],
                "months": [months[line] for line in order],
                "products": None if ids is None else array_text(ids),
                "spark": SPARK_MONTHS,
                "year_starts": organisation_get().financial_year_first_month,
            },
        )
        return int(cursor.rowcount)


@dataclass(frozen=True)
class ForecastFigures:
    """A product's forecast as the list shows it: 12-month volume with its 80 % band, its revenue at the
    price of the last 12 months, and the months after ``forecast_as_of`` for the sparkline. Of the lead
    measure, in its unit. ``year_rest_amount``: revenue of the financial year's months after that one."""

    product_id: int
    measure_id: int
    forecast_as_of: datetime.date
    forecast_12m: float | None
    forecast_12m_lo80: float | None
    forecast_12m_hi80: float | None
    forecast_12m_amount: float | None
    spark_forecast: Sequence[float] = ()
    spark_lo80: Sequence[float] = ()
    spark_hi80: Sequence[float] = ()
    year_rest_amount: float | None = None
    forecast_stale: bool = False


@dataclass(frozen=True)
class StageFigures:
    """A product's stage as the list shows it; an empty ``stage`` is none."""

    product_id: int
    measure_id: int
    stage: str
    stage_since: datetime.date | None = None
    stage_by_hand: bool = False


_EMPTY = {
    "spark_volumes": "'{}'::float8[]",
    "forecast_stale": "false",
    "spark_forecast": "'{}'::float8[]",
    "spark_lo80": "'{}'::float8[]",
    "spark_hi80": "'{}'::float8[]",
    "stage": "''",
    "stage_by_hand": "false",
}


def _set(rows: Sequence[Any], types: dict[str, str]) -> int:
    """Write these columns of the rows' products in one statement; rows that say the same are not written."""
    if not rows:
        return 0
    defaults = {name: value for name, value in _EMPTY.items() if name not in types}
    names = ", ".join(types)
    said, values = rows_told(
        [vars(row) for row in rows], {"product_id": "bigint", "measure_id": "bigint", **types}
    )
    sql = f"""
        INSERT INTO products_productfigures AS f (product_id, measure_id, {names}, {", ".join(defaults)})
        SELECT product_id, measure_id, {names}, {", ".join(defaults.values())}
        FROM {said}
        ON CONFLICT (product_id) DO UPDATE SET {", ".join(f"{name} = excluded.{name}" for name in types)}
        WHERE ({", ".join(f"f.{name}" for name in types)})
           IS DISTINCT FROM ({", ".join(f"excluded.{name}" for name in types)})
    """
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return int(cursor.rowcount)


def figures_forecast_set(*, rows: Sequence[ForecastFigures]) -> int:
    """Put the forecasts of a chunk of products into the list, each product once; says how many changed."""
    return _set(
        rows,
        {
            "forecast_as_of": "date",
            "forecast_stale": "boolean",
            "forecast_12m": "float8",
            "forecast_12m_lo80": "float8",
            "forecast_12m_hi80": "float8",
            "forecast_12m_amount": "float8",
            "year_rest_amount": "float8",
            "spark_forecast": "float8[]",
            "spark_lo80": "float8[]",
            "spark_hi80": "float8[]",
        },
    )


def figures_stage_set(*, rows: Sequence[StageFigures]) -> int:
    """Put the stages of a chunk of products into the list, each product once; says how many changed."""
    return _set(rows, {"stage": "varchar", "stage_since": "date", "stage_by_hand": "boolean"})


def figures_stale_set(*, product_ids: Iterable[int]) -> int:
    """Mark the forecasts of these products as of an earlier night: the last try failed."""
    return ProductFigures.objects.filter(
        product_id__in=list(product_ids), forecast_as_of__isnull=False, forecast_stale=False
    ).update(forecast_stale=True)
