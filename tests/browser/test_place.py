"""A listing is added and ended; who may not edit only reads; in both languages."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from core.months import month_add, month_start
from pricing.models import DistributionMonth, Listing
from products.models import Segment
from tests.factories import channel_factory, product_factory, user_factory

from .widths import PLAYED, looked_at

pytestmark = [pytest.mark.browser, pytest.mark.slow]
WORDS = {
    "en": {
        "page": "Listings and distribution",
        "form": "Add a listing, or end one",
        "save": "Save",
        "end": "End Kroon",
        "listed": "listed",
        "delisted": "delisted",
        "chart": "Distribution: how widely did it lie?",
    },
    "nl": {
        "page": "Listings en distributie",
        "form": "Voeg een listing toe, of beëindig er een",
        "save": "Opslaan",
        "end": "Beëindig Kroon",
        "listed": "gelist",
        "delisted": "gesaneerd",
        "chart": "Distributie: hoe breed lag het?",
    },
}


@PLAYED
def test_a_listing_from_first_to_last(
    page: Any, sign_in: Any, axe: Any, transactional_db: Any, language: str, width: int
) -> None:
    words = WORDS[language]
    segment = Segment.objects.create(code="home", name="Home")
    product = product_factory(code="A", segment=segment)
    kroon = channel_factory(code="kroon", name="Kroon")
    last = month_add(month_start(timezone.localdate()), -1)
    DistributionMonth.objects.bulk_create(
        DistributionMonth(
            product=product, channel=kroon, month=month_add(last, -ago), weighted_rate=Decimal("0.5")
        )
        for ago in range(6)
    )
    page.set_viewport_size({"width": width, "height": 900})
    sign_in(page, user_factory("viewer", language=language))
    page.goto("/products/A/mix/place/")
    expect(page.get_by_role("heading", name=words["chart"])).to_be_visible()
    expect(page.get_by_text(words["form"])).to_have_count(0)
    page.context.clear_cookies()

    sign_in(page, user_factory("marketing", language=language))
    page.goto("/products/A/mix/")
    page.get_by_role("link", name=words["page"]).click()
    page.select_option("[name=channel]", "kroon")
    page.fill("[name=start_date]", month_add(last, -3).isoformat())
    page.fill("[name=terms]", "640 shops")
    page.get_by_role("button", name=words["save"]).click()
    expect(page.get_by_role("cell", name="640 shops")).to_be_visible()
    expect(page.get_by_role("cell", name=words["listed"], exact=True)).to_be_visible()
    looked_at(page, axe)

    page.get_by_role("link", name=words["end"]).click()
    expect(page.locator("[name=status]")).to_have_value("delisted")
    page.get_by_role("button", name=words["save"]).click()
    expect(page.get_by_role("cell", name=words["delisted"], exact=True)).to_be_visible()
    assert list(Listing.objects.values_list("status", flat=True)) == ["listed", "delisted"]
    page.goto("/pricing/segments/")
    looked_at(page, axe)
