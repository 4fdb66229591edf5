"""The sheet *sales*: facts of a product, channel and measure per day, week or month.

Everything happens in sets in the database. ``check`` resolves the codes, puts the rows in the order of the
facts' unique key into the temporary table ``sheet_sales`` with what each would do (``effect``: N new, C
changed, U unchanged), and refuses; the other methods read that table. Rows that would change nothing are
never written.

A column that is empty in the whole file says nothing: a file with volumes leaves revenues as they are.
"""

# The SQL is put together from constants of this file; values are parameters.
# ruff: noqa: S608
from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from core.months import month_add, month_start
from core.organisation import organisation_get
from exchange.sheets import Counts
from products.selectors.access import visible_channel_ids, visible_line_ids
from products.services.sales import sales_undo, sales_write

from . import resolve
from .sales_fields import FIELDS, OPTIONS
from .words import CREATES, REASONS

AMOUNTS = ("volume", "revenue", "gross_revenue", "discounts")
VAT = {"vat21": "1.21", "vat9": "1.09"}
_KEY = "product_id, measure_id, channel_id"
_DATES = ("month", "week_start", "date")
_ENDS_ON = """start_date + CASE period WHEN 'D' THEN 0 WHEN 'W' THEN 6
                           ELSE (start_date + interval '1 month')::date - start_date - 1 END"""


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


