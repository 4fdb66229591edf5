"""Every page as people see it: in both languages, wide and narrow, light and dark, full and empty.

No page fails, breaks the Content-Security-Policy, says an error in the console (see the fixture ``page``), is
wider than the screen, or breaks a rule for accessibility.
"""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from accounts.models import User
from tests.factories import user_factory
from tests.policy.test_walk import urls

from .demo import GUESTS, NO_PAGES, PAGES, addresses, addresses_without_objects

WIDE, NARROW = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
DARK = (
    *("reporting:today", "products:list", "reporting:product", "forecasting:product", "exchange:detail"),
    "products:family",
)
SHORTENED = (  # pages that leave out what a viewer may not do
    *("reporting:today", "products:list", "reporting:product", "forecasting:product", "products:details"),
    *("products:activity", "products:lines", "products:budgets", "forecasting:runs", "collaboration:alerts"),
    "products:family",
)
ADMINISTRATION = (
    "pricing:cost_line_new",
    "pricing:cost_correction_new",
    "pricing:cost_change_new",
    "pricing:cost_paste",
    "pricing:month_close",
    "pricing:cost_kind_",
    "accounts:",
    "core:settings",
    "products:limits",
    "products:four_eyes",
)
# What a page at rest says of itself; null while scripts still draw its charts or the API's operations.
LOOK = """() => {
    const drawn = [...document.querySelectorAll('.chart')].every(chart => chart.querySelector('svg, canvas'))
        && [...document.querySelectorAll('#swagger-ui')].every(api => api.querySelector('.opblock'));
    const headings = document.querySelectorAll('h1').length;
    return drawn ? {lang: document.documentElement.lang, headings} : null;
}"""
# How far the page is wider than the screen, and by what.
TOO_WIDE = """() => {
    const root = document.documentElement;
    if (root.scrollWidth <= root.clientWidth) return null;
    const parts = [...document.querySelectorAll('main *')].filter(
        part => part.getBoundingClientRect().right > root.clientWidth + 1 && !part.closest('.tbl-wrap'));
    const said = parts.slice(0, 3).map(part => part.outerHTML.slice(0, 90));
    return `${root.scrollWidth} of ${root.clientWidth} px: ${said}`;
}"""

# Charts that cannot be taken along as image, as drawing and as table from a menu in sight.
NOT_TO_TAKE = """() => [...document.querySelectorAll('.chart')].filter(chart => {
    const box = chart.closest('[data-chart-box]');
    const menu = box?.querySelector('.chart-tools .dropdown > button');
    const table = box?.querySelector('[data-copy-table]')?.dataset.copyTable;
    return !menu?.checkVisibility() || menu.getBoundingClientRect().right > window.innerWidth
        || !['copy', 'png', 'svg'].every(kind => box.querySelector(`[data-chart-do=${kind}]`))
        || !(document.querySelector(table)?.rows.length > 1);
}).map(chart => chart.getAttribute('aria-label'))"""
# How many files come of pressing each button for one; a file that is not whole is none.
TAKEN = """async () => {
    const buttons = [...document.querySelectorAll('[data-chart-do=png], [data-chart-do=svg]')], files = [];
    const {click} = HTMLAnchorElement.prototype, {createObjectURL} = URL, until = Date.now() + 20000;
    HTMLAnchorElement.prototype.click = () => {};
    URL.createObjectURL = file => { files.push(file.size > 500); return createObjectURL.call(URL, file); };
    for (const button of buttons) {
        button.click();
        while (files.length < buttons.indexOf(button) + 1 && Date.now() < until)
            await new Promise(done => setTimeout(done, 5));
    }
    HTMLAnchorElement.prototype.click = click;
    URL.createObjectURL = createObjectURL;
    return [files.filter(Boolean).length, buttons.length];
}"""


def test_every_address_is_walked_or_said_to_be_no_page() -> None:
    names = {name for name, _route in urls()}
    packages = {name for name in names if name.startswith(("api:", "route:", "openid_", "socialaccount_"))}
    assert names - packages == set(PAGES) | set(GUESTS) | NO_PAGES


class Walk:
    """Opens pages and collects what is wrong, so that one run tells it all."""

    def __init__(self, page: Any, axe: Any) -> None:
        self.page, self._axe, self.wrong = page, axe, []
        self.sizes = [WIDE, NARROW]
        page.set_viewport_size(WIDE)

    def look(
        self, path: str, *, language: str, status: int = 200, axe: bool = True, take: bool = False
    ) -> None:
        """Comes in at the width at which the page before was left, so that widths change half as often.
        ``take``: each of its charts is downloaded, as image and as drawing."""
        answer = self.page.goto(path)
        if answer.status != status:
            self._say(path, f"answers {answer.status}")
            return
        seen = self.page.evaluate(LOOK) or self.page.wait_for_function(LOOK).json_value()
        if seen["lang"] != language:
            self._say(path, f"says it is in {seen['lang']}, not {language}")
        if seen["headings"] != 1:
            self._say(path, f"has {seen['headings']} h1")
        if axe:
            try:
                self._axe(self.page)
            except AssertionError as error:
                self._say(path, str(error))
        if take:
            taken, asked = self.page.evaluate(TAKEN)
            if taken != asked:
                self._say(path, f"gives {taken} of the {asked} files of its charts")
        self._fits(path)
        self.sizes.reverse()
        self.page.set_viewport_size(self.sizes[0])
        self._fits(path)

    def _fits(self, path: str) -> None:
        if found := self.page.evaluate(TOO_WIDE):
            self._say(path, f"is too wide: {found}")
        if found := self.page.evaluate(NOT_TO_TAKE):
            self._say(path, f"has charts that cannot be taken along: {found}")

    def _say(self, path: str, what: str) -> None:
        self.wrong.append(f"{path} {what}")

    def done(self) -> None:
        assert not self.wrong, "\n".join(self.wrong)


@pytest.mark.browser
@pytest.mark.long
@pytest.mark.timeout(900)
def test_the_pages_of_the_demo_company(demo_company: str, page: Any, sign_in: Any, axe: Any) -> None:
    pages = addresses()
    people = {user.name.split()[0]: user for user in User.objects.all()}
    walk = Walk(page, axe)

    people["Anna"].language = "en"
    people["Anna"].save()
    sign_in(page, people["Anna"])
    for path in pages.values():
        walk.look(path, language="en", take=True)
    walk.look("/products/NO-SUCH/", language="en", status=404)

    sign_in(page, people["Sanne"])
    ours = {name: path for name, path in pages.items() if not name.startswith(ADMINISTRATION)}
    ours |= {"accounts:profile": pages["accounts:profile"]}
    for path in ours.values():
        walk.look(path, language="nl", axe=False)
    walk.look(reverse("core:search") + "?q=havermelk", language="nl")
    page.emulate_media(color_scheme="dark")
    for name in DARK:
        walk.look(pages[name], language="nl")
    page.emulate_media(color_scheme="light")

    sign_in(page, people["Pieter"])
    for name in SHORTENED:
        walk.look(pages[name], language="nl", axe=False)
    walk.done()


@pytest.mark.browser
@pytest.mark.long
def test_the_pages_of_an_empty_organisation(page: Any, sign_in: Any, axe: Any, transactional_db: Any) -> None:
    """Who starts has one administrator and nothing else: each page says what it will show."""
    walk = Walk(page, axe)
    for name in GUESTS:
        walk.look(reverse(name), language="nl")
    sign_in(page, user_factory("administrator", name="Anna Visser", language="nl"))
    for name, path in addresses_without_objects().items():
        walk.look(path, language="nl", axe=not name.endswith("_new"))
    walk.done()
