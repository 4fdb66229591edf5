"""A positioning from an empty page to approval, by two people, with the keyboard; in both languages."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from pricing.models import Positioning
from tests.factories import product_factory, user_factory

pytestmark = [pytest.mark.browser, pytest.mark.slow]
WORDS = {
    "en": {
        "empty": "No positioning yet",
        "why": "Say why, so that the next version can be better.",
        "sentence": "For home baristas, Oat milk is the milk that foams.",
        "by": "by Sanne",
    },
    "nl": {
        "empty": "Nog geen positionering",
        "why": "Zeg waarom, zodat de volgende versie beter kan.",
        "sentence": "Voor home baristas is Oat milk the milk that foams.",
        "by": "door Sanne",
    },
}


def fits(page: Any) -> bool:
    return page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]


@pytest.mark.parametrize(("language", "width"), [("en", 1440), ("nl", 390)])
def test_a_version_is_written_proposed_and_approved_by_another(
    page: Any, sign_in: Any, axe: Any, transactional_db: Any, language: str, width: int
) -> None:
    words = WORDS[language]
    author = user_factory("marketing", language=language, name="Ruud")
    product_factory(code="HVM", name="Oat milk")
    page.set_viewport_size({"width": width, "height": 900})

    sign_in(page, author)
    page.goto("/products/HVM/mix/")
    expect(page.get_by_text(words["empty"])).to_be_visible()
    axe(page)
    page.locator("section[aria-labelledby=positioning-title] a.btn-primary").click()
    texts = {"target_group": "home baristas", "category": "the milk", "why": "Baristas ask for it"}
    for name, text in texts.items():
        page.fill(f"[name={name}]", text)
    page.fill("[name=points-0-text]", "foams like whole milk")
    assert fits(page)
    axe(page)
    page.press("[name=points-0-text]", "Enter")

    # Without its benefit it cannot be proposed; the page says what is missing.
    propose = "button[value=propose]"
    page.locator(propose).press("Enter")
    expect(page.locator("main [role=alert]")).to_be_visible()
    page.locator("a[href$='/edit/']").click()
    page.fill("[name=benefit]", "that foams")
    page.locator("form button[type=submit].btn-primary").click()
    page.locator(propose).click()
    expect(page.locator("button[value=approve]")).to_have_count(0)  # marketing does not approve
    axe(page)
    version = page.url

    sign_in(page, user_factory(language=language, name="Sanne"))
    page.goto(version)
    page.locator("button[value=reject]").click()
    expect(page.get_by_text(words["why"])).to_be_visible()
    page.locator("button[value=approve]").click()
    page.goto("/products/HVM/mix/")
    card = page.locator("section[aria-labelledby=positioning-title]")
    expect(card.locator(".statement")).to_have_text(words["sentence"])
    expect(card).to_contain_text(words["by"])
    assert Positioning.objects.get().decided_by.name == "Sanne"

    # The next version starts from it; the two stand side by side.
    card.locator("a[href*='/new/?from=']").click()
    page.fill("[name=benefit]", "that foams well")
    page.locator("form button[type=submit].btn-primary").click()
    page.locator("a[href*='/compare/']").click()
    expect(page.locator("ins")).to_have_text("well")
    assert fits(page)
    axe(page)
    page.goto("/products/HVM/mix/positioning/")
    axe(page)


def test_who_may_only_look_is_offered_nothing_to_change(
    page: Any, sign_in: Any, transactional_db: Any
) -> None:
    product_factory(code="HVM", name="Oat milk")
    sign_in(page, user_factory("viewer", language="en"))
    page.goto("/products/HVM/mix/positioning/")
    expect(page.get_by_text("No positioning yet")).to_be_visible()
    expect(page.locator("main a[href$='/new/']")).to_have_count(0)
    assert page.goto("/products/HVM/mix/positioning/new/").status == 403
