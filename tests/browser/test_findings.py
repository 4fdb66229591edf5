"""Unusual months as people judge them: on the forecast tab, in the list, by hand; in both languages."""

from __future__ import annotations

import datetime
import re
from typing import Any

import pytest
from playwright.sync_api import expect

from core.months import month_add, month_start
from core.organisation import today
from forecasting.models import Finding
from tests.factories import product_factory, user_factory
from tests.forecasting.conftest import months_give, run_now

PHONE, DESK = {"width": 390, "height": 844}, {"width": 1440, "height": 900}


def odd_product(code: str, ago: int, times: float) -> Any:
    product = product_factory(code=code, name=f"Product {code}", launched=datetime.date(2020, 1, 1))
    last = month_add(month_start(today()), -1)
    months_give(
        product,
        last=last,
        volume=lambda step: (400 + step * 7919 % 13) * (times if step == 47 - ago else 1),
    )
    return product


@pytest.mark.browser
@pytest.mark.slow
def test_judging_unusual_months(page: Any, sign_in: Any, axe: Any, transactional_db: Any) -> None:
    first, second = odd_product("ODD-1", 9, 3.2), odd_product("ODD-2", 5, 0.3)
    run_now(local_date=today())
    assert Finding.objects.filter(state="open").count() == 2
    page.set_viewport_size(DESK)

    # In Dutch, on the forecast tab: answered with a note, and taken back.
    sign_in(page, user_factory("product-manager", language="nl"))
    page.goto(f"/products/{first.code}/forecast/")
    card = page.locator("#unusual")
    expect(card.get_by_role("heading", name="Klopt dit?")).to_be_visible()
    expect(card.get_by_text(re.compile("Telt niet mee in de prognose tot iemand zegt"))).to_be_visible()
    expect(page.locator(".legend").get_by_text("opvallend")).to_be_visible()
    axe(page)
    card.get_by_label("Wat is er gebeurd? (hoeft niet)").fill("Klant kocht vooruit")
    card.get_by_role("button", name="Uitzondering, laat weg").click()
    expect(page.get_by_text(re.compile("1 bevinding is bevestigd"))).to_be_visible()
    expect(card.get_by_text("Klant kocht vooruit")).to_be_visible()
    expect(card.get_by_text("De prognose is gemaakt voordat dit werd gezegd.")).to_be_visible()
    axe(page)
    card.get_by_role("button", name="Terugdraaien").click()
    expect(card.get_by_role("heading", name="Klopt dit?")).to_be_visible()
    assert Finding.objects.filter(state="open").count() == 2

    # A month by hand: the form keeps what was filled in until it is right.
    card.get_by_role("link", name="Markeer een maand").click()
    month = f"{month_add(month_start(today()), -15):%Y-%m}"
    page.get_by_label("Vanaf").select_option(month)
    page.get_by_role("button", name="Laat ze weg").click()
    expect(page.get_by_label("Vanaf")).to_have_value(month)
    axe(page)
    page.get_by_label("Wat is er gebeurd?").fill("Staking")
    page.get_by_role("button", name="Laat ze weg").click()
    expect(page.locator("#unusual summary")).to_be_visible()
    page.locator("#unusual summary").click()
    expect(page.locator("#unusual").get_by_text("Staking")).to_be_visible()
    page.context.clear_cookies()

    # In English, on a phone, in the list: several at once.
    sign_in(page, user_factory("product-manager", language="en"))
    page.set_viewport_size(PHONE)
    page.goto("/forecasting/findings/")
    axe(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    page.get_by_label("Choose all on this page").check()
    expect(page.get_by_text("2 chosen")).to_be_visible()
    page.locator(".bulk-bar").get_by_label("What happened? (optional)").fill("A fair")
    page.locator(".bulk-bar").get_by_role("button", name="Right").click()
    expect(page.get_by_text(re.compile("2 findings count as right"))).to_be_visible()
    expect(page.get_by_text("Nothing to judge")).to_be_visible()
    page.goto("/forecasting/findings/?state=refused")
    expect(page.get_by_text(second.name)).to_be_visible()
    axe(page)
    page.context.clear_cookies()

    # Who may only look is not asked.
    sign_in(page, user_factory("viewer", language="en"))
    page.goto("/forecasting/findings/?state=refused")
    expect(page.get_by_text(second.name)).to_be_visible()
    expect(page.get_by_role("button", name="Take back")).to_have_count(0)
    page.goto(f"/products/{second.code}/forecast/")
    expect(page.get_by_role("link", name="Mark a month")).to_have_count(0)
