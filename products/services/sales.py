"""Writing sales facts: what an import adds and changes, and taking it back.

Both leave the facts, the journal, the roll-ups of what was touched and the list's figures right, in one
transaction.
"""

# The SQL is put together from constants of this file; values are parameters.
# ruff: noqa: S608
from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _

from accounts.errors import DomainError
from products.models import SALES_WRITTEN, ImportedObject, SalesFact
from products.selectors.closing import open_from

from .closing import import_correction, undo_closed_refuse
from .figures import figures_refresh
from .imported import imported_undo
from .rollup import analyse_grown, rollup_touched, touched_create

AMOUNTS = ("volume", "revenue", "gross_revenue", "discounts")
_AMOUNTS = ", ".join(AMOUNTS)
_KEY = "product_id, measure_id, channel_id, start_date, period"
_TOUCHED = """SELECT product_id, measure_id, min(start_date) AS first,
                     max(start_date + CASE period WHEN 'W' THEN 6 ELSE 0 END) AS last"""
_MONTHS_WRITTEN = """
    SELECT DISTINCT to_char(day, 'YYYY-MM') FROM (
        SELECT DISTINCT start_date, period FROM sheet_sales WHERE effect <> 'U'
    ) written, unnest(ARRAY[start_date, start_date + CASE period WHEN 'W' THEN 6 ELSE 0 END]) day ORDER BY 1
"""


@transaction.atomic
def sales_write(*, import_id: int, columns: Sequence[str], correction: str = "") -> None:
    """Write the checked rows of the temporary table ``sheet_sales``.

    It has the facts' key and amounts, ``fact_id`` and ``effect``: ``N`` rows are added, of ``C`` rows the
    ``columns`` are changed and the values before go to the journal. ``sheet_sums`` has ``rows``, ``first``
    and ``last`` start date and the sums of volume and revenue per product, measure, effect and period.
    ``correction``: why rows of closed months may be among them.
    """
    with (
        connection.cursor() as cursor,
        import_correction(import_id, correction, _closed_changes(cursor, columns)),
    ):
        cursor.execute(
            f"""
            INSERT INTO products_salesfact ({_KEY}, {_AMOUNTS}, source_import_id)
            SELECT {_KEY}, {_AMOUNTS}, %s FROM sheet_sales WHERE effect = 'N'
            """,
            [import_id],
        )
        analyse_grown(cursor, "products_salesfact", cursor.rowcount)
        if columns:
            cursor.execute(
                f"""
                WITH changed AS (
                    UPDATE products_salesfact f
                    SET {", ".join(f"{name} = s.{name}" for name in columns)}, source_import_id = %(import)s
                    FROM sheet_sales s WHERE f.id = s.fact_id AND s.effect = 'C'
                    RETURNING new.product_id, new.measure_id, new.channel_id, new.start_date, new.period,
                              {", ".join(f"old.{name} AS old_{name}" for name in AMOUNTS)},
                              old.source_import_id AS old_source_import_id,
                              {", ".join(f"new.{name} AS {name}" for name in AMOUNTS)}
                )
                INSERT INTO products_salesjournal (source_import_id, {_KEY},
                    {", ".join(f"old_{name}" for name in AMOUNTS)}, old_source_import_id, {_AMOUNTS})
                SELECT %(import)s, {_KEY}, {", ".join(f"old_{name}" for name in AMOUNTS)},
                       old_source_import_id, {_AMOUNTS}
                FROM changed
                """,
                {"import": import_id},
            )
        touched_create(
            cursor,
            """SELECT product_id, measure_id, min(first) AS first,
                      max(last + CASE period WHEN 'W' THEN 6 ELSE 0 END) AS last, sum(rows) AS facts,
                      sum(volume) FILTER (WHERE effect = 'N') AS volume,
                      sum(revenue) FILTER (WHERE effect = 'N') AS revenue
               FROM sheet_sums WHERE effect <> 'U' GROUP BY 1, 2""",
            keep="facts, volume, revenue",
        )
        _note_written(cursor, import_id)
        _derive(cursor)


