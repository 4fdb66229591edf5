"""What finance does in the story: the ledger, the closing of a month, and what comes late."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet, Sum
from django.utils import translation
from playwright.sync_api import expect

from core import formats
from pricing.models import CostKind, CostMonth
from pricing.selectors.cost_months import cost_months
from pricing.services.ledger import ledger_map
from products.models import Correction
from tests.factories import user_factory

from .company import Company, upload


def wednesday_costs(page: Any, sign_in: Any, axe: Any, company: Company) -> None:
    """Scene 6, as far as its rooms stand: the ledger comes in with € 1,240 that nobody mapped; finance maps
    it and it reconciles. She closes the month; a late row is refused, and booked as a correction."""
    femke = user_factory("finance", name="Femke Bos", language="nl")
    rows = [
        ("B-1", "7000", "", "8.810,55"),
        ("B-2", "7000", "100", "-310,55"),
        ("B-3", "7610", "310", "1.240,00"),
    ]
    purchase = CostKind.objects.get(code="purchase")
    ledger_map(user=femke, account="7000", start_month=company.last, kind=purchase, key="revenue")
    sign_in(page, femke)
    upload(page, "cost_actuals", _ledger(company.last, rows), "grootboek.csv")
    reconciled = page.locator("#reconciled tbody tr")
    expect(reconciled).to_have_count(1, timeout=40_000)
    for amount in ("9.740,00", "8.500,00", "1.240,00"):
        expect(reconciled).to_contain_text(amount)
    axe(page)
    page.locator("form[action$='/apply/'] button").click()
    expect(page.locator("form[action$='/undo/']")).to_have_count(1, timeout=40_000)
    address = page.url

    page.get_by_role("link", name="Wijs toe wat over is").click()
    left = page.locator("#unmapped tbody tr")
    expect(left).to_have_count(1)
    expect(left).to_contain_text("1.240,00")
    axe(page)
    left.get_by_role("link", name="Wijs toe").click()
    assert page.input_value("[name=account]") == "7610"
    assert page.input_value("[name=cost_centre]") == "310"
    page.fill("[name=start_month]", f"{company.last:%Y-%m}")
    page.select_option("[name=kind]", "quality")
    page.select_option("[name=key]", "volume")
    page.get_by_role("button", name="Bewaar de toewijzing").click()
    expect(page.get_by_text("alles wat het grootboek heeft, is toegewezen")).to_be_visible()
    page.goto(address)
    assert "".join(reconciled.locator("td").nth(2).inner_text().split()) == "€0,00"
    actual = cost_months().filter(source="actual", month=company.last)
    assert _sum(actual) == Decimal("9740.00")
    assert _sum(actual.filter(kind__code="quality")) == Decimal("1240.00")

    page.goto("/costs/months/")
    with translation.override("nl"):
        month = formats.month(company.last)
    axe(page)
    page.get_by_role("link", name=f"Sluit {month} af").click()
    axe(page)
    page.fill("[name=note]", "Besproken met de accountant")
    page.get_by_role("button", name="Sluit de maand af").click()
    expect(page.get_by_text(f"{month} is afgesloten.")).to_be_visible()
    closed = _sum(actual)

    upload(page, "cost_actuals", _ledger(company.last, [("B-4", "7000", "", "99,45")]), "late.csv")
    expect(page.locator("#refused tbody tr")).to_have_count(1, timeout=40_000)
    axe(page)
    page.fill("[name=correction]", "Factuur kwam te laat")
    page.get_by_role("button", name="Lees in als correctie").click()
    apply = page.locator("form[action$='/apply/'] button")
    expect(page.locator("#refused")).to_have_count(0, timeout=40_000)
    apply.click(timeout=40_000)
    expect(page.get_by_text("Als correctie van afgesloten maanden: Factuur kwam te laat")).to_be_visible()
    expect(page.locator("[data-count=new] .kpi-value")).to_have_text("1", timeout=40_000)
    expect(page.locator("form[action$='/apply/']")).to_have_count(0, timeout=40_000)
    assert _sum(actual) == closed + Decimal("99.45")
    made = Correction.objects.get(by=femke)
    assert _sum(cost_months(as_of=made.at).filter(source="actual", month=company.last)) == closed
    page.goto("/costs/months/")
    corrected = page.locator("#corrections tbody tr")
    expect(corrected).to_contain_text("Factuur kwam te laat")
    expect(corrected).to_contain_text("99,45")
    axe(page)


def _ledger(month: datetime.date, rows: list[tuple[str, ...]]) -> bytes:
    head = "boekingsnummer;boekdatum;grootboekrekening;kostenplaats;bedrag"
    day = f"{month:%d-%m-%Y}".replace("01-", "15-", 1)
    lines = [";".join((number, day, *rest)) for number, *rest in rows]
    return "\n".join([head, *lines]).encode()


def _sum(rows: QuerySet[CostMonth]) -> Decimal:
    return Decimal(rows.aggregate(found=Sum("amount"))["found"] or 0)
