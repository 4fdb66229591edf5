"""A bulk proposal from form to approval, by two people, in both languages."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from playwright.sync_api import expect

from core import jobs
from core.organisation import today
from pricing.models import Price, Proposal
from products.models import Product
from tests.factories import line_factory, price_factory, price_list_factory, product_factory, user_factory

from .widths import PLAYED, looked_at

pytestmark = [pytest.mark.browser, pytest.mark.slow]
WORDS = {
    "en": {
        "waiting": "Waiting for its turn",
        "see": "See what it does",
        "prices": "600 prices",
        "prices_propose": "Propose prices",
        "propose": "Propose",
        "change": "Change prices",
        "price": "12.34",
        "approve": "Approve",
        "alert": "proposes new prices of 600 products",
        "why": "Say why, so that the author can do it better.",
        "ok": "Approved: these prices hold from their date.",
    },
    "nl": {
        "waiting": "Wacht op zijn beurt",
        "see": "Bekijk wat het doet",
        "prices": "600 prijzen",
        "prices_propose": "Stel prijzen voor",
        "propose": "Stel voor",
        "change": "Wijzig prijzen",
        "price": "12,34",
        "approve": "Keur goed",
        "alert": "stelt nieuwe prijzen voor van 600 producten",
        "why": "Zeg waarom, zodat de indiener het beter kan doen.",
        "ok": "Goedgekeurd: deze prijzen gelden vanaf hun datum.",
    },
}


def work() -> None:
    while (job := jobs.job_claim("short")) is not None:
        jobs.job_run(job)


@PLAYED
def test_many_prices_are_proposed_and_approved_by_another(
    page: Any, sign_in: Any, axe: Any, transactional_db: Any, language: str, width: int
) -> None:
    words = WORDS[language]
    author, owner = user_factory("marketing", language=language), user_factory(language=language)
    line, mine = line_factory(name="Tea", owner=owner), price_list_factory()
    Product.objects.bulk_create(Product(code=f"T{n}", name=f"Tea {n}", line=line) for n in range(600))
    for product in Product.objects.filter(line=line):
        price_factory(product=product, price_list=mine, start_date=today() - datetime.timedelta(90))
    day = today() + datetime.timedelta(30)
    page.set_viewport_size({"width": width, "height": 900})

    sign_in(page, author)
    page.goto(f"/pricing/?line={line.code}")
    page.get_by_role("checkbox", name="Tea 0", exact=False).first.check()
    page.locator("#bulk [name=all]").check()
    looked_at(page, axe)
    page.get_by_role("button", name=words["prices_propose"]).click()
    page.wait_for_url("**/pricing/proposals/new/?**")
    page.fill("[name=start_date]", day.isoformat())
    page.fill("[name=value]", "10")
    page.select_option("[name=rounding]", "99")
    page.fill("[name=reason]", "Tea is dearer")
    looked_at(page, axe)
    page.get_by_role("button", name=words["see"]).click()
    page.wait_for_url("**/pricing/proposals/*/")
    address = page.url
    expect(page.get_by_text(words["waiting"])).to_be_visible()
    work()
    page.get_by_role("link", name=words["see"]).click()
    expect(page.get_by_role("heading", name=words["prices"])).to_be_visible()
    expect(page.get_by_role("cell", name="10,99" if language == "nl" else "10.99").first).to_be_visible()
    looked_at(page, axe)
    page.locator("#edit > summary").click()
    page.fill("[name=pasted]", f"T0\t{words['price']}")
    looked_at(page, axe)
    page.get_by_role("button", name=words["change"], exact=True).click()
    expect(page.get_by_role("cell", name=words["price"]).first).to_be_visible()
    page.get_by_role("button", name=words["propose"], exact=True).click()
    expect(page.get_by_role("button", name=words["approve"])).to_have_count(0)

    sign_in(page, owner)
    page.goto("/")
    expect(page.get_by_text(words["alert"])).to_be_visible()
    page.goto(address)
    page.locator("button[value=reject]").click()
    expect(page.get_by_text(words["why"])).to_be_visible()
    looked_at(page, axe)
    page.get_by_role("button", name=words["approve"]).click()
    expect(page.get_by_text(words["ok"])).to_be_visible()
    assert Price.objects.filter(proposal=Proposal.objects.get(), state="approved").count() == 600


@pytest.mark.parametrize("language", ["en", "nl"])
def test_the_card_draws_its_chart_and_says_so_without_prices(
    page: Any, sign_in: Any, axe: Any, transactional_db: Any, language: str
) -> None:
    bare, product = product_factory(), product_factory()
    mine = price_list_factory(with_vat=True)
    for days, amount in ((-400, 10), (-100, 11), (40, 12)):
        start = today() + datetime.timedelta(days)
        price_factory(product=product, price_list=mine, start_date=start, amount=amount)
    sign_in(page, user_factory(language=language))
    page.goto(f"/products/{product.code}/mix/")
    page.wait_for_selector("html[data-charts=ready]")
    assert page.locator("#price svg.marks path").count() > 2
    # Two fragments that come in while it is being drawn draw it no second time.
    page.evaluate(
        """() => {
          const chart = document.querySelector("#price .chart"), embed = window.vegaEmbed;
          chart.pmView.finalize();
          chart.pmView = null;
          window.drawings = 0;
          window.vegaEmbed = (...given) => { window.drawings += 1; return embed(...given); };
          for (let swap = 0; swap < 2; swap += 1) document.dispatchEvent(new Event("htmx:after:swap"));
        }"""
    )
    page.wait_for_function("document.querySelector('#price .chart').pmView")
    assert page.evaluate("window.drawings") == 1
    axe(page)
    page.goto(f"/products/{bare.code}/mix/")
    expect(page.locator("#price .void")).to_be_visible()
    axe(page)
    sign_in(page, user_factory(rights=["products.view"], language=language))
    answer = page.goto(f"/products/{product.code}/mix/")
    assert answer.status == 403
