"""Who there is. People and roles are for administrators; names of colleagues for everybody who signed in."""

from __future__ import annotations

import datetime
from collections.abc import Mapping

from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q, QuerySet
from django.http import Http404

from accounts.models import ApiToken, Deputy, Role, User

MANAGE = "accounts.manage"


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
    direct = {row.owner_id: row.deputy for row in rows}
    found = {}
    for owner_id, deputy in direct.items():
        seen = {owner_id}
        while deputy.pk in direct and deputy.pk not in seen:
            seen.add(deputy.pk)
            deputy = direct[deputy.pk]
        if deputy.pk != owner_id:
            found[owner_id] = deputy
    return found


def owner_or_deputy(user: User, on_date: datetime.date) -> User:
    """Who receives what is for this person on that date: a deputy, or themselves."""
    return deputies_on(on_date).get(user.pk, user)
