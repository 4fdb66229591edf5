"""One way to search names: without capitals and accents, by trigrams.

PostgreSQL here has no ICU; ``pmtool_fold`` (an immutable wrapper made by core's first migration) is
``lower(unaccent(text))``, and an expression index on it serves both search and ``LIKE``.
"""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.indexes import OpClass
from django.db.models import BooleanField, CharField, F, Func, QuerySet, TextField, Value
from django.db.models.expressions import Combinable

WORDS = 12


class Fold(Func):
    """``pmtool_fold(text)``: lower case, no accents."""

    function = "pmtool_fold"
    output_field = TextField()


class _Joined(Func):
    """Fields with a blank between them by ``||``, which is immutable (``concat`` is not)."""

    template = "(%(expressions)s)"
    arg_joiner = " || ' ' || "
    output_field = TextField()


def folded(*fields: str) -> Combinable:
    """The fields as one searchable text."""
    return Fold(_Joined(*(F(field) for field in fields)) if len(fields) > 1 else F(fields[0]))


def searchable(*fields: str) -> OpClass:
    """The expression for a trigram index over the fields."""
    return OpClass(folded(*fields), name="gin_trgm_ops")


class Unforeseen(Func):
    """A value that the database's planner does not look into: ``(SELECT value)``.

    For a match with an indexed expression that is dear to compute. Told that nearly all rows match, the
    planner would compute it for every row; not told, it takes the index, which is quick for many rows too.
    """

    template = "(SELECT %(expressions)s)"


class Matches(Func):
    """``words @@ query``, with the index on the very expression ``words``."""

    arg_joiner = " @@ "
    template = "%(expressions)s"
    output_field = BooleanField()


class Alike(Func):
    """``text %> words``: the words are alike to a part of the text, by trigrams, with the index on the very
    expression ``text``. ``thuizorg`` is alike to ``Thuiszorg``."""

    arg_joiner = " %%> "
    template = "%(expressions)s"
    output_field = BooleanField()


class Like(Func):
    """``a LIKE b``, with the index on the very expression ``a``."""

    arg_joiner = " LIKE "
    template = "%(expressions)s"
    output_field = BooleanField()


def like_pattern(text: str) -> Func:
    """``%text%``, folded, with the wildcards in it taken literally."""
    literal = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return Fold(Value(f"%{literal}%", output_field=CharField()))


def with_words(rows: QuerySet[Any], within: Combinable, text: str) -> QuerySet[Any]:
    """The rows that hold every word of the text ``within`` a folded expression; of a long one the first."""
    for word in text.split()[:WORDS]:
        rows = rows.filter(Like(within, like_pattern(word)))
    return rows
