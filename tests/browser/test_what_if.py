"""A what-if by its slider, kept and proposed; the page of all sensitivities; in both languages."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import pytest
from playwright.sync_api import expect

from core.organisation import today
from pricing.models import Scenario
from products.models import Product
from tests.factories import (
    channel_factory,
    line_factory,
    price_factory,
    price_list_factory,
    product_factory,
    user_factory,
)
from tests.pricing.elasticities import elasticity_factory
from tests.pricing.promotions import measured
from tests.pricing.test_what_if import sold_and_expected
from tests.pricing.test_what_if_distribution import months_of

from .widths import PLAYED, looked_at

pytestmark = [pytest.mark.browser, pytest.mark.slow]
WORDS = {
    "en": {
        "price": "€11.00",
        "sentence": "1% dearer ≈ 2.5% less volume (80%: 2.0 to 3.0), from 148 weeks."
        " Sales volume against our price.",
        "even": "volume falls by no more than 9.1%",
        "consumer": "€16.49",
        "keep": "Keep",
        "propose": "Propose",
        "raised": "most can be lowered",
    },
    "nl": {
        "price": "€ 11,00",
        "sentence": "1% duurder ≈ 2,5% minder afzet (80%: 2,0 tot 3,0), uit 148 weken."
        " Afzet tegenover onze prijs.",
        "even": "de afzet niet meer dan 9,1% daalt",
        "consumer": "€ 16,49",
        "keep": "Bewaar",
        "propose": "Stel voor",
        "raised": "meest te verlagen",
    },
}


def company() -> Product:
    product = product_factory(line=line_factory(name="Juice", unit="carton"), code="A", name="Apple")
    past = today() - datetime.timedelta(400)
    advised = price_list_factory(kind="advised")
    price_factory(product=product, price_list=price_list_factory(), start_date=past, amount=10)
    price_factory(product=product, price_list=advised, start_date=past, amount=Decimal("14.99"))
    sold_and_expected(product)
    elasticity_factory(product)
    return product


@PLAYED
def test_a_slider_says_what_a_price_would_do(
    page: Any, sign_in: Any, axe: Any, transactional_db: Any, language: str, width: int
) -> None:
    words, product = WORDS[language], company()
    page.set_viewport_size({"width": width, "height": 900})
    sign_in(page, user_factory("marketing", language=language))
    page.goto("/products/A/mix/")
    slider = page.locator("#what-if-price")
    expect(slider).to_be_visible()
    slider.evaluate(
        "element => { element.value = '11.00'; element.dispatchEvent(new Event('input', {bubbles: true})); }"
    )
    expect(page.locator("#what-if-price-said")).to_have_text(words["price"])
    expect(page.locator("#what-if-price-now")).to_contain_text(words["consumer"])
    expect(page.locator("#what-if-sensitivity")).to_have_text(words["sentence"])
    expect(page.locator("#what-if-result [role=status]")).to_contain_text(words["even"])
    expect(page.locator("#what-if-result svg.marks")).to_be_visible()
    looked_at(page, axe)

    page.locator("#what-if-result [name=name]").fill("Dearer")
    page.get_by_role("button", name=words["keep"], exact=True).click()
    kept = page.locator("#what-if-form [name=with]")
    expect(kept).to_have_count(1)
    assert Scenario.objects.get().values["price"] == "11.00"
    kept.check()
    expect(page.locator("#what-if-result .legend").get_by_text("Dearer")).to_be_visible()
    looked_at(page, axe)
    page.locator("#what-if-volume").click()
    expect(page.locator("#what-if-volume")).to_have_attribute("aria-current", "true")
    expect(kept).to_be_checked()
    expect(page.locator("#what-if-price-said")).to_have_text(words["price"])
    page.get_by_role("link", name=words["propose"], exact=True).click()
    expect(page.locator("[name=value]")).to_have_value("11,00" if language == "nl" else "11.00")
    assert product.pk


@pytest.mark.parametrize("language", ["en", "nl"])
def test_all_sensitivities_on_a_page(
    page: Any, sign_in: Any, axe: Any, transactional_db: Any, language: str
) -> None:
    company()
    sign_in(page, user_factory("marketing", language=language))
    page.goto("/pricing/sensitivity/")
    expect(page.get_by_role("cell", name="−2,5" if language == "nl" else "−2.5", exact=True)).to_be_visible()
    axe(page)
    page.locator("[name=sort]").select_option(label=WORDS[language]["raised"])
    page.wait_for_url("**sort=effect*")
    expect(page.get_by_role("link", name="Apple")).to_be_visible()
    sign_in(page, user_factory(rights=["products.view"], language=language))
    assert page.goto("/pricing/sensitivity/").status == 403


KINDS = {
    "en": {
        "promotion": ("Promotion", "€7.50", "1 of this product", "1+1 free"),
        "distribution": ("Distribution", "50%", "The channel sells 60% of all volume.", "Shops"),
        "keep": "Keep",
        "propose": "Propose",
    },
    "nl": {
        "promotion": ("Actie", "€ 7,50", "1 van dit product", "1+1 gratis"),
        "distribution": ("Distributie", "50%", "Het kanaal verkoopt 60% van de hele afzet.", "Shops"),
        "keep": "Bewaar",
        "propose": "Stel voor",
    },
}


@pytest.mark.parametrize("language", ["en", "nl"])
@pytest.mark.parametrize("kind", ["promotion", "distribution"])
def test_what_a_promotion_or_more_distribution_would_do(
    page: Any, sign_in: Any, axe: Any, transactional_db: Any, language: str, kind: str
) -> None:
    words, product = KINDS[language], company()
    measured(product)
    months_of(product, channel_factory(name="Shops"), volume=600)
    months_of(product, channel_factory(name="Web"), volume=400, rate=0)
    tab, price, rests, choice = words[kind]
    sign_in(page, user_factory("marketing", language=language))
    page.goto("/products/A/mix/")
    page.locator("#what-if").get_by_role("link", name=tab, exact=True).click()
    expect(page.locator("#what-if select")).to_contain_text(choice)
    slider = page.locator("#what-if-price")
    slider.evaluate(
        "(element, value) => { element.value = value;"
        " element.dispatchEvent(new Event('input', {bubbles: true})); }",
        "7.50" if kind == "promotion" else "0.5",
    )
    expect(page.locator("#what-if-price-said")).to_have_text(price)
    expect(page.locator("#what-if-result [role=status]")).to_contain_text(rests)
    expect(page.locator("#what-if-result svg.marks")).to_be_visible()
    axe(page)

    page.locator("#what-if-result [name=name]").fill("Bolder")
    page.get_by_role("button", name=words["keep"], exact=True).click()
    kept = page.locator("#what-if-form [name=with]")
    expect(kept).to_have_count(1)
    assert Scenario.objects.get().values["kind"] == kind
    kept.check()
    expect(page.locator("#what-if-result .legend").get_by_text("Bolder")).to_be_visible()
    propose = page.get_by_role("link", name=words["propose"], exact=True)
    if kind == "distribution":
        expect(propose).to_have_count(0)
        return
    propose.click()
    expect(page.locator("[name=mechanic]")).to_have_value("one_plus_one")
    expect(page.locator("[name=product_1]")).to_have_value("A")
