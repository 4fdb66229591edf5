"""Django's PostgreSQL, which finds or starts the embedded servers at the first connection."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db.backends.postgresql import base
from psycopg2 import OperationalError


class DatabaseWrapper(base.DatabaseWrapper):
    """So every command, worker and test has its servers, and a command that needs no database starts none."""

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        for server in settings.EMBEDDED_SERVERS:
            server.hold()
        try:
            return super().get_new_connection(conn_params)
        except OperationalError:
            if not settings.EMBEDDED_SERVERS:
                raise
            start_embedded_servers()
            return super().get_new_connection(conn_params)


def start_embedded_servers() -> None:
    """Hold the servers that settings name until this process ends, starting those that do not run."""
    for server in settings.EMBEDDED_SERVERS:
        server.start()
