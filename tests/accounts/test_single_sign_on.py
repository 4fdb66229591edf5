"""Single sign-on with an OpenID Connect provider that runs beside the test: who gets in, and who does not."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from allauth.account.models import EmailAddress
from django.test import Client
from django.urls import reverse

from accounts.models import User
from tests.factories import user_factory

pytestmark = pytest.mark.django_db
BEGIN, BACK = (
    reverse(f"openid_connect_{name}", kwargs={"provider_id": "sso"}) for name in ("login", "callback")
)


class Provider(HTTPServer):
    """Knows one person, ``claims``, and hands out one code; asks for the proof of who began (PKCE)."""

    CODE, TOKEN = "a-code", "an-access-token"

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.claims: dict[str, Any] = {}
        self.challenge = ""
        self.down = False

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/realm"

    def description(self) -> dict[str, Any]:
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "userinfo_endpoint": f"{self.url}/userinfo",
            "jwks_uri": f"{self.url}/keys",
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
        }

    def tokens(self, form: dict[str, list[str]]) -> dict[str, Any] | None:
        """None: the code, the client or the proof is not the right one."""
        digest = hashlib.sha256(form.get("code_verifier", [""])[0].encode()).digest()
        proof = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        given = [form.get(name) for name in ("code", "client_id", "client_secret")]
        if given != [[self.CODE], ["pmtool"], ["a-secret"]] or proof != self.challenge:
            return None
        about = {"iss": self.url, "aud": "pmtool", "iat": time.time(), "exp": time.time() + 60}
        key = "known to provider and application only"
        return {
            "access_token": self.TOKEN,
            "token_type": "Bearer",
            "id_token": jwt.encode(about | self.claims, key, algorithm="HS256"),
        }


class _Answers(BaseHTTPRequestHandler):
    server: Provider

    def do_GET(self) -> None:
        if self.path.endswith("/.well-known/openid-configuration"):
            self._say(self.server.description())
        elif self.headers["Authorization"] == f"Bearer {Provider.TOKEN}":
            self._say(self.server.claims)
        else:
            self._say(None)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self._say(self.server.tokens(parse_qs(body)))

    def _say(self, answer: dict[str, Any] | None) -> None:
        self.send_response(503 if self.server.down else 200 if answer else 400)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(answer or {"error": "invalid_grant"}).encode())

    def log_message(self, *_given: Any) -> None:
        """Nothing on the screen."""


@pytest.fixture
def provider(settings: Any) -> Iterator[Provider]:
    server = Provider()
    app = {
        "provider_id": "sso",
        "name": "Company account",
        "client_id": "pmtool",
        "secret": "a-secret",
        "settings": {"server_url": server.url},
    }
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": [app], "OAUTH_PKCE_ENABLED": True}}
    threading.Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def sign_in(provider: Provider, client: Client, **claims: Any) -> Any:
    """The answer to coming back from the provider as the person with these claims."""
    provider.claims = {"sub": "7", "name": "Somebody", "email_verified": True} | claims
    begun = client.post(BEGIN)
    assert begun.status_code == 302, begun.content
    asked = parse_qs(urlsplit(begun.url).query)
    provider.challenge = asked["code_challenge"][0]
    assert begun.url.startswith(f"{provider.url}/authorize")
    return client.get(BACK, {"code": Provider.CODE, "state": asked["state"][0]})


def is_in(client: Client) -> bool:
    return client.get("/account/").status_code == 200


def test_it_is_offered_only_where_it_is_configured(provider: Provider, settings: Any) -> None:
    page = Client().get("/account/login/").content.decode()
    assert "Company account" in page
    assert BEGIN in page
    settings.SOCIALACCOUNT_PROVIDERS = {}
    assert BEGIN not in Client().get("/account/login/").content.decode()
    assert Client().post(BEGIN).status_code == 404


def test_who_was_invited_gets_in_by_the_address_that_is_verified(provider: Provider) -> None:
    person, client = user_factory(email="anna@example.com"), Client()
    answer = sign_in(provider, client, email="Anna@example.com")
    assert (answer.status_code, answer.url) == (302, "/")
    assert client.get("/account/").wsgi_request.user == person
    again = Client()
    sign_in(provider, again, email="anna@example.com")
    assert is_in(again)
    assert person.has_usable_password()


@pytest.mark.parametrize(
    "claims",
    [
        {"email": "stranger@example.com"},
        {"email": "anna@example.com", "email_verified": False},
        {"email": "gone@example.com"},
        {},
    ],
    ids=["not invited", "address not verified", "deactivated", "no address"],
)
def test_who_does_not_get_in(provider: Provider, claims: dict[str, Any]) -> None:
    user_factory(email="anna@example.com")
    user_factory(email="gone@example.com", is_active=False)
    people, client = User.objects.count(), Client(headers={"Accept-Language": "en"})
    answer = sign_in(provider, client, **claims)
    page = client.get(answer.url) if answer.status_code == 302 else answer
    assert "Nobody with your e-mail address has been invited" in page.content.decode()
    assert not is_in(client)
    assert (User.objects.count(), EmailAddress.objects.count()) == (people, people)


def test_an_answer_nobody_asked_for_is_refused(provider: Provider) -> None:
    user_factory(email="anna@example.com")
    client = Client()
    sign_in(provider, client, email="anna@example.com", email_verified=False)
    answer = client.get(BACK, {"code": Provider.CODE, "state": "made-up"})
    assert answer.status_code == 401
    assert not is_in(client)


def test_a_stolen_code_is_worth_nothing(provider: Provider) -> None:
    """The provider's proof of who began is that of another browser."""
    user_factory(email="anna@example.com")
    client = Client()
    provider.claims = {"sub": "7", "email": "anna@example.com", "email_verified": True}
    asked = parse_qs(urlsplit(client.post(BEGIN).url).query)
    provider.challenge = "of-another-browser"
    assert client.get(BACK, {"code": Provider.CODE, "state": asked["state"][0]}).status_code == 401
    assert not is_in(client)


@pytest.mark.parametrize("when", ["at the start", "at the end"])
def test_a_provider_that_is_away_is_said(provider: Provider, when: str) -> None:
    client = Client(headers={"Accept-Language": "en"})
    asked = parse_qs(urlsplit(client.post(BEGIN).url).query)
    provider.down = True
    state = {"code": Provider.CODE, "state": asked["state"][0]}
    answer = Client().post(BEGIN) if when == "at the start" else client.get(BACK, state)
    assert answer.status_code == 503
    provider.server_close()
    assert Client(headers={"Accept-Language": "en"}).post(BEGIN).status_code == 503


def test_a_domain_may_count_as_verified(provider: Provider, settings: Any) -> None:
    """For providers that do not say whether an address is verified."""
    user_factory(email="anna@example.com")
    app = settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"][0]
    for domains, gets_in in (["example.org"], False), (["example.com"], True):
        app["settings"]["verified_email"] = domains
        client = Client()
        sign_in(provider, client, email="anna@example.com", email_verified=None)
        assert is_in(client) is gets_in
