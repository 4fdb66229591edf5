"""A line goes by the week: set on its page, read on the forecast tab, in both languages."""

from __future__ import annotations

import datetime
import re
from typing import Any

import pytest
from playwright.sync_api import expect

from core.organisation import today
from forecasting.models import Forecast
from forecasting.services.night import night_start
from forecasting.services.night_work import run_work
from tests.factories import channel_factory, line_factory, product_factory, user_factory
from tests.forecasting.test_weeks import weeks_give

pytestmark = pytest.mark.browser
PHONE = {"width": 390, "height": 844}
WORDS = {
    "en": ("Weeks", "What is expected week by week?", "What is expected month by month?"),
    "nl": ("Weken", "Wat wordt per week verwacht?", "Wat wordt per maand verwacht?"),
}


@pytest.mark.parametrize("language", ["en", "nl"])
def test_a_line_by_the_week(page: Any, sign_in: Any, axe: Any, transactional_db: Any, language: str) -> None:
    weeks, week_by_week, month_by_month = WORDS[language]
    product = product_factory(code="JUICE", name="Juice", line=line_factory(code="food", unit="pack"))
    channel = channel_factory()
    monday = today() - datetime.timedelta(days=today().weekday() + 7 * 180)
    weeks_give(product, first=monday, until=today(), channel=channel)

    sign_in(page, user_factory("viewer", language=language))
    assert page.request.get("/products/lines/food/").status == 403

    sign_in(page, user_factory("administrator", language=language))
    page.goto("/products/lines/food/")
    step = page.locator("[name=forecast_step]")
    expect(step).to_have_value("")
    step.select_option("week")
    axe(page)
    page.locator("form button[type=submit]:not([name])").last.click()
    expect(page).to_have_url(re.compile(r"/products/lines/$"))
    run_work(run=night_start())
    assert Forecast.objects.get().by_week

    page.set_viewport_size(PHONE)
    page.goto("/products/JUICE/forecast/")
    expect(page.get_by_role("heading", name=month_by_month)).to_be_visible()
    page.get_by_role("link", name=weeks, exact=True).click()
    expect(page).to_have_url(re.compile(r"step=weeks"))
    expect(page.get_by_role("heading", name=week_by_week)).to_be_visible()
    expect(page.locator("#forecast-chart svg, .chart svg").first).to_be_visible()
    expect(page.locator("section[aria-labelledby=weeks-title] tbody tr")).to_have_count(26)
    expect(page.locator("section[aria-labelledby=weeks-title]")).to_contain_text(re.compile(r"wk\s\d+"))
    axe(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    page.go_back()
    expect(page.get_by_role("heading", name=month_by_month)).to_be_visible()
