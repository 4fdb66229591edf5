"""The ledger mapped, a month closed and corrected, in both languages, wide and narrow."""

from __future__ import annotations

import os
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from core.months import month_add, month_start
from core.organisation import today
from pricing.models import LedgerEntry, LedgerMapping
from pricing.services.ledger import ledger_book
from products.models import Measure, MonthClosing, Product, ProductMonth
from products.services.closing import correction
from tests.factories import line_factory, product_factory, user_factory

pytestmark = [pytest.mark.browser, pytest.mark.slow]
WORDS = {
    "en": {
        "map": "Map",
        "save": "Save the mapping",
        "done": "Nothing: everything the ledger has is mapped.",
        "close": "Close the month",
        "late": "Late invoice",
    },
    "nl": {
        "map": "Wijs toe",
        "save": "Bewaar de toewijzing",
        "done": "Niets: alles wat het grootboek heeft, is toegewezen.",
        "close": "Sluit de maand af",
        "late": "Late factuur",
    },
}


def _fits(page: Any, name: str) -> bool:
    if folder := os.environ.get("SCREENSHOTS"):
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)
    return page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]


@pytest.mark.parametrize(("language", "width"), [("en", 390), ("nl", 1440)])
def test_the_ledger_is_mapped_and_a_month_closed(
    page: Any, sign_in: Any, axe: Any, transactional_db: Any, language: str, width: int
) -> None:
    words, person = WORDS[language], user_factory("finance", language=language)
    line = line_factory(final_after_months=3)
    month = month_add(month_start(today()), -2)
    for revenue in (3000, 5000):
        ProductMonth.objects.create(
            product=product_factory(line=line),
            measure=Measure.objects.get(code="units"),
            month=month,
            volume=10,
            revenue=revenue,
            days=30,
        )
    LedgerEntry.objects.bulk_create(
        LedgerEntry(
            number=f"{place}",
            date=month,
            month=month,
            account="761000",
            cost_centre="310",
            amount=Decimal(amount),
            booked=Decimal(amount),
            currency="EUR",
        )
        for place, amount in enumerate(("1000.25", "239.75"))
    )
    ledger_book(months=[month])
    page.set_viewport_size({"width": width, "height": 900})
    sign_in(page, person)
    page.goto("/costs/mapping/")
    axe(page)
    assert _fits(page, f"mapping-{language}-{width}")
    page.get_by_role("link", name=words["map"]).click()
    page.fill("[name=start_month]", f"{month:%Y-%m}")
    page.select_option("[name=parts-0-kind]", "quality")
    page.get_by_role("button", name=words["save"]).click()
    expect(
        page.locator("[name=parts-0-key].is-invalid")
    ).to_be_visible()  # how the products share it was not said
    axe(page)
    page.select_option("[name=parts-0-key]", "revenue")
    page.get_by_role("button", name=words["save"]).click()
    expect(page.get_by_text(words["done"])).to_be_visible()
    assert _fits(page, f"mapped-{language}-{width}")
    assert LedgerMapping.objects.get().recorded_by == person

    page.goto(f"/costs/months/{month.year}-{month.month}/close/")
    expect(page.locator("#provisional li")).to_have_count(2)
    axe(page)
    assert _fits(page, f"close-{language}-{width}")
    page.get_by_role("button", name=words["close"]).click()
    page.wait_for_url("**/costs/months/")
    assert MonthClosing.objects.get().month == month
    said = {"month": f"{month:%Y-%m}", "rows": 1, "amount": "12.50"}
    moved = {str(pk): "12.50" for pk in Product.objects.values_list("pk", flat=True)} | {"": "0.01"}
    changes = [said | {"what": "ledger"}, said | {"what": "actual", "moved": moved}]
    with correction(user=person, reason=words["late"], changes=changes):
        pass
    page.reload()
    expect(page.locator("#corrections")).to_contain_text(words["late"])
    axe(page)
    assert _fits(page, f"months-{language}-{width}")
