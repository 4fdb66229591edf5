"""The page of the REST API, once Swagger has drawn its operations."""

from __future__ import annotations

from typing import Any

import pytest

from tests.factories import user_factory


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_operations_have_one_heading_and_readable_colours(
    page: Any, sign_in: Any, axe: Any, scheme: str
) -> None:
    page.emulate_media(color_scheme=scheme)
    sign_in(page, user_factory("administrator", language="en"))
    page.goto("/api/")
    page.wait_for_selector(".opblock")
    assert page.locator("h1").all_inner_texts() == ["REST API"]
    axe(page)


@pytest.mark.browser
@pytest.mark.slow
def test_an_operation_opens_and_has_an_address(page: Any, sign_in: Any) -> None:
    """Of so many operations Swagger draws those in sight, as one scrolls."""
    sign_in(page, user_factory("administrator", language="en"))
    page.goto("/api/")
    page.wait_for_selector(".opblock")
    operation = page.locator("#operations-products-products_list .opblock-summary-control")
    for _ in range(60):
        if operation.count():
            break
        page.mouse.wheel(0, 400)
        page.wait_for_timeout(50)
    operation.click()
    page.get_by_text("page_size").wait_for()
    assert page.url.endswith("#/products/products_list")