class SalesSheet:
    key = "sales"
    label = _("Sales")
    help_text = _("Volume and revenue of products by channel, per day, week or month.")
    order = 20
    permission = "products.view"
    wide_field = "month"
    can_create = True
    reasons = REASONS
    creates_labels = CREATES
    one_of = (("month", "week_start", "date"), ("volume", "revenue", "gross_revenue"))
    fields = FIELDS
    options = OPTIONS

    def sees_all(self, user: Any) -> bool:
        return visible_line_ids(user) is None and visible_channel_ids(user) is None

    # -- check ---------------------------------------------------------------------------------------------

    def check(self, cursor: Any, options: Mapping[str, Any], user: Any) -> None:
        cursor.execute("SET LOCAL work_mem = '128MB'")
        create = bool(options.get("create_missing"))
        resolve.keys_create(cursor)
        resolve.products_resolve(cursor, user=user, create=create and _may(user, "products.edit"))
        resolve.channels_resolve(cursor, user=user, create=create and _may(user, "products.edit_structure"))
        resolve.measures_resolve(cursor)
        resolve.keys_fill(cursor)
        any_facts = self._rows(cursor, options)
        self._refuse(cursor)
        if any_facts:
            _refuse_overlaps(cursor)
        cursor.execute("SELECT EXISTS (SELECT FROM refused)")
        if cursor.fetchone()[0]:
            cursor.execute("DELETE FROM sheet_sales WHERE line IN (SELECT line FROM refused)")

    def _rows(self, cursor: Any, options: Mapping[str, Any]) -> bool:
        """``sheet_sales``: the rows whose codes are known, in the order of the facts' key. Says whether there
        are facts of these products."""
        has = _filled(cursor, (*AMOUNTS, *_DATES))
        amounts = Amounts.of(has, str(options.get("revenue_is") or "net")).sql
        period = _period_of_dates(cursor, str(options.get("period") or "auto")) if has["date"] else "D"
        day = "date_trunc('month', s.date::timestamp)::date" if period == "M" else "s.date"
        values = ", ".join(f"({amounts.get(name, 'NULL')})::numeric(18, 4) AS {name}" for name in AMOUNTS)
        cursor.execute("SELECT EXISTS (SELECT FROM refused)")
        (any_refused,) = cursor.fetchone()
        standing = "WHERE NOT EXISTS (SELECT FROM refused r WHERE r.line = s.line)" if any_refused else ""
        rows = f"""
            SELECT s.line, k.product_id, k.measure_id, k.channel_id,
                   coalesce(s.month, s.week_start, {day}) AS start_date,
                   CASE WHEN s.month IS NOT NULL THEN 'M' WHEN s.week_start IS NOT NULL THEN 'W'
                        ELSE '{period}' END AS period,
                   {values}
            FROM staging s
            JOIN sheet_key k ON k.product = s.product AND k.channel = coalesce(s.channel, '')
                            AND k.measure = coalesce(s.measure, '') AND k.measure_id IS NOT NULL
            {standing}
        """
        before = "lag(start_date + CASE period WHEN 'W' THEN 6 ELSE 0 END) OVER same >= start_date"
        if sum(has[name] for name in _DATES) > 1:
            before = f"""max({_ENDS_ON}) OVER (same ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
                         >= start_date"""
        rows = f"""
            SELECT *, coalesce({before}, false) AS clash FROM ({rows}) r
            WINDOW same AS (PARTITION BY {_KEY} ORDER BY start_date)
        """
        for table in ("sheet_sales", "sheet_rows"):
            cursor.execute(f"DROP TABLE IF EXISTS {table}")
        cursor.execute(
            """SELECT bool_or(EXISTS (SELECT FROM products_salesfact f WHERE f.product_id = p.product_id))
               FROM sheet_product p"""
        )
        any_facts = bool(cursor.fetchone()[0])
        if not any_facts:
            cursor.execute(
                f"""CREATE TEMP TABLE sheet_sales ON COMMIT DROP AS
                    SELECT *, NULL::bigint AS fact_id, 'N' AS effect FROM ({rows}) n"""
            )
        else:
            cursor.execute(f"CREATE TEMP TABLE sheet_rows ON COMMIT DROP AS {rows}")
            cursor.execute("ANALYZE sheet_rows")
            old, new = (", ".join(f"{row}.{name}" for name in amounts or ["volume"]) for row in "fr")
            cursor.execute(
                f"""
                CREATE TEMP TABLE sheet_sales ON COMMIT DROP AS
                SELECT r.*, f.id AS fact_id,
                       CASE WHEN f.id IS NULL THEN 'N' WHEN ({old}) IS DISTINCT FROM ({new}) THEN 'C'
                            ELSE 'U' END AS effect
                FROM sheet_rows r LEFT JOIN products_salesfact f
                  USING ({_KEY}, start_date, period)
                """
            )
            cursor.execute("ANALYZE sheet_sales")
        return any_facts

    def _refuse(self, cursor: Any) -> None:
        closed = organisation_get().closed_until
        cursor.execute(
            """
            SELECT bool_or(clash), bool_or(start_date IS NULL), bool_or(volume IS NULL AND revenue IS NULL),
                   coalesce(bool_or(start_date < %s AND effect <> 'U'), false)
            FROM sheet_sales
            """,
            [month_add(closed, 1) if closed else None],
        )
        clash, undated, empty, shut = cursor.fetchone()
        if undated:
            _refuse_rows(cursor, "date_missing", "start_date IS NULL", column="month")
        if empty:
            _refuse_rows(cursor, "amount_missing", "volume IS NULL AND revenue IS NULL", column="volume")
        if shut and closed:
            _refuse_rows(
                cursor,
                "month_closed",
                "start_date < %(open)s AND effect <> 'U'",
                params="jsonb_build_object('until', %(until)s::text)",
                values={"open": month_add(closed, 1), "until": f"{closed:%Y-%m}"},
            )
        if clash:
            _refuse_clashes(cursor)

    # -- preview, apply, undo ------------------------------------------------------------------------------

    def preview(self, cursor: Any, options: Mapping[str, Any]) -> Counts:
        cursor.execute(
            f"""
            SELECT count(*) FILTER (WHERE effect = 'N'), count(*) FILTER (WHERE effect = 'C'),
                   count(*) FILTER (WHERE effect = 'U'), min(start_date), max({_ENDS_ON}),
                   {", ".join(f"sum({name})" for name in AMOUNTS)}
            FROM sheet_sales
            """
        )
        new, changed, unchanged, first, last, *sums = cursor.fetchone()
        return Counts(
            new=new,
            changed=changed,
            unchanged=unchanged,
            creates=resolve.creates(cursor, "sheet_sales"),
            totals={name: str(sum_) for name, sum_ in zip(AMOUNTS, sums, strict=True) if sum_ is not None},
            months_from=first and month_start(first),
            months_to=last and month_start(last),
        )

    def sample(self, cursor: Any, limit: int) -> list[dict[str, Any]]:
        cursor.execute(
            f"""
            SELECT r.line, r.effect, r.product, r.product_name, r.channel, r.measure, r.start_date, r.period,
                   {", ".join(f"r.{name}" for name in AMOUNTS)}, {", ".join(f"f.{name}" for name in AMOUNTS)}
            FROM (
                SELECT s.*, coalesce(p.code, np.code) AS product, coalesce(p.name, np.name) AS product_name,
                       coalesce(c.name, nc.name) AS channel, m.code AS measure
                FROM (
                    (SELECT * FROM sheet_sales WHERE effect = 'N' ORDER BY line LIMIT %(limit)s) UNION ALL
                    (SELECT * FROM sheet_sales WHERE effect = 'C' ORDER BY line LIMIT %(limit)s) UNION ALL
                    (SELECT * FROM sheet_sales WHERE effect = 'U' ORDER BY line LIMIT %(limit)s)
                ) s
                JOIN products_measure m ON m.id = s.measure_id
                LEFT JOIN products_product p ON p.id = s.product_id
                LEFT JOIN sheet_new_product np ON np.id = s.product_id
                LEFT JOIN products_channel c ON c.id = s.channel_id
                LEFT JOIN sheet_new_channel nc ON nc.id = s.channel_id
            ) r
            LEFT JOIN products_salesfact f ON f.id = r.fact_id
            ORDER BY r.line, r.start_date
            """,
            {"limit": limit},
        )
        rows = cursor.fetchall()
        said = self.preview(cursor, options={}).totals
        return [_sample_row(row, said) for row in rows]

    def apply(self, cursor: Any, import_id: int, options: Mapping[str, Any]) -> Counts:
        counts = self.preview(cursor, options)
        resolve.create(cursor, import_id)
        sales_write(import_id=import_id, columns=list(counts.totals) if counts.changed else [])
        return counts

    def undo(self, cursor: Any, import_id: int) -> Counts:
        removed, restored = sales_undo(import_id=import_id)
        return Counts(new=removed, changed=restored)


