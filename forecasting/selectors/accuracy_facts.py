"""What the step ``accuracy`` reads: vintages beside what became of their months. It sees every product."""

# ruff: noqa: S608  statements are put together from the constants below

from __future__ import annotations

import datetime
import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.arrays import array_text
from core.sql import rows_of
from forecasting.models import AccuracyRow, AccuracyState
from forecasting.models.accuracy import LAGS

from .accuracy_sums import WIDTH, sums_columns

Key = tuple[int, int]
"""Product and measure."""

VALUES = (
    *("vintage_id", "actual", "naive", "statistical", "driven", "overridden", "agreed"),
    *("lo80", "hi80", "lo95", "hi95", "scale", "price", "afterwards"),
)
YEAR = 12
# Whoever changes what a row says raises this.
RULES = 2


@dataclass(frozen=True)
class Span:
    """A product's months in one measure that are whole and final, first and last."""

    product_id: int
    measure_id: int
    first: datetime.date
    last: datetime.date

    @property
    def key(self) -> Key:
        return (self.product_id, self.measure_id)


def _place(month: str) -> str:
    """Where a month stands in the arrays of a span; outside of them there is nothing."""
    number = "(extract(year FROM {m})::int * 12 + extract(month FROM {m})::int)"
    return f"{number.format(m=month)} - {number.format(m='a.first')} + 1"


# A span's months as arrays, also those without a figure: joining months to months would be left to a planner
# that knows nothing of their number.
_SPANS = """
    WITH span AS MATERIALIZED (
        SELECT a.*, own.actuals, own.scales, own.prices
        FROM unnest(%(products)s::bigint[], %(measures)s::bigint[], %(firsts)s::date[], %(lasts)s::date[])
             AS a(product_id, measure_id, first, last)
        CROSS JOIN LATERAL (
            SELECT array_agg(actual ORDER BY month) AS actuals, array_agg(scale ORDER BY month) AS scales,
                   array_agg(price ORDER BY month) AS prices
            FROM (
                SELECT month, actual,
                       nullif(avg(error) OVER (ORDER BY month ROWS UNBOUNDED PRECEDING), 0) AS scale,
                       CASE WHEN sum(priced_volume) OVER lately > 0
                            THEN sum(priced_revenue) OVER lately / sum(priced_volume) OVER lately END AS price
                FROM (
                    SELECT c.month::date AS month, m.volume::float8 AS actual,
                           abs(m.volume::float8 - lag(m.volume::float8, %(year)s) OVER (ORDER BY c.month))
                               AS error,
                           CASE WHEN m.revenue IS NOT NULL THEN m.volume::float8 END AS priced_volume,
                           CASE WHEN m.volume IS NOT NULL THEN m.revenue::float8 END AS priced_revenue
                    FROM generate_series(a.first::timestamp, a.last::timestamp, interval '1 month')
                         AS c(month)
                    LEFT JOIN products_productmonth m ON m.product_id = a.product_id
                          AND m.measure_id = a.measure_id AND m.month = c.month::date
                ) known
                WINDOW lately AS (ORDER BY month ROWS %(before)s PRECEDING)
            ) calendar
        ) own
    )
"""

