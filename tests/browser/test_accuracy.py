"""How good forecasts were, in both languages: filters in the address, what a person sees of others, and who
may not look."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.factories import channel_factory, line_factory, organisation_factory, user_factory
from tests.forecasting.test_accuracy_pages import changed, summed

PHONE = {"width": 390, "height": 844}
WORDS = {
    "en": {
        "tab": "Accuracy",
        "people": "Where do people help, and where not?",
        "helps": "helps",
        "worse": "makes it worse",
        "reason": "Campaign",
        "others": "Competitor",
        "lag": "How far ahead",
        "ahead": "3 months ahead",
        "nothing": "Nothing to compare yet",
    },
    "nl": {
        "tab": "Nauwkeurigheid",
        "people": "Waar helpen mensen, en waar niet?",
        "helps": "helpt",
        "worse": "maakt het slechter",
        "reason": "Campagne",
        "others": "Concurrent",
        "lag": "Hoe ver vooruit",
        "ahead": "3 maanden vooruit",
        "nothing": "Nog niets te vergelijken",
    },
}


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.parametrize("language", ["nl", "en"])
def test_how_good_it_was(page: Any, sign_in: Any, axe: Any, transactional_db: Any, language: str) -> None:
    words = WORDS[language]
    me = user_factory("product-manager", language=language)
    other = user_factory(name="Otto Other")
    lines = [line_factory(code=f"line-{name}", name=name, unit="pak") for name in ("Sappen", "Thee")]
    changed(lines[0], me, reason="campaign")
    changed(lines[0], me, reason="price", after=140.0)
    changed(lines[1], other, reason="competitor")
    summed()
    sign_in(page, me)
    page.goto("/forecasting/")
    page.get_by_role("link", name=words["tab"], exact=True).click()
    expect(page.locator(".chart svg").first).to_be_visible()
    people = page.locator("section", has=page.get_by_role("heading", name=words["people"]))
    expect(people.get_by_text(re.compile(rf"{words['helps']}\s*$")).first).to_be_visible()
    expect(people.get_by_text(words["worse"]).first).to_be_visible()
    expect(people.get_by_text(words["reason"])).to_be_visible()
    expect(people.get_by_text(words["others"])).to_have_count(0)
    axe(page)

    # What is chosen stands in the address; the list sorts there too.
    page.locator("select[name=line]").select_option("line-Thee")
    page.wait_for_url(re.compile("line=line-Thee"))
    expect(page.locator("#accuracy-worst tbody tr")).to_have_count(1)
    page.goto("/forecasting/accuracy/")
    page.locator("#accuracy-worst").get_by_role("link", name="WAPE").click()
    page.wait_for_url(re.compile("sort=-wape"))
    page.get_by_label(words["lag"], exact=True).select_option(label=words["ahead"])
    page.wait_for_url(re.compile("lag=3"))

    page.set_viewport_size(PHONE)
    page.goto("/forecasting/accuracy/")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]

    organisation_factory(show_everyones_accuracy=True)
    page.reload()
    expect(people.get_by_text(words["others"])).to_be_visible()
    expect(people.get_by_text("Otto Other")).to_be_visible()


@pytest.mark.browser
@pytest.mark.slow
def test_who_may_not_look(page: Any, sign_in: Any, transactional_db: Any) -> None:
    changed(line_factory(name="Secret"), user_factory())
    summed()
    sign_in(page, user_factory(language="en", channels=[channel_factory()]))
    page.goto("/forecasting/accuracy/")
    expect(page.get_by_text(WORDS["en"]["nothing"])).to_be_visible()
    expect(page.get_by_text("Secret")).to_have_count(0)
    sign_in(page, user_factory(language="en", rights=["products.view"]))
    answer = page.goto("/forecasting/accuracy/")
    assert answer.status == 403
