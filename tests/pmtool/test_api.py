"""The REST API as a whole: its description, its tokens, and who is let in."""

from __future__ import annotations

import datetime
import re
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.validation import validate_schema

from accounts.services.tokens import token_create, token_revoke
from pmtool.api import ROUTERS
from tests.factories import product_factory, user_factory

PRODUCTS = "/api/v1/products/"


def with_token(secret: str, **headers: str) -> Client:
    return Client(headers={"Authorization": f"Token {secret}", **headers})


def tomorrow() -> datetime.date:
    return timezone.localdate() + datetime.timedelta(days=1)


def test_the_description_is_valid_and_without_a_warning(tmp_path: Any) -> None:
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(tmp_path / "schema.yml"))


def test_every_endpoint_of_every_room_is_described() -> None:
    schema = SchemaGenerator().get_schema(request=None, public=True)
    validate_schema(schema)
    first = {path.removeprefix("/api/v1/").split("/")[0] for path in schema["paths"]}
    assert first >= {
        *("products", "lines", "channels", "families", "measures", "sales", "budgets"),
        *("imports", "forecasts", "stages", "runs"),
    }
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            assert operation["description"], f"{method} {path} says nothing"


@pytest.mark.django_db
def test_a_token_speaks_for_its_owner_until_it_is_revoked() -> None:
    product = product_factory()
    user = user_factory()
    token, secret = token_create(user=user, name="sheet", expires=tomorrow())
    answer = with_token(secret).get(PRODUCTS)
    assert [row["code"] for row in answer.json()["results"]] == [product.code]
    token.refresh_from_db()
    assert token.last_used_at is not None
    changed = with_token(secret).patch(
        f"{PRODUCTS}{product.code}/", {"version": 1, "name": "By token"}, content_type="application/json"
    )
    assert (changed.status_code, changed.json()["name"]) == (200, "By token")
    token_revoke(by=user, token=token)
    assert with_token(secret).get(PRODUCTS).status_code == 401


@pytest.mark.django_db
def test_a_token_made_on_the_account_page_works_and_ends_there() -> None:
    user = user_factory()
    browser = Client()
    browser.force_login(user)
    page = browser.post("/account/tokens/", {"name": "sheet", "expires": tomorrow().isoformat()})
    secret = re.search(r"pmt_[A-Za-z0-9]+", page.content.decode()).group()
    assert with_token(secret).get(PRODUCTS).status_code == 200
    browser.post(f"/account/tokens/{user.auth_token_set.get().digest}/revoke/")
    assert with_token(secret).get(PRODUCTS).status_code == 401


@pytest.mark.django_db
@pytest.mark.parametrize("change", [{"is_active": False}, {"roles": []}])
def test_who_may_no_longer_is_refused_at_once(change: dict[str, Any]) -> None:
    user = user_factory()
    _, secret = token_create(user=user, name="sheet", expires=tomorrow())
    assert with_token(secret).get(PRODUCTS).status_code == 200
    if "roles" in change:
        user.roles.clear()
    else:
        type(user).objects.filter(pk=user.pk).update(**change)
    assert with_token(secret).get(PRODUCTS).status_code in {401, 403}


@pytest.mark.django_db
@pytest.mark.parametrize("secret", ["", "pmt_", "pmt_" + "0" * 60, "x y"])
def test_nobodys_token_is_nobody(secret: str) -> None:
    answer = with_token(secret).get(PRODUCTS)
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Token")


@pytest.mark.django_db
def test_a_browser_may_use_the_api_but_not_for_another_site() -> None:
    user = user_factory()
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(user)
    assert browser.get(PRODUCTS).status_code == 200
    assert browser.post(PRODUCTS, {}, content_type="application/json").status_code == 403


@pytest.mark.django_db
def test_answers_come_in_the_persons_language() -> None:
    for language, words in (("nl", "vereist"), ("en", "required")):
        user = user_factory(language=language)
        _, secret = token_create(user=user, name="sheet", expires=tomorrow())
        refused = with_token(secret, **{"Accept-Language": "fr"}).post(
            PRODUCTS, {}, content_type="application/json"
        )
        assert words in refused.json()["name"][0], language


@pytest.mark.django_db
def test_the_page_about_the_api_and_its_description_are_there() -> None:
    browser = Client()
    assert browser.get("/api/schema/").status_code == 401
    browser.force_login(user_factory())
    assert browser.get("/api/").status_code == 200
    schema = browser.get("/api/schema/", headers={"Accept": "application/vnd.oai.openapi+json"})
    assert "/api/v1/products/" in schema.content.decode()


def test_the_guide_names_every_address() -> None:
    guide = (Path(__file__).parents[2] / "docs" / "api.md").read_text()
    addresses = [re.sub(r"<.*?>", "<code>", prefix) for router in ROUTERS for prefix, *_ in router.registry]
    names = [{address, address.replace("products/<code>/", "…/")} for address in addresses]
    assert [name for name in names if not any(f"`{said}/" in guide for said in name)] == []
