"""What must hold for sales and what is derived from them, for ``manage.py doctor``."""

# The SQL is put together from constants of this file.
# ruff: noqa: S608
from __future__ import annotations

from collections.abc import Iterator

from django.db import connection, transaction

from core.registries import DoctorCheck, doctor_checks
from core.sql import rows_of
from products.models import SALES_WRITTEN, ProductFigures
from products.services.figures import figures_refresh
from products.services.rollup import PRODUCT_MONTH, SALES_MONTH, rollup_recompute

_SHOWN = 10
_ENDS = "start_date + CASE period WHEN 'W' THEN 6 ELSE 0 END"


def orphans() -> Iterator[str]:
    """Facts have no foreign keys in the database: here is what those would have said."""
    parents = {"product": "products_product", "channel": "products_channel", "measure": "products_measure"}
    for table in ("products_salesfact", "products_salesmonth", "products_productmonth"):
        for name, parent in parents.items():
            if table == "products_productmonth" and name == "channel":
                continue
            found = rows_of(
                f"""SELECT {name}_id, count(*) FROM {table} f
                    WHERE NOT EXISTS (SELECT FROM {parent} p WHERE p.id = f.{name}_id)
                    GROUP BY 1 ORDER BY 1 LIMIT {_SHOWN}"""
            )
            for pk, count in found:
                yield f"{table}: {count} rows of {name} {pk}, which does not exist"


def overlaps() -> Iterator[str]:
    """No two facts of one product, channel and measure cover the same time."""
    found = rows_of(
        f"""
        SELECT product_id, channel_id, measure_id, start_date, before
        FROM (
            SELECT product_id, channel_id, measure_id, start_date,
                   max(CASE period WHEN 'M' THEN (start_date + interval '1 month')::date - 1
                                   ELSE {_ENDS} END)
                   OVER (PARTITION BY product_id, measure_id, channel_id ORDER BY start_date, period
                         ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before
            FROM products_salesfact
        ) facts
        WHERE before >= start_date LIMIT {_SHOWN}
        """
    )
    for product, channel, measure, start, before in found:
        yield (
            f"product {product}, channel {channel}, measure {measure}: "
            f"the fact of {start} starts before the one before ends ({before})"
        )


def imports_are_facts() -> Iterator[str]:
    """Every version of a fact stands in one place: as the fact, or as "before" in the journal of the applied
    import that replaced it. So an import's facts and sums can be counted."""
    found = rows_of(
        """
        WITH versions AS (
            SELECT source_import_id AS import, volume, revenue FROM products_salesfact
            WHERE source_import_id IS NOT NULL
            UNION ALL
            SELECT j.old_source_import_id, j.old_volume, j.old_revenue
            FROM products_salesjournal j
            JOIN exchange_import i ON i.id = j.source_import_id AND i.state <> 'undone'
            WHERE j.old_source_import_id IS NOT NULL
        ), facts AS (
            SELECT import, count(*) AS facts, coalesce(sum(volume), 0) AS volume,
                   coalesce(sum(revenue), 0) AS revenue
            FROM versions GROUP BY import
        ), written AS (
            SELECT w.source_import_id AS import, (w.after->>'facts')::bigint AS facts,
                   (w.after->>'volume')::numeric AS volume, (w.after->>'revenue')::numeric AS revenue
            FROM products_importedobject w
            JOIN exchange_import i ON i.id = w.source_import_id AND i.state = 'applied'
            WHERE w.kind = %s
        )
        SELECT import, coalesce(w.facts, 0), coalesce(f.facts, 0), coalesce(w.volume, 0),
               coalesce(f.volume, 0), coalesce(w.revenue, 0), coalesce(f.revenue, 0)
        FROM written w FULL JOIN facts f USING (import)
        WHERE (coalesce(w.facts, 0), coalesce(w.volume, 0), coalesce(w.revenue, 0))
           <> (coalesce(f.facts, 0), coalesce(f.volume, 0), coalesce(f.revenue, 0))
        ORDER BY import
        """,
        [SALES_WRITTEN],
    )
    for import_id, facts, found_facts, *sums in found:
        volume, found_volume, revenue, found_revenue = sums
        yield (
            f"import {import_id} wrote {facts} facts (volume {volume}, revenue {revenue}), "
            f"there are {found_facts} ({found_volume}, {found_revenue})"
        )


def rollups_are_recomputed() -> Iterator[str]:
    """The roll-ups are what the facts give."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            rollup_recompute(cursor)
        for table, names in (("salesmonth", SALES_MONTH), ("productmonth", PRODUCT_MONTH)):
            kept, anew = f"SELECT {names} FROM products_{table}", f"SELECT {names} FROM recomputed_{table}"
            found = rows_of(
                f"""
                SELECT product_id, measure_id, month
                FROM (({kept} EXCEPT ALL {anew}) UNION ALL ({anew} EXCEPT ALL {kept})) different
                GROUP BY 1, 2, 3 ORDER BY 1, 2, 3 LIMIT {_SHOWN}
                """
            )
            for product, measure, month in found:
                yield f"{table}: product {product}, measure {measure}, {month:%Y-%m} is not as its facts"
        transaction.set_rollback(True)


def figures_are_recomputed() -> Iterator[str]:
    """The list's sales figures are what the roll-ups give."""
    names = ("product_id", "data_month", "volume_12m", "revenue_12m", "growth_rate", "spark_volumes")
    with transaction.atomic():
        before = {row[0]: row for row in ProductFigures.objects.values_list(*names)}
        figures_refresh()
        after = {row[0]: row for row in ProductFigures.objects.values_list(*names)}
        transaction.set_rollback(True)
    for product_id in sorted(set(before) | set(after)):
        if before.get(product_id) != after.get(product_id):
            yield f"product {product_id}: figures in the list are not those of its months"


def register() -> None:
    doctor_checks.register(
        DoctorCheck("sales_orphans", "Sales of products, channels and measures that exist", orphans, 20),
        DoctorCheck("sales_overlaps", "No time is covered twice", overlaps, 21),
        DoctorCheck("sales_imports", "Accepted imports = facts", imports_are_facts, 22),
        DoctorCheck("sales_rollups", "Roll-ups = recomputed", rollups_are_recomputed, 23),
        DoctorCheck("sales_figures", "List figures = recomputed", figures_are_recomputed, 24),
    )
