"""Writers that have to take turns."""

from __future__ import annotations

from django.db import connection


def lock_until_commit(name: str) -> None:
    """Wait for whoever holds the lock of this name, and hold it until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [name])
