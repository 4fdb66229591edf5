"""What is read in the same row as who is signed in.

Every request asks who it is from, what they may do and what they are limited to. Each is a small table; read
one by one they are most of a page's queries.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from allauth.account.auth_backends import AuthenticationBackend
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef

from .models import Role, User
from .rows import from_row, row_of, unpacked


@dataclass(frozen=True)
class Reading:
    """``expression()`` is a subquery for the row of a person (``OuterRef("pk")``). It is asked for once a
    process: nothing in it may change with time. ``taken(user, value)`` puts what it found where the room
    looks for it."""

    expression: Callable[[], Any]
    taken: Callable[[User, Any], None]


_readings: dict[str, Reading] = {}


def read_with_person(name: str, reading: Reading) -> None:
    """Rooms add theirs when they start."""
    if name in _readings:
        raise ValueError(f"{name} is read with the person twice")
    _readings[name] = reading
    _statement.cache_clear()


@cache
def _statement() -> tuple[str, list[Any]]:
    """The query for one person and its parameters but the last, which is the person's key. Made once a
    process: making it takes three times as long as asking it."""
    expressions = {f"read_{name}": reading.expression() for name, reading in _readings.items()}
    somebody = -1
    rows = User.objects.filter(pk=somebody).annotate(**expressions)
    sql, (*parameters, key) = rows.query.sql_with_params()
    if key != somebody:
        raise RuntimeError("the person's key is not the last parameter")
    return sql, parameters


def person_read(pk: int) -> User | None:
    """The person with this key, with all that is read with them."""
    sql, parameters = _statement()
    for person in User.objects.raw(sql, [*parameters, pk]):
        for name, reading in _readings.items():
            reading.taken(person, unpacked(getattr(person, f"read_{name}")))
        return person
    return None


def _roles() -> ArraySubquery:
    roles = Role.objects.filter(users=OuterRef("pk")).order_by("pk")
    return ArraySubquery(roles.values_list(row_of(Role)))


def _take_roles(person: User, rows: list[dict[str, Any]]) -> None:
    person.role_list = [from_row(Role, row) for row in rows]


ROLES = Reading(_roles, _take_roles)


class SignedIn(AuthenticationBackend):  # type: ignore[misc]
    """Who is signed in, read in one query for each request."""

    def get_user(self, user_id: int) -> User | None:
        person = person_read(user_id)
        return person if person is not None and self.user_can_authenticate(person) else None
