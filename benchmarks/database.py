"""Each benchmark starts from the same migrated, empty database."""

from __future__ import annotations

import psycopg2
from django.conf import settings
from django.db import connections

from core.organisation import organisation_forget

_KEPT = "bench_migrated"


def keep() -> None:
    """Remember the database as it is now."""
    _all(f'CREATE DATABASE "{_KEPT}" TEMPLATE "{_name()}"')


def fresh() -> None:
    """The database as it was remembered."""
    _all(f'DROP DATABASE "{_name()}" WITH (FORCE)', f'CREATE DATABASE "{_name()}" TEMPLATE "{_KEPT}"')
    organisation_forget()


def _name() -> str:
    return settings.DATABASES["default"]["NAME"]


def _all(*commands: str) -> None:
    connections.close_all()
    told = settings.DATABASES["default"]
    connection = psycopg2.connect(host=told["HOST"], port=told["PORT"], user=told["USER"], dbname="postgres")
    connection.autocommit = True
    with connection.cursor() as cursor:
        for command in commands:
            cursor.execute(command)
    connection.close()
