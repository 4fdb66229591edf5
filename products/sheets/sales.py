"""The sheet *sales*: facts of a product, channel and measure per day, week or month.

Everything happens in sets in the database. ``check`` resolves the codes, puts the rows in the order of the
facts' unique key into the temporary table ``sheet_sales`` with what each would do (``effect``: N new, C
changed, U unchanged), adds them up in ``sheet_sums``, and refuses; the other methods read these. Rows that
would change nothing are never written.

A column that is empty in the whole file says nothing: a file with volumes leaves revenues as they are.
"""

# The SQL is put together from constants of this file; values are parameters.
# ruff: noqa: S608
from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from core.months import month_add, month_start
from core.organisation import today
from exchange.sheets import Counts
from products.selectors.access import is_limited
from products.selectors.closing import CLOSE, may_correct, open_from
from products.services.sales import sales_undo, sales_undo_check, sales_write

from . import resolve
from .created_in import CREATED_IN
from .sales_days import days_noted
from .sales_fields import FIELDS, OPTIONS
from .sales_rows import AMOUNTS, DAY_0, GRAINS, amounts_said, columns_filled, rows_select, sums_create
from .sources import CODE_SOURCE
from .words import CREATES, REASONS

_KEY = "product_id, measure_id, channel_id"
_ENDS_ON = """start_date + CASE period WHEN 'D' THEN 0 WHEN 'W' THEN 6
                           ELSE (start_date + interval '1 month')::date - start_date - 1 END"""

_LATEST = "CASE period WHEN 'M' THEN %(next_month)s::date ELSE %(today)s::date END"
"""The latest start of a row: premiums and fees are booked a month ahead, a day or week that is still to come
has no figures."""

_CLASHING = f"""
    SELECT *, coalesce(max({_ENDS_ON}) OVER (PARTITION BY {_KEY} ORDER BY start_date, line
                                             ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
                       >= start_date, false) AS clash
    FROM sheet_sales
"""


