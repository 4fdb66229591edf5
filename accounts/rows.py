"""Rows of another table as one column, to read them in the same query."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any, TypeVar

from django.db import DEFAULT_DB_ALIAS
from django.db.models import F, Field, JSONField, Model, TextField
from django.db.models.functions import Cast, JSONObject

M = TypeVar("M", bound=Model)


class _Exact(json.JSONDecoder):
    def __init__(self, **options: Any) -> None:
        super().__init__(parse_float=Decimal, **options)


class _Row(JSONObject):
    output_field = JSONField(decoder=_Exact)


def row_of(model: type[Model], path: str = "") -> JSONObject:
    """A row of the model as one value; :func:`from_row` makes it an object again. ``path`` leads to it from
    the rows that are read (``"measure__"``)."""
    return _Row(**{field.attname: _column(field, path) for field in model._meta.concrete_fields})


def _column(field: Field[Any, Any], path: str) -> Any:
    """JSON travels as text: its numbers are no decimals."""
    column = F(f"{path}{field.attname}")
    return Cast(column, TextField()) if isinstance(field, JSONField) else column


def unpacked(value: Any) -> Any:
    """What raw SQL gives for :func:`row_of`, or for a list of them, as a query of the ORM would give it."""
    if isinstance(value, list):
        return [unpacked(row) for row in value]
    return json.loads(value, cls=_Exact) if isinstance(value, str) else value


def from_row(model: type[M], row: dict[str, Any]) -> M:
    fields = model._meta.concrete_fields
    return model.from_db(
        DEFAULT_DB_ALIAS,
        [field.attname for field in fields],
        [_value(field, row[field.attname]) for field in fields],
    )


def _value(field: Field[Any, Any], value: Any) -> Any:
    return json.loads(value) if isinstance(field, JSONField) and value is not None else field.to_python(value)
