"""A chart is taken along as drawing, as image and as its table, from a frozen page too, by keyboard."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from core.months import month_add, month_start
from core.organisation import today
from products.models import Measure, ProductFigures
from reporting.services.reports import Part, report_create, report_publish
from tests.factories import product_factory, user_factory
from tests.pricing.promotions import measured
from tests.pricing.test_margins import sell

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_a_frozen_chart_is_downloaded_and_its_table_copied(
    page: Any, sign_in: Any, transactional_db: Any
) -> None:
    product, author = product_factory(name="Juice: 1 L"), user_factory("product-manager", language="nl")
    for back in range(12):
        sell(product, month_add(month_start(today()), -back), Decimal("1234.5"), Decimal(9))
    values = {"title": "Sap", "language": "nl", "audience": "internal", "products": [product]}
    report = report_create(user=author, values=values, parts=[Part("sales")])
    snapshot = report_publish(user=author, report=report)
    sign_in(page, author)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(snapshot.get_absolute_url())
    menu = page.locator(".chart-tools .dropdown button").first

    def taken(kind: str) -> bytes:
        """By keyboard alone."""
        menu.press("Enter")
        with page.expect_download() as got:
            page.locator(f"[data-chart-do={kind}]").press("Enter")
        assert got.value.suggested_filename == f"Juice 1 L.{kind}"
        return Path(got.value.path()).read_bytes()

    drawn = taken("svg").decode()
    assert drawn.startswith("<svg")
    for words in ("Juice: 1 L", "per maand", page.locator(".legend > span").first.inner_text()):
        assert words in drawn, words
    assert taken("png").startswith(b"\x89PNG")
    menu.press("Enter")
    page.locator("[data-copy-table]").press("Enter")
    page.locator(".pm-toast").first.wait_for()
    copied = page.evaluate("navigator.clipboard.readText()").splitlines()
    assert copied[0].startswith("Maand\t")
    assert copied[1].split("\t")[1].startswith("1.23")


def test_the_calendar_and_the_bar_of_stages_are_taken_along(
    page: Any, sign_in: Any, transactional_db: Any
) -> None:
    """Drawings that their pages make themselves; two promotions at once are two lines of one product."""
    product, person = product_factory(name="Juice: 1 L"), user_factory("product-manager", language="en")
    measured(product, name="Stunt week")
    measured(product, name="Summer days")
    ProductFigures.objects.create(product=product, measure=Measure.objects.get(code="units"), stage="growth")
    sign_in(page, person)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    for path, title, words in (
        ("/pricing/promotions/", "What runs when.", ("Juice: 1 L", "Stunt week", "Summer days")),
        ("/", "Products by stage.", ("Growth: 1",)),
    ):
        page.goto(path)
        box = page.locator("[data-chart-box]", has=page.locator("[data-chart-own]"))
        menu = box.locator(".chart-tools .dropdown button").first
        menu.press("Enter")
        with page.expect_download() as got:
            box.locator("[data-chart-do=svg]").press("Enter")
        assert got.value.suggested_filename.startswith(title.rstrip("."))
        drawn = Path(got.value.path()).read_text()
        assert not [word for word in words if word not in drawn], path
        assert drawn.count(">Juice: 1 L<") == (path != "/")
        menu.press("Enter")
        box.locator("[data-copy-table]").press("Enter")
        page.locator(".pm-toast").first.wait_for()
        assert len(page.evaluate("navigator.clipboard.readText()").splitlines()) > 1
