"""Rows of another table as one column, to read them in the same query."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any, TypeVar

from django.db import DEFAULT_DB_ALIAS
from django.db.models import F, Field, Func, JSONField, Model
from django.db.models.expressions import RawSQL

M = TypeVar("M", bound=Model)


class _Exact(json.JSONDecoder):
    def __init__(self, **options: Any) -> None:
        super().__init__(parse_float=Decimal, **options)


class _Row(Func):
    """The row that a column is of, as one value. To name each column takes Django longer than the database
    takes to answer."""

    output_field = JSONField(decoder=_Exact)

    def as_sql(self, compiler: Any, connection: Any, *_args: Any, **_context: Any) -> tuple[str, tuple[()]]:
        (column,) = self.get_source_expressions()
        return f"to_jsonb({compiler.quote_name_unless_alias(column.alias)}.*)", ()


def row_of(model: type[Model], path: str = "") -> Func:
    """A row of the model as one value; :func:`from_row` makes it an object again. ``path`` leads to it from
    the rows that are read (``"measure__"``)."""
    # Not the key: that is read from the row that leads here.
    column = next(field for field in model._meta.concrete_fields if not field.primary_key)
    return _Row(F(f"{path}{column.attname}"))


def sql_of(model: type[Model], expression: Any) -> RawSQL:
    """An expression for rows of the model as SQL, to be kept where it is always the same: making it takes
    longer than asking it. For queries that call the model's table by its name, as those do that are no part
    of another."""
    query = model._default_manager.order_by().values(said=expression).query
    sql, parameters = query.sql_with_params()
    begin, end = "SELECT ", f' AS "said" FROM "{model._meta.db_table}"'
    if not (sql.startswith(begin) and sql.endswith(end)):
        raise ValueError(f"more than an expression for rows of {model.__name__}: {sql}")
    said = sql.removeprefix(begin).removesuffix(end)
    return RawSQL(said, parameters, query.annotations["said"].output_field)  # noqa: S611  by the ORM


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
        [_value(field, row[field.attname]) for field in fields],  # as their columns are called
    )


def _value(field: Field[Any, Any], value: Any) -> Any:
    """The numbers of JSON in a row are no decimals."""
    if isinstance(field, JSONField):
        return json.loads(json.dumps(value, default=float))
    return field.to_python(value)
