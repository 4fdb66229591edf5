"""The rows of a file with sales as facts: which columns say what, in SQL."""

# The SQL is put together from constants of this file; values are parameters.
# ruff: noqa: S608
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

AMOUNTS = ("volume", "revenue", "gross_revenue", "discounts")
VAT = {"vat21": "1.21", "vat9": "1.09"}
_DATES = ("month", "week_start", "date")
DAY_0 = "date '0001-01-01'"
_DAYS_BITS = 22
"""So many bits hold the days from ``DAY_0`` to the year 9999."""
GRAINS = """
    SELECT period, weekday_first AS weekday FROM sheet_sums UNION SELECT period, weekday_last FROM sheet_sums
"""
"""The kinds of periods in the file, and the days on which weeks start."""


@dataclass(frozen=True)
class Amounts:
    """The SQL for each amount, read from staging ``s``; those the file does not have are left out."""

    sql: Mapping[str, str]

    @classmethod
    def of(cls, has: Mapping[str, bool], meaning: str) -> Amounts:
        sql = {name: f"s.{name}" for name in AMOUNTS if has[name]}
        if meaning == "before_discounts" and has["revenue"]:
            sql["gross_revenue"] = "coalesce(s.gross_revenue, s.revenue)"
            sql["revenue"] = "coalesce(s.gross_revenue, s.revenue) - s.discounts"
            if not has["discounts"]:
                del sql["revenue"]
        elif has["gross_revenue"] and has["discounts"]:
            sql["revenue"] = "coalesce(s.revenue, s.gross_revenue - s.discounts)"
        if meaning in VAT:
            rate = VAT[meaning]
            sql = {
                name: value if name == "volume" else f"round(({value}) / {rate}, 2)"
                for name, value in sql.items()
            }
        return cls(sql)


def columns_filled(cursor: Any) -> dict[str, bool]:
    """Which columns say anything in this file."""
    names = (*AMOUNTS, *_DATES, "measure", "code_source")
    cursor.execute(f"SELECT {', '.join(f'count({name}) > 0' for name in names)} FROM staging")
    return dict(zip(names, cursor.fetchone(), strict=True))


def amounts_said(has: Mapping[str, bool], options: Mapping[str, Any]) -> Mapping[str, str]:
    """The SQL for each amount that the file has."""
    return Amounts.of(has, str(options.get("revenue_is") or "net")).sql


def rows_select(cursor: Any, has: Mapping[str, bool], options: Mapping[str, Any]) -> str:
    """The SQL for the rows that are not refused yet. ``position`` is one number for the place in the order of
    the facts' key (without period), so that a million rows sort by it in no time."""
    period = _period_of_dates(cursor, str(options.get("period") or "auto")) if has["date"] else "D"
    day = "date_trunc('month', s.date::timestamp)::date" if period == "M" else "s.date"
    dates = {"month": ("s.month", "M"), "week_start": ("s.week_start", "W"), "date": (day, period)}
    said = [dates[name] for name in _DATES if has[name]]
    start = f"coalesce({', '.join(column for column, _period in said) or 'NULL::date'})"
    cases = " ".join(f"WHEN {column} IS NOT NULL THEN '{each}'" for column, each in said)
    periods = f"CASE {cases} END"
    if len(said) < 2:
        periods = f"'{said[0][1] if said else period}'"
    amounts = amounts_said(has, options)
    values = ", ".join(f"({amounts.get(name, 'NULL')})::numeric(18, 4) AS {name}" for name in AMOUNTS)
    cursor.execute("SELECT EXISTS (SELECT FROM refused)")
    (any_refused,) = cursor.fetchone()
    standing = "WHERE NOT EXISTS (SELECT FROM refused r WHERE r.line = s.line)" if any_refused else ""
    return f"""
        SELECT s.line, k.product_id, k.measure_id, k.channel_id, {start} AS start_date, {periods} AS period,
               {values}, (k.place << {_DAYS_BITS}) + ({start} - {DAY_0}) AS position
        FROM staging s
        JOIN sheet_key k ON k.product = s.product AND k.channel = coalesce(s.channel, '')
                        {"AND k.measure = coalesce(s.measure, '')" if has["measure"] else ""}
                        {"AND k.source = coalesce(s.code_source, '')" if has["code_source"] else ""}
                        AND k.measure_id IS NOT NULL
        {standing}
    """


def sums_create(cursor: Any) -> None:
    """``sheet_sums``: what the rows add up to, by product, measure, effect and period, so that they are read
    once. Weeks start from ``weekday_first`` to ``weekday_last``, counted from the same Monday."""
    weekday = f"CASE WHEN period = 'W' THEN (start_date - {DAY_0}) % 7 END"
    cursor.execute("DROP TABLE IF EXISTS sheet_sums")
    cursor.execute(
        f"""
        CREATE TEMP TABLE sheet_sums ON COMMIT DROP AS
        SELECT product_id, measure_id, effect, period, count(*) AS rows,
               min(start_date) AS first, max(start_date) AS last, bool_or(start_date IS NULL) AS undated,
               bool_or(volume IS NULL AND revenue IS NULL) AS empty,
               min({weekday}) AS weekday_first, max({weekday}) AS weekday_last,
               {", ".join(f"sum({name}) AS {name}" for name in AMOUNTS)}
        FROM sheet_sales GROUP BY product_id, measure_id, effect, period
        """
    )


def _period_of_dates(cursor: Any, said: str) -> str:
    """What a row with a plain date covers: said, or by the dates: all on the first or all on the last of a
    month → months; three or more on one day of the week → weeks; else days. What is too few to tell is read
    as the newest figures of these products are, where there are any: a single first or last of a month, and
    one or two dates that weeks like those start on."""
    if said in ("D", "W", "M"):
        return said
    cursor.execute(
        """
        SELECT bool_and(extract(day FROM date) = 1), bool_and(extract(day FROM date + 1) = 1),
               count(DISTINCT extract(isodow FROM date)) = 1, count(*), min(date)
        FROM (SELECT DISTINCT date FROM staging WHERE date IS NOT NULL) d
        """
    )
    first_days, last_days, one_weekday, dates, date = cursor.fetchone()
    if dates > 1 and (first_days or last_days):
        return "M"
    if dates >= 3 or not one_weekday:
        return "W" if one_weekday else "D"
    cursor.execute(
        """
        SELECT period, (%s - start_date) %% 7 = 0 FROM products_salesfact
        WHERE product_id IN (SELECT product_id FROM sheet_product WHERE problem = '')
        ORDER BY start_date DESC, period LIMIT 1
        """,
        [date],
    )
    newest, starts_week = cursor.fetchone() or ("M" if first_days else "D", False)
    if newest == "W" and (starts_week or first_days):
        return "W"
    return "M" if newest == "M" and (first_days or last_days) else "D"
