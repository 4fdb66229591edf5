"""What the story tells of reports: one inside with margins, one for a retailer without, shared by a link."""

from __future__ import annotations

from typing import Any

from django.utils import translation
from playwright.sync_api import expect
from pypdf import PdfReader

from core import formats
from core.models import Organisation
from core.months import month_add, month_end, month_range
from core.organisation import organisation_forget, today
from products.models import SalesFact
from products.services.figures import figures_refresh
from products.services.rollup import rollup_rebuild
from reporting.models import SnapshotFile
from tests.factories import channel_factory

from .company import PRICES, Company

PASSWORD, RIVAL, THEIRS = "alleen voor de inkoop", "Zuidermarkt", 31_336
QUESTION = "Do you expect the same peak in December?"


def friday_report(page: Any, axe: Any, processes: Any, company: Company) -> None:
    """Scene 10: the retailer reads his own figures on a phone, in English, and nothing of another or of
    margins; a file, a question, and the end of the link."""
    Organisation.objects.update(sharing=True)
    organisation_forget()
    processes.worker(queues="exports")
    _inside(page, axe, company)
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


def sales_of_another(company: Company) -> None:
    """The juice also sells elsewhere, as much each month: before the last of them is closed."""
    channel, code = channel_factory(name=RIVAL), "SAP-100"
    SalesFact.objects.bulk_create(
        SalesFact(
            product=company.products[code],
            channel=channel,
            measure=company.measures[code],
            start_date=month,
            period="M",
            volume=THEIRS,
            revenue=THEIRS * PRICES[code],
        )
        for month in month_range(month_add(company.last, -12), company.last)
    )
    rollup_rebuild()
    figures_refresh()


def _theirs(company: Company, language: str) -> list[str]:
    """The other's name, what they sold in a month and a year, and what that comes to with the retailer's."""
    own = company.volumes["SAP-100"]
    year = list(own)[-12:]
    assert year[-1] == company.last
    figures = [THEIRS, 12 * THEIRS, THEIRS + own[company.last], sum(THEIRS + own[month] for month in year)]
    with translation.override(language):
        return [RIVAL, str(THEIRS), *(formats.number(figure, 0) for figure in figures)]


def _inside(page: Any, axe: Any, company: Company) -> None:
    page.goto("/products/SAP-100/")
    page.get_by_role("button", name="Als rapport", exact=True).click()
    expect(page.locator(".sections h2", has_text="Kosten en marge")).to_be_visible()
    page.get_by_role("button", name="Publiceer", exact=True).click()
    page.wait_for_url("**/1/")
    expect(page.locator(".sections h2", has_text="Kosten en marge")).to_be_visible()
    said = page.locator(".sections").inner_text()
    rival, _plain, _month, year, *_sums = _theirs(company, "nl")
    assert rival in said  # they are told where they may be
    assert year in said
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
        own = sum(list(company.volumes["SAP-100"].values())[-12:])
        expect(phone.locator(".sections")).to_contain_text(company.channel.name)
        expect(phone.locator(".sections")).to_contain_text(formats.number(own, 0))
    said, theirs = phone.content(), _theirs(company, "en")
    assert not [mark for mark in theirs if mark in said]
    assert "margin" not in said.lower().replace("margin-", "")  # but for the stylesheet's own words
    axe(phone)
    made = SnapshotFile.objects.filter(snapshot__audience="external", kind="pdf")
    processes.wait_until(made.exists, "the report is there as PDF", 60)
    with phone.expect_download() as download:
        phone.get_by_role("link", name="Download PDF").click()
    file = "".join(sheet.extract_text() for sheet in PdfReader(download.value.path()).pages)
    assert company.channel.name in file
    assert not [mark for mark in theirs if mark in file]
    phone.fill("#question", QUESTION)
    phone.get_by_role("button", name="Send the question").click()
    expect(phone.get_by_text("Your question was sent")).to_be_visible()
