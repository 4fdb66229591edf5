"""A bonus is agreed, earned and settled, and a product shows what is left of its list price."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from playwright.sync_api import expect

from core.organisation import today
from products.models import Measure, SalesMonth
from tests.factories import (
    channel_factory,
    line_factory,
    price_factory,
    price_list_factory,
    product_factory,
    user_factory,
)

pytestmark = [pytest.mark.browser, pytest.mark.slow]
WORDS = {
    "en": {"save": "Save", "say": "From a date until", "enter": "Enter a settlement", "step": "2% from"},
    "nl": {
        "save": "Opslaan",
        "say": "Vanaf een datum tot",
        "enter": "Voer een afrekening in",
        "step": "2% vanaf",
    },
}


def fits(page: Any) -> bool:
    return page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]


@pytest.mark.parametrize(("language", "width"), [("en", 390), ("nl", 1440)])
def test_from_a_term_to_a_settlement(
    page: Any, sign_in: Any, axe: Any, transactional_db: Any, language: str, width: int
) -> None:
    words, year = WORDS[language], today().year
    shop = channel_factory(name="Shop", code="shop")
    product = product_factory(code="TEA", line=line_factory())
    price_factory(product=product, price_list=price_list_factory(), start_date=datetime.date(2020, 1, 1))
    SalesMonth.objects.create(
        product=product,
        measure=Measure.objects.get(code="units"),
        channel=shop,
        month=datetime.date(year, 1, 1),
        volume=90,
        revenue=900,
        days=31,
    )
    page.set_viewport_size({"width": width, "height": 900})
    sign_in(page, user_factory(language=language))

    page.goto("/pricing/terms/")
    page.locator("summary", has_text=words["say"]).click()
    page.select_option("[name=kind]", "bonus")
    page.select_option("[name=channel]", "shop")
    page.fill("[name=start_date]", f"{year}-01-01")
    page.fill("[name=steps]", "0 1\n500 2")
    assert fits(page)
    axe(page)
    page.get_by_role("button", name=words["save"]).click()
    expect(page.get_by_role("cell", name=words["step"])).to_be_visible()

    page.goto("/products/TEA/mix/pocket/?channel=shop")
    expect(page.get_by_role("cell", name="98").first).to_be_visible()  # 2 % of what is expected
    assert fits(page)
    axe(page)

    page.goto("/pricing/terms/bonuses/")
    expect(page.get_by_role("cell", name="18").first).to_be_visible()
    page.locator("summary", has_text=words["enter"]).click()
    page.select_option("[name=channel]", "shop")
    page.fill("[name=amount]", "8")
    page.fill("[name=reference]", "CN-1")
    axe(page)
    page.get_by_role("button", name=words["save"]).click()
    expect(page.get_by_role("cell", name="CN-1")).to_be_visible()
    assert fits(page)
