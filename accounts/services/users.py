"""Inviting, changing and deactivating people."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from allauth.account.models import EmailAddress
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.errors import DomainError
from accounts.models import ApiToken, Role, User
from accounts.selectors.people import MANAGE
from accounts.versions import check, row_lock, row_save, version_check

from ._guard import administrator_stays, administrators_lock, manager_require
from .invitations import Invited, Link, invitation_send, invitation_token


def user_invite(
    *, by: User, email: str, name: str, roles: Iterable[Role], language: str, link: Link
) -> Invited:
    """Create a person with a verified address and no password yet, and mail the link to choose one.

    ``link`` turns the token into an address. The mail is in the invited person's language, and is recorded
    with the person: a mail server that is away delays it and nothing else.
    """
    manager_require(by)
    address = _address(email)
    with transaction.atomic():
        administrators_lock()  # of two at once the second finds the address taken
        _address_free(address)
        user = User(email=address, name=name.strip(), language=language, invited_by=by)
        user.time_zone = by.time_zone
        user.set_unusable_password()
        check(user)
        user.save()
        user.roles.set(roles)
        # Without a verified address the second factor could not be switched on.
        EmailAddress.objects.create(user=user, email=address, verified=True, primary=True)
        return invitation_send(user=user, by=by, link=link)


@transaction.atomic
def administrator_invite(*, email: str, name: str, language: str, link: Link) -> Invited:
    """For who runs pmtool, from the shell: a person with all rights over accounts, and the link by which they
    choose a password. For an invited person without a password yet: a new link. Nothing is mailed."""
    address = _address(email)
    user = User.objects.select_for_update().filter(email=address).first()
    if user is None:
        _address_free(address)
        user = User(email=address, name=name.strip(), language=language)
        user.set_unusable_password()
        check(user)
        user.save()
        EmailAddress.objects.create(user=user, email=address, verified=True, primary=True)
    elif user.has_usable_password() or not user.is_active:
        raise DomainError(
            "email_taken", _("There is already a person with this e-mail."), "email", status=409
        )
    else:
        user.set_unusable_password()  # an earlier link ends
        user.save(update_fields=["password"])
    user.roles.add(*Role.objects.filter(rights__contains=[MANAGE]))
    return Invited(user, link(invitation_token(user)))


def user_update(
    *, by: User, user: User, version: int | None, name: str, email: str, language: str, roles: Iterable[Role]
) -> User:
    """Change a person's name, address, language and roles; what does not change is not written.

    New roles hold from the person's next request on, for pages and API alike.
    """
    manager_require(by)
    address, wanted = _address(email), {role.pk: role for role in roles}
    with transaction.atomic():
        administrators_lock()
        current = row_lock(user)
        had = {role.pk: role for role in current.roles.all()}
        values: dict[str, Any] = {"name": name.strip(), "email": address, "language": language}
        differs = {field: (value, getattr(current, field)) for field, value in values.items()}
        differs["roles"] = (_names(wanted), _names(had))
        differs = {field: both for field, both in differs.items() if both[0] != both[1]}
        if differs:
            version_check(current.version, version, differs)
        if address != current.email:
            _address_free(address)
        changed = row_save(current, version=None, values=values)
        if had.keys() != wanted.keys():
            current.roles.set(wanted.values())
            if not changed:
                current.version += 1
                current.save(update_fields=["version"])
            administrator_stays()
        if "email" in changed:
            EmailAddress.objects.filter(user=current).delete()
            EmailAddress.objects.create(user=current, email=address, verified=True, primary=True)
    return current


def user_deactivate(*, by: User, user: User) -> User:
    """Shut a person out at once: no sign-in, sessions ended, API tokens revoked. History keeps the name."""
    manager_require(by)
    if by.pk == user.pk:
        raise DomainError("own_account", _("You cannot deactivate yourself."), status=409)
    with transaction.atomic():
        administrators_lock()
        current = row_lock(user)
        if not current.is_active:
            return current
        current.is_active = False
        current.version += 1
        # Sessions carry a hash of the password: without it none of them is valid any more, not even when the
        # person comes back.
        current.set_unusable_password()
        current.save(update_fields=["is_active", "password", "version"])
        ApiToken.objects.filter(user=current).delete()
        administrator_stays()
    return current


def user_reactivate(*, by: User, user: User, link: Link) -> Invited | None:
    """Let a person in again; they choose a new password by a new link. ``None`` where they are in already."""
    manager_require(by)
    with transaction.atomic():
        current = row_lock(user)
        if current.is_active:
            return None
        current.is_active = True
        current.version += 1
        current.save(update_fields=["is_active", "version"])
        return invitation_send(user=current, by=by, link=link)


def _address(email: str) -> str:
    address = email.strip().lower()
    try:
        validate_email(address)
    except ValidationError as error:
        raise DomainError("invalid", error.messages[0], "email") from None
    return address


def _address_free(address: str) -> None:
    if User.objects.filter(email=address).exists() or EmailAddress.objects.filter(email=address).exists():
        raise DomainError(
            "email_taken", _("There is already a person with this e-mail."), "email", status=409
        )


def _names(roles: dict[int, Role]) -> str:
    return ", ".join(str(role) for _pk, role in sorted(roles.items()))
