"""Changing a forecast by hand and agreeing on one, in both languages; who may not does not get there."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from playwright.sync_api import expect

from core.months import month_add, month_start
from core.organisation import today
from forecasting.models import ConsensusMonth, ForecastMonth, Override
from forecasting.services.consensus import consensus_agree
from forecasting.services.night import night_start
from forecasting.services.night_work import run_work
from forecasting.services.overrides import override_set
from products.models import Measure
from tests.factories import line_factory, product_factory, user_factory
from tests.forecasting.conftest import months_give

pytestmark = pytest.mark.browser
PHONE, WIDE = {"width": 390, "height": 844}, {"width": 1440, "height": 900}
WORDS = {
    "en": {
        "change": "Change the forecast",
        "small": "Under 10%: small changes rarely help.",
        "evidence": "say what this one rests on",
        "withdraw": "Withdraw",
        "over": "Over",
        "again": "Let it hold again",
        "agree": "Agreed forecast",
        "save": "Save",
        "race": "Somebody else changed these months in the meantime.",
        "cells": "Somebody else filled in these months in the meantime.",
    },
    "nl": {
        "change": "Prognose aanpassen",
        "small": "Onder 10%: kleine aanpassingen helpen zelden.",
        "evidence": "zeg waar deze op steunt",
        "withdraw": "Trek in",
        "over": "Voorbij",
        "again": "Weer laten gelden",
        "agree": "Afgestemde prognose",
        "save": "Opslaan",
        "race": "Iemand anders heeft deze maanden intussen aangepast.",
        "cells": "Iemand anders heeft deze maanden intussen ingevuld.",
    },
}


@pytest.fixture
def product(transactional_db: Any) -> Any:
    found = product_factory(code="JUICE", name="Juice", line=line_factory(unit="pack"))
    months_give(found, 48, last=month_add(month_start(today()), -1))
    run_work(run=night_start())
    return found


def final(product: Any, month: Any) -> float:
    return ForecastMonth.objects.get(forecast__product=product, forecast__current=True, month=month).final


def overflows(page: Any) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth > innerWidth"))


@pytest.mark.parametrize("language", ["en", "nl"])
def test_a_forecast_is_changed_by_hand(
    page: Any, sign_in: Any, axe: Any, product: Any, language: str
) -> None:
    words, tab = WORDS[language], f"/products/{product.code}/forecast/"
    month = month_add(month_start(today()), 1)
    statistics = final(product, month)

    sign_in(page, user_factory("viewer", language=language))
    page.goto(tab)
    expect(page.get_by_role("link", name=words["change"])).to_have_count(0)
    assert page.request.get(f"{tab}override/").status == 403

    sanne = user_factory("product-manager", name="Sanne", language=language)
    sign_in(page, sanne)
    page.set_viewport_size(PHONE)
    page.goto(tab)
    page.get_by_role("link", name=words["change"]).click()
    page.select_option("[name=operation]", "percent")
    page.select_option("[name=first_month]", f"{month:%Y-%m}")
    page.select_option("[name=last_month]", f"{month:%Y-%m}")
    page.fill("[name=value]", "5")
    page.locator("[name=value]").blur()
    expect(page.locator("#override-preview")).to_contain_text(words["small"])
    axe(page)
    assert not overflows(page)
    page.get_by_role("button", name=words["change"]).click()
    expect(page.locator(".problem")).to_contain_text(words["evidence"])
    expect(page.locator("[name=value]")).to_have_value("5")
    assert not Override.objects.exists()

    # Somebody was first: both are shown, and sending once more is meant.
    theirs = override_set(
        user=user_factory("sales", name="Fatima"), product=product, measure=Measure.objects.get(code="units"),
        operation="percent", value=Decimal("-0.2"), first_month=month, last_month=month, reason="supply",
    )  # fmt: skip
    page.fill("[name=evidence]", "Order 4711")
    page.get_by_role("button", name=words["change"]).click()
    lost = page.locator(".problem")
    expect(lost).to_contain_text(words["race"])
    expect(lost).to_contain_text("Fatima")
    axe(page)
    assert Override.objects.get() == theirs
    page.get_by_role("button", name=words["change"]).click()
    page.wait_for_url(f"**{tab}?measure=units")
    expect(page.locator("section", has=page.locator("#changes-title"))).to_contain_text("Order 4711")
    assert final(product, month) == pytest.approx(statistics * 1.05, rel=1e-5)
    page.set_viewport_size(WIDE)
    axe(page)

    run_work(run=night_start())
    assert final(product, month) == pytest.approx(statistics * 1.05, rel=1e-5)
    page.goto("/forecasting/overrides/")
    axe(page)
    page.get_by_role("button", name=words["withdraw"]).click()
    page.wait_for_load_state()
    assert final(product, month) == pytest.approx(statistics, rel=1e-9)
    page.get_by_role("link", name=words["over"], exact=True).click()
    row = page.locator("li", has_text="Order 4711")
    row.get_by_role("button", name=words["again"]).click()
    page.wait_for_load_state()
    assert final(product, month) == pytest.approx(statistics * 1.05, rel=1e-5)


@pytest.mark.parametrize("language", ["en", "nl"])
def test_a_forecast_is_agreed(page: Any, sign_in: Any, axe: Any, product: Any, language: str) -> None:
    words, tab = WORDS[language], f"/products/{product.code}/forecast/"
    first, second = (month_add(month_start(today()), step) for step in (1, 2))

    sign_in(page, user_factory("viewer", language=language))
    page.goto(f"{tab}consensus/")
    expect(page.locator("td input")).to_have_count(0)
    assert page.request.post(f"{tab}consensus/").status == 403

    sign_in(page, user_factory("sales", name="Fatima", language=language))
    page.goto(tab)
    page.get_by_role("link", name=words["agree"]).click()
    expect(page.locator(f"[name='agreed-{first:%Y-%m}']")).to_have_count(0)
    paste(page, f"[name='sales-{first:%Y-%m}']", "150\n160" if language == "en" else "150,0\n160,0")
    page.get_by_role("button", name=words["save"], exact=True).click()
    page.wait_for_load_state()
    expect(page.locator(f"[name='sales-{second:%Y-%m}']")).to_have_value("160")
    assert not ConsensusMonth.objects.exists()

    sign_in(page, user_factory("product-manager", language=language))
    page.set_viewport_size(PHONE)
    page.goto(f"{tab}consensus/")
    axe(page)
    assert not overflows(page)
    page.fill(f"[name='agreed-{first:%Y-%m}']", "155")
    finance = user_factory("finance", name="Emma")
    consensus_agree(
        user=finance, product=product, measure=Measure.objects.get(code="units"), values={first: Decimal(140)}
    )
    page.get_by_role("button", name=words["save"], exact=True).click()
    lost = page.locator(".problem").first
    expect(lost).to_contain_text(words["cells"])
    expect(lost).to_contain_text("Emma")
    assert final(product, first) == 140
    page.get_by_role("button", name=words["save"], exact=True).click()
    page.wait_for_load_state()
    expect(page.locator(".problem")).to_have_count(0)
    assert final(product, first) == 155
    run_work(run=night_start())
    assert final(product, first) == 155


def paste(page: Any, cell: str, text: str) -> None:
    """As from a spreadsheet."""
    page.locator(cell).evaluate(
        """(input, text) => {
            const data = new DataTransfer();
            data.setData("text/plain", text);
            const how = {clipboardData: data, bubbles: true, cancelable: true};
            input.dispatchEvent(new ClipboardEvent("paste", how));
        }""",
        text,
    )
