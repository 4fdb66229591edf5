"""Statements that the ORM has no words for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connection


def rows_of(statement: str, params: Sequence[Any] | Mapping[str, Any] | None = None) -> list[tuple[Any, ...]]:
    """All rows that the statement answers."""
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return cursor.fetchall()
