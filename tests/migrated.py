"""Migrations take four seconds of a processor: a run of several processes goes through them once."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.db import connection

KEPT = "migrated"


@contextmanager
def migrated_once() -> Iterator[bool]:
    """Whether this process's database is there already, a copy of the one that the first process made."""
    if "PYTEST_XDIST_WORKER" not in os.environ or not settings.OWNS_VAR:
        yield False
        return
    settings.VAR.mkdir(parents=True, exist_ok=True)  # nothing asked for the servers yet
    with (settings.VAR / "migrated.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        name = connection.creation._get_test_db_name()  # type: ignore[attr-defined]
        copied = _copy(KEPT, name)
        yield copied
        if not copied:
            connection.close()
            _copy(name, KEPT)


def _copy(origin: str, name: str) -> bool:
    """Whether there was something to copy."""
    with connection._nodb_cursor() as cursor:  # type: ignore[attr-defined]
        cursor.execute("SELECT FROM pg_database WHERE datname = %s", [origin])
        if found := bool(cursor.rowcount):
            cursor.execute(f'CREATE DATABASE "{name}" TEMPLATE "{origin}" STRATEGY FILE_COPY')
    return found
