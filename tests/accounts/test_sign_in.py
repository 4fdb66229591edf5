"""Signing in: limits, what it tells, how long it lasts, the second step."""

from __future__ import annotations

import re

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.conf import settings
from django.core import mail
from django.test import Client

from accounts import services
from accounts.models import Role
from tests.factories import PASSWORD, user_factory

pytestmark = pytest.mark.django_db
LOGIN, RESET, CHANGE = "/account/login/", "/account/password/reset/", "/account/password/change/"
NEW_PASSWORD = "three quiet yellow boats"


def sign_in(email: str, password: str = PASSWORD, **headers: str):
    """The answer to one attempt in a browser of its own; (client, answer)."""
    client = Client(headers=headers)
    return client, client.post(LOGIN, {"login": email, "password": password})


def is_in(client: Client) -> bool:
    return client.get("/account/").status_code == 200


def text(answer) -> str:
    """A page without what differs at every request, and without the address that was typed."""
    page = re.sub(r'(name="csrf-?[^>]*|value="[^"]*")', "", answer.content.decode())
    return re.sub(r"\S+@example\.com", "ADDRESS", page)


@pytest.mark.parametrize(
    ("language", "accepted", "welcome"),
    [("nl", "en", "Je bent nu ingelogd als Person"), ("en", "nl", "Successfully signed in as Person")],
)
def test_who_signs_in_is_welcomed_in_their_own_language(language, accepted, welcome):
    person = user_factory(language=language, name="Person")
    headers = {"Accept-Language": accepted}
    client = Client(headers=headers)
    assert f'<html lang="{accepted}"' in client.get(LOGIN).content.decode()
    page = client.post(LOGIN, {"login": person.email, "password": PASSWORD}, follow=True).content.decode()
    assert f'<html lang="{language}"' in page
    assert welcome in page


class TestSession:
    def test_its_key_is_another_after_sign_in(self):
        client = Client()
        client.get(LOGIN)
        client.post("/language/", {"language": "en"})
        session = client.session
        session["before"] = "1"
        session.save()
        client.cookies[settings.SESSION_COOKIE_NAME] = session.session_key
        client.post(LOGIN, {"login": user_factory().email, "password": PASSWORD})
        assert is_in(client)
        assert client.cookies[settings.SESSION_COOKIE_NAME].value != session.session_key

    def test_changing_the_password_ends_the_others_and_keeps_this_one(self):
        person = user_factory()
        here, _answer = sign_in(person.email)
        there, _answer = sign_in(person.email)
        assert is_in(here)
        assert is_in(there)
        here.post(CHANGE, {"oldpassword": PASSWORD, "password1": NEW_PASSWORD, "password2": NEW_PASSWORD})
        person.refresh_from_db()
        assert person.check_password(NEW_PASSWORD)
        assert is_in(here)
        assert not is_in(there)

    def test_resetting_it_by_mail_ends_all(self):
        person = user_factory()
        there, _answer = sign_in(person.email)
        client = Client()
        client.post(RESET, {"email": person.email})
        path = re.search(r"https?://[^/]+(/account/password/reset/key/\S+)", mail.outbox[-1].body)[1]
        form = client.get(path).url
        client.post(form, {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD})
        person.refresh_from_db()
        assert person.check_password(NEW_PASSWORD)
        assert not is_in(there)

    def test_its_link_is_of_the_public_address_whatever_name_was_asked_by(self, settings):
        settings.ALLOWED_HOSTS, settings.PUBLIC_ADDRESS = ["*"], "https://pm.example.org"
        client = Client(headers={"host": "evil.example"})
        client.post(RESET, {"email": user_factory().email})
        assert "https://pm.example.org/account/password/reset/key/" in mail.outbox[-1].body
        assert "evil.example/account" not in mail.outbox[-1].body


