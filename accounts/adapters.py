"""How sign-in by allauth behaves here: nobody registers, mail speaks the reader's language."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.http import HttpRequest
from django.utils import translation
from django.utils.translation import gettext as _
from requests import RequestException, Response, Session

from .addresses import public_url
from .errors import DomainError
from .models import User


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """No registration; an address that is unknown gets the same answer as a known one."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def format_email_subject(self, subject: str) -> str:
        return subject

    def get_reset_password_from_key_url(self, key: str) -> str:
        return public_url(urlsplit(super().get_reset_password_from_key_url(key)).path)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """In the language of the person, not of whoever's browser asked for it."""
        person = User.objects.filter(email=email.lower()).first()
        with translation.override(person.language if person else translation.get_language()):
            super().send_mail(template_prefix, email, context)

    def add_message(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        """In the language of the person, also of who signs in right now: the request came as a stranger's, in
        the browser's language."""
        person = request.user
        with translation.override(
            person.language if isinstance(person, User) else translation.get_language()
        ):
            super().add_message(request, *args, **kwargs)


class SocialAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """Single sign-on for people who were invited: by the address their provider has verified."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        return False

    def can_authenticate_by_email(self, login: Any, email: str) -> bool:
        return bool(User.objects.filter(email=email.lower(), is_active=True).exists())

    def get_requests_session(self) -> Session:
        """What talks with the provider; one that does not answer is said, not a crash."""
        session: Session = super().get_requests_session()
        ask = session.request

        def answered(*given: Any, **named: Any) -> Response:
            try:
                answer = ask(*given, **named)
            except RequestException as error:
                raise _away() from error
            if answer.status_code >= 500:
                raise _away()
            return answer

        session.request = answered  # type: ignore[method-assign]
        return session


def _away() -> DomainError:
    return DomainError(
        "single_sign_on_away",
        _("Your organisation's sign-in does not answer. Try again in a moment, or sign in with a password."),
        status=503,
    )
