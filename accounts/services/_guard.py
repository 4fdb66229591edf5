"""Who may manage accounts, and that somebody always can."""

from __future__ import annotations

from django.db import connection
from django.utils.translation import gettext as _

from accounts.errors import DomainError
from accounts.models import User
from accounts.selectors import administrators_left
from accounts.selectors.people import MANAGE

_LOCK = 7_420_001  # any number that no other advisory lock of pmtool uses


def manager_require(by: User) -> None:
    """Refuse unless the person may manage accounts now, whatever an earlier page knew."""
    fresh = User.objects.filter(pk=by.pk, is_active=True, roles__rights__contains=[MANAGE])
    if not fresh.exists():
        raise DomainError("not_allowed", _("Only an administrator can do this."), status=403)


def administrators_lock() -> None:
    """One change of people and roles at a time: two that remove the last two administrators, or that take the
    same address or code, wait for each other."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])


def administrator_stays() -> None:
    """Refuse what was just done when nobody would be left who can manage accounts."""
    if administrators_left() == 0:
        raise DomainError(
            "last_administrator",
            _("This would leave nobody who can manage people. Give somebody else that right first."),
            status=409,
        )