class TestLimits:
    def test_by_person_whoever_asks(self):
        person = user_factory()
        for _number in range(4):
            sign_in(person.email, "wrong")
        client, _answer = sign_in(person.email)
        assert is_in(client)
        sign_in(person.email, "wrong")
        client, _answer = sign_in(person.email)
        assert not is_in(client)
        other, _answer = sign_in(user_factory().email)
        assert is_in(other)

    def test_also_while_valkey_is_away(self, valkey_away):
        self.test_by_person_whoever_asks()

    def test_by_address_whoever_is_asked_for(self):
        for _number in range(10):
            sign_in(user_factory().email, "wrong")
        client, _answer = sign_in(user_factory().email)
        assert not is_in(client)

    def test_a_forged_forwarding_header_changes_nothing(self):
        """With another forged address each time it is still one address."""
        for number in range(10):
            sign_in(user_factory().email, "wrong", X_Forwarded_For=f"10.0.0.{number}")
        client, _answer = sign_in(user_factory().email, X_Forwarded_For="10.9.9.9")
        assert not is_in(client)

    def test_behind_a_proxy_the_last_hop_counts(self, settings):
        settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
        for number in range(10):
            sign_in(user_factory().email, "wrong", X_Forwarded_For=f"10.0.0.{number}, 192.0.2.1")
        blocked, _answer = sign_in(user_factory().email, X_Forwarded_For="10.9.9.9, 192.0.2.1")
        free, _answer = sign_in(user_factory().email, X_Forwarded_For="192.0.2.1, 192.0.2.2")
        assert not is_in(blocked)
        assert is_in(free)


class TestTellsNothing:
    def test_a_wrong_password_and_an_unknown_address_read_the_same(self):
        known, unknown = user_factory().email, "nobody@example.com"
        answers = [sign_in(email, "wrong")[1] for email in (known, unknown)]
        assert [answer.status_code for answer in answers] == [200, 200]
        assert text(answers[0]) == text(answers[1])

    def test_so_does_one_who_was_deactivated(self):
        person = user_factory()
        services.user_deactivate(by=user_factory("administrator"), user=person)
        answers = [sign_in(email)[1] for email in (person.email, "nobody@example.com")]
        assert answers[0].status_code == answers[1].status_code
        assert text(answers[0]) == text(answers[1])

    def test_asking_for_a_new_password_reads_the_same(self, settings):
        settings.EMAIL_BACKEND = "core.mail.JobBackend"
        answers = [
            Client().post(RESET, {"email": email}, follow=True)
            for email in (user_factory().email, "nobody@example.com")
        ]
        assert [answer.status_code for answer in answers] == [200, 200]
        assert answers[0].redirect_chain == answers[1].redirect_chain
        assert text(answers[0]) == text(answers[1])

    def test_nobody_registers(self):
        answer = Client(headers={"Accept-Language": "en"}).post(
            "/account/signup/",
            {"email": "new@example.com", "password1": NEW_PASSWORD, "password2": NEW_PASSWORD},
        )
        assert "has been invited" in answer.content.decode()
        assert not type(user_factory()).objects.filter(email="new@example.com").exists()

    def test_mail_speaks_the_persons_language(self):
        for language, word in (("nl", "wachtwoord"), ("en", "password")):
            person = user_factory(language=language)
            Client(headers={"Accept-Language": "en" if language == "nl" else "nl"}).post(
                RESET, {"email": person.email}
            )
            assert word in mail.outbox[-1].body


def test_an_invited_person_can_switch_on_the_second_step():
    invited = services.user_invite(
        by=user_factory("administrator"),
        email="kees@example.com",
        name="Kees",
        language="en",
        roles=Role.objects.filter(code="viewer"),
        link=lambda token: f"/account/invitation/{token}/",
    )
    Client().post(invited.link, {"password": NEW_PASSWORD, "again": NEW_PASSWORD})
    client, _answer = sign_in("kees@example.com", NEW_PASSWORD)
    assert client.get("/account/2fa/totp/activate/").url.startswith("/account/reauthenticate/")
    client.post("/account/reauthenticate/", {"password": NEW_PASSWORD})
    page = client.get("/account/2fa/totp/activate/")
    secret = page.context["form"].secret
    client.post("/account/2fa/totp/activate/", {"code": code(secret)})
    assert client.get("/account/2fa/").context["authenticators"]

    again, answer = sign_in("kees@example.com", NEW_PASSWORD)
    assert answer.url.startswith("/account/2fa/authenticate/")
    assert not is_in(again)
    again.post("/account/2fa/authenticate/", {"code": "000000"})
    assert not is_in(again)


def code(secret: str) -> str:
    """The six digits an authenticator app shows now."""
    return format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time()))))


def test_a_form_that_was_open_too_long_says_so():
    client = Client(enforce_csrf_checks=True)
    answer = client.post(
        LOGIN, {"login": "a@example.com", "password": "x"}, headers={"Accept-Language": "en"}
    )
    assert answer.status_code == 403
    assert "open too long" in answer.content.decode()
