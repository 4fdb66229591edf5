"""What finance does in the story: the ledger, the closing of a month, and what comes late."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet, Sum
from django.utils import translation
from playwright.sync_api import expect

from accounts.models import User
from collaboration.models import Alert
from core import formats
from core.months import month_add, month_range, month_start
from core.organisation import today
from forecasting.models import NightlyRun
from forecasting.services.night import night_start
from pricing.models import CostKind, CostMonth, Price, PriceList
from pricing.selectors.cost_months import cost_months
from pricing.services.ledger import Part, ledger_map
from products.models import Correction, Product, SalesFact, Supplier
from tests.factories import cost_line_factory, cost_rate_factory, price_factory, user_factory

from .company import PRICES, Company, dutch, upload


def wednesday_costs(page: Any, sign_in: Any, axe: Any, processes: Any, company: Company) -> None:
    """Scene 6: the ledger comes in with € 1,240 that nobody mapped; finance maps it and it reconciles. What a
    supplier asks more brings four products under their floor within months; prices lie ready. She closes the
    month; a late row is refused, and booked as a correction."""
    femke = user_factory("finance", name="Femke Bos", language="nl")
    sign_in(page, femke)
    _ledger_maps(page, axe, company, femke)
    _supplier_asks_more(page, sign_in, axe, processes, company, femke)
    _month_closes(page, axe, company, femke)


def _ledger_maps(page: Any, axe: Any, company: Company, femke: User) -> None:
    rows = [
        ("B-1", "7000", "", "8.810,55"),
        ("B-2", "7000", "100", "-310,55"),
        ("B-3", "7610", "310", "1.240,00"),
    ]
    purchase = CostKind.objects.get(code="purchase")
    ledger_map(
        user=femke, account="7000", start_month=company.last, parts=[Part(kind=purchase, key="revenue")]
    )
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
    page.select_option("[name=parts-0-kind]", "quality")
    page.select_option("[name=parts-0-key]", "volume")
    page.get_by_role("button", name="Bewaar de toewijzing").click()
    expect(page.get_by_text("alles wat het grootboek heeft, is toegewezen")).to_be_visible()
    page.goto(address)
    assert "".join(reconciled.locator("td").nth(2).inner_text().split()) == "€0,00"
    actual = _booked(company, "actual")
    assert _sum(actual) == Decimal("9740.00")
    assert _sum(actual.filter(kind__code="quality")) == Decimal("1240.00")


def _supplier_asks_more(
    page: Any, sign_in: Any, axe: Any, processes: Any, company: Company, femke: User
) -> None:
    """One supplier gets half the price of four products; with 4 % more 48 % is left. The floor is 49."""
    before, start = month_add(company.last, -24), month_add(month_start(today()), 2)
    supplier = Supplier.objects.create(code="VERHAAR", name="Verhaar Groep")
    prices = PriceList.objects.get(name_nl="Verkoopprijzen")
    products = [product for code, product in company.products.items() if code != "SAP-100"]
    for product in products:
        price_factory(product=product, price_list=prices, start_date=before, amount=PRICES[product.code])
        line = cost_line_factory(product=product, supplier=supplier)
        cost_rate_factory(cost_line=line, start_date=before, amount=PRICES[product.code] / 2)
    Product.objects.filter(pk__in=[product.pk for product in products]).update(floor_rate=Decimal("0.49"))
    assert len(products) == 4

    page.goto("/costs/changes/new/")
    page.select_option("[name=supplier]", "VERHAAR")
    page.fill("[name=value]", "4")
    page.fill("[name=start_date]", start.isoformat())
    page.fill("[name=reason]", "Verhaar rekent 4 % meer")
    page.get_by_role("button", name="Bekijk wat het doet").click()
    rows = page.locator("tbody tr")
    expect(rows).to_have_count(4)
    for place in range(4):
        expect(rows.nth(place)).to_contain_text("50,0% → 48,0%")
        expect(rows.nth(place)).to_contain_text("eronder")
    axe(page)
    page.get_by_role("button", name="Leg deze tarieven vast").click()
    expect(page.get_by_role("button", name="Trek deze tarieven in")).to_be_visible()
    run = night_start(kind=NightlyRun.Kind.MANUAL, as_of=company.last, only=["margin_floor"])
    processes.wait_until(
        lambda: NightlyRun.objects.get(pk=run.pk).state == NightlyRun.State.DONE, "the floors are held", 90
    )
    alerts = {alert.product: alert.evidence for alert in Alert.objects.filter(kind="margin_floor")}
    ahead = len(list(month_range(company.last, start))) - 1
    assert {product: said["months"] for product, said in alerts.items()} == dict.fromkeys(products, ahead)

    sign_in(page, company.sanne)
    page.goto("/")
    alert = page.locator(f"#alert-{Alert.objects.get(kind='cost_change').pk}")
    expect(alert).to_contain_text("de marge van 4 producten")
    page.goto(f"/products/{products[0].code}/costs/")
    floor = page.locator("#margin-ahead .kpi", has_text="Maanden tot de minimummarge")
    expect(floor).to_contain_text(str(ahead))
    page.goto("/")
    page.locator("details", has=alert).locator("summary").first.click()  # what is at stake is not known
    alert.get_by_role("link", name="Bekijk").click()
    page.get_by_text("Stel prijzen voor voor de producten die onder de minimummarge zakken").click()
    page.fill("[name=reason]", "Inkoop wordt duurder")
    page.get_by_role("button", name="Stel prijzen voor").click()
    page.wait_for_url("**/pricing/proposals/*/")
    axe(page)
    proposed = Price.objects.filter(start_date=start, proposal__state="draft")
    assert {price.product for price in proposed} == set(products)
    for price in proposed:  # so that the margin is 50 % again, rounded up
        assert 0 <= price.amount - PRICES[price.product.code] * Decimal("1.04") < Decimal("0.02")
        expect(page.get_by_role("cell", name=dutch(price.amount)).first).to_be_visible()
    sign_in(page, femke)


def _month_closes(page: Any, axe: Any, company: Company, femke: User) -> None:
    actual = _booked(company, "actual")
    page.goto("/costs/months/")
    with translation.override("nl"):
        month = formats.month(company.last)
    axe(page)
    page.get_by_role("link", name=f"Sluit {month} af").click()
    page.wait_for_url("**/close/")
    axe(page)
    page.fill("[name=note]", "Besproken met de accountant")
    page.get_by_role("button", name="Sluit de maand af").click()
    expect(page.get_by_text(f"{month} is afgesloten.")).to_be_visible()
    closed = _sum(actual)
    sold = SalesFact.objects.filter(start_date=company.last).values_list("product__code", "volume")
    costs = sum(volume * PRICES[code] / 2 for code, volume in sold)
    assert _sum(_booked(company, "standard")) == costs  # booked before it closed

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


def _booked(company: Company, source: str) -> QuerySet[CostMonth]:
    return cost_months().filter(source=source, month=company.last)


def _sum(rows: QuerySet[CostMonth]) -> Decimal:
    return Decimal(rows.aggregate(found=Sum("amount"))["found"] or 0)
