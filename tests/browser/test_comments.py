"""Somebody is mentioned in a comment, and what is written goes into no address."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from collaboration.models import Comment
from tests.factories import product_factory, user_factory

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_people_are_found_and_stay_chosen(page: Any, sign_in: Any, transactional_db: Any) -> None:
    product = product_factory()
    user = user_factory("product-manager", language="en")
    anna, bert = user_factory(name="Anna Ink"), user_factory(name="Bert Ball")
    sign_in(page, user)
    page.goto(reverse("products:activity", args=[product.code]))
    page.fill("#comment-text", "Between us")
    with page.expect_response(re.compile(r"/people/mention/\?q=Anna$")):
        page.fill("#mention-search", "Anna")
    page.get_by_label(anna.name).check()
    with page.expect_response(re.compile(rf"/people/mention/\?q=Bert&mention={anna.pk}$")):
        page.fill("#mention-search", "Bert")
    page.get_by_label(bert.name).check()
    page.get_by_role("button", name="Say it").click()
    expect(page.locator("#comments")).to_contain_text("@Anna Ink @Bert Ball")
    assert Comment.objects.get().text == "Between us"
