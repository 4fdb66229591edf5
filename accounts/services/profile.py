"""What people change about themselves."""

from __future__ import annotations

from zoneinfo import available_timezones

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.errors import DomainError
from accounts.models import User
from accounts.versions import row_lock, row_save


def profile_update(
    *,
    user: User,
    version: int | None = None,
    name: str | None = None,
    language: str | None = None,
    time_zone: str | None = None,
) -> User:
    """Change one's own name, language or time zone; ``None`` leaves a field as it is."""
    given = {"name": name and name.strip(), "language": language, "time_zone": time_zone}
    values = {field: value for field, value in given.items() if value is not None}
    if time_zone is not None and time_zone not in available_timezones():
        raise DomainError("time_zone_unknown", _("This time zone does not exist."), "time_zone")
    with transaction.atomic():
        current = row_lock(user)
        row_save(current, version=version, values=values)
    return current
