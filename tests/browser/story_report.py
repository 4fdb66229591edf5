"""What the story tells of reports: one inside with margins, one for a retailer without, shared by a link."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.utils import translation
from playwright.sync_api import expect

from core import formats
from core.models import Organisation
from core.months import month_end, month_start
from core.organisation import organisation_forget, today
from products.models import SalesFact
from products.services.figures import figures_refresh
from products.services.rollup import rollup_rebuild
from reporting.models import SnapshotFile
from tests.factories import channel_factory

from .company import Company

PASSWORD, RIVAL, THEIRS = "alleen voor de inkoop", "Zuidermarkt", Decimal(31_337)
QUESTION = "Do you expect the same peak in December?"


def friday_report(page: Any, axe: Any, processes: Any, company: Company) -> None:
    """Scene 10: the retailer reads his own figures on a phone, in English, and nothing of another or of
    margins; a file, a question, and the end of the link."""
    Organisation.objects.update(sharing=True)
    organisation_forget()
    _sales_of_another(company)
    processes.worker(queues="exports")
    _inside(page, axe)
    _for_the_retailer(page, axe, company)
    link = _shared(page, axe)
    phone = page.context.browser.new_page(viewport={"width": 390, "height": 844}, locale="en-GB")
    _read(phone, axe, processes, company, link)
    page.goto("/")
    expect(page.locator("main")).to_contain_text(QUESTION)
    page.goto("/reports/links/")
    page.get_by_role("link", name="Inkoop", exact=True).click()
    page.get_by_role("button", name="Trek in", exact=True).click()
    page.get_by_role("button", name="Trek voorgoed in").click()
    phone.goto(link)
    expect(phone.get_by_role("heading", level=1)).to_have_text("Nothing to read here")
    phone.close()


def _sales_of_another(company: Company) -> None:
    """The juice also sells elsewhere, this month: the last one is closed."""
    juice = company.products["SAP-100"]
    SalesFact.objects.create(
        product=juice,
        channel=channel_factory(name=RIVAL),
        measure=company.measures["SAP-100"],
        start_date=month_start(today()),
        period="M",
        volume=THEIRS,
        revenue=THEIRS,
    )
    rollup_rebuild()
    figures_refresh()


def _inside(page: Any, axe: Any) -> None:
    page.goto("/products/SAP-100/")
    page.get_by_role("button", name="Als rapport", exact=True).click()
    expect(page.locator(".sections h2", has_text="Kosten en marge")).to_be_visible()
    page.get_by_role("button", name="Publiceer", exact=True).click()
    page.wait_for_url("**/1/")
    expect(page.locator(".sections h2", has_text="Kosten en marge")).to_be_visible()
    axe(page)


def _for_the_retailer(page: Any, axe: Any, company: Company) -> None:
    page.goto("/reports/new/category/")
    page.locator("[name=title]").fill("Juice at your stores")
    page.locator("#id_language").select_option("en")
    page.locator("[name=products]").fill("SAP-100")
    page.locator("[name=channels]").select_option(label=company.channel.name)
    page.locator("[name=all_suppliers]").check()
    page.get_by_role("button", name="Maak het rapport").click()
    told = page.get_by_role("region", name="Wat het vertelt")
    expect(told).to_contain_text("van 1 product")
    expect(told).to_contain_text(company.channel.name)
    expect(told).to_contain_text("Er staan geen cijfers van een ander kanaal of een andere klant in.")
    expect(told).not_to_contain_text(RIVAL)
    expect(told).not_to_contain_text("arge")  # neither margin nor a margin's floor
    axe(page)
    page.get_by_role("button", name="Publiceer", exact=True).click()
    page.wait_for_url("**/1/")


def _until(language: str) -> str:
    """The end of the month, as a page says it."""
    with translation.override(language):
        return formats.day(month_end(today())).replace("\xa0", " ")


def _shared(page: Any, axe: Any) -> str:
    page.goto(page.url.removesuffix("1/"))
    page.get_by_role("link", name="Deel", exact=True).click()
    until = f"{month_end(today()):%Y-%m-%d}"
    for name, value in (
        ("label", "Inkoop"),
        ("email", "inkoop@retailer.example"),
        ("password", PASSWORD),
        ("expires_on", until),
    ):
        page.fill(f"[name={name}]", value)
    page.locator("[name=downloads]").check()
    expect(page.locator("#told")).to_contain_text(f"tot en met {_until('nl')}")
    axe(page)
    page.get_by_role("button", name="Maak de link en mail die").click()
    link: str = page.input_value("#link")
    return link


def _read(phone: Any, axe: Any, processes: Any, company: Company, link: str) -> None:
    phone.goto(link)
    phone.get_by_role("button", name="Open the report").click()
    phone.fill("#password", PASSWORD)
    phone.get_by_role("button", name="Read the report").click()
    expect(phone.get_by_role("heading", level=1)).to_have_text("Juice at your stores")
    expect(phone.locator("main")).to_contain_text(f"to be read until {_until('en')}")
    with translation.override("en"):
        own, theirs = company.volumes["SAP-100"][company.last], formats.number(THEIRS, 0)
        expect(phone.locator(".sections")).to_contain_text(company.channel.name)
        assert own != THEIRS
        said = phone.content()
        assert not [mark for mark in (theirs, str(THEIRS), RIVAL) if mark in said]
        assert "margin" not in said.lower().replace("margin-", "")  # but for the stylesheet's own words
    axe(phone)
    made = SnapshotFile.objects.filter(snapshot__audience="external", kind="pdf")
    processes.wait_until(made.exists, "the report is there as PDF", 60)
    with phone.expect_download() as download:
        phone.get_by_role("link", name="Download PDF").click()
    with open(download.value.path(), "rb") as file:
        assert file.read(5) == b"%PDF-"
    phone.fill("#question", QUESTION)
    phone.get_by_role("button", name="Send the question").click()
    expect(phone.get_by_text("Your question was sent")).to_be_visible()
