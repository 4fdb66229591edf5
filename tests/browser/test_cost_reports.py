"""A cost report from the first look to a file and a name, wide and narrow, in both languages."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from playwright.sync_api import expect
from pypdf import PdfReader
from python_calamine import CalamineWorkbook

from core.months import month_add, month_start
from core.organisation import today
from pricing.models import CostKind
from pricing.selectors.cost_months import BookedCost
from pricing.services.cost_months import cost_months_book
from products.models import BudgetRow, BudgetVersion, Measure
from products.selectors.budget import budget_year
from reporting.selectors.report_query import MEASURES
from tests.factories import (
    channel_factory,
    cost_rate_factory,
    line_factory,
    product_factory,
    user_factory,
)
from tests.pricing.test_margins import sell

from .test_costs import fits
from .widths import PLAYED, looked_at

pytestmark = [pytest.mark.browser, pytest.mark.slow]
WORDS = {
    "en": {"take": "Take along", "keep": "Keep", "margin": "Margin", "bridge": "Margin bridge"},
    "nl": {"take": "Meenemen", "keep": "Bewaren", "margin": "Marge", "bridge": "Margebrug"},
}


def test_units_variance_and_trend_in_both_languages(
    page: Any, sign_in: Any, axe: Any, transactional_db: Any
) -> None:
    """Two products, 100 and 40 sold for two months; juice should cost 200 and cost 230, 200 were planned."""
    last = month_add(month_start(today()), -1)
    months, line = [month_add(last, -1), last], line_factory(name="Drinks")
    kind, channel = CostKind.objects.get(code="purchase").pk, channel_factory()
    products = [product_factory(name=name, line=line) for name in ("Juice", "Milk")]
    for product, units in zip(products, (100, 40), strict=True):
        cost_rate_factory(product=product, start_date=months[0], amount=2)
        for month in months:
            sell(product, month, Decimal(units), Decimal(1000), channel=channel)
    for source, amounts in (("standard", (200, 80)), ("actual", (230, 80))):
        rows = [
            BookedCost(product.pk, month, kind, None, None, "", Decimal(amount))
            for product, amount in zip(products, amounts, strict=True)
            for month in months
        ]
        cost_months_book(source=source, months=months, rows=rows)
    version = BudgetVersion.objects.create(code="plan", name="Plan", year=budget_year(last))
    units = Measure.objects.get(code="units")
    BudgetRow.objects.create(
        version=version, product=products[0], measure=units, month=last, volume=Decimal(200)
    )
    finance = user_factory("finance", language="en")
    for language, width, price, change, each in (
        ("en", 390, "+€30.00", "−€200.00", "€2.3000"),
        ("nl", 1440, "€ +30,00", "€ −200,00", "€ 2,3000"),
    ):
        type(finance).objects.filter(pk=finance.pk).update(language=language)
        page.set_viewport_size({"width": width, "height": 900})
        if language == "en":
            sign_in(page, finance)
        for said, at, text in (
            ("layout=units&of=actual", "#unit-report tbody tr", each),
            ("layout=variance&by=product", "#cost-comparison tbody tr", price),
            ("layout=variance&by=product&against=budget", "#cost-comparison tbody tr", change),
            ("layout=trend&of=actual&by=product", "#cost-comparison tbody tr", each),
        ):
            page.goto(f"/costs/reports/?month={last:%Y-%m}&period=month&{said}")
            row = page.locator(at).filter(has_text="Juice")
            expect(row).to_contain_text(text.replace(" ", "\u00a0"))
            if "budget" in said or "trend" in said:
                page.wait_for_selector("html[data-charts=ready]")
            assert fits(page)
            axe(page)


@PLAYED
def test_a_report_is_read_opened_kept_and_taken_along(
    page: Any, sign_in: Any, axe: Any, transactional_db: Any, language: str, width: int, tmp_path: Any
) -> None:
    words, last = WORDS[language], month_add(month_start(today()), -1)
    products = [product_factory(name=f"Oat {n}", line=line_factory(name="Drinks")) for n in range(3)]
    kinds = [CostKind.objects.get(code=code).pk for code in ("purchase", "overhead")]
    for source in ("standard", "budget"):
        rows = [
            BookedCost(pk, last, kind, None, None, "", Decimal("1234.56"))
            for pk in (*(each.pk for each in products), None)
            for kind in kinds
        ]
        cost_months_book(source=source, months=[last], rows=rows)
    page.set_viewport_size({"width": width, "height": 900})
    sign_in(page, user_factory("finance", language=language))
    page.goto("/costs/reports/")
    total = "9.876,48" if language == "nl" else "9,876.48"
    expect(page.locator("#cost-report tfoot td").nth(2)).to_have_text(total)
    expect(page.locator("#reconciliation")).to_contain_text(total)
    looked_at(page, axe)
    page.locator("select[name=kind]").select_option("overhead")
    half = "4.938,24" if language == "nl" else "4,938.24"
    expect(page.locator("#cost-report tfoot td").nth(2)).to_have_text(half)
    page.fill("#report-name", "Overhead")
    page.get_by_role("button", name=words["keep"], exact=True).click()
    expect(page.get_by_role("link", name="Overhead", exact=True)).to_be_visible()
    page.get_by_role("button", name=words["take"]).click()
    with page.expect_download() as got:
        page.get_by_role("link", name="XLSX", exact=True).click()
    got.value.save_as(tmp_path / "report.xlsx")
    sheet = CalamineWorkbook.from_path(tmp_path / "report.xlsx").get_sheet_by_index(0).to_python()
    assert sheet[-1][3] == 4938.24
    page.goto("/costs/reports/")
    page.locator("#cost-report tbody a.name").first.click()
    expect(page.locator("#cost-report")).to_be_visible()
    page.get_by_role("link", name=words["margin"], exact=True).click()
    expect(page.locator("#cost-report tfoot")).to_be_visible()
    looked_at(page, axe)
    page.get_by_role("link", name=words["bridge"], exact=True).click()
    page.wait_for_selector("html[data-charts=ready]")
    expect(page.locator("#bridge")).to_be_visible()
    looked_at(page, axe)


def test_back_a_filter_says_what_is_shown_and_on_paper_no_figure_falls_off(
    page: Any, sign_in: Any, transactional_db: Any, tmp_path: Any
) -> None:
    """All 21 columns of an amount as long as any, on A4."""
    last, product = month_add(month_start(today()), -1), product_factory(name="Oats")
    kind, amount = CostKind.objects.get(code="purchase").pk, Decimal("69195738.33")
    for source in ("actual", "standard", "budget"):
        row = BookedCost(product.pk, last, kind, None, None, "", amount)
        cost_months_book(source=source, months=[last], rows=[row])
    sign_in(page, user_factory("finance", language="nl"))
    columns = ",".join(f"{period}-{measure}" for period in ("month", "ytd", "year") for measure in MEASURES)
    page.goto(f"/costs/reports/?month={last:%Y-%m}&columns={columns}")
    typed = page.locator("form[data-autosubmit] input[name=q]")
    typed.fill("Oa")
    page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow'))")  # the page is all there
    expect(typed).to_have_value("Oa")
    typed.fill("")
    rows = page.locator("select[name=by]")
    chosen = rows.input_value()
    rows.select_option("month,kind")
    page.wait_for_url("**by=month**")
    page.go_back()
    expect(page.locator("#cost-report")).to_contain_text("Oats")
    expect(rows).to_have_value(chosen)
    path = tmp_path / "printed.pdf"
    page.pdf(
        path=path, format="A4", prefer_css_page_size=True, margin=dict.fromkeys(("left", "right"), "1cm")
    )
    text = "".join(each.extract_text() for each in PdfReader(path).pages).replace("\n", "")
    shown = page.locator("main").inner_text().count("69.195.738,33")
    assert shown > 40
    assert text.count("69.195.738,33") == shown
