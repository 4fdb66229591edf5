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

import datetime
from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection, transaction

from core.months import month_add
from core.organisation import organisation_get

SALES_MONTH = """product_id, measure_id, channel_id, month,
    volume, average_volume, revenue, gross_revenue, discounts, days"""
PRODUCT_MONTH = "product_id, measure_id, month, volume, average_volume, revenue, days"
"""The columns of the two roll-ups."""

# The fact of a month is that month: nothing else may cover the same time for the same key.
_FROM_MONTHS = """
    SELECT f.product_id, f.measure_id, f.channel_id, f.start_date, f.volume,
           CASE WHEN t.is_level THEN f.volume END, f.revenue, f.gross_revenue, f.discounts,
           (f.start_date + interval '1 month')::date - f.start_date
    FROM products_salesfact f
    JOIN sales_touched t ON t.product_id = f.product_id AND t.measure_id = f.measure_id
    WHERE f.period = 'M' AND f.start_date BETWEEN t.first AND t.last
"""


# What each day and week of the touched time gives to which month. ``part``: 0 all of it, 1 and 2 the first
# and the second month of a week that crosses into the next; ``days`` of it lie in the month.
_PARTS = """
    CREATE TEMP TABLE sales_parts ON COMMIT DROP AS
    WITH days AS (
        SELECT day::date AS start_date, date_trunc('month', day)::date AS month,
               (date_trunc('month', day) + interval '1 month')::date AS next_month
        FROM (SELECT min(first) - 6 AS first, max(last) + interval '1 month - 1 day' AS last
              FROM sales_touched) span, generate_series(span.first::timestamp, span.last, '1 day') day
    ), weeks AS (
        SELECT *, least(next_month - start_date, 7) AS days FROM days
    )
    SELECT 'D' AS period, start_date, start_date AS ends_on, month, 0 AS part, 1 AS days FROM days
    UNION ALL
    SELECT 'W', start_date, start_date + 6, month, CASE WHEN days < 7 THEN 1 ELSE 0 END, days FROM weeks
    UNION ALL
    SELECT 'W', start_date, start_date + 6, next_month, 2, 7 - days FROM weeks WHERE days < 7
"""


def _share(column: str, decimals: int, used: bool = True) -> str:
    """What a fact gives to the month of a part: the second gets what the first left. A column that is not
    ``used`` is empty in all facts, and costs nothing."""
    if not used:
        return "NULL::numeric"
    return f"""sum(CASE p.part WHEN 0 THEN f.{column}
                    WHEN 1 THEN round(f.{column} * p.days / 7, {decimals})
                    ELSE f.{column} - round(f.{column} * (7 - p.days) / 7, {decimals}) END)"""


def _from_days_and_weeks(*, level: bool, gross: bool) -> str:
    volume, average = (_LAST_STATE, _AVERAGE) if level else (_share("volume", 4), "NULL::numeric")
    return f"""
        SELECT f.product_id, f.measure_id, f.channel_id, p.month, {volume}, {average},
               {_share("revenue", 2)}, {_share("gross_revenue", 2, gross)}, {_share("discounts", 2, gross)},
               sum(p.days)
        FROM products_salesfact f
        JOIN sales_touched t ON t.product_id = f.product_id AND t.measure_id = f.measure_id
        JOIN sales_parts p ON p.start_date = f.start_date AND p.period = f.period
        WHERE p.month BETWEEN t.first AND t.last AND {"" if level else "NOT"} t.is_level
        GROUP BY f.product_id, f.measure_id, f.channel_id, p.month
    """


# The state at the end of a period belongs to the month it ends in.
_LAST_STATE = """(array_agg(f.volume ORDER BY p.ends_on DESC)
    FILTER (WHERE p.part <> 1 AND f.volume IS NOT NULL))[1]"""
