"""A report from a click on a product to a frozen page that others read, narrow and wide, in two languages."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from playwright.sync_api import expect

from core.months import month_add, month_start
from core.organisation import today
from tests.factories import product_factory, user_factory
from tests.pricing.test_margins import sell

from .test_costs import fits

pytestmark = [pytest.mark.browser, pytest.mark.slow]
WORDS = {
    "en": {"as": "As report", "save": "Save", "publish": "Publish", "figure": "12,012", "words": "Own words"},
    "nl": {
        "as": "Als rapport",
        "save": "Opslaan",
        "publish": "Publiceer",
        "figure": "12.012",
        "words": "Eigen woorden",
    },
}


@pytest.mark.parametrize(("language", "width"), [("en", 390), ("nl", 1440)])
def test_a_report_is_made_looked_at_published_and_read(
    page: Any, sign_in: Any, axe: Any, transactional_db: Any, language: str, width: int
) -> None:
    words, product = WORDS[language], product_factory(code="JUICE", name="Orange juice")
    for back in range(24, 0, -1):
        sell(product, month_add(month_start(today()), -back), Decimal(1001), Decimal(5003))
    page.set_viewport_size({"width": width, "height": 900})
    sign_in(page, user_factory("product-manager", language=language))
    page.goto("/products/JUICE/")
    page.get_by_role("button", name=words["as"], exact=True).click()
    expect(page.locator("#preview-title")).to_be_visible()
    expect(page.locator(".kpi-value", has_text=words["figure"])).to_be_visible()
    page.get_by_role("button", name=words["words"], exact=True).click()
    page.locator("textarea[name=comment]").last.fill("A **good** month <script>alert(1)</script>")
    page.get_by_role("button", name=words["save"], exact=True).click()
    expect(page.locator("strong", has_text="good")).to_be_visible()
    expect(page.get_by_text("<script>alert(1)</script>", exact=False).last).to_be_visible()
    assert fits(page)
    axe(page)
    page.get_by_role("button", name=words["publish"], exact=True).click()
    page.wait_for_url("**/1/")
    expect(page.locator(".kpi-value", has_text=words["figure"])).to_be_visible()
    assert fits(page)
    axe(page)
    address = page.url
    sell(product, month_add(month_start(today()), -25), Decimal(5), Decimal(5))
    product.name = "Another name"
    product.save()
    sign_in(page, user_factory("finance", language=language))
    page.goto(address)
    expect(page.locator("h1")).to_have_text("Orange juice")
    expect(page.locator(".kpi-value", has_text=words["figure"])).to_be_visible()
