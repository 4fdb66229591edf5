"""The promotion calendar as people use it: planned, approved, moved by keys and by mouse, taken back; on a
phone, and by who may only look."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from pricing.models import Promotion
from tests.factories import channel_factory, product_factory, user_factory
from tests.pricing.promotions import DAY, approved_factory

PHONE, DESK = {"width": 390, "height": 844}, {"width": 1440, "height": 900}


@pytest.mark.browser
@pytest.mark.slow
def test_a_promotion_from_plan_to_calendar(page: Any, sign_in: Any, axe: Any, transactional_db: Any) -> None:
    product = product_factory(code="OAT-1", name="Oats")
    channel = channel_factory(name="Kroon")
    other = approved_factory(product, name="Eerder", ahead=30, channels=[channel])
    errors: list[str] = []
    page.on("console", lambda said: said.type == "error" and errors.append(said.text))
    page.set_viewport_size(DESK)

    # In Dutch: planned, with an overlap that is seen first; proposed; not approved by who proposed.
    maker = user_factory(language="nl")
    sign_in(page, maker)
    page.goto("/pricing/promotions/")
    axe(page)
    page.get_by_role("link", name="Plan een actie").click()
    page.get_by_label("Naam").fill("Haverweken")
    page.get_by_label("Hoe werkt de actie?").select_option("second_half")
    page.get_by_label(re.compile("Product")).first.fill("OAT-1")
    page.get_by_label(re.compile("Normale prijs")).first.fill("2,99")
    page.get_by_label("In de winkel vanaf").fill(str(other.store_start))
    page.get_by_label("In de winkel t/m").fill(str(other.store_end))
    axe(page)
    page.get_by_role("button", name="Opslaan").click()
    expect(page.get_by_text("Overlapt met “Eerder”")).to_be_visible()
    axe(page)
    page.get_by_label("Gezien; sla toch op").check()
    page.get_by_role("button", name="Opslaan").click()
    expect(page.get_by_role("heading", name="Haverweken")).to_be_visible()
    expect(page.get_by_role("cell", name="2,24")).to_be_visible()
    page.get_by_role("button", name="Stel voor").click()
    page.get_by_role("button", name="Keur goed").click()
    expect(page.get_by_text("Iemand anders moet dit beslissen", exact=False)).to_be_visible()
    axe(page)
    # The refusal is an answer of 403, which the browser tells too.
    errors.clear()
    page.context.clear_cookies()

    # In English, by somebody else: approved, then moved by keys; a second press is the same move.
    sign_in(page, user_factory(language="en"))
    row = Promotion.objects.get(name="Haverweken")
    page.goto(f"/pricing/promotions/{row.pk}/")
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_text("Approved.")).to_be_visible()
    page.goto("/pricing/promotions/?q=Haverweken")
    bar = page.locator(f"[data-bar='{row.pk}']")
    bar.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_text("It has to be approved again.")).to_be_visible()
    row.refresh_from_db()
    assert row.store_start == other.store_start + 14 * DAY
    assert row.store_end == other.store_end + 14 * DAY
    assert row.state == "proposed"
    expect(bar).to_be_focused()
    axe(page)
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text(re.compile("Haverweken runs .* again"))).to_be_visible()
    row.refresh_from_db()
    assert (row.store_start, row.state) == (other.store_start, "approved")

    # With shift only the end moves.
    bar.focus()
    page.keyboard.press("Shift+ArrowRight")
    expect(page.get_by_text("It has to be approved again.")).to_be_visible()
    row.refresh_from_db()
    assert (row.store_start, row.store_end) == (other.store_start, other.store_end + 7 * DAY)

    # And by the mouse: dragged by a sixth of the width of a year.
    box = bar.locator(".bar").bounding_box()
    lane = page.locator(".promo-lane").first.bounding_box()
    begin, height = box["x"] + box["width"] / 3, box["y"] + box["height"] / 2
    page.mouse.move(begin, height)
    page.mouse.down()
    page.mouse.move(begin + lane["width"] / 12, height, steps=4)
    with page.expect_response(re.compile("/move/")):
        page.mouse.up()
    expect(page.locator("#promotion-moved")).to_contain_text("Haverweken now runs")
    row.refresh_from_db()
    assert 28 <= (row.store_start - other.store_start).days <= 33
    assert (row.store_end - row.store_start) == (other.store_end - other.store_start) + 7 * DAY
    assert not errors
    page.context.clear_cookies()

    # On a phone the table tells it; who may only look moves nothing.
    page.set_viewport_size(PHONE)
    sign_in(page, user_factory("viewer", language="en"))
    page.goto("/pricing/promotions/")
    expect(page.locator(".promo-calendar")).to_be_hidden()
    expect(page.get_by_role("link", name="Haverweken").last).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    axe(page)
    page.set_viewport_size(DESK)
    expect(page.locator("[data-bar]")).to_have_count(0)
    expect(page.get_by_role("link", name="Plan a promotion")).to_have_count(0)
    assert page.goto("/pricing/promotions/new/").status == 403
    page.goto(f"/products/{product.code}/mix/")
    expect(
        page.get_by_role("heading", name="Promotion: what ran, what comes, what did it bring?")
    ).to_be_visible()
    expect(page.locator(".chart svg").first).to_be_visible()
    axe(page)
