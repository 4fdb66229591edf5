"""Keys to the REST API."""

from __future__ import annotations

import datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.errors import DomainError
from accounts.models import ApiToken, User

LONGEST = datetime.timedelta(days=365)
MOST = 20


def token_create(*, user: User, name: str, expires: datetime.date) -> tuple[ApiToken, str]:
    """A named token and its secret, which is shown once and kept as a hash only.

    Valid until the end of ``expires``, at most a year from now. It has its owner's rights, whatever they are
    when it is used.
    """
    if not user.has_perm("accounts.api"):
        raise DomainError("not_allowed", _("Your role does not include the API."), status=403)
    if not name.strip():
        raise DomainError("name_missing", _("Give the token a name that says what uses it."), "name")
    # knox adds the time that is left to a slightly later now: a minute before midnight stays on that day.
    last_minute = datetime.time(23, 59)
    end = datetime.datetime.combine(expires, last_minute, tzinfo=timezone.get_current_timezone())
    lasts = end - timezone.now()
    if lasts <= datetime.timedelta(0):
        raise DomainError("expires_past", _("This day is over."), "expires")
    if lasts > LONGEST + datetime.timedelta(days=1):
        raise DomainError("expires_late", _("A token lasts a year at most."), "expires")
    if ApiToken.objects.filter(user=user, expiry__gt=timezone.now()).count() >= MOST:
        raise DomainError("tokens_many", _("You have %s tokens; revoke one first.") % MOST, status=409)
    token, secret = ApiToken.objects.create(user=user, expiry=lasts, name=name.strip())
    return token, secret


def token_revoke(*, by: User, token: ApiToken) -> None:
    """End a token at once: one's own, or anybody's by an administrator."""
    if token.user_id != by.pk and not by.has_perm("accounts.manage"):
        raise DomainError("not_allowed", _("This is somebody else's token."), status=403)
    token.delete()
