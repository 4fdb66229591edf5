"""A new product borrows its start, in both languages; who may not neither sees the button nor gets in."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from core.months import month_add, month_start
from core.organisation import today
from forecasting.models import Forecast, LaunchPlan
from forecasting.services.night import night_start
from forecasting.services.night_work import run_work
from tests.factories import line_factory, product_factory, user_factory
from tests.forecasting.conftest import months_give

pytestmark = pytest.mark.browser
PHONE = {"width": 390, "height": 844}
WORDS = {
    "en": ("Choose a like-item", "Save and forecast", "What does it borrow?", "Back to its own months"),
    "nl": (
        *("Kies een vergelijkbaar product", "Opslaan en voorspellen"),
        *("Wat leent het?", "Terug naar eigen maanden"),
    ),
}


def night() -> None:
    run_work(run=night_start())


@pytest.mark.parametrize("language", ["en", "nl"])
def test_a_new_product_borrows(
    page: Any, sign_in: Any, axe: Any, transactional_db: Any, language: str
) -> None:
    choose, save, borrows, back = WORDS[language]
    last = month_add(month_start(today()), -1)
    line = line_factory(unit="pack")
    for code, size in (("OLD-1", 100), ("OLD-2", 300)):
        old = product_factory(code=code, name=f"Product {code}", line=line)
        months_give(old, 30, last=last, volume=lambda step, top=size: min(step + 1, 10) * top / 10)
    new = product_factory(code="NEW", name="New one", line=line)
    tab = "/products/NEW/forecast/"

    sign_in(page, user_factory("viewer", language=language))
    page.goto(tab)
    expect(page.get_by_role("link", name=choose)).to_have_count(0)
    assert page.request.get(f"{tab}launch/choices/").status == 403
    page.goto(f"{tab}launch/")
    expect(page).to_have_url(re.compile(r"/forecast/\?measure=units$"))

    sign_in(page, user_factory("product-manager", language=language))
    page.set_viewport_size(PHONE)
    page.goto(tab)
    page.get_by_role("link", name=choose).click()
    page.get_by_role("button", name=save).click()
    expect(page.locator("[name=reference_1].is-invalid")).to_have_count(1)
    page.fill("[name=note]", "Same shelf")
    page.fill("[name=reference_1]", "OLD-1")
    page.fill("[name=weight_1]", "50")
    page.fill("[name=reference_2]", "OLD-2")
    page.fill("[name=weight_2]", "50")
    page.fill("[name=phase_in_months]", "2")
    preview = page.locator("#launch-preview")
    expect(preview).to_contain_text("Product OLD-2")
    expect(preview.locator(".chart svg")).to_be_visible()
    axe(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert not LaunchPlan.objects.exists()

    page.get_by_role("button", name=save).click()
    expect(page.get_by_role("heading", name=borrows)).to_be_visible()  # with the forecast still to come
    expect(page.locator(".chart")).to_have_count(0)
    night()
    page.goto(tab)
    expect(page.get_by_role("heading", name=borrows)).to_be_visible()
    expect(page.locator("#launch-card")).to_contain_text("Same shelf")
    means = Forecast.objects.get(product=new, current=True).months.order_by("month")
    assert list(means.values_list("mean", flat=True)[:3]) == pytest.approx([0, 10, 40])
    axe(page)

    page.get_by_role("button", name=back).click()
    assert LaunchPlan.objects.get().withdrawn_at is not None
    page.goto(f"{tab}launch/?from={LaunchPlan.objects.get().pk}")
    expect(page.locator("[name=reference_2]")).to_have_value("OLD-2")
