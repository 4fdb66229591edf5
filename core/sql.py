"""Statements that the ORM has no words for."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import BigIntegerField, BooleanField, Func, QuerySet, Value
from django.db.models.functions import Cast

from .arrays import array_text


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


class AllAmong(Func):
    """Whether each key in an array column is one of these, as ``contained_by`` says; that compares each with
    each, this looks each up."""

    template = "NOT EXISTS (SELECT FROM unnest(%(expressions)s))"
    arg_joiner = ") AS found (key) WHERE found.key <> ALL ("
    output_field = BooleanField()

    def __init__(self, column: str, keys: Collection[int]) -> None:
        super().__init__(column, Cast(Value(array_text(keys)), ArrayField(BigIntegerField())))
