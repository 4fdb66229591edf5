"""A report from a template to a frozen page that others read, narrow and wide, in two languages."""

from __future__ import annotations

import time
from decimal import Decimal
from typing import Any

import pytest
from playwright.sync_api import expect

from core.months import month_add, month_start
from core.organisation import today
from products.models import Product
from tests.factories import product_factory, user_factory
from tests.pricing.test_margins import sell

from .test_costs import fits

pytestmark = [pytest.mark.browser, pytest.mark.slow]
WORDS = {
    "en": {
        "new": "New report",
        "template": "Launch review",
        "make": "Make the report",
        "publish": "Publish",
        "undo": "Undo",
        "saved": "Saved",
        "figures": "Key figures",
        "moved": "Key figures is now 1 of {}",
        "words": "Own words",
        "figure": "12,012",
        "month": "Mar",
    },
    "nl": {
        "new": "Nieuw rapport",
        "template": "Introductiereview",
        "make": "Maak het rapport",
        "publish": "Publiceer",
        "undo": "Ongedaan maken",
        "saved": "Opgeslagen",
        "figures": "Kerncijfers",
        "moved": "Kerncijfers staat nu op plaats 1 van {}",
        "words": "Eigen woorden",
        "figure": "12.012",
        "month": "mrt",
    },
}


@pytest.fixture
def juice(transactional_db: Any) -> Product:
    product = product_factory(code="JUICE", name="Orange juice")
    for back in range(24, 0, -1):
        sell(product, month_add(month_start(today()), -back), Decimal(1001), Decimal(5003))
    return product


@pytest.mark.parametrize(("language", "width"), [("en", 390), ("nl", 1440)])
def test_a_report_is_made_looked_at_published_and_read(
    page: Any, sign_in: Any, axe: Any, juice: Product, language: str, width: int
) -> None:
    words = WORDS[language]
    page.set_viewport_size({"width": width, "height": 900})
    sign_in(page, user_factory("product-manager", language=language))
    page.goto("/reports/")
    page.get_by_role("link", name=words["new"], exact=True).first.click()
    axe(page)
    page.get_by_role("link", name=words["template"], exact=True).click()
    page.locator("[name=products]").fill("JUICE")
    page.get_by_role("button", name=words["make"], exact=True).click()
    shown = page.locator(".sections h2")
    expect(shown.first).to_contain_text(words["figures"])
    expect(page.locator(".kpi-value", has_text=words["figure"])).to_be_visible()

    # Its tables sort, though they came after the page.
    page.locator("#report-preview [data-chart-do=table]").first.click()
    page.locator("#report-preview [data-chart-table]:not([hidden]) .pm-sort").first.click()
    expect(page.locator("#report-preview th[aria-sort=ascending]")).to_have_count(1)

    # By keyboard: the second goes up, is taken out and put back, and keeps what is written in it.
    parts = page.locator("#report-parts li")
    figures = page.locator(f"#report-parts li[data-name='{words['figures']}']")
    figures.locator("textarea").fill("A **good** month <script>alert(1)</script>")
    figures.locator("textarea").press("Alt+ArrowUp")
    expect(figures.locator("textarea")).to_be_focused()
    expect(page.locator("#parts-said")).to_have_text(words["moved"].format(parts.count()))
    figures.locator("[value^=remove]").press("Enter")
    expect(figures).to_have_count(0)
    expect(page.get_by_role("button", name=words["undo"], exact=True)).to_be_focused()
    page.keyboard.press("Enter")
    expect(parts.first).to_have_attribute("data-name", words["figures"])
    expect(page.locator(".sections strong", has_text="good")).to_be_visible()
    expect(page.get_by_text("<script>alert(1)</script>", exact=False).last).to_be_visible()

    # By mouse: the second goes to the top, in the preview too.
    second = parts.nth(1)
    name = second.get_attribute("data-name")
    second.locator(".grip").drag_to(figures, target_position={"x": 20, "y": 2})
    expect(parts.first).to_have_attribute("data-name", name)
    page.get_by_role("button", name=words["words"], exact=True).click()
    expect(page.locator("#report-parts textarea").last).to_be_focused()
    expect(page.locator("#parts-state")).to_have_text(words["saved"])
    page.wait_for_load_state("networkidle")
    assert fits(page)
    page.evaluate("scrollTo(0, 0)")  # a button half under the bar at the top would count as a small one
    axe(page)

    # Published in the same breath, while saving takes its time: the last words are in it.
    page.route("**/parts/", lambda route: (time.sleep(0.5), route.continue_()))
    page.keyboard.type("Last words")
    page.get_by_role("button", name=words["publish"], exact=True).click()
    page.wait_for_url("**/1/")
    expect(page.get_by_text("Last words")).to_be_visible()
    beside = (
        page.locator(".commented").first.bounding_box(),
        page.locator(".commented .prose").first.bounding_box(),
    )
    assert (beside[1]["x"] > beside[0]["x"] + 300) == (width > 1000)
    assert fits(page)
    axe(page)

    # Who reads it in the other language gets its figures, and its months, as they were published.
    address = page.url
    sell(juice, month_add(month_start(today()), -25), Decimal(5), Decimal(5))
    juice.name = "Another name"
    juice.save()
    sign_in(page, user_factory("finance", language="en" if language == "nl" else "nl"))
    page.goto(address)
    expect(page.locator("h1")).to_have_text(words["template"])
    expect(page.locator(".kpi-value", has_text=words["figure"])).to_be_visible()
    expect(page.locator(".chart text", has_text=words["month"]).first).to_be_attached()


def test_a_product_becomes_a_sheet_is_renamed_in_place_and_gets_one_more_chart(
    page: Any, sign_in: Any, axe: Any, juice: Product
) -> None:
    sign_in(page, user_factory("product-manager", language="en"))
    page.goto("/products/JUICE/")
    page.get_by_role("button", name="As report", exact=True).dblclick()
    page.wait_for_url("**/reports/*/")
    expect(page.locator("h1")).to_have_text("Orange juice")
    page.locator("#report-settings summary").press("Enter")
    page.locator("[name=title]").fill("Juice")
    page.locator("[name=title]").press("Enter")
    expect(page.locator("h1")).to_have_text("Juice")
    # What was written a moment before is kept when the chart is added.
    page.locator("#report-parts textarea").first.fill("Our words")
    page.get_by_text("Add one chart or table").click()
    page.select_option("#choose-what", "sales:chart")
    page.select_option("#choose-product", label="Orange juice")
    axe(page)
    expect(page.locator("#choose-product")).to_have_value(str(juice.pk))
    page.locator("#choose [type=submit]").click()
    added = page.locator("#report-parts li").last
    expect(added).to_have_attribute("data-name", "Sales and forecast: Chart · Orange juice")
    expect(page.locator("#report-parts textarea").first).to_have_value("Our words")
    page.goto("/reports/")
    expect(page.get_by_role("link", name="Juice")).to_have_count(1)
