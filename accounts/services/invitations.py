"""The link by which an invited person chooses a password: seven days, once.

The token is signed and names the person and a hash of their present password, so it ends by itself once a
password is chosen, a newer link is made or the person is deactivated. It is stored only in the mail, until
that is sent.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core import signing
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext as _

from accounts.errors import DomainError
from accounts.models import User
from accounts.versions import row_lock

from ._guard import manager_require

VALID = datetime.timedelta(days=7)
_SALT = "accounts.invitation"
Link = Callable[[str], str]


@dataclass(frozen=True)
class Invited:
    """The person and the link by which they choose a password; shown once, as mail may not arrive."""

    user: User
    link: str


def _stamp(user: User) -> str:
    return salted_hmac(_SALT, f"{user.password}{user.email}{user.is_active}", algorithm="sha256").hexdigest()


def invitation_token(user: User) -> str:
    """A token for the person as they are now."""
    return signing.dumps({"user": user.pk, "stamp": _stamp(user)}, salt=_SALT)


def invitation_person(token: str) -> User:
    """Whom the token invites; refused when it is not ours, used, replaced or older than seven days."""
    refusal = DomainError(
        "invitation_invalid",
        _("This link was used already or is no longer valid. Ask an administrator for a new one."),
        status=404,
    )
    try:
        said = signing.loads(token, salt=_SALT, max_age=VALID)
    except signing.BadSignature:
        raise refusal from None
    user = User.objects.filter(pk=said["user"], is_active=True).first()
    if user is None or not constant_time_compare(said["stamp"], _stamp(user)):
        raise refusal
    return user


def invitation_accept(*, token: str, password: str) -> User:
    """Set the invited person's password; the link ends with it."""
    with transaction.atomic():
        user = row_lock(invitation_person(token))
        invitation_person(token)  # again under the lock: two at once, one wins
        try:
            validate_password(password, user)
        except ValidationError as error:
            raise DomainError("password_weak", " ".join(error.messages), "password") from None
        user.set_password(password)
        user.save(update_fields=["password"])
    return user


def invitation_link_renew(*, by: User, user: User, link: Link) -> Invited:
    """A new link for a person who never chose a password; the earlier one ends."""
    manager_require(by)
    with transaction.atomic():
        current = row_lock(user)
        if not current.is_active or current.has_usable_password():
            raise DomainError(
                "not_waiting",
                _("This person has a password; they can ask for a new one themselves."),
                status=409,
            )
        current.set_unusable_password()
        current.save(update_fields=["password"])
        return invitation_send(user=current, by=by, link=link)


def invitation_send(*, user: User, by: User, link: Link) -> Invited:
    """Mail the link in the person's language, as part of the caller's transaction."""
    url = link(invitation_token(user))
    with translation.override(user.language):
        context = {"user": user, "by": by, "url": url, "days": VALID.days}
        subject = " ".join(render_to_string("accounts/email/invitation_subject.txt", context).split())
        body = render_to_string("accounts/email/invitation.txt", context)
        EmailMessage(subject, body, settings.DEFAULT_FROM_EMAIL, [user.email]).send()
    return Invited(user, url)
