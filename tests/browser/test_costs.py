"""A cost line from form to withdrawal, and what is left of sales, in both languages; not for everybody."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import pytest
from playwright.sync_api import expect

from core.months import month_add, month_start
from core.organisation import today
from pricing.models import CostLine
from products.models import Measure, ProductMonth, SalesMonth
from tests.factories import (
    channel_factory,
    cost_line_factory,
    cost_rate_factory,
    line_factory,
    product_factory,
    user_factory,
)

from .widths import PLAYED, looked_at

pytestmark = [pytest.mark.browser, pytest.mark.slow]
WORDS = {
    "en": {
        "new": "New cost line",
        "save": "Save",
        "rate": "Save the rate",
        "meant": "Tick that this is meant",
        "withdraw": "Withdraw the rate from",
        "withdrawn": "Withdrawn: the rate before it goes on.",
        "left": "What is left of sales?",
    },
    "nl": {
        "new": "Nieuwe kostenregel",
        "save": "Opslaan",
        "rate": "Bewaar het tarief",
        "meant": "Vink aan dat dit de bedoeling is",
        "withdraw": "Trek het tarief vanaf",
        "withdrawn": "Ingetrokken: het tarief ervoor loopt door.",
        "left": "Wat blijft er over van de omzet?",
    },
}


def fits(page: Any) -> bool:
    return page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]


@PLAYED
def test_a_cost_is_kept_and_a_rate_ahead_withdrawn(
    page: Any, sign_in: Any, axe: Any, transactional_db: Any, language: str, width: int
) -> None:
    words = WORDS[language]
    product = product_factory(line=line_factory(unit="carton"))
    page.set_viewport_size({"width": width, "height": 900})
    sign_in(page, user_factory("finance", language=language))
    page.goto(f"/products/{product.code}/costs/")
    looked_at(page, axe)
    page.get_by_role("link", name=words["new"]).click()
    expect(page.locator("[name=product]")).to_have_value(product.code)
    page.fill("[name=amount]", "1,85" if language == "nl" else "1.85")
    page.fill("[name=start_date]", month_add(month_start(today()), -6).isoformat())
    looked_at(page, axe)
    page.get_by_role("button", name=words["save"], exact=True).click()
    expect(page.get_by_text(words["meant"]).first).to_be_visible()
    looked_at(page, axe)
    page.check("[name=confirmed]")
    page.get_by_role("button", name=words["save"], exact=True).click()
    expect(page.get_by_role("cell", name="1,85" if language == "nl" else "1.85")).to_be_visible()
    page.fill("[name=amount]", "2")
    page.fill("[name=start_date]", (today() + datetime.timedelta(20)).isoformat())
    page.get_by_role("button", name=words["rate"]).click()
    looked_at(page, axe)
    page.get_by_role("button", name=words["withdraw"]).click()
    expect(page.get_by_text(words["withdrawn"])).to_be_visible()
    assert CostLine.objects.get().rates.filter(withdrawn_at=None).count() == 1
    page.goto("/costs/")
    assert fits(page)
    axe(page)


@pytest.mark.parametrize("language", ["en", "nl"])
def test_what_is_left_of_sales_is_drawn_and_not_for_everybody(
    page: Any, sign_in: Any, axe: Any, transactional_db: Any, language: str
) -> None:
    product, channel = product_factory(), channel_factory()
    units, last = Measure.objects.get(code="units"), month_add(month_start(today()), -1)
    for ago in range(14):
        month = month_add(last, -ago)
        sold = {"product": product, "measure": units, "month": month, "volume": 1000, "days": 30}
        SalesMonth.objects.create(**sold, channel=channel, revenue=2000, gross_revenue=2200)
        ProductMonth.objects.create(**sold, revenue=2000)
    for kind, amount, more in (
        ("purchase", "1.1", {}),
        ("inbound", "0.4", {}),
        ("payment", "0.015", {"basis": "share", "base": "net"}),
        ("overhead", "900", {"basis": "month"}),
    ):
        line = cost_line_factory(product=product, kind=kind, **more)
        cost_rate_factory(cost_line=line, start_date=datetime.date(2020, 1, 1), amount=Decimal(amount))
    address = f"/products/{product.code}/costs/"
    for width in (1440, 390):
        page.set_viewport_size({"width": width, "height": 900})
        sign_in(page, user_factory(language=language))
        page.goto(address)
        page.wait_for_selector("html[data-charts=ready]")
        expect(page.get_by_role("heading", name=WORDS[language]["left"])).to_be_visible()
        assert page.locator("#margin-chart svg .mark-rect path, .chart svg .mark-rect path").count() >= 6
        assert fits(page)
        axe(page)
    landed = page.locator("section[aria-labelledby=landed]")
    landed.locator("[name=units]").fill("500")
    landed.get_by_role("button").click()
    expect(landed.locator("tfoot")).to_contain_text("750,00" if language == "nl" else "750.00")
    expect(landed.locator("tbody tr")).to_have_count(2)
    expect(landed.locator("[name=units]")).to_have_value("500")
    assert fits(page)
    axe(page)
    sign_in(page, user_factory("marketing", language=language))
    assert page.goto(address).status == 403
    page.goto(f"/products/{product.code}/")
    assert page.locator('a[href*="/costs/"]').count() == 0