_EFFECTS = {"N": "new", "C": "changed", "U": "unchanged"}
_DATE_FIELD = {"M": "month", "W": "week_start", "D": "date"}


def _sample_row(row: Sequence[Any], said: Collection[str]) -> dict[str, Any]:
    line, effect, product, name, channel, measure, start, period, *amounts = row
    texts = [None if amount is None else str(amount) for amount in amounts]
    new, old = texts[: len(AMOUNTS)], texts[len(AMOUNTS) :]
    found = {
        "line": line,
        "effect": _EFFECTS[effect],
        "product": product,
        "product_name": name,
        "channel": channel,
        "measure": measure,
        _DATE_FIELD[period]: start.isoformat(),
        **dict(zip(AMOUNTS, new, strict=True)),
    }
    if effect != "N":
        found |= {name: old[place] for place, name in enumerate(AMOUNTS) if name not in said}
    if effect == "C":
        found["old"] = dict(zip(AMOUNTS, old, strict=True))
    return found


def _may(user: Any, right: str) -> bool:
    return user is None or user.has_perm(right)


def _filled(cursor: Any, names: Sequence[str]) -> dict[str, bool]:
    """Which columns say anything in this file."""
    cursor.execute(f"SELECT {', '.join(f'count({name}) > 0' for name in names)} FROM staging")
    return dict(zip(names, cursor.fetchone(), strict=True))


