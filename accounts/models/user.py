from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

import pghistory
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.core.management.base import CommandError
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from .access import Deputy, Role

LANGUAGES = [("nl", "Nederlands"), ("en", "English")]


class UserManager(BaseUserManager["User"]):
    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email=(username or "").lower())

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save()
        return user

    def create_superuser(self, **_fields: Any) -> NoReturn:
        """Django's command: nobody gets in by a password that somebody else chose."""
        raise CommandError('pmtool has no superusers: manage.py invite_administrator E-MAIL "NAME"')


@pghistory.track(exclude=["password", "last_login"])
class User(AbstractBaseUser):
    """A person who signs in. The e-mail is the name; nobody registers, an administrator invites.

    ``version`` rises with every edit by a person and guards against lost updates.
    """

    email = models.EmailField(_("e-mail"), max_length=254, unique=True)
    name = models.CharField(_("name"), max_length=120)
    language = models.CharField(_("language"), max_length=2, choices=LANGUAGES, default="nl")
    time_zone = models.CharField(_("time zone"), max_length=64, default="Europe/Amsterdam")
    is_active = models.BooleanField(_("active"), default=True)
    roles = models.ManyToManyField("accounts.Role", verbose_name=_("roles"), related_name="users", blank=True)
    invited_by = models.ForeignKey(
        "self", models.PROTECT, verbose_name=_("invited by"), null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    version = models.PositiveIntegerField(default=1)

    # Read with who is signed in: see ``accounts.with_person``.
    deputies_about_now: list[Deputy] | None = None

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    class Meta:
        verbose_name = _("user")
        ordering = ["name", "pk"]
        constraints = [
            models.CheckConstraint(condition=Q(email=Lower(F("email"))), name="user_email_lower_case"),
            models.CheckConstraint(condition=Q(language__in=["nl", "en"]), name="user_language_known"),
            models.CheckConstraint(condition=~Q(name=""), name="user_name_filled"),
        ]

    def __str__(self) -> str:
        return self.name

    def get_full_name(self) -> str:
        return self.name

    @property
    def initials(self) -> str:
        words = self.name.split()
        return "".join(word[0] for word in ([words[0], words[-1]] if len(words) > 1 else words)).upper()

    @cached_property
    def role_list(self) -> list[Role]:
        """The roles, read once a request: the person is read anew for each."""
        return list(self.roles.all())

    @cached_property
    def rights(self) -> frozenset[str]:
        """The codes of all rights of all roles; none for who may not sign in."""
        if not self.is_active:
            return frozenset()
        return frozenset(code for role in self.role_list for code in role.rights)

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        return perm in self.rights

    def has_perms(self, perms: list[str], obj: Any = None) -> bool:
        return all(self.has_perm(perm) for perm in perms)

    def has_module_perms(self, app_label: str) -> bool:
        return any(code.startswith(f"{app_label}.") for code in self.rights)


@pghistory.track()
class UserRole(User.roles.through):  # type: ignore[name-defined,misc]
    """That a person has a role; a proxy so that giving and taking roles is in the history too."""

    class Meta:
        proxy = True
