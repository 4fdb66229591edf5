"""How parts look where only a browser can tell: what covers what, and what is wider than the screen."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.urls import reverse

from accounts.models import Role
from core.organisation import today
from core.reports.blocks import Cell, Section, Table, Text
from forecasting.services.stages import stage_set
from products.models import Product
from products.services.figures import figures_refresh
from tests.factories import line_factory, product_factory, user_factory
from tests.forecasting.conftest import months_give, run_now
from tests.reporting.test_snapshot_files import frozen

pytestmark = [pytest.mark.browser, pytest.mark.slow]
TOO_WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture
def juice(transactional_db: Any) -> Product:
    """A product with five years of sales, after its first night."""
    found = product_factory(
        code="JUICE", name="Juice", line=line_factory(), launched=datetime.date(2021, 11, 1)
    )
    months_give(found, 60)
    figures_refresh()
    run_now()
    return found


def test_the_table_of_a_chart_scrolls_in_itself_under_its_head(
    page: Any, sign_in: Any, juice: Product
) -> None:
    sign_in(page, user_factory("product-manager", language="en"))
    for width in (1440, 390):
        page.set_viewport_size({"width": width, "height": 900})
        page.goto("/products/JUICE/")
        page.locator(".chart svg").first.wait_for()
        before = page.evaluate("document.documentElement.scrollHeight")
        page.get_by_role("button", name="Table", exact=True).click()
        head = page.locator("#overview-chart-table thead th").first.bounding_box()
        row = page.locator("#overview-chart-table tbody tr").first.bounding_box()
        assert head["y"] + head["height"] <= row["y"] + 1, f"at {width} px the head covers the first row"
        assert page.evaluate("document.documentElement.scrollHeight") <= before
        page.locator("#overview-chart-table").evaluate("table => { table.scrollTop = 200 }")
        box = page.locator("#overview-chart-table").bounding_box()
        head = page.locator("#overview-chart-table thead th").first.bounding_box()
        assert abs(head["y"] - box["y"]) <= 1, "the head stays in sight"


def test_on_paper_no_figure_is_cut_off(page: Any, sign_in: Any, transactional_db: Any) -> None:
    """A4 within its margins is 680 px wide; a table too wide for it would lose its last digits."""
    row = (Cell("Sinaasappelsap 0,2 L"), *(Cell("1.138.243 behandelingen"), Cell("€ 585.318")) * 5)
    heads = ("Product", *("Verwachting heel jaar (LE)", "t.o.v. vorig jaar") * 5)
    table = Table("Afzet", heads, ("volume",) * 11, (False, *(True,) * 10), (row,) * 3)
    snapshot = frozen([Section("sales", "Afzet", (table,))])
    sign_in(page, snapshot.author)
    page.goto(reverse("reporting:snapshot", args=[snapshot.report_id, snapshot.number]))
    page.locator(".pm-sort").first.wait_for()
    page.set_viewport_size({"width": 680, "height": 900})
    assert page.locator("main table").evaluate("table => table.offsetWidth") > 680
    page.emulate_media(media="print")
    assert page.evaluate(TOO_WIDE) <= 0
    cut = "cells => cells.filter(cell => cell.scrollWidth > cell.clientWidth + 1).length"
    assert page.locator("main :is(th, td)").evaluate_all(cut) == 0
    assert page.locator("main .btn").first.is_hidden()


def test_a_word_without_end_keeps_to_the_screen(page: Any, sign_in: Any, transactional_db: Any) -> None:
    word = "Donaudampfschifffahrtsgesellschaft" * 3
    snapshot = frozen([Section("words", "Woorden", (Text(word, word),))], title=word)
    sign_in(page, snapshot.author)
    page.set_viewport_size({"width": 390, "height": 900})
    for path in (snapshot.get_absolute_url(), snapshot.report.get_absolute_url()):
        page.goto(path)
        assert page.evaluate(TOO_WIDE) <= 0, path


def test_a_stage_set_by_hand_fits_every_width(page: Any, sign_in: Any, juice: Product) -> None:
    user = user_factory("product-manager", language="nl")
    until = today() + datetime.timedelta(days=90)
    stage_set(user=user, product=juice, stage="decline", until=until, reason="De opvolger komt eraan")
    sign_in(page, user)
    for path in ("/products/JUICE/", "/products/JUICE/forecast/"):
        page.goto(path)
        page.get_by_role("button", name="Terug naar de schatting van de nacht").wait_for()
        for width in (1000, 1024, 1050, 1090, 1440, 390):
            page.set_viewport_size({"width": width, "height": 900})
            assert page.evaluate(TOO_WIDE) <= 0, f"{path} at {width} px"


def test_small_parts_keep_their_shape(page: Any, sign_in: Any, juice: Product) -> None:
    """The circle with the initials stays one beside a long role; a card's gap is one gap."""
    user = user_factory("product-manager", name="Anna Visser", language="nl")
    long = "Verantwoordelijk voor de producten van heel het bedrijf"
    Role.objects.filter(code="product-manager").update(name_nl=long)
    sign_in(page, user)
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto("/products/JUICE/")
    circle = page.locator(".pm-user .avatar").bounding_box()
    assert abs(circle["width"] - circle["height"]) < 0.5
    edges = "cards => [cards[0].getBoundingClientRect().bottom, cards[1].getBoundingClientRect().top]"
    bottom, top = page.locator("#sales .gap-card > section").evaluate_all(edges)  # at one moment
    assert top - bottom <= 21


def test_an_error_page_keeps_the_menu(page: Any, sign_in: Any, axe: Any, transactional_db: Any) -> None:
    sign_in(page, user_factory("viewer", language="en"))
    for path, title in (
        ("/products/NO-SUCH/", "This page does not exist"),
        (reverse("accounts:people"), "You have no access to this"),
    ):
        page.goto(path)
        assert page.locator("h1").all_inner_texts() == [title]
        assert page.get_by_role("link", name="Products").count() == 1
        axe(page)
    page.context.clear_cookies()
    page.goto("/no-such-page/")
    assert page.locator("nav").count() == 0


def test_on_a_phone_what_needs_attention_comes_before_the_tables(
    page: Any, sign_in: Any, juice: Product
) -> None:
    sign_in(page, user_factory("product-manager", language="en"))
    page.goto("/products/JUICE/")
    tops = "ids => ids.map(id => document.getElementById(id).getBoundingClientRect().top)"
    ids = ["overview-chart-title", "stage-title", "compared-volume"]
    page.set_viewport_size({"width": 390, "height": 844})
    chart, stage, table = page.evaluate(tops, ids)
    assert chart < stage < table
    assert page.evaluate(TOO_WIDE) <= 0
    page.set_viewport_size({"width": 1440, "height": 900})
    chart, stage, table = page.evaluate(tops, ids)
    assert abs(chart - stage) < 30, "beside the chart"
