"""The demo company of October 2026, after one night: loaded once, and every test gets a copy of its own."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from unittest import mock

from django.core.cache import cache
from django.core.management import call_command
from django.db import connection
from django.test import override_settings

from core.organisation import organisation_forget


@contextmanager
def database_of(origin: str, name: str) -> Iterator[None]:
    """Connections go to ``name``, a copy of ``origin`` that goes at the end."""
    own = connection.settings_dict["NAME"]
    connection.close()
    with connection._nodb_cursor() as cursor:  # type: ignore[attr-defined]
        # Idle ones of the live server's threads; they connect anew.
        cursor.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [origin])
        cursor.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        cursor.execute(f'CREATE DATABASE "{name}" TEMPLATE "{origin}" STRATEGY FILE_COPY')
    connection.settings_dict["NAME"] = name
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = own
        with connection._nodb_cursor() as cursor:  # type: ignore[attr-defined]
            cursor.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@contextmanager
def november() -> Iterator[None]:
    """It is a day of the month after the last one that the company has sales of."""
    day = datetime.datetime(2026, 11, 24, 9, tzinfo=datetime.UTC)
    with mock.patch("core.organisation.local_now", return_value=day):
        yield


def demo_load(files: Path) -> str:
    """What the command says."""
    cache.clear()
    organisation_forget()
    said = StringIO()
    with override_settings(MEDIA_ROOT=files), november():
        call_command("demo", "--until", "2026-10", "--nights", "1", stdout=said)
    return said.getvalue()