def _period_of_dates(cursor: Any, said: str) -> str:
    """What a row with a plain date covers: said, or by the dates: all on the first of a month → months; three
    or more on one day of the week → weeks; else days."""
    if said in ("D", "W", "M"):
        return said
    cursor.execute(
        """
        SELECT bool_and(extract(day FROM date) = 1), count(DISTINCT extract(isodow FROM date)) = 1, count(*)
        FROM (SELECT DISTINCT date FROM staging WHERE date IS NOT NULL) d
        """
    )
    first_days, one_weekday, dates = cursor.fetchone()
    if first_days:
        return "M"
    return "W" if one_weekday and dates >= 3 else "D"


def _refuse_rows(
    cursor: Any,
    code: str,
    condition: str,
    *,
    column: str = "",
    params: str = "'{}'::jsonb",
    values: Mapping[str, Any] | None = None,
) -> None:
    """Refuse rows of ``sheet_sales``; without a column, the one with the date, which is also the value."""
    shown = f"'{column}', ''" if column else f"{_DATE_COLUMN}, start_date::text"
    cursor.execute(
        f"""
        INSERT INTO refused (line, "column", value, code, params)
        SELECT DISTINCT line, {shown}, %(code)s, {params} FROM sheet_sales WHERE {condition}
        """,
        {"code": code, **(values or {})},
    )


_DATE_COLUMN = "CASE period WHEN 'M' THEN 'month' WHEN 'W' THEN 'week_start' ELSE 'date' END"


def _refuse_clashes(cursor: Any) -> None:
    """Rows of the file about the same time: both are refused, each names the other."""
    cursor.execute(
        f"""
        INSERT INTO refused (line, "column", value, code, params)
        SELECT line, {_DATE_COLUMN}, start_date::text,
               CASE WHEN (start_date, period) IN ((before_start, before_period), (after_start, after_period))
                    THEN 'duplicate' ELSE 'overlap_in_file' END,
               jsonb_build_object('other', CASE WHEN clash THEN before_line ELSE after_line END)
        FROM (
            SELECT *, lag(line) OVER same AS before_line, lag(start_date) OVER same AS before_start,
                   lag(period) OVER same AS before_period, lead(line) OVER same AS after_line,
                   lead(start_date) OVER same AS after_start, lead(period) OVER same AS after_period,
                   lead(clash) OVER same AS after_clash
            FROM sheet_sales WINDOW same AS (PARTITION BY {_KEY} ORDER BY start_date, line)
        ) neighbours
        WHERE clash OR after_clash
        """
    )


def _refuse_overlaps(cursor: Any) -> None:
    """Rows whose time facts of another period, or weeks that start on another day, cover already."""
    grain = "period, CASE WHEN period = 'W' THEN (start_date - date '2001-01-01') % 7 END"
    cursor.execute(
        f"""
        SELECT count(*) > 1 FROM (
            SELECT {grain} FROM sheet_sales UNION
            SELECT {grain} FROM products_salesfact
            WHERE product_id IN (SELECT product_id FROM sheet_product WHERE problem = '')
        ) grains
        """
    )
    if not cursor.fetchone()[0]:
        return
    cursor.execute(
        f"""
        INSERT INTO refused (line, "column", value, code, params)
        SELECT DISTINCT ON (s.line) s.line, {_DATE_COLUMN.replace("period", "s.period")}, s.start_date::text,
               CASE f.period WHEN 'D' THEN 'overlap_day' WHEN 'W' THEN 'overlap_week'
                             ELSE 'overlap_month' END,
               jsonb_build_object('start', f.start_date)
        FROM sheet_sales s
        JOIN products_salesfact f USING ({_KEY})
        WHERE f.start_date BETWEEN s.start_date - 30 AND {
            _ENDS_ON.replace("start_date", "s.start_date").replace("period", "s.period")
        }
          AND {_ENDS_ON.replace("start_date", "f.start_date").replace("period", "f.period")} >= s.start_date
          AND (f.start_date, f.period) <> (s.start_date, s.period)
        """
    )