def _closed_changes(cursor: Any, columns: Sequence[str]) -> list[dict[str, Any]]:
    """What the rows of ``sheet_sales`` change in closed months."""
    begin = open_from()
    if begin is None:
        return []
    said = "s.revenue" if "revenue" in columns else "f.revenue"
    cursor.execute(
        f"""
        SELECT date_trunc('month', s.start_date)::date, count(*),
               sum(CASE effect WHEN 'N' THEN coalesce(s.revenue, 0)
                               ELSE coalesce({said}, 0) - coalesce(f.revenue, 0) END),
               array_agg(DISTINCT s.product_id ORDER BY s.product_id)
        FROM sheet_sales s LEFT JOIN products_salesfact f ON f.id = s.fact_id
        WHERE effect <> 'U' AND s.start_date < %s GROUP BY 1 ORDER BY 1
        """,
        [begin],
    )
    return [
        {
            "month": f"{month:%Y-%m}",
            "what": "sales",
            "rows": rows,
            "amount": f"{amount:.2f}",
            "products": products,
        }
        for month, rows, amount, products in cursor.fetchall()
    ]


def _note_written(cursor: Any, import_id: int) -> None:
    """How many facts the import wrote and their sums, for ``doctor`` to hold against the facts, and the
    months that they lie in."""
    cursor.execute(
        """
        SELECT sum(facts), sum(volume), sum(revenue)
        FROM (
            SELECT facts, volume, revenue FROM sales_touched UNION ALL
            SELECT 0, volume, revenue FROM products_salesjournal WHERE source_import_id = %s
        ) written
        """,
        [import_id],
    )
    facts, volume, revenue = cursor.fetchone()
    cursor.execute(_MONTHS_WRITTEN)
    months = [row[0] for row in cursor.fetchall()]
    ImportedObject.objects.create(
        source_import_id=import_id,
        kind=SALES_WRITTEN,
        object_id=import_id,
        after={
            "facts": int(facts or 0),
            "volume": str(volume or 0),
            "revenue": str(revenue or 0),
            "months": months,
        },
    )


def _derive(cursor: Any) -> None:
    rollup_touched(cursor)
    cursor.execute("SELECT DISTINCT product_id FROM sales_touched")
    product_ids = [row[0] for row in cursor.fetchall()]
    if product_ids:
        figures_refresh(product_ids=product_ids)


@transaction.atomic
def sales_undo(*, import_id: int) -> tuple[int, int]:
    """Put the facts back as they were before the import; how many were removed and how many restored.

    Later imports that changed facts of this one must have been undone; what it made and nobody needs any more
    goes too. ``DomainError`` when one of the facts lies in a closed month.
    """
    with connection.cursor() as cursor:
        touched_create(
            cursor,
            f"{_TOUCHED} FROM products_salesfact WHERE source_import_id = %s GROUP BY 1, 2",
            [import_id],
        )
        sales_undo_check(import_id)
        _later_check(cursor, import_id)
        cursor.execute(
            f"""
            UPDATE products_salesfact f
            SET {", ".join(f"{name} = j.old_{name}" for name in AMOUNTS)},
                source_import_id = j.old_source_import_id
            FROM products_salesjournal j
            WHERE j.source_import_id = %s AND f.source_import_id = j.source_import_id
              AND f.product_id = j.product_id AND f.measure_id = j.measure_id
              AND f.channel_id = j.channel_id AND f.start_date = j.start_date AND f.period = j.period
            """,
            [import_id],
        )
        restored = cursor.rowcount
        cursor.execute("DELETE FROM products_salesfact WHERE source_import_id = %s", [import_id])
        removed = cursor.rowcount
        _derive(cursor)
    imported_undo(import_id=import_id)
    return removed, restored


def sales_undo_check(import_id: int) -> None:
    """Refuse to undo a file of closed months."""
    begin = open_from()
    if begin is not None:
        closed = SalesFact.objects.filter(source_import=import_id, start_date__lt=begin).order_by()
        undo_closed_refuse(closed.count(), begin)


def _later_check(cursor: Any, import_id: int) -> None:
    """Facts that a later import changed say so in its journal."""
    cursor.execute(
        """
        SELECT i.id, i.file_name
        FROM products_salesjournal j JOIN exchange_import i ON i.id = j.source_import_id
        WHERE j.old_source_import_id = %s AND i.state <> 'undone' ORDER BY i.id DESC LIMIT 1
        """,
        [import_id],
    )
    later = cursor.fetchone()
    if later is not None:
        details = {"later": later[0], "file": later[1]}
        message = _("Import %(later)s (%(file)s) changed some of these figures later. Undo that one first.")
        raise DomainError("undo_newest_first", message % details, status=409, details=details)
