"""A budget is filled in by hand and paste, put back, copied and compared, in both languages."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import pytest
from playwright.sync_api import expect

from products.models import BudgetRow, BudgetVersion, Measure
from products.services.budget import budget_create
from products.services.budget_cells import Cell, budget_cells_set
from tests.factories import line_factory, product_factory, user_factory

from .test_judgement import PHONE, WIDE, overflows, paste

pytestmark = pytest.mark.browser
JAN = datetime.date(2027, 1, 1)
WORDS = {
    "en": {
        "fill": "Fill in",
        "save": "Save",
        "saved": "3 figures were saved.",
        "cut": "More was pasted than fits here",
        "unreadable": "1 figure cannot be read; nothing is saved yet.",
        "race": "Somebody else filled in these figures in the meantime.",
        "history": "History",
        "back": "Put back",
        "compare": "Compare",
        "total": "Total",
    },
    "nl": {
        "fill": "Invullen",
        "save": "Opslaan",
        "saved": "3 cijfers zijn opgeslagen.",
        "cut": "Er is meer geplakt dan hier past",
        "unreadable": "1 cijfer kan niet worden gelezen; er is nog niets opgeslagen.",
        "race": "Iemand anders heeft deze cijfers intussen ingevuld.",
        "history": "Geschiedenis",
        "back": "Terugzetten",
        "compare": "Vergelijken",
        "total": "Totaal",
    },
}


def planned() -> dict[str, Decimal]:
    rows = BudgetRow.objects.filter(version__code="B2027")
    return {
        f"{code} {month:%m}": value
        for code, month, value in rows.values_list("product__code", "month", "revenue")
    }


@pytest.mark.parametrize("language", ["en", "nl"])
def test_a_budget_is_filled_in(
    page: Any, sign_in: Any, axe: Any, transactional_db: Any, language: str
) -> None:
    words, line = WORDS[language], line_factory()
    apple = product_factory(code="A", name="Apple", line=line)
    product_factory(code="B", name="Beer", line=line)
    other = user_factory(name="Emma")
    version = budget_create(user=other, code="B2027", name="Plan 2027", year=2027)
    home = f"/products/budgets/{version.pk}/"

    sign_in(page, user_factory("viewer", language=language))
    page.goto(home)
    expect(page.get_by_role("link", name=words["fill"])).to_have_count(0)
    assert page.request.get(f"{home}edit/").status == 403

    sign_in(page, user_factory("product-manager", name="Sanne", language=language))
    page.set_viewport_size(WIDE)
    page.goto(home)
    axe(page)
    page.get_by_role("link", name=words["fill"]).first.click()
    first = f"[name='c-{apple.pk}-2027-01']"
    paste(page, first, "1\tx\n2\t\n9\t9")
    expect(page.locator("#toasts")).to_contain_text(words["cut"])
    page.get_by_role("button", name=words["save"], exact=True).click()
    expect(page.locator(".problem")).to_contain_text(words["unreadable"])
    assert planned() == {}
    page.fill(f"[name='c-{apple.pk}-2027-02']", "1.234,5" if language == "nl" else "1,234.5")
    page.get_by_role("button", name=words["save"], exact=True).click()
    expect(page.locator("#messages")).to_contain_text(words["saved"])
    assert planned() == {"A 01": 1, "A 02": Decimal("1234.5"), "B 01": 2}

    page.set_viewport_size(PHONE)
    axe(page)
    assert not overflows(page)
    page.fill(first, "5")
    cell = Cell(apple, None, Measure.objects.get(code="units"), JAN, "revenue")
    budget_cells_set(user=other, version=version, values={cell: Decimal(7)})
    page.get_by_role("button", name=words["save"], exact=True).click()
    expect(page.locator(".problem")).to_contain_text(words["race"])
    assert planned()["A 01"] == 7
    page.get_by_role("button", name=words["save"], exact=True).click()
    page.wait_for_load_state()
    assert planned()["A 01"] == 5

    page.goto(home)
    expect(page.locator("tfoot")).to_contain_text(words["total"])
    axe(page)
    assert not overflows(page)
    page.get_by_role("link", name=words["history"]).click()
    axe(page)
    assert not overflows(page)
    page.get_by_role("button", name=words["back"]).first.click()
    page.wait_for_load_state()
    assert planned()["A 01"] == 7


@pytest.mark.parametrize("language", ["en", "nl"])
def test_two_budgets_beside_each_other(
    page: Any, sign_in: Any, axe: Any, transactional_db: Any, language: str
) -> None:
    user, product = user_factory(language=language), product_factory(code="A", line=line_factory())
    first = budget_create(user=user, code="B2027", name="Plan 2027", year=2027)
    cell = Cell(product, None, Measure.objects.get(code="units"), JAN, "revenue")
    budget_cells_set(user=user, version=first, values={cell: Decimal(100)})
    second = budget_create(user=user, code="again", name="Again", year=2027, copy_of=first)
    budget_cells_set(user=user, version=second, values={cell: Decimal(130)})
    assert BudgetVersion.objects.count() == 2

    sign_in(page, user)
    page.goto("/products/budgets/")
    page.get_by_role("link", name=WORDS[language]["compare"]).click()
    expect(page.locator("tbody tr")).to_contain_text("30")
    axe(page)
    page.set_viewport_size(PHONE)
    assert not overflows(page)
