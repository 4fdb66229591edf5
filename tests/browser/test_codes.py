"""Whose codes a file has, what it would create, and what is alike to a word with a typing error."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from core import jobs
from exchange.models import Import
from products.models import ProductCode, SalesFact
from tests.factories import product_factory, user_factory

pytestmark = [pytest.mark.browser, pytest.mark.slow]
LANGUAGES = pytest.mark.parametrize("language", ["en", "nl"])
WORDS = {
    "en": {
        "whose": "Whose product codes are these?",
        "alike": "Nothing is exactly “thuizorg”. Alike:",
        "created": "What would be created?",
        "made": "What was created?",
    },
    "nl": {
        "whose": "Van wie zijn deze productcodes?",
        "alike": "Niets heet precies “thuizorg”. Dit lijkt erop:",
        "created": "Wat wordt er aangemaakt?",
        "made": "Wat is er aangemaakt?",
    },
}


def work() -> None:
    while (job := jobs.job_claim("short")) is not None:
        jobs.job_run(job)


def fits(page: Any) -> bool:
    return page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]


@LANGUAGES
@pytest.mark.parametrize("width", [390, 1440])
def test_a_file_is_asked_whose_codes_it_has_and_shows_what_it_creates(
    page: Any, sign_in: Any, axe: Any, transactional_db: Any, tmp_path: Path, language: str, width: int
) -> None:
    words = WORDS[language]
    tea, coffee = product_factory(code="TEA"), product_factory(code="COFFEE")
    ProductCode.objects.create(source="Jumbo", code="1001", product=tea)
    ProductCode.objects.create(source="AH", code="1001", product=coffee)
    path = tmp_path / "sales.csv"
    path.write_text("sku,channel,month,units\n1001,Web,2026-01,5\n")
    sign_in(page, user_factory("product-manager", language=language))
    page.set_viewport_size({"width": width, "height": 900})
    page.goto("/data/upload/")
    page.set_input_files("input[type=file]", path)
    page.locator("form[action='/data/upload/'] button[type=submit]").click()
    page.wait_for_url("**/data/*/")
    address = page.url
    work()
    page.goto(address)
    expect(page.locator(".problem")).to_contain_text(words["whose"])
    expect(page.locator(".problem")).to_contain_text("1001")
    axe(page)
    assert fits(page)
    page.get_by_label(words["whose"]).select_option("Jumbo")
    page.locator("input[name=create_missing]").check()
    page.locator("form[action$='/reading/'] button[type=submit]").click()
    work()
    page.goto(address)
    creates = page.locator("#creates")
    expect(creates.locator("summary")).to_have_text(words["created"])
    creates.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(creates.get_by_text("Web")).to_be_visible()
    expect(page.get_by_label(words["whose"])).to_have_value("Jumbo")
    axe(page)
    assert fits(page)
    page.locator("form[action$='/apply/'] button").click()
    work()
    page.goto(address)
    expect(page.locator("#creates summary")).to_have_text(words["made"])
    assert SalesFact.objects.get().product_id == tea.pk
    axe(page)


@LANGUAGES
def test_a_typing_error_finds_what_is_alike(
    page: Any, sign_in: Any, axe: Any, transactional_db: Any, language: str
) -> None:
    words = WORDS[language]
    product_factory(code="THZ-300", name="Thuiszorg")
    product_factory(code="SAP", name="Sinaasappelsap")
    sign_in(page, user_factory("product-manager", language=language))
    page.goto("/products/?view=all")
    page.locator("#list-search").press_sequentially("thuizorg")
    expect(page.locator("#product-rows [role=status]")).to_have_text(words["alike"])
    expect(page.locator("#product-rows tbody tr")).to_have_count(1)
    axe(page)
    page.goto("/search/?q=thuizorg")
    expect(page.get_by_role("heading", name=words["alike"])).to_be_visible()
    expect(page.get_by_role("link", name="Thuiszorg", exact=True)).to_be_visible()
    axe(page)


@LANGUAGES
def test_without_the_right_to_import_there_is_no_list(
    page: Any, sign_in: Any, transactional_db: Any, language: str
) -> None:
    row = Import.objects.create(sheet="sales", source="page", file_name="a.csv", file_size=1)
    sign_in(page, user_factory("viewer", language=language))
    assert page.goto(f"/data/{row.pk}/creations/").status == 403