_ROWS = (
    _SPANS
    + f"""
    , vintage AS (
        SELECT f.id, f.as_of, f.computed_at, f.method, a.*, lead(f.computed_at) OVER own AS frozen_at
        FROM span a JOIN forecasting_forecast f USING (product_id, measure_id)
        WINDOW own AS (PARTITION BY a.product_id, a.measure_id ORDER BY f.as_of)
    ), said AS (
        SELECT a.product_id, a.measure_id, t.month, l.lag, a.frozen_at, a.id AS vintage_id,
               a.actuals[{_place("t.month")}] AS actual, m.naive, m.mean AS statistical, m.driven,
               m.overridden, m.agreed, m.lo80, m.hi80, m.lo95, m.hi95,
               CASE WHEN a.method <> 'tsb' THEN a.scales[{_place("a.as_of")}] END AS scale,
               a.prices[{_place("t.month")}] AS price,
               (a.computed_at AT TIME ZONE 'UTC')::date >= (t.month + interval '1 month')::date AS afterwards
        FROM vintage a
        CROSS JOIN unnest(%(lags)s::int[]) AS l(lag)
        CROSS JOIN LATERAL (SELECT (a.as_of + make_interval(months => l.lag))::date AS month) t
        JOIN forecasting_forecastmonth m ON m.forecast_id = a.id AND m.month = t.month
        WHERE a.actuals[{_place("t.month")}] IS NOT NULL
    )
    SELECT s.product_id, s.measure_id, s.month, s.lag, s.frozen_at, {", ".join(f"s.{v}" for v in VALUES)}
    FROM said s LEFT JOIN forecasting_accuracyrow r USING (product_id, measure_id, month, lag)
    WHERE r.id IS NULL
       OR ({", ".join(f"r.{v}" for v in VALUES)}) IS DISTINCT FROM ({", ".join(f"s.{v}" for v in VALUES)})
    ORDER BY s.product_id, s.measure_id, s.month, s.lag
"""
)

# A vintage that goes takes its rows along; a figure that goes does not.
_GONE = (
    _SPANS
    + f"""
    SELECT r.id, r.month FROM span a JOIN forecasting_accuracyrow r USING (product_id, measure_id)
    WHERE r.month <= %(known)s AND a.actuals[{_place("r.month")}] IS NULL
"""
)

# Vintages as a few sums, and figures of products that have some: whatever changes, they change.
_SAID = """
    SELECT product_id, measure_id, count(*)::text, sum(hashtextextended(
        concat_ws(' ', id, as_of, content_hash), 0))::text
    FROM forecasting_forecast WHERE product_id = ANY(%(products)s) AND NOT current
    GROUP BY product_id, measure_id
"""
_SOLD = """
    SELECT product_id, measure_id, count(*)::text,
           sum(hash_record_extended(row(month, volume, revenue), 0))::text
    FROM products_productmonth WHERE product_id = ANY(%(products)s) AND month <= %(known)s
    GROUP BY product_id, measure_id
"""


def digests(spans: Sequence[Span], known: datetime.date) -> dict[Key, str]:
    """A hash for each span of all that its rows and windows are made from: figures up to the month ``known``,
    vintages that are frozen, the lags and the rules; empty while no vintage is frozen."""
    products = array_text({span.product_id for span in spans})
    said = {(row[0], row[1]): row[2:] for row in rows_of(_SAID, {"products": products})}
    if not said:
        return dict.fromkeys((span.key for span in spans), "")
    params = {"products": array_text({product for product, _measure in said}), "known": known}
    sold = {(row[0], row[1]): row[2:] for row in rows_of(_SOLD, params)}

    def digest(span: Span) -> str:
        sign = [said[span.key], sold.get(span.key)]
        told = json.dumps([RULES, LAGS, str(span.first), str(span.last), sign])
        return hashlib.sha256(told.encode()).hexdigest()

    return {span.key: digest(span) if span.key in said else "" for span in spans}


def states_of(product_ids: Collection[int]) -> dict[Key, str]:
    """The hash each product's rows were last computed from."""
    rows = AccuracyState.objects.filter(product_id__any=product_ids)
    return {(p, m): h for p, m, h in rows.values_list("product_id", "measure_id", "input_hash")}


def rows_changed(spans: Sequence[Span]) -> list[tuple[AccuracyRow, datetime.datetime | None]]:
    """The rows these spans should have and do not, or have otherwise; unsaved, each with the moment its
    vintage was frozen."""
    return [
        (
            AccuracyRow(
                product_id=product,
                measure_id=measure,
                month=month,
                lag=lag,
                **dict(zip(VALUES, values, strict=True)),
            ),
            frozen_at,
        )
        for product, measure, month, lag, frozen_at, *values in rows_of(_ROWS, _params(spans))
    ]


