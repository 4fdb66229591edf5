"""The monthly roll-up of sales facts: ``SalesMonth`` by channel, ``ProductMonth`` over channels.

Flows: a day or month counts where it lies; a week that crosses a month's end is spread over its seven days in
equal shares. A spread amount is rounded once (volumes at four decimals, money at cents) and the second month
gets the rest, so that a fact's parts add up to the fact; with sevenths there is never a tie, so this is the
method of the largest remainder.

Levels (in force at the end of a period): a month's volume is the latest known state whose period ends in the
month, its average that of all known states ending in it. They are added over channels, never over time, and a
week is not spread. Money adds over time for both kinds.

``days`` are the days of the month that facts cover; over channels those of the best covered one.
"""

# The SQL is put together from constants of this file; values are parameters.
# ruff: noqa: S608
from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import connection, transaction

_COLUMNS = """product_id, measure_id, channel_id, month,
    volume, average_volume, revenue, gross_revenue, discounts, days"""
_TOUCHED = """
    FROM products_salesfact f
    JOIN sales_touched t ON t.product_id = f.product_id AND t.measure_id = f.measure_id
    WHERE f.start_date >= t.first - 6 AND f.start_date < (t.last + interval '1 month')::date
"""

# The fact of a month is that month: nothing else may cover the same time for the same key.
_FROM_MONTHS = f"""
    INSERT INTO products_salesmonth ({_COLUMNS})
    SELECT f.product_id, f.measure_id, f.channel_id, f.start_date, f.volume,
           CASE WHEN t.is_level THEN f.volume END, f.revenue, f.gross_revenue, f.discounts,
           (f.start_date + interval '1 month')::date - f.start_date
    {_TOUCHED} AND f.period = 'M' AND f.start_date >= t.first
"""


def _part(*, second: bool) -> str:
    """What lies in the month a period starts in, or in the one a week crosses into (from ``cut`` on)."""

    def share(column: str, decimals: int) -> str:
        first = f"round({column} * (cut - start_date) / 7, {decimals})"
        if second:
            return f"{column} - {first} AS {column}"
        return f"CASE WHEN crosses THEN {first} ELSE {column} END AS {column}"

    days = "CASE WHEN crosses THEN cut - start_date WHEN period = 'W' THEN 7 ELSE 1 END"
    return f"""
        SELECT product_id, measure_id, channel_id, first, last, ends_on,
               {"cut" if second else "month"} AS month,
               {"volume" if second else "CASE WHEN NOT crosses THEN volume END"} AS state,
               {share("volume", 4)}, {share("revenue", 2)},
               {share("gross_revenue", 2)}, {share("discounts", 2)},
               {f"7 - ({days})" if second else days} AS days
        FROM spans {"WHERE crosses" if second else ""}
    """


def _from_days_and_weeks(volume: str, average: str, *, level: bool) -> str:
    return f"""
        INSERT INTO products_salesmonth ({_COLUMNS})
        WITH spans AS NOT MATERIALIZED (
            SELECT *, period = 'W' AND start_date + 6 >= cut AS crosses,
                   start_date + CASE period WHEN 'W' THEN 6 ELSE 0 END AS ends_on
            FROM (
                SELECT *, (month + interval '1 month')::date AS cut
                FROM (
                    SELECT f.*, t.first, t.last, date_trunc('month', f.start_date::timestamp)::date AS month
                    {_TOUCHED} AND f.period <> 'M' AND {"" if level else "NOT"} t.is_level
                ) started
            ) bounded
        ), parts AS ({_part(second=False)} UNION ALL {_part(second=True)})
        SELECT product_id, measure_id, channel_id, month, {volume}, {average},
               sum(revenue), sum(gross_revenue), sum(discounts), sum(days)
        FROM parts WHERE month BETWEEN first AND last
        GROUP BY product_id, measure_id, month, channel_id
    """


_FLOWS = _from_days_and_weeks("sum(volume)", "NULL::numeric", level=False)
_LEVELS = _from_days_and_weeks(
    "(array_agg(state ORDER BY ends_on DESC) FILTER (WHERE state IS NOT NULL))[1]",
    "round(avg(state), 4)",
    level=True,
)
_OVER_CHANNELS = """
    INSERT INTO products_productmonth (product_id, measure_id, month, volume, average_volume, revenue, days)
    SELECT s.product_id, s.measure_id, s.month,
           sum(s.volume), sum(s.average_volume), sum(s.revenue), max(s.days)
    FROM products_salesmonth s
    JOIN sales_touched t ON t.product_id = s.product_id AND t.measure_id = s.measure_id
    WHERE s.month BETWEEN t.first AND t.last
    GROUP BY s.product_id, s.measure_id, s.month
"""


def touched_create(cursor: Any, select: str, params: Any = (), *, keep: str = "") -> None:
    """Make the temporary table ``sales_touched``: what is to be rolled up.

    ``select`` gives ``product_id, measure_id, first, last``: the first and last day that facts were written
    or removed for. Widened to whole months here. ``keep`` names more columns of it to keep.
    """
    cursor.execute("DROP TABLE IF EXISTS sales_touched")
    cursor.execute(
        f"""
        CREATE TEMP TABLE sales_touched ON COMMIT DROP AS
        SELECT g.product_id, g.measure_id, m.kind = 'level' AS is_level,
               date_trunc('month', g.first::timestamp)::date AS first,
               date_trunc('month', g.last::timestamp)::date AS last{", " + keep if keep else ""}
        FROM ({select}) g JOIN products_measure m ON m.id = g.measure_id
        """,
        params,
    )
    cursor.execute("ANALYZE sales_touched")


def rollup_touched(cursor: Any) -> None:
    """Recompute both roll-ups for the products, measures and months in ``sales_touched``, in the caller's
    transaction, which changed the facts."""
    for table in ("products_salesmonth", "products_productmonth"):
        cursor.execute(
            f"""
            DELETE FROM {table} s USING sales_touched t
            WHERE s.product_id = t.product_id AND s.measure_id = t.measure_id
              AND s.month BETWEEN t.first AND t.last
            """
        )
    cursor.execute("SELECT bool_or(NOT is_level), bool_or(is_level) FROM sales_touched")
    flows, levels = cursor.fetchone()
    cursor.execute(_FROM_MONTHS)
    if flows:
        cursor.execute(_FLOWS)
    if levels:
        cursor.execute(_LEVELS)
    cursor.execute(_OVER_CHANNELS)


@transaction.atomic
def rollup_rebuild(*, product_ids: Iterable[int] | None = None) -> None:
    """Recompute the roll-ups of these products (all) from their facts, over all months: for loaders that
    write facts themselves."""
    ids = None if product_ids is None else list(product_ids)
    where, params = ("", []) if ids is None else ("WHERE product_id = ANY(%s)", [ids])
    with connection.cursor() as cursor:
        for table in ("products_salesmonth", "products_productmonth"):
            cursor.execute(f"DELETE FROM {table} {where}", params)
        touched_create(
            cursor,
            f"""SELECT product_id, measure_id, min(start_date) AS first, max(start_date + 6) AS last
                FROM products_salesfact {where} GROUP BY 1, 2""",
            params,
        )
        rollup_touched(cursor)