class SalesSheet:
    key = "sales"
    label = pgettext_lazy("kind of file", "Sales")
    help_text = _("Volume and revenue of products by channel, per day, week or month.")
    order = 20
    permission = "products.view"
    wide_field = "month"
    can_create = True
    correction_right = CLOSE
    reasons = REASONS
    creates_labels = CREATES
    one_of = (("month", "week_start", "date"), ("volume", "revenue", "gross_revenue"))
    fields = FIELDS
    options = OPTIONS

    def sees_all(self, user: Any) -> bool:
        return not is_limited(user)

    # -- check ---------------------------------------------------------------------------------------------

    def check(self, cursor: Any, options: Mapping[str, Any], user: Any) -> dict[str, str]:
        cursor.execute("SET LOCAL work_mem = '128MB'")
        create = bool(options.get("create_missing"))
        has = columns_filled(cursor)
        resolve.keys_create(cursor, sourced=has[CODE_SOURCE])
        unclear = resolve.products_resolve(
            cursor,
            user=user,
            create=create and _may(user, "products.edit"),
            answer=str(options.get(CODE_SOURCE) or ""),
            created_in=str(options.get(CREATED_IN) or ""),
        )
        resolve.channels_resolve(cursor, user=user, create=create and _may(user, "products.edit_structure"))
        resolve.measures_resolve(cursor)
        resolve.keys_fill(cursor)
        any_facts = self._rows(cursor, has, options)
        self._refuse(cursor, correcting=bool(options.get("correction")) and may_correct(user))
        if any_facts:
            _refuse_overlaps(cursor)
        cursor.execute("SELECT EXISTS (SELECT FROM refused)")
        if cursor.fetchone()[0]:
            cursor.execute("DELETE FROM sheet_sales WHERE line IN (SELECT line FROM refused)")
            sums_create(cursor)
        return unclear

    def _rows(self, cursor: Any, has: Mapping[str, bool], options: Mapping[str, Any]) -> bool:
        """``sheet_sales``: the rows whose codes are known, in the order of the facts' key. Says whether there
        are facts of these products."""
        rows = rows_select(cursor, has, options)
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
                    SELECT *, NULL::bigint AS fact_id, 'N' AS effect FROM ({rows}) n ORDER BY position"""
            )
        else:
            cursor.execute(f"CREATE TEMP TABLE sheet_rows ON COMMIT DROP AS {rows}")
            cursor.execute("ANALYZE sheet_rows")
            said = list(amounts_said(has, options)) or ["volume"]
            old, new = (", ".join(f"{row}.{name}" for name in said) for row in "fr")
            cursor.execute(
                f"""
                CREATE TEMP TABLE sheet_sales ON COMMIT DROP AS
                SELECT r.*, f.id AS fact_id,
                       CASE WHEN f.id IS NULL THEN 'N' WHEN ({old}) IS DISTINCT FROM ({new}) THEN 'C'
                            ELSE 'U' END AS effect
                FROM sheet_rows r LEFT JOIN products_salesfact f
                  USING ({_KEY}, start_date, period)
                ORDER BY r.position
                """
            )
            cursor.execute("ANALYZE sheet_sales")
        sums_create(cursor)
        return any_facts

    def _refuse(self, cursor: Any, *, correcting: bool) -> None:
        begin = None if correcting else open_from()
        day = today()
        ahead = {"today": day, "next_month": month_add(month_start(day), 1)}
        cursor.execute(
            f"""
            SELECT bool_or(undated), bool_or(empty),
                   coalesce(bool_or(first < %(open)s AND effect <> 'U'), false),
                   coalesce(bool_or(last > {_LATEST} AND effect <> 'U'), false)
            FROM sheet_sums
            """,
            {"open": begin, **ahead},
        )
        undated, empty, shut, early = cursor.fetchone()
        if undated:
            _refuse_rows(cursor, "date_missing", "start_date IS NULL", column="month")
        if empty:
            _refuse_rows(cursor, "amount_missing", "volume IS NULL AND revenue IS NULL", column="volume")
        if shut and begin:
            _refuse_rows(
                cursor,
                "month_closed",
                "start_date < %(open)s AND effect <> 'U'",
                params="jsonb_build_object('until', %(until)s::text)",
                values={"open": begin, "until": f"{month_add(begin, -1):%Y-%m}"},
            )
        if early:
            _refuse_rows(
                cursor,
                "in_future",
                f"start_date > {_LATEST} AND effect <> 'U'",
                params=f"""jsonb_build_object('until', to_char({_LATEST},
                           CASE period WHEN 'M' THEN 'YYYY-MM' ELSE 'YYYY-MM-DD' END))""",
                values=ahead,
            )
        if _any_clash(cursor):
            _refuse_clashes(cursor)

    # -- preview, apply, undo ------------------------------------------------------------------------------

    def preview(self, cursor: Any, options: Mapping[str, Any]) -> Counts:
        counts = self._counts(cursor)
        counts.noted = days_noted(cursor)
        return counts

    def _counts(self, cursor: Any) -> Counts:
        counts = (f"coalesce(sum(rows) FILTER (WHERE effect = '{effect}'), 0)::bigint" for effect in "NCU")
        cursor.execute(
            f"""
            SELECT {", ".join(counts)}, min(first), max({_ENDS_ON.replace("start_date", "last")}),
                   {", ".join(f"sum({name})" for name in AMOUNTS)}
            FROM sheet_sums
            """
        )
        new, changed, unchanged, first, last, *sums = cursor.fetchone()
        return Counts(
            new=new,
            changed=changed,
            unchanged=unchanged,
            created=resolve.planned(cursor, "sheet_sales"),
            totals={name: str(sum_) for name, sum_ in zip(AMOUNTS, sums, strict=True) if sum_ is not None},
            months_from=first and month_start(first),
            months_to=last and month_start(last),
        )

    def sample(self, cursor: Any, limit: int, options: Mapping[str, Any]) -> list[dict[str, Any]]:
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
        said = self._counts(cursor).totals
        return [_sample_row(row, said) for row in rows]

    def apply(self, cursor: Any, import_id: int, options: Mapping[str, Any]) -> Counts:
        counts = self.preview(cursor, options)
        resolve.create(cursor, import_id)
        sales_write(
            import_id=import_id,
            columns=list(counts.totals) if counts.changed else [],
            correction=str(options.get("correction") or ""),
        )
        return counts

    def undo_check(self, import_id: int) -> None:
        sales_undo_check(import_id)

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


def _any_clash(cursor: Any) -> bool:
    """Whether rows of the file are about the same time. Where all cover the same kind of period, only the
    same time twice can be."""
    cursor.execute(f"SELECT count(*) < 2 FROM ({GRAINS}) grains")
    (one_grain,) = cursor.fetchone()
    if one_grain:
        cursor.execute("SELECT count(position) <> count(DISTINCT position) FROM sheet_sales")
    else:
        cursor.execute(f"SELECT EXISTS (SELECT FROM ({_CLASHING}) rows WHERE clash)")
    return bool(cursor.fetchone()[0])


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
            FROM ({_CLASHING}) rows WINDOW same AS (PARTITION BY {_KEY} ORDER BY start_date, line)
        ) neighbours
        WHERE clash OR after_clash
        """
    )


def _refuse_overlaps(cursor: Any) -> None:
    """Rows whose time facts of another period, or weeks that start on another day, cover already."""
    cursor.execute(
        f"""
        SELECT count(*) > 1 FROM (
            {GRAINS} UNION
            SELECT period, CASE WHEN period = 'W' THEN (start_date - {DAY_0}) % 7 END FROM products_salesfact
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
