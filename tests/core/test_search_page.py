"""Searching everything: the page, and the suggestions under the box."""

from __future__ import annotations

import pytest
from django.test import Client

from core import registries
from core.registries import SearchHit, SearchSource
from tests.factories import family_factory, line_factory, product_factory, user_factory

pytestmark = pytest.mark.django_db


def browser(role: str = "product-manager", **fields: object) -> Client:
    client = Client()
    client.force_login(user_factory(role, **{"language": "en"} | fields))
    return client


def titles(client: Client, text: str) -> list[str]:
    return [hit.title for part in client.get("/search/", {"q": text}).context["found"] for hit in part.hits]


def test_products_by_code_or_part_of_the_name_whatever_accents():
    product_factory(code="J-1", name="Crème fraîche")
    assert any("Crème fraîche" in title for title in titles(browser(), "creme"))
    assert any("Crème fraîche" in title for title in titles(browser(), "j-1"))


def test_where_nothing_holds_the_text_it_shows_what_is_alike():
    line = line_factory(code="care", name="Thuiszorg en hulp")
    product_factory(code="THZ-300", name="Thuiszorg", line=line)
    product_factory(code="THZ-400", name="Thuiszorg elders")
    family_factory(code="FAM", name="Thuiszorgpakket", line=line)
    client = browser(lines=[line])
    page = client.get("/search/", {"q": "thuizorg"})
    assert [(hit.title, hit.url) for hit in page.context["found"][0].hits] == [
        ("Thuiszorg", "/products/THZ-300/"),
        ("Thuiszorg en hulp", "/products/?view=all&line=care"),
        ("Thuiszorgpakket", "/products/families/FAM/"),
    ]
    assert "Nothing is exactly “thuizorg”. Alike:" in page.content.decode()
    assert "alike: THZ-300" in client.get("/search/suggestions/", {"q": "thuizorg"}).content.decode()
    exact = client.get("/search/", {"q": "thuiszorg"})
    assert "Nothing is exactly" not in exact.content.decode()
    assert titles(client, "xyzzy") == []


def test_pages_by_their_name_in_the_language_of_the_reader():
    assert "Two-step sign-in" in titles(browser(), "two-step")
    assert "Wachtwoord" in titles(browser(language="nl"), "wachtwoord")


def test_only_pages_one_may_open():
    assert "People" in titles(browser("administrator"), "people")
    assert "People" not in titles(browser("viewer"), "people")


def test_products_out_of_sight_are_not_found():
    product_factory(name="Foreign juice")
    assert titles(browser(lines=[line_factory()]), "foreign juice") == []


@pytest.mark.parametrize("text", ["", "a", " a "])
def test_one_letter_finds_nothing_and_asks_no_source(monkeypatch, text):
    monkeypatch.setattr(registries.search_sources, "_entries", {})
    asked: list[str] = []

    def search(_user: object, text: str, _limit: int) -> list[SearchHit]:
        asked.append(text)
        return []

    registries.search_sources.register(SearchSource("all", "All", search, 1))
    client = browser()
    assert titles(client, text) == []
    assert client.get("/search/suggestions/", {"q": text}).content.strip() == b""
    assert asked == []


def test_suggestions_are_a_few_with_their_addresses():
    product_factory(code="J-1", name="Orange juice")
    for number in range(9):
        product_factory(name=f"Apple juice {number}")
    page = browser().get("/search/suggestions/", {"q": "juice"}).content.decode()
    assert page.count('role="option"') == 5
    page = browser().get("/search/suggestions/", {"q": "orange"}).content.decode()
    assert 'data-url="/products/J-1/"' in page


def test_what_was_typed_is_shown_as_text():
    page = browser().get("/search/", {"q": "<script>alert(1)</script>"}).content.decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page
