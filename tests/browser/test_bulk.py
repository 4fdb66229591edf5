"""Changing several products at once, on a phone."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from products.models import Product
from tests.factories import line_factory, product_factory, user_factory

PHONE = {"width": 390, "height": 844}


@pytest.mark.browser
@pytest.mark.slow
def test_bulk_change_on_a_phone(page: Any, sign_in: Any, axe: Any, transactional_db: Any) -> None:
    line = line_factory()
    for code in ("A", "B", "C"):
        product_factory(code=code, name=f"Product {code}", line=line)
    sign_in(page, user_factory("administrator", language="en"))
    page.set_viewport_size(PHONE)
    page.goto("/products/")
    for code in ("A", "C"):
        page.get_by_label(f"Choose Product {code}").check()
    expect(page.get_by_text("2 chosen")).to_be_visible()
    axe(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]

    page.locator("select[name=field]").select_option("temporary")
    page.get_by_role("button", name="Go on").click()
    page.get_by_label("Temporary").select_option(label="yes")
    page.get_by_role("button", name="Show what would change").click()
    page.get_by_role("button", name="Change 2 products").click()
    page.wait_for_url("**/products/?**")
    assert set(Product.objects.filter(temporary=True).values_list("code", flat=True)) == {"A", "C"}
