"""Conditions on rows that Django does not offer."""

from __future__ import annotations

from typing import Any

from django.db.models import Field, ForeignKey, Lookup


class AnyOf(Lookup):
    """``number__any=[…]``: as ``in``, for many whole numbers. They go to the database as one array, where
    ``in`` writes, reads and plans each by itself."""

    lookup_name = "any"
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        left, params = self.process_lhs(compiler, connection)
        return f"{left} = ANY(%s::bigint[])", (*params, list(self.rhs))


def register() -> None:
    Field.register_lookup(AnyOf)
    ForeignKey.register_lookup(AnyOf)