_AVERAGE = "round(avg(f.volume) FILTER (WHERE p.part <> 1), 4)"
# What no fact has need not be added up: few sources say gross revenue and discounts, and sums of empty
# columns are a quarter of the roll-up; most say everything by the month or by the week.
_ANY = ", ".join(
    f"""EXISTS (
        SELECT FROM products_salesfact f
        JOIN sales_touched t ON t.product_id = f.product_id AND t.measure_id = f.measure_id
        WHERE {condition}
    )"""
    for condition in (
        "f.period = 'M'",
        "f.period <> 'M'",
        "f.gross_revenue IS NOT NULL OR f.discounts IS NOT NULL",
    )
)
_OVER_CHANNELS = """
    SELECT s.product_id, s.measure_id, s.month,
           sum(s.volume), sum(s.average_volume), sum(s.revenue), max(s.days)
    FROM {} s
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


def analyse_grown(cursor: Any, table: str, written: int) -> None:
    """Tell the planner of a table that just grew by a tenth or more: what follows in this transaction joins
    it, and a plan made for an empty table takes minutes on a full one."""
    cursor.execute("SELECT greatest(reltuples, 0) FROM pg_class WHERE oid = %s::regclass", [table])
    if written > 1000 and written * 10 > cursor.fetchone()[0]:
        cursor.execute(f"ANALYZE {table}")


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
    _fill(cursor, "products_salesmonth", "products_productmonth")


def _fill(cursor: Any, sales_month: str, product_month: str) -> None:
    """Compute what ``sales_touched`` names into these tables."""
    cursor.execute("DROP TABLE IF EXISTS sales_parts")
    cursor.execute(_PARTS)
    cursor.execute("ANALYZE sales_parts")
    cursor.execute("SELECT DISTINCT is_level FROM sales_touched")
    kinds = [is_level for (is_level,) in cursor.fetchall()]
    cursor.execute(f"SELECT {_ANY}")
    months, others, gross = cursor.fetchone()
    selects = [_FROM_MONTHS] if months else []
    if others:
        selects += [_from_days_and_weeks(level=level, gross=gross) for level in kinds]
    # A sum of decimals takes a kilobyte a group: hashed, a million facts need 270 MB; sorted, less of both
    # memory and time, as they come nearly in order.
    cursor.execute("SET LOCAL enable_hashagg = off")
    written = 0
    for select in selects:
        cursor.execute(f"INSERT INTO {sales_month} ({SALES_MONTH}) {select}")
        written += cursor.rowcount
    analyse_grown(cursor, sales_month, written)
    cursor.execute(f"INSERT INTO {product_month} ({PRODUCT_MONTH}) {_OVER_CHANNELS.format(sales_month)}")
    cursor.execute("SET LOCAL enable_hashagg = on")


def _touch_all(
    cursor: Any, where: str = "", params: Sequence[Any] = (), since: datetime.date = datetime.date.min
) -> None:
    cursor.execute("ANALYZE products_salesfact")
    touched_create(
        cursor,
        f"""SELECT product_id, measure_id, greatest(min(start_date), %s) AS first,
                   max(start_date + 6) AS last
            FROM products_salesfact {where} GROUP BY 1, 2 HAVING max(start_date + 6) >= %s""",
        [since, *params, since],
    )


def rollup_recompute(cursor: Any) -> None:
    """All months anew into the temporary tables ``recomputed_salesmonth`` and ``recomputed_productmonth``, to
    hold against what is kept."""
    for table in ("salesmonth", "productmonth"):
        cursor.execute(
            f"""CREATE TEMP TABLE recomputed_{table} ON COMMIT DROP AS
                SELECT * FROM products_{table} WHERE false"""
        )
    _touch_all(cursor)
    _fill(cursor, "recomputed_salesmonth", "recomputed_productmonth")


@transaction.atomic
def rollup_rebuild(*, product_ids: Iterable[int] | None = None) -> None:
    """Recompute the roll-ups of these products (all) from their facts, over all months that are not closed:
    for loaders that write facts themselves."""
    ids = None if product_ids is None else list(product_ids)
    where, params = ("true", []) if ids is None else ("product_id = ANY(%s)", [ids])
    closed = organisation_get().closed_until
    since = month_add(closed, 1) if closed else datetime.date.min
    with connection.cursor() as cursor:
        for table in ("products_salesmonth", "products_productmonth"):
            cursor.execute(f"DELETE FROM {table} WHERE {where} AND month >= %s", [*params, since])
        _touch_all(cursor, f"WHERE {where}", params, since)
        rollup_touched(cursor)
