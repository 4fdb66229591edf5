"""Statements that the ORM has no words for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet


def rows_of(statement: str, params: Sequence[Any] | Mapping[str, Any] | None = None) -> list[tuple[Any, ...]]:
    """All rows that the statement answers."""
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return cursor.fetchall()


def sql_of(rows: QuerySet[Any]) -> str:
    """As part of a statement that has named parameters; empty where no row can be."""
    try:
        sql, params = rows.query.sql_with_params()
    except EmptyResultSet:
        return ""
    with connection.cursor() as cursor:
        return str(cursor.mogrify(sql, params).decode().replace("%", "%%"))
