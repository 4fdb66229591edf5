"""Roles: named sets of rights."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _

from accounts import rights as registry
from accounts.errors import DomainError
from accounts.models import Role, User
from accounts.versions import check, row_lock, row_save

from ._guard import administrator_stays, administrators_lock, manager_require


def role_create(*, by: User, name_en: str, name_nl: str, rights: Iterable[str]) -> Role:
    """Add a role; its code follows from its English name."""
    manager_require(by)
    with transaction.atomic():
        administrators_lock()  # of two at once the second has the next free code
        role = Role(
            code=_free_code(name_en),
            name_en=name_en.strip(),
            name_nl=name_nl.strip(),
            rights=_known(rights, waiting=[]),
        )
        check(role)
        role.save()
    return role


def role_update(
    *, by: User, role: Role, version: int | None, name_en: str, name_nl: str, rights: Iterable[str]
) -> Role:
    """Change a role's names and rights; rights of rooms that do not stand yet stay as they are.

    Holds for everybody with the role from their next request on.
    """
    manager_require(by)
    with transaction.atomic():
        administrators_lock()
        current = row_lock(role)
        known = {right.code for right in registry.registered()}
        waiting = [code for code in current.rights if code not in known]
        values = {
            "name_en": name_en.strip(),
            "name_nl": name_nl.strip(),
            "rights": _known(rights, waiting=waiting),
        }
        if sorted(values["rights"]) == sorted(current.rights):
            values["rights"] = current.rights
        if "rights" in row_save(current, version=version, values=values):
            administrator_stays()
    return current


def role_delete(*, by: User, role: Role) -> None:
    """Remove a role that nobody has; shipped roles stay."""
    manager_require(by)
    with transaction.atomic():
        current = row_lock(role)
        if current.shipped:
            raise DomainError(
                "role_shipped", _("A role that came with pmtool cannot be deleted."), status=409
            )
        if current.users.exists():
            raise DomainError(
                "role_in_use", _("People still have this role. Give them another one first."), status=409
            )
        current.delete()


def _known(rights: Iterable[str], *, waiting: list[str]) -> list[str]:
    """The rights in a fixed order, refusing codes that no room registered."""
    codes = {right.code for right in registry.registered()}
    asked = set(rights) - set(waiting)
    if unknown := sorted(asked - codes):
        raise DomainError("right_unknown", _("Unknown right: %s") % ", ".join(unknown), "rights")
    return sorted(asked | set(waiting))


def _free_code(name: str) -> str:
    base = slugify(name)[:34] or "role"
    taken = set(Role.objects.filter(code__startswith=base).values_list("code", flat=True))
    number, code = 2, base
    while code in taken:
        code, number = f"{base}-{number}", number + 1
    return code
