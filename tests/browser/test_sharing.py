"""A report shared with a password, read on a phone, asked about, and revoked; in both languages."""

from __future__ import annotations

import datetime
import re
from typing import Any
from urllib.parse import unquote_plus

import pytest
from django.core.cache import cache
from django.db.models import F
from django.utils import timezone, translation
from playwright.sync_api import expect

from core import formats
from core.organisation import today
from core.reports.blocks import Cell, ReportChart, Section, Table, Text, sections_to_json
from reporting.models import Share
from tests.factories import user_factory
from tests.reporting.sharing import MARK, TABLE, report_made, share_made, snapshot_made

from .test_costs import fits

pytestmark = [pytest.mark.browser, pytest.mark.slow]
CHART = ReportChart(
    title="How it sells",
    subtitle="",
    description="two months",
    spec={
        "data": {"values": [{"month": "a", "volume": 12}, {"month": "b", "volume": 9}]},
        "mark": "bar",
        "width": "container",
        "encoding": {"x": {"field": "month"}, "y": {"field": "volume", "type": "quantitative"}},
    },
    legend=(),
    table=TABLE,
)
WORDS = {
    "en": {
        "share": "Make the link and mail it",
        "open": "Open the report",
        "read": "Read the report",
        "ask": "Send the question",
        "asked": "Your question was sent",
        "revoke": "Revoke",
        "sure": "Revoke for good",
        "gone": "Nothing to read here",
    },
    "nl": {
        "share": "Maak de link en mail die",
        "open": "Open het rapport",
        "read": "Lees het rapport",
        "ask": "Verstuur de vraag",
        "asked": "Je vraag is verstuurd",
        "revoke": "Trek in",
        "sure": "Trek voorgoed in",
        "gone": "Hier is niets te lezen",
    },
}


DATED = Table(
    "Prices",
    ("Product", "Since"),
    ("product", "price"),
    (False, False),
    [
        [Cell("Price of new"), Cell("01-12-2026", day="2026-12-01")],
        [Cell("Price of old"), Cell("12-11-2025", day="2025-11-12")],
    ],
)

ACCOUNTS = Table(
    "Accounts",
    ("Account", "Sold"),
    ("channel", "volume"),
    (False, True),
    [
        [Cell("Small chain"), Cell("5", "5")],
        [Cell("Large chain"), Cell("9", "9")],
        [Cell("\u2003East"), Cell("7", "7")],
        [Cell("\u2003West"), Cell("2", "2")],
    ],
)


@pytest.mark.parametrize("language", ["en", "nl"])
def test_a_link_from_making_it_to_its_end(
    page: Any, sign_in: Any, axe: Any, browser: Any, settings: Any, transactional_db: Any, language: str
) -> None:
    settings.MAIL_BACKEND = settings.EMAIL_BACKEND
    words, author = WORDS[language], user_factory("product-manager", language=language)
    report, downloads = report_made(author), language == "en"
    snapshot_made(
        report,
        sections=sections_to_json([Section("sales", "Sales", (Text(MARK), TABLE, DATED, ACCOUNTS, CHART))]),
    )
    sign_in(page, author)
    told: list[str] = []
    page.on("request", lambda request: told.append(unquote_plus(request.url)))
    page.goto(f"/reports/{report.pk}/share/")
    filled = {"label": "Noord", "email": "noord@example.com", "password": "only for Noord"}
    for name, value in filled.items():
        page.fill(f"[name={name}]", value)
    page.locator("[name=downloads]").set_checked(downloads)
    day = today() + datetime.timedelta(days=3)
    page.fill("[name=expires_on]", f"{day:%Y-%m-%d}")
    with translation.override(language):
        until = formats.day(day).replace("\xa0", " ")
    expect(page.locator("#told")).to_contain_text(until)
    with page.expect_response(re.compile(r"/share/\?expires_on=[\d-]+&snapshot=$")):
        page.locator("[name=snapshot]").dispatch_event("change")
    secret = (*filled.values(), "nonce", "csrf", page.input_value("[name=nonce]"))
    assert [url for url in told if any(word in url for word in secret)] == []
    axe(page)
    page.get_by_role("button", name=words["share"]).click()
    link = page.input_value("#link")
    locale = {"en": "en-GB", "nl": "nl-NL"}[language]
    phone = browser.new_context(viewport={"width": 390, "height": 844}, locale=locale).new_page()
    asked: list[str] = []
    refused: list[str] = []
    phone.on("console", lambda said: refused.append(said.text) if "Content Security" in said.text else None)
    phone.on("request", lambda request: asked.append(request.url))
    phone.goto(link)
    axe(phone)
    phone.get_by_role("button", name=words["open"]).click()
    phone.fill("#password", "only for Noord")
    axe(phone)
    phone.get_by_role("button", name=words["read"]).click()
    expect(phone.get_by_role("heading", level=1)).to_contain_text(MARK)
    assert fits(phone)
    axe(phone)
    phone.get_by_role("button", name="Volume").click()
    expect(phone.locator("th[aria-sort=descending]")).to_have_count(1)
    phone.get_by_role("button", name="Since").click()
    rows = phone.locator("tbody tr", has_text="Price of")
    assert rows.all_inner_texts()[0].startswith("Price of old")
    phone.get_by_role("button", name="Sold", exact=True).click()
    rows = phone.locator("table", has_text="Large chain").locator("tbody tr td:first-child")
    assert [text.strip() for text in rows.all_inner_texts()] == ["Large chain", "East", "West", "Small chain"]
    _files(phone, downloads=downloads)
    phone.fill("#question", "Why?")
    phone.get_by_role("button", name=words["ask"]).click()
    expect(phone.get_by_text(words["asked"])).to_be_visible()
    host = link.partition("/r/")[0]
    within = (f"{host}/r/", f"{host}/static/", f"blob:{host}/")
    assert {url for url in asked if not url.startswith(within)} == set()
    assert refused == []
    page.goto("/reports/links/")
    page.get_by_role("link", name="Noord", exact=True).click()
    expect(page.get_by_text("Why?")).to_be_visible()
    axe(page)
    page.get_by_role("button", name=words["revoke"], exact=True).click()
    page.get_by_role("button", name=words["sure"]).click()
    phone.goto(link)
    expect(phone.get_by_text(words["gone"])).to_be_visible()


