"""Who there is. People and roles are for administrators; names of colleagues for everybody who signed in."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q, QuerySet
from django.db.models.functions import Now
from django.http import Http404

from accounts.models import ApiToken, Deputy, Role, User
from accounts.rows import from_row, row_of
from accounts.with_person import Reading

MANAGE = "accounts.manage"
TWO_DAYS = datetime.timedelta(days=2)


def _require_manage(user: User) -> None:
    if not user.has_perm(MANAGE):
        raise PermissionDenied(MANAGE)


def person_list(user: User, *, text: str = "", role: str = "", inactive: bool = False) -> QuerySet[User]:
    """The people with their roles, by name; ``text`` in name or e-mail, ``role`` a role's code."""
    _require_manage(user)
    people = User.objects.prefetch_related("roles").order_by("name", "pk")
    if not inactive:
        people = people.filter(is_active=True)
    if text:
        people = people.filter(Q(name__icontains=text) | Q(email__icontains=text))
    if role:
        people = people.filter(roles__code=role)
    return people


def person_get(user: User, pk: int) -> User:
    """One person, or 404."""
    _require_manage(user)
    person = User.objects.prefetch_related("roles").filter(pk=pk).first()
    if person is None:
        raise Http404(pk)
    return person


def role_list(user: User) -> QuerySet[Role]:
    """The roles with ``people``, the number of active people who have each."""
    _require_manage(user)
    return Role.objects.annotate(people=Count("users", filter=Q(users__is_active=True))).order_by("pk")


def role_get(user: User, code: str) -> Role:
    """One role with ``people``, or 404."""
    role = role_list(user).filter(code=code).first()
    if role is None:
        raise Http404(code)
    return role


def people_active() -> QuerySet[User]:
    """Everybody who can sign in, by name: to choose an owner, a deputy, somebody to mention."""
    return User.objects.filter(is_active=True).order_by("name", "pk")


def person_deputies(user: User, day: datetime.date) -> QuerySet[Deputy]:
    """Who is or will be deputy for this person, from that day on."""
    rows: QuerySet[Deputy] = Deputy.objects.filter(owner=user, end_date__gte=day)
    return rows.select_related("deputy").order_by("start_date")


def person_tokens(user: User) -> QuerySet[ApiToken]:
    """A person's own API tokens, newest first."""
    tokens: QuerySet[ApiToken] = ApiToken.objects.filter(user=user)
    return tokens


def administrators_left(*, without: User | None = None, role_without: Role | None = None) -> int:
    """How many active people could still manage accounts, leaving out a person or what a role gives."""
    roles = Role.objects.filter(rights__contains=[MANAGE])
    if role_without is not None:
        roles = roles.exclude(pk=role_without.pk)
    people = User.objects.filter(is_active=True, roles__in=roles)
    if without is not None:
        people = people.exclude(pk=without.pk)
    return people.distinct().count()


def deputies_on(on_date: datetime.date) -> Mapping[int, User]:
    """Owner's id → who receives what is for them on that date; deputies of deputies are followed.

    Deputies who can no longer sign in do not count.
    """
    rows = Deputy.objects.filter(
        start_date__lte=on_date, end_date__gte=on_date, deputy__is_active=True
    ).select_related("deputy")
    people = {row.deputy_id: row.deputy for row in rows}
    return {
        owner: people[deputy] for owner, deputy in _followed({r.owner_id: r.deputy_id for r in rows}).items()
    }


def stands_for(user: User, on_date: datetime.date) -> set[int]:
    """The ids of those whose affairs this person sees to on that date: their own, and of whom they are deputy
    for. No query for the person who is signed in."""
    if user.deputies_about_now is None:
        found = {owner: person.pk for owner, person in deputies_on(on_date).items()}
    else:
        rows = [row for row in user.deputies_about_now if row.start_date <= on_date <= row.end_date]
        found = _followed({row.owner_id: row.deputy_id for row in rows})
    return {user.pk} | {owner for owner, deputy in found.items() if deputy == user.pk}


def _followed(direct: Mapping[int, int]) -> dict[int, int]:
    """To the end of each chain of deputies; who would stand in for themselves has none."""
    found = {}
    for owner, first in direct.items():
        deputy, seen = first, {owner}
        while deputy in direct and deputy not in seen:
            seen.add(deputy)
            deputy = direct[deputy]
        if deputy != owner:
            found[owner] = deputy
    return found


def _about_now() -> ArraySubquery:
    """The deputies of these days: what day it is depends on the organisation's clock."""
    rows = Deputy.objects.filter(
        start_date__lte=Now() + TWO_DAYS, end_date__gte=Now() - TWO_DAYS, deputy__is_active=True
    ).order_by("start_date", "pk")
    return ArraySubquery(rows.values_list(row_of(Deputy)))


def _take_about_now(user: User, rows: list[dict[str, Any]]) -> None:
    user.deputies_about_now = [from_row(Deputy, row) for row in rows]


DEPUTIES_ABOUT_NOW = Reading(_about_now, _take_about_now)
