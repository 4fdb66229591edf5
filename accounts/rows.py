"""Rows of another table as one column, to read them in the same query."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any, TypeVar

from django.db import DEFAULT_DB_ALIAS
from django.db.models import F, JSONField, Model
from django.db.models.functions import JSONObject

M = TypeVar("M", bound=Model)


class _Exact(json.JSONDecoder):
    def __init__(self, **options: Any) -> None:
        super().__init__(parse_float=Decimal, **options)


class _Row(JSONObject):
    output_field = JSONField(decoder=_Exact)


def row_of(model: type[Model]) -> JSONObject:
    """A row of the model as one value; :func:`from_row` makes it an object again."""
    return _Row(**{field.attname: F(field.attname) for field in model._meta.concrete_fields})


def from_row(model: type[M], row: dict[str, Any]) -> M:
    fields = model._meta.concrete_fields
    return model.from_db(
        DEFAULT_DB_ALIAS,
        [field.attname for field in fields],
        [field.to_python(row[field.attname]) for field in fields],
    )