def _files(phone: Any, *, downloads: bool) -> None:
    """The chart is drawn; its drawing is a file where the link allows files."""
    box = phone.locator("[data-chart-box]")
    expect(box.locator("svg.marks")).to_be_visible()
    expect(box.locator(".dropdown")).to_have_count(int(downloads))
    for kind in ("png", "svg") if downloads else ():
        box.locator("[data-bs-toggle=dropdown]").click()
        with phone.expect_download() as download:
            box.locator(f"[data-chart-do={kind}]").click()
        assert download.value.suggested_filename == f"How it sells.{kind}"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["en", "nl"])
def test_every_page_a_reader_may_meet(
    browser: Any, axe: Any, live_server: Any, transactional_db: Any, language: str, scheme: str
) -> None:
    """On a phone: the door, a wrong password, too many tries, a question at the door and in the other
    language, a file that is not there, a question that cannot be sent and one that was, and a link that is
    over."""
    share, address = share_made(password="only for Noord", downloads=True)
    locale, other = {"en": ("en-GB", "nl"), "nl": ("nl-NL", "en")}[language]
    words = WORDS[language]
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, locale=locale, color_scheme=scheme, base_url=live_server.url
    )
    phone = context.new_page()

    def met(*, said: str) -> None:
        assert phone.locator("html").get_attribute("lang") == said
        assert fits(phone)
        axe(phone)

    phone.goto(address)
    met(said=language)
    phone.get_by_role("button", name=words["open"]).click()
    for _try in range(6):  # the sixth is one too many
        phone.fill("#password", "a guess")
        phone.get_by_role("button", name=words["read"]).click()
        expect(phone.get_by_role("alert")).to_be_visible()
        met(said=language)
    cache.clear()
    phone.fill("#password", "only for Noord")
    phone.get_by_role("button", name=words["read"]).click()
    expect(phone.get_by_role("heading", level=1)).to_contain_text(MARK)
    phone.goto(f"{address}pdf/")
    met(said=language)
    phone.goto(address)
    phone.locator("#question").evaluate("box => box.removeAttribute('maxlength')")
    phone.fill("#question", "x" * 1001)
    phone.get_by_role("button", name=words["ask"]).click()
    expect(phone.get_by_role("alert")).to_be_visible()
    met(said=language)
    phone.fill("#question", "Why?")
    Share.objects.update(access=F("access") + 1)  # the hour is over
    phone.get_by_role("button", name=words["ask"]).click()
    expect(phone.get_by_role("status")).to_be_visible()
    met(said=language)
    phone.locator("[name=language]").click()
    met(said=other)
    phone.locator("[name=language]").click()
    met(said=language)
    phone.get_by_role("button", name=words["open"]).click()
    phone.fill("#password", "only for Noord")
    phone.get_by_role("button", name=words["read"]).click()
    expect(phone.get_by_text(words["asked"])).to_be_visible()
    met(said=language)
    assert [question.text for question in share.questions.all()] == ["Why?"]
    Share.objects.update(revoked_at=timezone.now())
    phone.goto(address)
    expect(phone.get_by_text(words["gone"])).to_be_visible()
    met(said=language)
    context.close()
