"""Room that rolled-back tests leave behind, given back.

PostgreSQL keeps rows of a rolled-back transaction until a vacuum: after a test with a hundred thousand of
them every later one would read through all of these again.
"""

from __future__ import annotations

import time

from django.db import connection

GROWN = 1024 * 1024
SECONDS = 1.0
"""Less writes no hundred thousand rows; to look after each test took as long as some tests."""
_SIZES = """
    SELECT oid, pg_relation_size(oid) FROM pg_class
    WHERE relkind = 'r' AND relnamespace IN ('public'::regnamespace, 'pg_catalog'::regnamespace)
      AND NOT relisshared
"""
_left: dict[int, int] = {}
"""What each table's file was after its last vacuum."""
_looked = 0.0


def bloat_remove() -> None:
    """Vacuum the tables that grew; asks the open connection itself, whether a test may use it or not."""
    global _looked
    raw = connection.connection
    if raw is None or raw.closed or not raw.autocommit or time.monotonic() < _looked + SECONDS:
        return
    _looked = time.monotonic()
    with raw.cursor() as cursor:
        cursor.execute(_SIZES)
        grown = [table for table, size in cursor.fetchall() if size > _left.get(table, 0) + GROWN]
        if grown:
            cursor.execute("SELECT string_agg(t::regclass::text, ', ') FROM unnest(%s::oid[]) t", [grown])
            cursor.execute(f"VACUUM (SKIP_LOCKED) {cursor.fetchone()[0]}")
            cursor.execute(_SIZES)
            _left.update(cursor.fetchall())
