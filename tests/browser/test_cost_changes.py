"""A supplier's increase from form to withdrawal, in both languages, on a phone and a desk."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import pytest
from playwright.sync_api import expect

from core.months import month_add, month_start
from core.organisation import today
from pricing.models import CostRate
from products.models import Supplier
from tests.browser.test_costs import fits
from tests.factories import (
    channel_factory,
    cost_line_factory,
    cost_rate_factory,
    line_factory,
    product_factory,
    user_factory,
)
from tests.pricing.test_margins import sell

pytestmark = [pytest.mark.browser, pytest.mark.slow]
WORDS = {
    "en": ("Change many", "See what it does", "Write these rates", "Withdraw these rates", "under"),
    "nl": (
        "Wijzig er veel",
        "Bekijk wat het doet",
        "Leg deze tarieven vast",
        "Trek deze tarieven in",
        "eronder",
    ),
}


@pytest.mark.parametrize(("language", "width"), [("en", 1440), ("nl", 390)])
def test_a_supplier_asks_more(
    page: Any, sign_in: Any, axe: Any, transactional_db: Any, language: str, width: int
) -> None:
    new, look, write, withdraw, under = WORDS[language]
    supplier, channel = Supplier.objects.create(code="mill", name="Mill"), channel_factory()
    product = product_factory(line=line_factory(unit="carton"), name="Oat drink", floor_rate=Decimal("0.59"))
    cost = cost_line_factory(product=product, supplier=supplier)
    cost_rate_factory(cost_line=cost, start_date=datetime.date(2020, 1, 1), amount=4)
    for back in range(1, 13):
        sell(product, month_add(month_start(today()), -back), 100, 1000, channel=channel)
    page.set_viewport_size({"width": width, "height": 900})
    sign_in(page, user_factory("finance", language=language))
    page.goto("/costs/changes/")
    page.get_by_role("link", name=new).first.click()
    page.get_by_role("combobox").nth(0).select_option("mill")
    page.locator("[name=value]").fill("4")
    page.locator("[name=start_date]").fill((today() + datetime.timedelta(days=10)).isoformat())
    page.locator("[name=reason]").fill("Mill asks more")
    page.get_by_role("button", name=look).click()
    row = page.get_by_role("row").filter(has_text="Oat drink")
    expect(row).to_contain_text("58.4%" if language == "en" else "58,4%")
    expect(row).to_contain_text(under)
    assert fits(page)
    axe(page)
    page.goto(page.url + "?show=rates")
    expect(page.get_by_role("row").nth(1)).to_contain_text("4.16" if language == "en" else "4,16")
    page.get_by_role("button", name=write).click()
    expect(page.get_by_role("button", name=withdraw)).to_be_visible()
    assert CostRate.objects.get(withdrawn_at=None, start_date__gt=today()).amount == Decimal("4.16")
    page.get_by_role("button", name=withdraw).click()
    expect(page.get_by_role("button", name=withdraw)).to_have_count(0)
    assert not CostRate.objects.filter(withdrawn_at=None, start_date__gt=today()).exists()
