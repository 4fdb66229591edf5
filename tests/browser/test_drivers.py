"""Drivers as people keep them: brought in, undone, tried by the night, switched off; in both languages."""

from __future__ import annotations

import datetime
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from core.months import month_add, month_start
from core.organisation import today
from forecasting.models import Driver
from tests.exchange.conftest import work
from tests.factories import product_factory, user_factory
from tests.forecasting.conftest import months_give, run_now
from tests.forecasting.test_drivers import PROMOTED, promoted

__all__ = ["work"]
PHONE, DESK = {"width": 390, "height": 844}, {"width": 1440, "height": 900}


def promotions_file(folder: Path, code: str, last: datetime.date) -> Path:
    first = month_add(last, -47)
    rows = [f"{month_add(first, n):%Y-%m},Folder,{int(n in PROMOTED)},{code}" for n in range(60)]
    path = folder / "folder.csv"
    path.write_text("\n".join(["month,driver,value,product", *rows]) + "\n", encoding="utf-8")
    return path


@pytest.mark.browser
@pytest.mark.slow
def test_drivers_from_a_file_to_the_forecast(
    page: Any, sign_in: Any, axe: Any, transactional_db: Any, tmp_path: Path, work: Any
) -> None:
    last = month_add(month_start(today()), -1)
    product = product_factory(code="PROMO-1", name="Promoted", launched=datetime.date(2020, 1, 1))
    months_give(product, last=last, volume=promoted)
    page.set_viewport_size(DESK)

    # In Dutch: an empty page leads to the file; the kind is asked once, drivers are made.
    sign_in(page, user_factory("product-manager", language="nl"))
    page.goto("/forecasting/drivers/")
    expect(page.get_by_text("Nog geen invloeden")).to_be_visible()
    axe(page)
    page.locator("main .card").get_by_role("link", name="Waarden inlezen").click()
    page.wait_for_url("**/data/upload/")
    page.set_input_files("input[type=file]", promotions_file(tmp_path, product.code, last))
    page.locator("form[action='/data/upload/'] button[type=submit]").click()
    page.wait_for_url(re.compile(r"/data/\d+/"))
    upload = page.url
    work()
    page.goto(upload)
    form = page.locator("form[action$='/reading/']")
    form.locator("input[name=option_kind][value=event]").check()
    form.locator("input[name=create_missing]").check()
    form.locator("button[type=submit]").click()
    work()
    page.goto(upload)
    expect(page.locator("[data-count=new] .kpi-value")).to_have_text("60")
    axe(page)
    page.locator("form[action$='/apply/'] button").click()
    work()
    driver = Driver.objects.get()
    assert (driver.kind, driver.product, driver.values.count()) == ("event", product, 60)

    # The night tries it; list, driver and product say what it does.
    run_now(local_date=today())
    page.goto("/forecasting/drivers/")
    row = page.get_by_role("row", name=re.compile("Folder"))
    expect(row).to_contain_text("Promoted")
    axe(page)
    row.get_by_role("link", name="Folder").click()
    expect(page.get_by_role("heading", name="Welke prognoses verschuiven erdoor?")).to_be_visible()
    expect(page.locator(".chart svg").first).to_be_visible()
    axe(page)
    page.get_by_role("link", name="Promoted").click()
    card = page.locator("#drivers")
    expect(card.get_by_role("heading", name="Wat beïnvloedt de prognose?")).to_be_visible()
    expect(card.get_by_role("row", name=re.compile("Folder"))).to_contain_text("per maand")
    expect(page.get_by_role("columnheader", name="Definitief")).to_be_visible()
    axe(page)
    page.context.clear_cookies()

    # In English, on a phone: switched off and on again, a calendar is used; what is typed stays on errors.
    sign_in(page, user_factory("product-manager", language="en"))
    page.set_viewport_size(PHONE)
    page.goto(f"/forecasting/drivers/{driver.pk}/edit/")
    axe(page)
    page.get_by_label("Name").fill("")
    page.get_by_label("Unit").fill("folders")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_label("Unit")).to_have_value("folders")
    page.get_by_label("Name").fill("Leaflets")
    page.get_by_label("Tried by the night").uncheck()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved. Forecasts take it in the next night.")).to_be_visible()
    expect(page.get_by_text("switched off").first).to_be_visible()
    axe(page)
    page.goto("/forecasting/drivers/?state=off")
    expect(page.get_by_role("link", name="Leaflets")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    page.goto("/forecasting/drivers/calendar/")
    axe(page)
    page.get_by_label("Calendar", exact=True).select_option("trading_days")
    page.get_by_role("button", name="Let the night try it").click()
    expect(page.get_by_role("heading", name="Trading days in the month", level=1)).to_be_visible()
    expect(page.get_by_text("The next night tries it.").first).to_be_visible()
    page.context.clear_cookies()

    # Who may only look sees them and changes nothing.
    sign_in(page, user_factory("viewer", language="en"))
    page.goto("/forecasting/drivers/")
    expect(page.get_by_role("link", name="Leaflets")).to_be_visible()
    expect(page.get_by_role("link", name="Use a calendar")).to_have_count(0)
    assert page.goto(f"/forecasting/drivers/{driver.pk}/edit/").status == 403
