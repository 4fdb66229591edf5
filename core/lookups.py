"""Conditions on rows that Django does not offer."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db.models import BigIntegerField, BooleanField, Field, ForeignKey, Func, Lookup, Value
from django.db.models.functions import Cast

from .arrays import array_text


class AnyOf(Lookup):
    """``number__any=[…]``: as ``in``, for many whole numbers or texts. They go to the database as one array,
    where ``in`` writes, reads and plans each by itself."""

    lookup_name = "any"
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        left, params = self.process_lhs(compiler, connection)
        kind = self.lhs.output_field.rel_db_type(connection)
        said = self.rhs.value if isinstance(self.rhs, Value) else array_text(self.rhs)
        return f"{left} = ANY(%s::{kind}[])", (*params, said)


class AllAmong(Func):
    """Whether each key in an array column is one of these, as ``contained_by`` says; that compares each with
    each, this looks each up."""

    template = "NOT EXISTS (SELECT FROM unnest(%(expressions)s))"
    arg_joiner = ") AS found (key) WHERE found.key <> ALL ("
    output_field = BooleanField()

    def __init__(self, column: str, keys: Collection[int]) -> None:
        super().__init__(column, Cast(many(keys), ArrayField(BigIntegerField())))


def ordered(by: Any, descending: bool) -> Any:
    """By an expression, what has no value last."""
    return by.desc(nulls_last=True) if descending else by.asc(nulls_last=True)


def many(values: Iterable[object]) -> Value:
    """For ``any``: the values written once, where Django would look at each of a list in each condition."""
    return Value(array_text(values))


def register() -> None:
    Field.register_lookup(AnyOf)
    ForeignKey.register_lookup(AnyOf)
