"""The promotion calendar as people use it, in both languages: planned, approved, moved by keys and by mouse,
taken back; on a phone, and by who may only look."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.utils import translation
from playwright.sync_api import expect

from pricing.models import Promotion
from tests.factories import channel_factory, product_factory, user_factory
from tests.pricing.promotions import DAY, approved_factory

PHONE, DESK = {"width": 390, "height": 844}, {"width": 1440, "height": 900}
DECIMALS = {"nl": ("2,99", "2,24"), "en": ("2.99", "2.24")}


def said_in(language: str) -> Callable[..., str]:
    """What the page says in that language."""

    def said(text: str, **values: str) -> str:
        with translation.override(language):
            return str(translation.gettext(text)) % values if values else str(translation.gettext(text))

    return said


@pytest.mark.browser
@pytest.mark.slow
def test_a_promotion_from_plan_to_calendar(page: Any, sign_in: Any, axe: Any, transactional_db: Any) -> None:
    product = product_factory(code="OAT-1", name="Oats")
    channel = channel_factory(name="Kroon")
    other = approved_factory(product, name="Eerder", ahead=30, channels=[channel])
    errors: list[str] = []
    page.on("console", lambda said: said.type == "error" and errors.append(said.text))
    page.set_viewport_size(DESK)
    for language, name in (("nl", "Haverweken"), ("en", "Oat weeks")):
        row = planned(page, sign_in, axe, language, name, other)
        # The refusal is an answer of 403, which the browser tells too.
        errors.clear()
        page.context.clear_cookies()
        moved(page, sign_in, axe, language, row, other)
        assert not errors
        page.context.clear_cookies()
        looked_at(page, sign_in, axe, language, name, product)
        # What only may be looked at is refused as well.
        errors.clear()
        page.context.clear_cookies()


def planned(page: Any, sign_in: Any, axe: Any, language: str, name: str, other: Promotion) -> Promotion:
    """With an overlap that is seen first; proposed; not approved by who proposed, but by somebody else."""
    said, (price, effective) = said_in(language), DECIMALS[language]
    sign_in(page, user_factory(language=language))
    page.goto("/pricing/promotions/")
    axe(page)
    page.get_by_role("link", name=said("Plan a promotion")).click()
    page.get_by_label(said("Name"), exact=False).first.fill(name)
    page.get_by_label(said("How does the offer work?")).select_option("second_half")
    page.get_by_label(re.compile("Product")).first.fill("OAT-1")
    page.get_by_label(re.compile(said("Normal price"))).first.fill(price)
    page.get_by_label(said("In store from")).fill(str(other.store_start))
    page.get_by_label(said("In store until")).fill(str(other.store_end))
    page.get_by_label(said("Delivery from")).fill(str(other.store_start - 7 * DAY))
    page.get_by_label(said("Delivery until")).fill(str(other.store_end - 7 * DAY))
    axe(page)
    page.get_by_role("button", name=said("Save")).click()
    expect(page.get_by_text("“Eerder”")).to_be_visible()
    axe(page)
    page.locator("[name=confirmed]").check()
    page.get_by_role("button", name=said("Save")).click()
    expect(page.get_by_role("heading", name=name)).to_be_visible()
    expect(page.get_by_role("cell", name=effective)).to_be_visible()
    page.get_by_label(said("Why this promotion")).fill("Nieuw schap")
    page.get_by_role("button", name=said("Propose")).click()
    waits = said("You proposed it: it waits for somebody else, who approves it. You can reject it yourself.")
    expect(page.get_by_text(waits)).to_be_visible()
    expect(page.get_by_role("button", name=said("Approve"))).to_have_count(0)
    axe(page)
    found: Promotion = Promotion.objects.get(name=name)
    return found


def moved(page: Any, sign_in: Any, axe: Any, language: str, row: Promotion, other: Promotion) -> None:
    """By somebody else: approved, then moved by keys, where a second press is the same move; taken back; and
    by the mouse."""
    said = said_in(language)
    sign_in(page, user_factory(language=language))
    page.goto(f"/pricing/promotions/{row.pk}/")
    page.get_by_role("button", name=said("Approve")).click()
    expect(page.get_by_text(said("Approved."))).to_be_visible()
    page.goto(f"/pricing/promotions/?q={row.name}")
    bar = page.locator(f"[data-bar='{row.pk}']")
    begins = [float(bar.locator(part).get_attribute("x").rstrip("%")) for part in (".delivery", ".bar")]
    assert begins[0] < begins[1]
    bar.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_text(said("It has to be approved again."))).to_be_visible()
    row.refresh_from_db()
    assert (row.delivery_start, row.delivery_end) == (row.store_start - 7 * DAY, row.store_end - 7 * DAY)
    assert row.store_start == other.store_start + 14 * DAY
    assert row.store_end == other.store_end + 14 * DAY
    assert row.state == "proposed"
    expect(bar).to_be_focused()
    axe(page)
    page.get_by_role("button", name=said("Undo")).click()
    again = said("%(name)s runs %(dates)s again.", name=row.name, dates="DATES")
    expect(page.get_by_text(re.compile(re.escape(again).replace("DATES", ".*")))).to_be_visible()
    row.refresh_from_db()
    assert (row.store_start, row.state) == (other.store_start, "approved")

    # With shift only the end moves.
    bar.focus()
    page.keyboard.press("Shift+ArrowRight")
    expect(page.get_by_text(said("It has to be approved again."))).to_be_visible()
    row.refresh_from_db()
    assert (row.store_start, row.store_end) == (other.store_start, other.store_end + 7 * DAY)
    assert row.delivery_end == other.store_end - 7 * DAY

    # And by the mouse: dragged by a sixth of the width of a year.
    box = bar.locator(".bar").bounding_box()
    lane = page.locator(".promo-lane").first.bounding_box()
    begin, height = box["x"] + box["width"] / 3, box["y"] + box["height"] / 2
    page.mouse.move(begin, height)
    page.mouse.down()
    page.mouse.move(begin + lane["width"] / 12, height, steps=4)
    with page.expect_response(re.compile("/move/")):
        page.mouse.up()
    runs = said("%(name)s now runs %(dates)s.", name=row.name, dates="DATES").split("DATES")[0]
    expect(page.locator("#promotion-moved")).to_contain_text(runs.strip())
    row.refresh_from_db()
    assert 28 <= (row.store_start - other.store_start).days <= 33
    assert (row.store_end - row.store_start) == (other.store_end - other.store_start) + 7 * DAY


def looked_at(page: Any, sign_in: Any, axe: Any, language: str, name: str, product: Any) -> None:
    """On a phone the table tells it; who may only look moves nothing."""
    said = said_in(language)
    page.set_viewport_size(PHONE)
    sign_in(page, user_factory("viewer", language=language))
    page.goto("/pricing/promotions/")
    expect(page.locator(".promo-calendar")).to_be_hidden()
    expect(page.get_by_role("link", name=name).last).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    axe(page)
    page.set_viewport_size(DESK)
    expect(page.locator("[data-bar]")).to_have_count(0)
    expect(page.get_by_role("link", name=said("Plan a promotion"))).to_have_count(0)
    assert page.goto("/pricing/promotions/new/").status == 403
    page.goto(f"/products/{product.code}/mix/")
    title = said("Promotion: what ran, what comes, what did it bring?")
    expect(page.get_by_role("heading", name=title)).to_be_visible()
    expect(page.locator(".chart svg").first).to_be_visible()
    axe(page)
