"""People change a forecast and agree one, in both languages; who may not neither sees the way nor gets in."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from core.months import month_add, month_start
from core.organisation import today
from forecasting.models import ConsensusInput, ForecastMonth, Override
from forecasting.services.night import night_start
from forecasting.services.night_work import run_work
from products.models import Product
from tests.factories import line_factory, product_factory, user_factory
from tests.forecasting.conftest import months_give

pytestmark = pytest.mark.browser
WIDE, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
LANGUAGES = pytest.mark.parametrize("language", ["en", "nl"])
WORDS = {
    "en": {
        "change": "Change the forecast",
        "needed": "(needed when the change is upwards)",
        "final": "final forecast",
        "withdraw": "Withdraw",
        "again": "Let it hold again",
        "grid": "Agreed forecast",
        "save": "Save",
    },
    "nl": {
        "change": "Prognose aanpassen",
        "needed": "(nodig als de prognose omhooggaat)",
        "final": "definitieve prognose",
        "withdraw": "Trek in",
        "again": "Weer laten gelden",
        "grid": "Afgestemde prognose",
        "save": "Opslaan",
    },
}
PASTE = """(text) => {
    const data = new DataTransfer();
    data.setData("text/plain", text);
    const paste = new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true});
    document.activeElement.dispatchEvent(paste);
}"""


@pytest.fixture
def product(transactional_db: Any) -> Product:
    """With a forecast."""
    found = product_factory(code="SAP", name="Juice", line=line_factory(unit="pack"))
    months_give(found, 48, last=month_add(month_start(today()), -1))
    run_work(run=night_start())
    return found


def first_month(product: Product) -> ForecastMonth:
    months = ForecastMonth.objects.filter(forecast__product=product, forecast__current=True)
    return months.order_by("month")[0]


def fits(page: Any) -> bool:
    return page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]


@LANGUAGES
def test_a_change_is_shown_refused_saved_and_withdrawn(
    page: Any, sign_in: Any, axe: Any, product: Product, language: str
) -> None:
    words = WORDS[language]
    tab = "/products/SAP/forecast/"
    mean = first_month(product).mean
    sign_in(page, user_factory("product-manager", language=language))
    page.set_viewport_size(PHONE)
    page.goto(tab)
    expect(page.locator(".chart svg")).to_be_visible()
    page.get_by_role("link", name=words["change"]).click()

    expect(page.locator("label[for=id_evidence]")).to_contain_text(words["needed"])
    page.fill("[name=note]", "Between us")
    asked = "operation=percent&value=&first_month=[0-9-]+&last_month=[0-9-]+&reason=[a-z_]+"
    with page.expect_response(re.compile(rf"/override/\?measure=\w+&{asked}$")):  # and no words, no token
        page.locator("[name=operation]").select_option("percent")
    page.locator("[name=value]").press_sequentially("20")
    preview = page.locator("#override-preview")
    expect(preview).to_contain_text("+20,0%" if language == "nl" else "+20.0%")  # while one still types
    expect(preview.locator("tbody tr")).to_have_count(1)
    axe(page)
    assert fits(page)
    assert not Override.objects.exists()

    page.get_by_role("button", name=words["change"]).click()
    expect(page.locator("[name=evidence].is-invalid")).to_have_count(1)
    expect(page.locator("[name=value]")).to_have_value("20")
    expect(page.locator("[name=operation]")).to_have_value("percent")
    axe(page)
    assert not Override.objects.exists()

    page.fill("[name=evidence]", "Order 12")
    page.get_by_role("button", name=words["change"]).click()
    page.wait_for_url(re.compile(r"/forecast/\?measure="))
    expect(page.locator(".legend")).to_contain_text(words["final"])
    assert first_month(product).final == pytest.approx(mean * 1.2, rel=1e-6)
    axe(page)
    assert fits(page)

    page.goto("/forecasting/overrides/")
    expect(page.get_by_role("link", name="Juice")).to_be_visible()
    axe(page)
    assert fits(page)
    page.get_by_role("button", name=words["withdraw"]).click()
    expect(page.get_by_role("button", name=words["withdraw"])).to_have_count(0)
    assert first_month(product).final == pytest.approx(mean)
    page.goto("/forecasting/overrides/?over=1")
    page.get_by_role("button", name=words["again"]).click()
    expect(page.get_by_role("button", name=words["withdraw"])).to_be_visible()
    assert first_month(product).overridden is not None


@LANGUAGES
def test_a_column_is_pasted_into_the_grid_of_an_agreed_forecast(
    page: Any, sign_in: Any, axe: Any, product: Product, language: str
) -> None:
    words = WORDS[language]
    month = f"{first_month(product).month:%Y-%m}"
    sign_in(page, user_factory("product-manager", language=language))
    page.set_viewport_size(WIDE)
    page.goto("/products/SAP/forecast/")
    page.get_by_role("link", name=words["grid"]).click()
    page.locator(f"[name=sales-{month}]").focus()
    page.evaluate(PASTE, "120\t90\r\n121\t91\r\n122\t92\r\n")
    page.fill(f"[name=agreed-{month}]", "?")
    page.get_by_role("button", name=words["save"]).click()
    expect(page.locator(f"[name=agreed-{month}].is-invalid")).to_have_count(1)
    expect(page.locator(f"[name=marketing-{month}]")).to_have_value("90")
    axe(page)
    assert not ConsensusInput.objects.exists()

    page.fill(f"[name=agreed-{month}]", "110")
    page.get_by_role("button", name=words["save"]).click()
    page.wait_for_url(re.compile(r"/consensus/\?measure="))
    expect(page.locator(f"[name=agreed-{month}]")).to_have_value("110")
    said = ConsensusInput.objects.order_by("party", "month").values_list("party", "value")
    assert [(party, int(value)) for party, value in said] == [
        *(("marketing", 90), ("marketing", 91), ("marketing", 92)),
        *(("sales", 120), ("sales", 121), ("sales", 122)),
    ]
    assert first_month(product).final == 110
    axe(page)
    assert fits(page)
    page.set_viewport_size(PHONE)
    assert fits(page)


def test_a_viewer_reads_and_changes_nothing(page: Any, sign_in: Any, axe: Any, product: Product) -> None:
    sign_in(page, user_factory("viewer", language="en"))
    page.goto("/products/SAP/forecast/")
    expect(page.get_by_role("link", name=WORDS["en"]["change"])).to_have_count(0)
    assert page.request.get("/products/SAP/forecast/override/").status == 403
    page.goto("/products/SAP/forecast/consensus/")
    expect(page.get_by_role("heading", name="What do we plan with together?")).to_be_visible()
    expect(page.locator("main td input")).to_have_count(0)
    expect(page.get_by_role("button", name=WORDS["en"]["save"])).to_have_count(0)
    axe(page)