def rows_gone(spans: Sequence[Span], known: datetime.date) -> list[AccuracyRow]:
    """Rows of these spans, of months up to the one ``known``, whose figure is gone."""
    rows = rows_of(_GONE, {**_params(spans), "known": known})
    return [AccuracyRow(pk=pk, month=month) for pk, month in rows]


def _params(spans: Sequence[Span]) -> Mapping[str, Any]:
    return {
        "products": [span.product_id for span in spans],
        "measures": [span.measure_id for span in spans],
        "firsts": [span.first for span in spans],
        "lasts": [span.last for span in spans],
        "lags": list(LAGS),
        "year": YEAR,
        "before": YEAR - 1,
    }


# -- by line --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class LineSum:
    """The rows of a line's own products in one month at one lag, and their sums (``accuracy_sums``): as they
    are, and times revenue per unit of those that have one."""

    line_id: int
    month: datetime.date
    lag: int
    rows: int
    unpriced: int
    afterwards: int
    plain: list[float]
    priced: list[float]


@dataclass(frozen=True)
class Counted:
    """The products with rows of one line that count in one ``unit`` ("" where they leave it to the line);
    ``sign`` changes with which they are."""

    line_id: int
    unit: str
    sign: str


def lines_counted() -> list[Counted]:
    """Which products are added up in which line, and in what they count."""
    rows = rows_of(
        "SELECT p.line_id, p.unit, sum(hashtextextended(p.id::text, 0))::text FROM products_product p"
        " WHERE EXISTS (SELECT FROM forecasting_accuracyrow r WHERE r.product_id = p.id)"
        " GROUP BY 1, 2 ORDER BY 1, 2"
    )
    return [Counted(*row) for row in rows]


def sums_due(structure: str) -> list[datetime.date]:
    """The months whose sums are missing, stale, or rest on another structure."""
    rows = rows_of(
        """
        SELECT month FROM (SELECT DISTINCT month FROM forecasting_accuracyrow) AS r
        WHERE NOT EXISTS (SELECT FROM forecasting_accuracysum s WHERE s.month = r.month)
        UNION SELECT month FROM forecasting_accuracysum WHERE stale OR structure <> %s ORDER BY 1
        """,
        [structure],
    )
    return [month for (month,) in rows]


def line_sums(leads: Mapping[int, int], months: Sequence[datetime.date]) -> list[LineSum]:
    """The sums of these months by line, of its own products, in the measure ``leads`` names for it."""
    params: dict[str, Any] = {
        "lines": list(leads),
        "measures": list(leads.values()),
        "months": list(months),
    }
    plain = rows_of(_line_sums("1.0", ""), params)
    in_money = rows_of(_line_sums("r.price", "AND r.price IS NOT NULL"), params)
    priced = {row[:3]: _floats(row[6:]) for row in in_money}
    return [
        LineSum(
            *(line_id, month, lag, rows, unpriced, afterwards),
            plain=_floats(sums),
            priced=priced.get((line_id, month, lag), [0.0] * WIDTH),
        )
        for line_id, month, lag, rows, unpriced, afterwards, *sums in plain
    ]


def _floats(row: Sequence[Any]) -> list[float]:
    return [float(value or 0) for value in row]


def _line_sums(weight: str, priced: str) -> str:
    return f"""
        SELECT p.line_id, r.month, r.lag, count(*), count(*) FILTER (WHERE r.price IS NULL),
               count(*) FILTER (WHERE r.afterwards), {sums_columns(weight)}
        FROM forecasting_accuracyrow r
        JOIN products_product p ON p.id = r.product_id
        JOIN unnest(%(lines)s::bigint[], %(measures)s::bigint[]) AS lead(line_id, measure_id)
          ON lead.line_id = p.line_id AND lead.measure_id = r.measure_id
        WHERE r.month = ANY(%(months)s) {priced}
        GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
    """
