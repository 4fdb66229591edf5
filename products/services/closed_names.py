"""What things are called when a month is closed, kept for its reports."""

from __future__ import annotations

import datetime

from django.db import connection

from core import registries

# What is there already stays: what was called something when the month was closed is called that for good.
_CLOSINGS = """
    FROM (SELECT id FROM products_monthclosing WHERE month >= %(month)s) c CROSS JOIN ({rows}) r
    WHERE NOT EXISTS (SELECT FROM {table} k WHERE k.closing_id = c.id AND {same})
"""
_PRODUCTS = """
    SELECT p.id, p.code, p.name, p.line_id, p.unit, coalesce(m.families, '[]') AS families
    FROM products_product p LEFT JOIN (
        SELECT product_id, jsonb_agg(jsonb_build_array(start_date, family_id) ORDER BY start_date) AS families
        FROM products_familymember GROUP BY product_id
    ) m ON m.product_id = p.id
"""
# The measure that leads is the first of the line's own, else that of the nearest line above with any.
_LINES = """
    WITH RECURSIVE up AS (
        SELECT id AS line_id, id AS at_id, parent_id, 0 AS steps FROM products_productline
        UNION ALL
        SELECT up.line_id, l.id, l.parent_id, up.steps + 1
        FROM up JOIN products_productline l ON l.id = up.parent_id
    ), leads AS (
        SELECT DISTINCT ON (up.line_id) up.line_id, own.measure_id
        FROM up JOIN products_linemeasure own ON own.line_id = up.at_id
        ORDER BY up.line_id, up.steps, own.leads DESC, own.id
    )
    SELECT l.id, l.code, l.name, l.parent_id AS above,
           jsonb_build_object(
               'unit', l.unit, 'reporting_unit', l.reporting_unit,
               'measure', jsonb_build_object(
                   'id', m.id, 'code', m.code, 'kind', m.kind, 'name_en', m.name_en, 'name_nl', m.name_nl,
                   'unit_en', m.unit_en, 'unit_nl', m.unit_nl
               )
           ) AS said
    FROM products_productline l LEFT JOIN leads ON leads.line_id = l.id
    JOIN products_measure m ON m.id = leads.measure_id OR (leads.line_id IS NULL AND m.code = 'units')
"""
_PLAIN = "SELECT id, code, name, {above} AS above, '{{}}'::jsonb AS said FROM products_{table}"
_NAMES = {
    "line": _LINES,
    "family": _PLAIN.format(above="NULL::bigint", table="family"),
    "channel": _PLAIN.format(above="parent_id", table="channel"),
    "supplier": _PLAIN.format(above="NULL::bigint", table="supplier"),
}


def names_keep(month: datetime.date) -> None:
    """Keep what products and all else are called, for the closing of this month and those after it: when it
    is closed, and after a correction, which may be of something new."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            INSERT INTO products_closedproduct (closing_id, product_id, code, name, line_id, unit, families)
            SELECT c.id, r.*
            {_CLOSINGS.format(rows=_PRODUCTS, table="products_closedproduct", same="k.product_id = r.id")}
            """,
            {"month": month},
        )
        for kind, rows in (_NAMES | {each.key: each.rows for each in registries.closed_names}).items():
            same = "k.kind = %(kind)s AND k.object_id = r.id"
            cursor.execute(
                f"""
                INSERT INTO products_closedname (closing_id, kind, object_id, code, name, above, said)
                SELECT c.id, %(kind)s, r.*
                {_CLOSINGS.format(rows=rows, table="products_closedname", same=same)}
                """,
                {"month": month, "kind": kind},
            )
